using System.Numerics;
using System.Text;

namespace AutoGuard.Core.Events;

/// <summary>
/// What a string is, and so how much of the pool its kind may take and whether the coldest of them gives way when that is full. The
/// same text has a number of its own in each kind.
/// </summary>
public enum StringKind
{
    /// <summary>Tenants and topics, which the platform names and state is kept by: a sixteenth of the pool. They stay for good.</summary>
    Name,

    /// <summary>Streams and network operators: a quarter.</summary>
    Label,

    /// <summary>Referrer hosts, which viewers choose: three sixteenths.</summary>
    Referrer,

    /// <summary>User agents, which viewers choose: a quarter.</summary>
    UserAgent,

    /// <summary>The sites of referrer hosts (<see cref="PageSites"/>), added with these: a quarter, for with more room than its hosts a site stays as long as one of them is in use.</summary>
    Site,
}

/// <summary>
/// Interns strings of few values (streams, referrer hosts, providers, user agents, tenants, topics) as small numbers.
/// Number 0 is the absent string. A kind that is full gives away the text that was not named since the hand of a clock last
/// passed (CLOCK; Corbató, 1969), so that neither hostile variety nor a year of honest one fills the pool: what is in use is named
/// again and again and stays. Only names stay for good; number 1 stands for those that came after there was room. One thread adds at a
/// time; any number may read texts of numbers they got.
/// </summary>
/// <remarks>
/// A number holds a place and how often the place was given away, so a number whose text was forgotten means nothing rather than
/// another text: it comes again only after two billion others.
/// </remarks>
public sealed class StringPool
{
    /// <summary>Number of the absent string.</summary>
    public const int Absent = 0;

    /// <summary>Number of all names that no longer fitted.</summary>
    public const int Overflow = 1;

    /// <summary>Longest text kept, bytes; longer ones are cut at a character boundary.</summary>
    public const int LongestText = 256;

    private const int Special = 2;
    private const string OtherText = "(other)";

    private readonly KeyedHasher _hasher;
    private readonly int[] _buckets;
    private readonly Entry[] _entries;
    private readonly Room[] _rooms;
    private readonly RecentTexts _recent = new();
    private readonly int _placeBits;
    private long _forgotten;
    private long _overflowed;

    /// <summary>Makes a pool of about <paramref name="capacity"/> strings, at least one of each kind.</summary>
    public StringPool(KeyedHasher hasher, int capacity = 1 << 16)
    {
        ArgumentNullException.ThrowIfNull(hasher);
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, Special);
        _hasher = hasher;
        _rooms = new Room[5];
        int next = Special;
        foreach ((StringKind kind, int sixteenths) in ((StringKind, int)[])[(StringKind.Name, 1), (StringKind.Label, 4), (StringKind.Referrer, 3), (StringKind.UserAgent, 4), (StringKind.Site, 4)])
        {
            int size = Math.Max(1, (int)((long)(capacity - Special) * sixteenths / 16));
            _rooms[(int)kind] = new Room { First = next, Size = size };
            next += size;
        }
        _entries = new Entry[next];
        _buckets = new int[BitOperations.RoundUpToPowerOf2((uint)next * 2)];
        _placeBits = BitOperations.Log2(BitOperations.RoundUpToPowerOf2((uint)next));
        _entries[Absent].Text = "";
        _entries[Overflow] = new Entry { Text = OtherText, Number = Overflow };
    }

    /// <summary>Strings held, the two special ones included.</summary>
    public int Count => Special + _rooms.Sum(static room => room.Used);

    /// <summary>Places of the pool: one more than the largest <see cref="PlaceOf"/>.</summary>
    internal int Places => _entries.Length;

    /// <summary>Texts given away because their kind was full; from any thread.</summary>
    public long Forgotten => Volatile.Read(ref _forgotten);

    /// <summary>Names that were refused because there was no room; from any thread.</summary>
    public long Overflowed => Volatile.Read(ref _overflowed);

    /// <summary>The number of a text; 0 for an empty one. Allocates only for a text that is not held.</summary>
    /// <param name="utf8">The text.</param>
    /// <param name="kind">What it is: what viewers choose cannot crowd out what the platform names.</param>
    public int Intern(ReadOnlySpan<byte> utf8, StringKind kind = StringKind.Name)
    {
        if (utf8.IsEmpty)
        {
            return Absent;
        }
        utf8 = Cut(utf8);
        ref int recent = ref _recent.Place(utf8);
        if (!Is(recent, utf8, kind))
        {
            recent = Find(utf8, kind);
        }
        return recent;
    }

    /// <summary>The number of a text; 0 for an empty one.</summary>
    public int Intern(string text, StringKind kind = StringKind.Name) => Intern(Encoding.UTF8.GetBytes(text), kind);

    /// <summary>The text of a number; <c>(other)</c> when it was given away.</summary>
    public string Text(int number) => Find(number) ?? OtherText;

    /// <summary>The text of a number, or null when it was given away.</summary>
    public string? Find(int number)
    {
        ref Entry entry = ref _entries[PlaceOf(number)];
        // Another thread may give the place away meanwhile. It takes the number away first and sets the new one last.
        string? text = Volatile.Read(ref entry.Number) == number ? Volatile.Read(ref entry.Text) : null;
        return Volatile.Read(ref entry.Number) == number ? text : null;
    }

    /// <summary>The number of a referrer host's site; 0 when it has none or was given away.</summary>
    public int SiteOf(int number)
    {
        ref Entry entry = ref _entries[PlaceOf(number)];
        int site = Volatile.Read(ref entry.Number) == number ? Volatile.Read(ref entry.Site) : Absent;
        return Volatile.Read(ref entry.Number) == number ? site : Absent;
    }

    /// <summary>A hash of a text that nobody can foresee, the same as long as the pool lives, whether the text is held or not.</summary>
    public ulong HashOf(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        Span<byte> utf8 = stackalloc byte[LongestText * 2];
        return Encoding.UTF8.TryGetBytes(text, utf8, out int length) ? _hasher.Hash64(utf8[..length]) : _hasher.Hash64(Encoding.UTF8.GetBytes(text));
    }

    /// <summary>Whether a number is that of a text of this kind which is not empty, and still held; then it counts as named. Never so for the two special ones.</summary>
    internal bool Is(int number, ReadOnlySpan<byte> utf8, StringKind kind)
    {
        ref Entry entry = ref _entries[PlaceOf(number)];
        if (number <= Overflow || entry.Number != number || entry.Kind != kind || !utf8.SequenceEqual(entry.Utf8))
        {
            return false;
        }
        Name(ref entry);
        return true;
    }

    /// <summary>Writes only what changes: the same few entries are named all the time, and others read them.</summary>
    private void Name(ref Entry entry)
    {
        if (!entry.Named)
        {
            NameAgain(ref entry);
        }
    }

    /// <summary>The first time since the hand passed: a host that is in use keeps its site.</summary>
    private void NameAgain(ref Entry entry)
    {
        entry.Named = true;
        if (entry.Site != Absent && !Renew(entry.Site))
        {
            Span<byte> site = stackalloc byte[PageSites.LongestResult];
            Volatile.Write(ref entry.Site, Intern(PageSites.Of(entry.Utf8, site), StringKind.Site));
        }
    }

    /// <summary>Whether a number's text is still held; then it counts as named. For the thread that adds.</summary>
    internal bool Renew(int number)
    {
        ref Entry entry = ref _entries[PlaceOf(number)];
        if (entry.Number != number)
        {
            return false;
        }
        Name(ref entry);
        return true;
    }

    /// <summary>Where a number's text lies; numbers of the same place come one after the other.</summary>
    internal int PlaceOf(int number)
    {
        int place = number & ((1 << _placeBits) - 1);
        return place < _entries.Length ? place : Overflow;
    }

    private int Find(ReadOnlySpan<byte> utf8, StringKind kind)
    {
        ulong hash = _hasher.Hash64(utf8) + (ulong)kind;
        for (int i = Bucket(hash) - 1; i >= 0; i = _entries[i].Next)
        {
            ref Entry entry = ref _entries[i];
            if (entry.Hash == hash && entry.Kind == kind && utf8.SequenceEqual(entry.Utf8))
            {
                Name(ref entry);
                return entry.Number;
            }
        }
        ref Room room = ref _rooms[(int)kind];
        if (room.Used == room.Size && kind == StringKind.Name)
        {
            Volatile.Write(ref _overflowed, _overflowed + 1);
            return Overflow;
        }
        int place = room.Used < room.Size ? room.First + room.Used++ : GiveAway(ref room);
        return Take(place, utf8, kind, hash);
    }

    private int Take(int place, ReadOnlySpan<byte> utf8, StringKind kind, ulong hash)
    {
        Span<byte> site = stackalloc byte[PageSites.LongestResult];
        int siteNumber = kind == StringKind.Referrer ? Intern(PageSites.Of(utf8, site), StringKind.Site) : Absent;
        ref Entry entry = ref _entries[place];
        int number = (int)((((long)entry.Turn << _placeBits) | (uint)place) & int.MaxValue);
        entry.Turn++;
        Volatile.Write(ref entry.Text, Encoding.UTF8.GetString(utf8));
        entry.Utf8 = utf8.ToArray();
        entry.Hash = hash;
        entry.Kind = kind;
        Volatile.Write(ref entry.Site, siteNumber);
        // Not named yet, so that a flood of what is named once never sends away what is named again and again.
        entry.Named = false;
        ref int bucket = ref Bucket(hash);
        entry.Next = bucket - 1;
        bucket = place + 1;
        Volatile.Write(ref entry.Number, number);
        return number;
    }

    /// <summary>The place of the kind's text that was not named for the longest, about; its number means nothing any more.</summary>
    private int GiveAway(ref Room room)
    {
        while (true)
        {
            int place = room.First + room.Hand;
            room.Hand = room.Hand + 1 == room.Size ? 0 : room.Hand + 1;
            ref Entry entry = ref _entries[place];
            if (entry.Named)
            {
                entry.Named = false;
                continue;
            }
            ref int link = ref Bucket(entry.Hash);
            if (link - 1 == place)
            {
                link = entry.Next + 1;
            }
            else
            {
                int before = link - 1;
                while (_entries[before].Next != place)
                {
                    before = _entries[before].Next;
                }
                _entries[before].Next = entry.Next;
            }
            Volatile.Write(ref entry.Number, -1);
            Volatile.Write(ref _forgotten, _forgotten + 1);
            return place;
        }
    }

    private ref int Bucket(ulong hash) => ref _buckets[(int)(hash & (uint)(_buckets.Length - 1))];

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

    /// <summary>The places of one kind.</summary>
    private struct Room
    {
        public int First;
        public int Size;
        public int Used;
        public int Hand;
    }

    private struct Entry
    {
        public string? Text;
        public byte[]? Utf8;
        public ulong Hash;
        public int Next;

        /// <summary>Its number, or -1 while the place changes hands.</summary>
        public int Number;

        /// <summary>How often the place was taken.</summary>
        public uint Turn;

        /// <summary>Number of a host's site.</summary>
        public int Site;

        public StringKind Kind;

        /// <summary>Whether it was named since the hand last passed.</summary>
        public bool Named;
    }
}
