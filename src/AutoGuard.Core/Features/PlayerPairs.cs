using System.Numerics;

namespace AutoGuard.Core.Features;

/// <summary>
/// Counts players that can each be given a network of their own: a largest matching of user agents and the networks they were seen in, with
/// a few networks of each operator, found by augmenting paths (Ford and Fulkerson, Canadian Journal of Mathematics 8, 1956). People who take
/// turns with an account bring a device and a line each; one phone on its way through many networks is one, and so are all devices of one
/// line, as far as they stay there. A carrier may be a household's only line, and a line may be dialled anew: of neither many count, unless hardly anybody's line
/// of hundreds ever is.
/// </summary>
internal ref struct PlayerPairs
{
    /// <summary>Addresses among which pairs are counted; so many players, networks and operators are told apart, or their order would matter.</summary>
    public const int Most = 64;

    /// <summary>Networks that count of an operator whose customers show many.</summary>
    private const int MostOfCarrier = 2;

    private readonly Span<int> _agents;
    private readonly Span<ulong> _networks;
    private readonly Span<uint> _asns;
    private readonly Span<ulong> _seenIn;
    private readonly Span<int> _operatorOf;
    private readonly Span<int> _left;
    private readonly Span<int> _ownerOf;
    private int _agentCount;
    private int _networkCount;
    private int _operatorCount;

    private PlayerPairs(Span<int> places, Span<ulong> seenIn, Span<uint> asns, Span<ulong> networks)
    {
        _agents = places[..Most];
        _operatorOf = places.Slice(Most, Most);
        _left = places.Slice(2 * Most, Most);
        _ownerOf = places.Slice(3 * Most, Most);
        _ownerOf.Fill(-1);
        _seenIn = seenIn;
        _asns = asns;
        _networks = networks;
    }

    /// <summary>Pairs among a token's addresses; homes and phones only.</summary>
    /// <param name="members">The addresses, <see cref="Most"/> at most.</param>
    /// <param name="habits">How many networks are usual for the customers of operators.</param>
    /// <param name="windowStart">Start of the window, Unix seconds.</param>
    public static int Count(ReadOnlySpan<AddressMember> members, OperatorHabits habits, uint windowStart)
    {
        PlayerPairs pairs = new(stackalloc int[4 * Most], stackalloc ulong[Most], stackalloc uint[Most], stackalloc ulong[Most]);
        Span<uint> withV4 = stackalloc uint[Most];
        int found = 0;
        foreach (ref readonly AddressMember member in members)
        {
            if (member.Identity != 0 && member.LastSeen >= windowStart && member.Address.IsV4)
            {
                withV4[found++] = member.Asn;
            }
        }
        withV4 = withV4[..found];
        foreach (ref readonly AddressMember member in members)
        {
            bool counts = member.Identity != 0 && member.LastSeen >= windowStart && member.Agent != 0;
            // Of a line that shows both protocols, IPv4 counts; so it does of operators that nobody knows, for one of them may be the other.
            if (counts && !member.DataCentre && !member.SharedEgress && (member.Address.IsV4 || !withV4.Contains(member.Asn)))
            {
                pairs.Add(in member, habits);
            }
        }
        return pairs.Match();
    }

    private void Add(in AddressMember member, OperatorHabits habits)
    {
        int agent = IndexOf(_agents, ref _agentCount, member.Agent, out _);
        int network = IndexOf(_networks, ref _networkCount, member.Network, out bool isNew);
        _seenIn[agent] |= 1UL << network;
        if (isNew)
        {
            // Of unknown operators there are many: each network is another one's.
            int operators = member.Asn == 0 ? _operatorCount++ : IndexOf(_asns, ref _operatorCount, member.Asn, out isNew);
            _operatorOf[network] = operators;
            if (isNew)
            {
                _left[operators] = member.Asn == 0 ? 1 : habits.HasSteadyLines(member.Asn) ? Most : habits.HasLines(member.Asn) ? PlaceCounter.MostHomesOfOperator : MostOfCarrier;
            }
        }
    }

    /// <summary>Where the value is among those known, or is put.</summary>
    private static int IndexOf<T>(Span<T> known, ref int count, T value, out bool isNew)
        where T : IEquatable<T>
    {
        int index = known[..count].IndexOf(value);
        isNew = index < 0;
        if (!isNew)
        {
            return index;
        }
        known[count] = value;
        return count++;
    }

    private int Match()
    {
        int pairs = 0;
        ulong hopeless = 0;
        for (int agent = 0; agent < _agentCount; agent++)
        {
            ulong tried = hopeless;
            if (IsPlaced(agent, ref tried))
            {
                pairs++;
            }
            else
            {
                // From what a search in vain has tried no later one gets any further: no path that changes anything leads through there.
                hopeless = tried;
            }
        }
        return pairs;
    }

    /// <summary>Gives an agent a network of its own, if need be by moving others; no deeper than there are networks, each of which is tried once.</summary>
    private bool IsPlaced(int agent, ref ulong tried)
    {
        ulong untried;
        while ((untried = _seenIn[agent] & ~tried) != 0)
        {
            int network = BitOperations.TrailingZeroCount(untried);
            tried |= 1UL << network;
            if (_ownerOf[network] >= 0 ? IsPlaced(_ownerOf[network], ref tried) : HasRoom(_operatorOf[network], ref tried))
            {
                _ownerOf[network] = agent;
                return true;
            }
        }
        return false;
    }

    /// <summary>Whether one more network of an operator may count, if need be instead of another one whose agent finds a place elsewhere.</summary>
    private bool HasRoom(int operators, ref ulong tried)
    {
        if (_left[operators] > 0)
        {
            _left[operators]--;
            return true;
        }
        for (int network = 0; network < _networkCount; network++)
        {
            if (_operatorOf[network] != operators || _ownerOf[network] < 0 || (tried & (1UL << network)) != 0)
            {
                continue;
            }
            tried |= 1UL << network;
            if (IsPlaced(_ownerOf[network], ref tried))
            {
                _ownerOf[network] = -1;
                return true;
            }
        }
        return false;
    }
}
