using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace AutoGuard.Core.Features;

/// <summary>A reference to an entry of a <see cref="StateTable{TKey,TState,THash}"/> that notices when the entry was given away.</summary>
/// <param name="Index">Place of the entry; -1 for none.</param>
/// <param name="Generation">How often the place had been given away when the reference was taken.</param>
public readonly record struct StateHandle(int Index, uint Generation)
{
    /// <summary>Refers to nothing.</summary>
    public static readonly StateHandle None = new(-1, 0);

    /// <summary>Whether it refers to nothing.</summary>
    public bool IsNone => Index < 0;
}

/// <summary>Hashes the keys of one kind; a struct, so that the call is inlined.</summary>
/// <typeparam name="TKey">The key.</typeparam>
public interface IKeyHash<TKey>
{
    /// <summary>64 well-mixed bits of the key.</summary>
    ulong Hash(in TKey key);
}

/// <summary>Told when a table gives an entry away because it is full, so that what hangs on the state can be released.</summary>
/// <typeparam name="TState">The state.</typeparam>
public interface IEvictionHandler<TState>
    where TState : struct
{
    /// <summary>The entry is about to be cleared.</summary>
    void OnEvicted(int index, ref TState state);
}

/// <summary>
/// A bounded table of structs by key. Entries lie in chunks that never move, so a reference into one stays good; an index
/// of open addressing with linear probing finds them. When the table is full, the CLOCK algorithm (Corbató, 1969) gives
/// away an entry that has not been touched since the hand last passed: the choice depends on the order of calls only,
/// never on hash values, so that equal input evicts equally under every secret.
/// </summary>
/// <typeparam name="TKey">Key; compared by value.</typeparam>
/// <typeparam name="TState">State per key; reached by reference.</typeparam>
/// <typeparam name="THash">Hash of the key.</typeparam>
public sealed class StateTable<TKey, TState, THash>
    where TKey : struct, IEquatable<TKey>
    where TState : struct
    where THash : struct, IKeyHash<TKey>
{
    private const int ChunkBits = 10;
    private const int ChunkSize = 1 << ChunkBits;

    private readonly int _capacity;
    private readonly THash _hash;
    private readonly IEvictionHandler<TState>? _evictions;
    private Entry[][] _chunks;
    /// <summary>Per place, 0 when free, or the lower half of the key's hash (upper half) and the entry's index plus one.</summary>
    private ulong[] _index;
    private int _used;
    private int _free = -1;
    private int _hand;

    /// <summary>Makes a table of at most <paramref name="capacity"/> entries; memory is taken as they come.</summary>
    public StateTable(int capacity, THash hash, IEvictionHandler<TState>? evictions = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        _capacity = capacity;
        _hash = hash;
        _evictions = evictions;
        _chunks = new Entry[Math.Min(64, (capacity >> ChunkBits) + 1)][];
        _index = new ulong[2048];
    }

    /// <summary>Entries in use.</summary>
    public int Count { get; private set; }

    /// <summary>Places ever used; every live entry's index is below it.</summary>
    public int HighWater => _used;

    /// <summary>Entries given away because the table was full.</summary>
    public long Evictions { get; private set; }

    /// <summary>The state at an index of a live entry.</summary>
    public ref TState this[int index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref At(index).State;
    }

    /// <summary>The key at an index of a live entry.</summary>
    public ref readonly TKey KeyAt(int index) => ref At(index).Key;

    /// <summary>Whether a place holds a live entry.</summary>
    public bool IsLive(int index) => index < _used && At(index).Live;

    /// <summary>A reference to a live entry.</summary>
    public StateHandle HandleOf(int index) => new(index, At(index).Generation);

    /// <summary>Whether the entry that a reference was taken of is still there.</summary>
    public bool Holds(StateHandle handle)
    {
        if (handle.IsNone)
        {
            return false;
        }
        ref readonly Entry entry = ref At(handle.Index);
        return entry.Live && entry.Generation == handle.Generation;
    }

    /// <summary>The index of a key, or -1.</summary>
    public int Find(in TKey key) => Find(key, (uint)_hash.Hash(key));

    /// <summary>The index of a key, which is added with a cleared state if it is new; marks the entry as touched.</summary>
    public int GetOrAdd(in TKey key, out bool added)
    {
        uint hash = (uint)_hash.Hash(key);
        int found = Find(key, hash);
        added = found < 0;
        if (added)
        {
            found = Add(key, hash);
        }
        At(found).Touched = true;
        return found;
    }

    /// <summary>Marks a live entry as touched, so that a full table does not take it for cold.</summary>
    public void Touch(int index) => At(index).Touched = true;

    /// <summary>Has the place fetched at which the search for a key begins.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Foresee(in TKey key) => Cache.Fetch(in _index[(uint)_hash.Hash(key) & (_index.Length - 1)]);

    /// <summary>The entry that a key most probably has, by its hash alone, or -1; has it fetched.</summary>
    public int Guess(in TKey key)
    {
        ulong[] index = _index;
        uint hash = (uint)_hash.Hash(key);
        uint mask = (uint)index.Length - 1;
        for (uint place = hash & mask; index[place] != 0; place = (place + 1) & mask)
        {
            if (HashOf(index[place]) == hash)
            {
                int entry = EntryOf(index[place]);
                Cache.Fetch(in At(entry));
                return entry;
            }
        }
        return -1;
    }

    /// <summary>Has an entry fetched that may have been given away meanwhile.</summary>
    public void Foresee(StateHandle handle)
    {
        if (!handle.IsNone)
        {
            Cache.Fetch(in At(handle.Index));
        }
    }

    /// <summary>Removes a live entry; the caller has released what hangs on its state.</summary>
    public void Remove(int index)
    {
        ref Entry entry = ref At(index);
        Debug.Assert(entry.Live, "only a live entry is removed");
        Unlink(entry.Key);
        entry.GiveAway();
        entry.NextFree = _free;
        _free = index;
        Count--;
    }

    private int Find(in TKey key, uint hash)
    {
        ulong[] index = _index;
        uint mask = (uint)index.Length - 1;
        uint place = hash & mask;
        while (true)
        {
            ulong stored = index[place];
            if (stored == 0)
            {
                return -1;
            }
            // Entries lie far apart in memory: only one whose hash agrees is looked at.
            if (HashOf(stored) == hash && At(EntryOf(stored)).Key.Equals(key))
            {
                return EntryOf(stored);
            }
            place = (place + 1) & mask;
        }
    }

    private int Add(in TKey key, uint hash)
    {
        if (Count == _capacity)
        {
            Evict();
        }
        if ((Count + 1) * 4 > _index.Length * 3)
        {
            Grow();
        }
        int index = _free;
        if (index >= 0)
        {
            _free = At(index).NextFree;
        }
        else
        {
            index = _used++;
            EnsureChunk(index >> ChunkBits);
        }
        ref Entry entry = ref At(index);
        entry.Take(key);
        Link(_index, Stored(hash, index));
        Count++;
        return index;
    }

    private void Evict()
    {
        while (true)
        {
            int index = _hand;
            _hand = _hand + 1 == _used ? 0 : _hand + 1;
            ref Entry entry = ref At(index);
            if (!entry.Live)
            {
                continue;
            }
            if (entry.Touched)
            {
                entry.Touched = false;
                continue;
            }
            _evictions?.OnEvicted(index, ref entry.State);
            Remove(index);
            Evictions++;
            return;
        }
    }

    private void Unlink(in TKey key)
    {
        uint mask = (uint)_index.Length - 1;
        uint hash = (uint)_hash.Hash(key);
        uint hole = hash & mask;
        while (HashOf(_index[hole]) != hash || !At(EntryOf(_index[hole])).Key.Equals(key))
        {
            hole = (hole + 1) & mask;
        }
        // Knuth's algorithm R (TAOCP 6.4): close the hole with the entries that probed past it.
        uint place = hole;
        while (true)
        {
            place = (place + 1) & mask;
            ulong stored = _index[place];
            if (stored == 0)
            {
                break;
            }
            uint home = HashOf(stored) & mask;
            if (((place - home) & mask) >= ((place - hole) & mask))
            {
                _index[hole] = stored;
                hole = place;
            }
        }
        _index[hole] = 0;
    }

    private void Grow()
    {
        ulong[] larger = new ulong[_index.Length * 2];
        foreach (ulong stored in _index)
        {
            if (stored != 0)
            {
                Link(larger, stored);
            }
        }
        _index = larger;
    }

    private static void Link(ulong[] index, ulong stored)
    {
        uint mask = (uint)index.Length - 1;
        uint place = HashOf(stored) & mask;
        while (index[place] != 0)
        {
            place = (place + 1) & mask;
        }
        index[place] = stored;
    }

    private static ulong Stored(uint hash, int entry) => ((ulong)hash << 32) | (uint)(entry + 1);

    private static uint HashOf(ulong stored) => (uint)(stored >> 32);

    private static int EntryOf(ulong stored) => (int)(uint)stored - 1;

    private void EnsureChunk(int chunk)
    {
        if (chunk == _chunks.Length)
        {
            Array.Resize(ref _chunks, _chunks.Length * 2);
        }
        _chunks[chunk] ??= new Entry[ChunkSize];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref Entry At(int index) => ref _chunks[index >> ChunkBits][index & (ChunkSize - 1)];

    private struct Entry
    {
        private const uint LiveBit = 1;
        private const uint TouchedBit = 2;
        private const uint OneGeneration = 4;

        public TKey Key;
        public int NextFree;
        private uint _marks;
        public TState State;

        /// <summary>How often the place was given away, modulo a billion.</summary>
        public readonly uint Generation => _marks / OneGeneration;

        public readonly bool Live => (_marks & LiveBit) != 0;

        public bool Touched
        {
            readonly get => (_marks & TouchedBit) != 0;
            set => _marks = value ? _marks | TouchedBit : _marks & ~TouchedBit;
        }

        public void Take(in TKey key)
        {
            Key = key;
            _marks |= LiveBit;
        }

        public void GiveAway()
        {
            _marks = (_marks & ~(LiveBit | TouchedBit)) + OneGeneration;
            State = default;
        }
    }
}
