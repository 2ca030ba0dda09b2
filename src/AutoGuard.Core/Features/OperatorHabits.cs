using System.Runtime.InteropServices;

namespace AutoGuard.Core.Features;

/// <summary>
/// How many networks of one operator a token usually shows within the window: one on a home line, many on a carrier that
/// gives every session another address. Kept per operator as a histogram over its tokens, so that a phone on the move is
/// compared with phones on the move.
/// </summary>
public sealed class OperatorHabits
{
    /// <summary>Tokens of an operator from which on its histogram means something.</summary>
    private const int Enough = 50;

    /// <summary>What is taken for usual until then, where no model knows better.</summary>
    private const int Unknown = 3;

    /// <summary>The most networks that are told apart.</summary>
    public const int MostNetworks = 32;

    /// <summary>Networks up to which a token's are a line's, and not a phone's on its way.</summary>
    public const int MostOfLine = 2;

    /// <summary>Tokens of an operator from which on it is known whether it has lines: one in so many may show more networks than a line.</summary>
    private const int EnoughForLines = 20;

    /// <summary>Customers of an operator of lines for each that shows more networks: where more of them do, some are phones.</summary>
    private const int FewestOfMoving = 40;

    /// <summary>Customers from which on it is known that lines stay as they are, if no more than one in so many shows more networks.</summary>
    private const int EnoughForSteady = 400;

    /// <summary>Sessions of a token beyond which it is not one viewer's: what it shows of an operator is no habit of a customer.</summary>
    private const int MostSessionsOfViewer = 1_000;

    private const int MostOperators = 65_536;
    private const int HalvedAt = 20_000;

    private readonly Dictionary<uint, Habit> _habits = [];

    /// <summary>What is taken for usual of operators of which too few tokens were seen; null: nothing is known of them.</summary>
    public DetectionModel? Model { get; set; }

    /// <summary>Operators of which enough tokens were seen: AS number, tokens, and networks that are usual; in no particular order.</summary>
    public IEnumerable<(uint Asn, int Tokens, int Networks)> Known =>
        _habits.Where(pair => pair.Value.Total >= Enough).Select(pair => (pair.Key, pair.Value.Total, pair.Value.Usual));

    /// <summary>Counts a network of an address that is new on a token among those of its operator.</summary>
    /// <param name="token">The token.</param>
    /// <param name="members">Its addresses, the new one among them.</param>
    /// <param name="network">Hash of the network.</param>
    /// <param name="asn">The operator; 0 when unknown.</param>
    /// <param name="windowStart">Start of the window, Unix seconds.</param>
    /// <returns>With how many networks of the operator the token is counted now.</returns>
    public byte Count(in TokenState token, ReadOnlySpan<AddressMember> members, ulong network, uint asn, uint windowStart)
    {
        if (token.TotalSessions > MostSessionsOfViewer)
        {
            // Each address that is new among thousands would take a look at all of them.
            return 0;
        }
        DistinctCounter others = new(stackalloc ulong[DistinctCounter.PlacesFor(members.Length)]);
        int same = 0;
        int before = 0;
        foreach (ref readonly AddressMember member in members)
        {
            // What has left the window but is still remembered tells with how many it was counted: coming back is not news.
            before = member.Asn == asn ? Math.Max(before, member.Habit) : before;
            if (member.Identity != 0 && member.LastSeen >= windowStart)
            {
                same += member.Network == network ? 1 : 0;
                if (member.Asn == asn && member.Network != network)
                {
                    others.Add(member.Network);
                }
            }
        }
        return (byte)(same == 1 ? Count(asn, others.Count + 1, before) : before);
    }

    /// <summary>
    /// Counts that a token has come to show <paramref name="networks"/> (1 or more) networks of an operator; a token stands in the
    /// histogram once, with the most it has shown.
    /// </summary>
    /// <param name="asn">The operator; 0 when unknown.</param>
    /// <param name="networks">Networks within the window now.</param>
    /// <param name="before">With how many it has been counted so far, 0 for not at all.</param>
    /// <returns>With how many it is counted now.</returns>
    public int Count(uint asn, int networks, int before)
    {
        networks = Math.Min(networks, MostNetworks);
        if (networks <= before || asn == 0 || (_habits.Count >= MostOperators && !_habits.ContainsKey(asn)))
        {
            return before;
        }
        Habit habit = CollectionsMarshal.GetValueRefOrAddDefault(_habits, asn, out _) ??= new Habit();
        habit.Tokens[networks - 1]++;
        if (before > 0)
        {
            habit.Tokens[before - 1] = Math.Max(0, habit.Tokens[before - 1] - 1);
        }
        habit.Total += before == 0 ? 1 : 0;
        habit.Renew();
        return networks;
    }

    /// <summary>Networks of an operator that are still usual for one token, 1 or more; 1 where the operator is unknown, for those are many.</summary>
    public int Usual(uint asn) => KindOf(asn).Usual;

    /// <summary>All that is known of an operator; of an unknown one (0), that one network is usual, for those are many.</summary>
    public OperatorKind KindOf(uint asn)
    {
        if (asn == 0)
        {
            return new(1, false, false);
        }
        Habit? habit = _habits.GetValueOrDefault(asn);
        // A model only ever excuses: where it is wrong, somebody gets away, and nobody is harmed.
        int usual = habit is { Total: >= Enough } ? habit.Usual
            : Model is { } model && model.Operators.TryGetValue(asn, out int learned) ? Math.Max(Unknown, learned)
            : Unknown;
        return new(usual, habit is { HasLines: true }, habit is { HasOnlyLines: true });
    }

    /// <summary>
    /// Whether an operator has lines, as far as is known: hardly any of its customers shows more networks than a line has. A few do on any
    /// operator, whose lines are dialled anew again and again.
    /// </summary>
    public bool HasLines(uint asn) => asn != 0 && _habits.TryGetValue(asn, out Habit? habit) && habit.HasLines;

    /// <summary>Whether an operator has next to nothing else, as far as is known: no more than one in forty of its customers moves, of enough to tell.</summary>
    public bool HasOnlyLines(uint asn) => asn != 0 && _habits.TryGetValue(asn, out Habit? habit) && habit.HasOnlyLines;

    /// <summary>Whether its lines hardly ever change their network: of hundreds of customers next to nobody's did.</summary>
    public bool HasSteadyLines(uint asn) => asn != 0 && _habits.TryGetValue(asn, out Habit? habit) && habit.HasSteadyLines;

    private sealed class Habit
    {
        public int[] Tokens { get; } = new int[MostNetworks];

        public int Total { get; set; }

        public int Usual { get; private set; } = 1;

        public bool HasLines { get; private set; }

        public bool HasOnlyLines { get; private set; }

        public bool HasSteadyLines { get; private set; }

        /// <summary>The number that one token in a hundred exceeds; old tokens are forgotten by halves.</summary>
        public void Renew()
        {
            if (Total > HalvedAt)
            {
                Total /= 2;
                for (int i = 0; i < Tokens.Length; i++)
                {
                    Tokens[i] /= 2;
                }
            }
            int above = Total / 100;
            int networks = MostNetworks;
            while (networks > 1 && (above -= Tokens[networks - 1]) >= 0)
            {
                networks--;
            }
            Usual = networks;
            int lines = 0;
            foreach (int tokens in Tokens.AsSpan(0, MostOfLine))
            {
                lines += tokens;
            }
            HasLines = Total >= EnoughForLines && (Total - lines) * EnoughForLines <= Total;
            HasOnlyLines = Total >= Enough && (Total - lines) * FewestOfMoving <= Total;
            HasSteadyLines = Total >= EnoughForSteady && (Total - lines) * EnoughForSteady <= Total;
        }
    }
}

/// <summary>What kind of operator one is, as far as is known.</summary>
/// <param name="Usual">Networks that are still usual for one token, 1 or more.</param>
/// <param name="HasLines">As <see cref="OperatorHabits.HasLines"/>.</param>
/// <param name="HasOnlyLines">As <see cref="OperatorHabits.HasOnlyLines"/>.</param>
public readonly record struct OperatorKind(int Usual, bool HasLines, bool HasOnlyLines);
