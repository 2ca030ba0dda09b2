using System.Runtime.CompilerServices;
using AutoGuard.Core.Events;

namespace AutoGuard.Core.Features;

/// <summary>One session in a dossier.</summary>
public struct DossierSession
{
    /// <summary>First event, Unix milliseconds.</summary>
    public long Start;

    /// <summary>Last event, Unix milliseconds.</summary>
    public long LastSeen;

    /// <summary>Address at the time.</summary>
    public IpAddress Address;

    /// <summary>Interned stream, referrer host, user agent and provider.</summary>
    public int Stream;

    /// <inheritdoc cref="Stream"/>
    public int ReferrerHost;

    /// <inheritdoc cref="Stream"/>
    public int UserAgent;

    /// <inheritdoc cref="Stream"/>
    public int Provider;

    /// <summary>Which of the sessions that had its place in their table it is.</summary>
    public uint Generation;

    /// <summary>Packed country.</summary>
    public ushort Country;

    /// <summary>Whether it was open when last recorded.</summary>
    public bool Open;

    /// <summary>Whether the address is of a data centre.</summary>
    public bool DataCentre;
}

/// <summary>
/// The latest sessions of one suspect, for the reviewer: a ring of at most <see cref="Capacity"/>. It is read and written until the
/// next one is opened.
/// </summary>
public readonly struct Dossier
{
    /// <summary>Most sessions kept.</summary>
    public const int Capacity = 200;

    private readonly Dossiers _all;
    private readonly int _place;

    internal Dossier(Dossiers all, int place) => (_all, _place) = (all, place);

    /// <summary>A copy of the sessions kept, in no particular order, to be sorted or written to; it holds until those of another dossier are asked for.</summary>
    public Span<DossierSession> Sessions => _all.Sessions(_place);

    /// <summary>Number of sessions kept.</summary>
    public int Count => _all.At(_place).Count;

    /// <summary>Whether a decision rests on it, so that it is not given away.</summary>
    public bool Pinned
    {
        get => _all.At(_place).Pinned;
        set => _all.At(_place).Pinned = value;
    }

    /// <summary>Adds a session, or brings the one already kept up to date.</summary>
    public void Record(StateHandle handle, in SessionState session) => _all.Record(_place, handle, in session);
}

/// <summary>
/// The dossiers of those who earned one. A bounded ring: when all are in use, the oldest that no decision rests on is
/// given away; its former owner sees that by the generation in the number. Their sessions lie in blocks of one pool: a dossier
/// takes one more whenever those it has are full, and all go back with it, so that suspects who come and go take no new memory.
/// </summary>
public sealed class Dossiers(int capacity)
{
    private const int LongestSearch = 64;
    private const int ChunkMask = (1 << BuddyPool<DossierSession>.LargestClass) - 1;

    private readonly Slot[] _slots = new Slot[capacity];
    private readonly BuddyPool<DossierSession> _sessions = new();
    private readonly DossierSession[] _copy = new DossierSession[Dossier.Capacity];

    /// <summary>For each place of the pool the place of its session in their table: side by side, to be searched at once.</summary>
    private int[][] _indices = new int[4][];
    private int _next;

    /// <summary>Sessions that memory was taken for.</summary>
    internal long Places => _sessions.Places;

    /// <summary>The blocks of a dossier in the order they are taken, each by the first of its sessions, and the end of the last.</summary>
    private static ReadOnlySpan<byte> Starts => [0, 8, 16, 32, 64, 128, 192, Dossier.Capacity];

    private static ReadOnlySpan<byte> Classes => [3, 3, 4, 5, 6, 6, 3];

    /// <summary>Opens an empty dossier and returns its number; 0 when every candidate is pinned.</summary>
    public int Open()
    {
        for (int i = 0; i < LongestSearch; i++)
        {
            int place = _next;
            _next = (_next + 1) % _slots.Length;
            ref Slot slot = ref _slots[place];
            if (slot.Pinned)
            {
                continue;
            }
            Clear(ref slot);
            return (slot.Generation << 16) | (place + 1);
        }
        return 0;
    }

    /// <summary>The dossier of a number; null for 0 and for one given away since.</summary>
    public Dossier? Get(int number)
    {
        int place = (number & 0xFFFF) - 1;
        return place >= 0 && _slots[place].Generation == number >> 16 ? new Dossier(this, place) : null;
    }

    /// <summary>Gives a dossier back; its number becomes 0.</summary>
    public void Close(ref int number)
    {
        if (Get(number) is not null)
        {
            Clear(ref _slots[(number & 0xFFFF) - 1]);
        }
        number = 0;
    }

    internal ref Slot At(int place) => ref _slots[place];

    internal Span<DossierSession> Sessions(int place)
    {
        ref Slot slot = ref _slots[place];
        for (int i = 0; Starts[i] < slot.Count; i++)
        {
            Block(in slot, i).CopyTo(_copy.AsSpan(Starts[i]));
        }
        return _copy.AsSpan(0, slot.Count);
    }

    internal void Record(int place, StateHandle handle, in SessionState session)
    {
        ref Slot slot = ref _slots[place];
        bool open = (session.Traits & SessionTraits.Open) != 0;
        if (Find(in slot, handle, session.Address) is var (block, at) && block >= 0)
        {
            ref DossierSession known = ref Block(in slot, block)[at];
            known.LastSeen = session.LastSeen;
            known.Open = open;
            return;
        }
        int next = slot.Next;
        slot.Next = (byte)((next + 1) % Dossier.Capacity);
        block = BlockOf(next);
        at = next - Starts[block];
        if (next == slot.Count)
        {
            slot.Count++;
            if (at == 0)
            {
                slot.Blocks[block] = Rent(Classes[block]);
            }
        }
        Indices(in slot, block)[at] = handle.Index;
        Block(in slot, block)[at] = new DossierSession
        {
            Start = session.Start,
            LastSeen = session.LastSeen,
            Address = session.Address,
            Stream = session.Stream,
            ReferrerHost = session.ReferrerHost,
            UserAgent = session.UserAgent,
            Provider = session.Provider,
            Generation = handle.Generation,
            Country = session.Country,
            Open = open,
            DataCentre = (session.Traits & SessionTraits.DataCentre) != 0,
        };
    }

    private (int Block, int At) Find(in Slot slot, StateHandle handle, IpAddress address)
    {
        for (int block = slot.Count == 0 ? -1 : BlockOf(slot.Count - 1); block >= 0; block--)
        {
            Span<int> indices = Indices(in slot, block);
            for (int at = Math.Min(indices.Length, slot.Count - Starts[block]); (at = indices[..at].LastIndexOf(handle.Index)) >= 0;)
            {
                ref DossierSession known = ref Block(in slot, block)[at];
                if (known.Generation == handle.Generation && known.Address == address)
                {
                    return (block, at);
                }
            }
        }
        return (-1, 0);
    }

    /// <summary>Forgets what a dossier holds, and that it was anybody's.</summary>
    private void Clear(ref Slot slot)
    {
        for (int i = 0; Starts[i] < slot.Count; i++)
        {
            _sessions.Return(slot.Blocks[i], Classes[i]);
        }
        slot.Count = 0;
        slot.Next = 0;
        slot.Pinned = false;
        slot.Generation = (slot.Generation + 1) & 0x7FFF;
    }

    private int Rent(int sizeClass)
    {
        int block = _sessions.Rent(sizeClass);
        int chunk = block >> BuddyPool<DossierSession>.LargestClass;
        if (chunk == _indices.Length)
        {
            Array.Resize(ref _indices, chunk * 2);
        }
        _indices[chunk] ??= new int[ChunkMask + 1];
        return block;
    }

    private Span<DossierSession> Block(in Slot slot, int block) => _sessions.Block(slot.Blocks[block], Classes[block]);

    private Span<int> Indices(in Slot slot, int block) =>
        _indices[slot.Blocks[block] >> BuddyPool<DossierSession>.LargestClass].AsSpan(slot.Blocks[block] & ChunkMask, 1 << Classes[block]);

    private static int BlockOf(int session)
    {
        int block = 0;
        while (Starts[block + 1] <= session)
        {
            block++;
        }
        return block;
    }

    /// <summary>One dossier.</summary>
    internal struct Slot
    {
        /// <summary>Where its blocks begin in the pool; as many are rented as its sessions fill.</summary>
        public Blocks Blocks;

        /// <summary>Of its number; another for each owner.</summary>
        public int Generation;

        /// <summary>Sessions kept.</summary>
        public byte Count;

        /// <summary>Where the next session goes.</summary>
        public byte Next;

        /// <inheritdoc cref="Dossier.Pinned"/>
        public bool Pinned;
    }

    [InlineArray(7)]
    internal struct Blocks
    {
        private int _first;
    }
}
