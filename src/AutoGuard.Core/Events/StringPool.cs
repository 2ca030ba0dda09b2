using System.Text;

namespace AutoGuard.Core.Events;

/// <summary>Who chooses a string, and so how much of the pool its kind may take.</summary>
public enum StringKind
{
    /// <summary>Names the platform gives: streams, tenants, topics, operators. The whole pool.</summary>
    Name,

    /// <summary>Referrer hosts, which viewers choose: half of the pool.</summary>
    Referrer,

    /// <summary>User agents, which viewers choose: a quarter of the pool.</summary>
    UserAgent,
}

/// <summary>
/// Interns strings of few values (streams, referrer hosts, providers, user agents, tenants, topics) as small numbers.
/// Number 0 is the absent string; number 1 stands for everything that came after the pool was full, so that hostile
/// variety costs a bounded amount of memory. One thread adds at a time; any number may read texts of numbers they got.
/// </summary>
public sealed class StringPool
{
    /// <summary>Number of the absent string.</summary>
    public const int Absent = 0;

    /// <summary>Number of all strings that no longer fitted.</summary>
    public const int Overflow = 1;

    /// <summary>Longest text kept, bytes; longer ones are cut at a character boundary.</summary>
    public const int LongestText = 256;

    private readonly KeyedHasher _hasher;
    private readonly int[] _buckets;
    private readonly Entry[] _entries;
    private readonly int[] _left;
    private readonly RecentTexts _recent = new();
    private int _count;

    /// <summary>Makes a pool of at most <paramref name="capacity"/> strings.</summary>
    public StringPool(KeyedHasher hasher, int capacity = 1 << 16)
    {
        ArgumentNullException.ThrowIfNull(hasher);
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 2);
        _hasher = hasher;
        _buckets = new int[System.Numerics.BitOperations.RoundUpToPowerOf2((uint)capacity * 2)];
        _entries = new Entry[capacity];
        _entries[Absent] = new Entry("", [], 0, -1);
        _entries[Overflow] = new Entry("(other)", "(other)"u8.ToArray(), 0, -1);
        _count = 2;
        _left = [capacity, capacity / 2, capacity / 4];
    }

    /// <summary>Strings held, the two special ones included.</summary>
    public int Count => _count;

    /// <summary>Strings that were refused because the pool was full.</summary>
    public long Overflowed { get; private set; }

    /// <summary>The number of a text; 0 for an empty one. Allocates only for a text never seen before.</summary>
    /// <param name="utf8">The text.</param>
    /// <param name="kind">Who chooses it: what viewers choose cannot crowd out what the platform names.</param>
    public int Intern(ReadOnlySpan<byte> utf8, StringKind kind = StringKind.Name)
    {
        if (utf8.IsEmpty)
        {
            return Absent;
        }
        utf8 = Cut(utf8);
        ref int recent = ref _recent.Place(utf8);
        if (!Is(recent, utf8))
        {
            recent = Find(utf8, kind);
        }
        return recent;
    }

    /// <summary>The number of a text; 0 for an empty one.</summary>
    public int Intern(string text) => Intern(Encoding.UTF8.GetBytes(text));

    /// <summary>The text of a number.</summary>
    public string Text(int number) => _entries[number].Text;

    /// <summary>Whether a number is that of a text which is not empty; never so for the two special ones.</summary>
    internal bool Is(int number, ReadOnlySpan<byte> utf8) => number > Overflow && utf8.SequenceEqual(_entries[number].Utf8);

    private int Find(ReadOnlySpan<byte> utf8, StringKind kind)
    {
        ulong hash = _hasher.Hash64(utf8);
        ref int bucket = ref _buckets[(int)(hash & (uint)(_buckets.Length - 1))];
        for (int i = bucket - 1; i >= 0; i = _entries[i].Next)
        {
            if (_entries[i].Hash == hash && utf8.SequenceEqual(_entries[i].Utf8))
            {
                return i;
            }
        }
        if (_count == _entries.Length || _left[(int)kind] == 0)
        {
            Overflowed++;
            return Overflow;
        }
        _entries[_count] = new Entry(Encoding.UTF8.GetString(utf8), utf8.ToArray(), hash, bucket - 1);
        bucket = _count + 1;
        _left[(int)kind]--;
        return _count++;
    }

    private static ReadOnlySpan<byte> Cut(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length <= LongestText)
        {
            return utf8;
        }
        int end = LongestText;
        while ((utf8[end] & 0xC0) == 0x80)
        {
            end--;
        }
        return utf8[..end];
    }

    private readonly record struct Entry(string Text, byte[] Utf8, ulong Hash, int Next);
}
