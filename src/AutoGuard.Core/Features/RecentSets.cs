namespace AutoGuard.Core.Features;

/// <summary>What a member of a <see cref="RecentSets{TMember}"/> must tell: its identity and when it was last seen.</summary>
public interface IRecentMember
{
    /// <summary>Identity within the set, well-mixed; 0 marks a free place.</summary>
    ulong Identity { get; set; }

    /// <summary>Event time of the last sight, Unix seconds.</summary>
    uint LastSeen { get; set; }
}

/// <summary>
/// Many small sets of things recently seen (addresses of a token, tokens of an address), each exact up to a quarter of
/// <see cref="LargestSet"/> members and nearly so up to three quarters. A set is a block of 1 to 1,024 places of open addressing, twice as many each time; it moves to
/// the next class when three quarters are taken by members inside the window, and in the largest class the stalest of
/// the probed places is taken over, so that hostile variety costs bounded memory and the count saturates.
/// Set number 0 is the empty set that every state starts with.
/// </summary>
/// <typeparam name="TMember">What is kept per member.</typeparam>
public sealed class RecentSets<TMember>
    where TMember : unmanaged, IRecentMember
{
    /// <summary>Places of the largest class; a count this high means "at least".</summary>
    public const int LargestSet = 1 << LargestClass;

    private const int LongestProbe = 16;
    private const int MostFetched = 4;
    private const int ClassBits = 4;
    private const int LargestClass = BuddyPool<TMember>.LargestClass;

    private readonly BuddyPool<TMember> _blocks = new();

    /// <summary>
    /// The place of a member in the set, added if new. The set's number may change: the caller stores the new one. Members
    /// last seen before <paramref name="windowStart"/> (Unix seconds) count as gone.
    /// </summary>
    public ref TMember GetOrAdd(ref int set, ulong identity, uint now, uint windowStart, out bool added)
    {
        identity = identity == 0 ? 1 : identity;
        if (set == 0)
        {
            set = Encode(0, _blocks.Rent(0));
        }
        while (true)
        {
            Span<TMember> places = Places(set);
            int stale = -1;
            int stalest = -1;
            int mask = places.Length - 1;
            int probes = Math.Min(places.Length, LongestProbe);
            int place = (int)(identity & (uint)mask);
            for (int i = 0; i < probes; i++, place = (place + 1) & mask)
            {
                ref TMember member = ref places[place];
                if (member.Identity == identity)
                {
                    added = member.LastSeen < windowStart;
                    member.LastSeen = Math.Max(member.LastSeen, now);
                    return ref member;
                }
                if (member.Identity == 0)
                {
                    stale = stale < 0 ? place : stale;
                    break;
                }
                if (stale < 0 && member.LastSeen < windowStart)
                {
                    stale = place;
                }
                if (stalest < 0 || member.LastSeen < places[stalest].LastSeen)
                {
                    stalest = place;
                }
            }
            int classIndex = ClassOf(set);
            bool stays = classIndex == LargestClass
                || (stale >= 0 && (places[stale].Identity != 0 || Living(places, windowStart) * 4 < places.Length * 3));
            if (stays)
            {
                ref TMember member = ref places[stale >= 0 ? stale : stalest];
                member = default;
                member.Identity = identity;
                member.LastSeen = now;
                added = true;
                return ref member;
            }
            set = Promote(set, classIndex, windowStart);
        }
    }

    /// <summary>Sets that take memory.</summary>
    public int Rented => _blocks.Rented;

    /// <summary>Number of members seen at or after <paramref name="windowStart"/>.</summary>
    public int Count(int set, uint windowStart) => set == 0 ? 0 : Living(Places(set), windowStart);

    /// <summary>All places of a set, free and stale ones among them (see <see cref="IRecentMember"/>).</summary>
    public ReadOnlySpan<TMember> Members(int set) => set == 0 ? [] : Places(set);

    /// <summary>The same, to change what they say of themselves; not who they are.</summary>
    public Span<TMember> Marked(int set) => set == 0 ? [] : Places(set);

    /// <summary>Has a small set fetched, or the beginning of a large one.</summary>
    public void Foresee(int set)
    {
        if (set != 0)
        {
            Span<TMember> places = Places(set);
            Cache.Fetch(in places[0], Math.Min(places.Length, MostFetched));
        }
    }

    /// <summary>Gives the set's memory back; its number becomes 0.</summary>
    public void Release(ref int set)
    {
        if (set != 0)
        {
            _blocks.Return(BlockOf(set), ClassOf(set));
            set = 0;
        }
    }

    private static int Living(ReadOnlySpan<TMember> places, uint windowStart)
    {
        int living = 0;
        foreach (ref readonly TMember member in places)
        {
            if (member.Identity != 0 && member.LastSeen >= windowStart)
            {
                living++;
            }
        }
        return living;
    }

    private int Promote(int set, int classIndex, uint windowStart)
    {
        int larger = Encode(classIndex + 1, _blocks.Rent(classIndex + 1));
        Span<TMember> target = Places(larger);
        foreach (ref readonly TMember member in Places(set))
        {
            if (member.Identity == 0 || member.LastSeen < windowStart)
            {
                continue;
            }
            int mask = target.Length - 1;
            int place = (int)(member.Identity & (uint)mask);
            while (target[place].Identity != 0)
            {
                place = (place + 1) & mask;
            }
            target[place] = member;
        }
        Release(ref set);
        return larger;
    }

    private Span<TMember> Places(int set) => _blocks.Block(BlockOf(set), ClassOf(set));

    private static int Encode(int classIndex, int block) => ((block + 1) << ClassBits) | classIndex;

    private static int ClassOf(int set) => set & ((1 << ClassBits) - 1);

    private static int BlockOf(int set) => (set >>> ClassBits) - 1;
}
