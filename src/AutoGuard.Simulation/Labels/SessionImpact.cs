using System.Collections.Immutable;
using AutoGuard.Core.Events;
using AutoGuard.Core.Policy;

namespace AutoGuard.Simulation.Labels;

/// <summary>Sessions of one incident.</summary>
/// <param name="Incident">Its number in the truth.</param>
/// <param name="Sessions">Those that started.</param>
/// <param name="Prevented">Those of them that would have been refused.</param>
public readonly record struct MisuseImpact(int Incident, long Sessions, long Prevented);

/// <summary>What enforced decisions would have meant for sessions: how much misuse they prevented, and whom they cost.</summary>
/// <remarks>
/// A session counts as refused when it starts while its token, address, network or referrer is blocked or revoked: from
/// the decision's time plus the given delay until it expires (not included) or is released. Sessions already running are
/// not counted: most enforcement leaves them alone. Nor are those that were running when the recording began.
/// </remarks>
public sealed record SessionImpact
{
    /// <summary>Sessions of incidents that started.</summary>
    public required long MisuseSessions { get; init; }

    /// <summary>Those of them that would have been refused.</summary>
    public required long MisusePrevented { get; init; }

    /// <summary>The same for each incident that had sessions, by its number in the truth; empty for a sum of recordings.</summary>
    public ImmutableArray<MisuseImpact> Misuse { get; init; } = [];

    /// <summary>Honest sessions that started, and how many of them would have been refused, by kind; kinds without sessions are left out.</summary>
    public required ImmutableArray<HonestImpact> Honest { get; init; }

    /// <summary>Honest sessions that started.</summary>
    public long HonestSessions => Honest.Sum(h => h.Sessions);

    /// <summary>Those of them that would have been refused.</summary>
    public long HonestRefused => Honest.Sum(h => h.Refused);

    /// <summary>Honest sessions refused, of a million.</summary>
    public double HonestRefusedPerMillion => HonestSessions == 0 ? 0 : HonestRefused * 1e6 / HonestSessions;

    /// <summary>Share of the misuse sessions that were prevented; 1 when there was none.</summary>
    public double Prevention => MisuseSessions == 0 ? 1 : MisusePrevented / (double)MisuseSessions;

    /// <summary>Applies decisions, in any order, to all sessions of a recording.</summary>
    /// <param name="decisions">All decisions.</param>
    /// <param name="sessions">All sessions.</param>
    /// <param name="delay">How long enforcement takes to have an effect.</param>
    public static SessionImpact Of(IEnumerable<JudgedDecision> decisions, LabelledSessions sessions, TimeSpan delay = default)
    {
        ArgumentNullException.ThrowIfNull(decisions);
        ArgumentNullException.ThrowIfNull(sessions);
        SubjectIndex index = new(sessions);
        List<List<Refusal>> periods = Periods(decisions, index, (long)delay.TotalMilliseconds);
        long misuse = 0;
        long prevented = 0;
        SortedDictionary<HonestKind, (long Sessions, long Refused)> honest = [];
        SortedDictionary<int, (long Sessions, long Prevented)> incidents = [];
        Span<int> found = stackalloc int[SubjectIndex.MostFound];
        foreach (LabelledSession session in sessions.All)
        {
            if (!session.IsStarted)
            {
                continue;
            }
            bool refused = false;
            foreach (int number in found[..index.Find(in session, found)])
            {
                refused = refused || periods[number].Exists(p => p.Refuses(session.Time, session.Address));
            }
            if (session.Label.IsMisuse)
            {
                misuse++;
                prevented += refused ? 1 : 0;
                (long sum, long cut) = incidents.GetValueOrDefault(session.Label.Incident);
                incidents[session.Label.Incident] = (sum + 1, cut + (refused ? 1 : 0));
            }
            else
            {
                (long sum, long cut) = honest.GetValueOrDefault(session.Label.Honest);
                honest[session.Label.Honest] = (sum + 1, cut + (refused ? 1 : 0));
            }
        }
        return new SessionImpact
        {
            MisuseSessions = misuse,
            MisusePrevented = prevented,
            Misuse = [.. incidents.Select(pair => new MisuseImpact(pair.Key, pair.Value.Sessions, pair.Value.Prevented))],
            Honest = [.. honest.Select(pair => new HonestImpact(pair.Key, pair.Value.Sessions, pair.Value.Refused))],
        };
    }

    /// <summary>Adds up what several recordings came to.</summary>
    public static SessionImpact Sum(IEnumerable<SessionImpact> impacts)
    {
        List<SessionImpact> all = [.. impacts];
        return new SessionImpact
        {
            MisuseSessions = all.Sum(i => i.MisuseSessions),
            MisusePrevented = all.Sum(i => i.MisusePrevented),
            Honest = [.. all.SelectMany(i => i.Honest).GroupBy(h => h.Kind).OrderBy(g => g.Key)
                .Select(g => new HonestImpact(g.Key, g.Sum(h => h.Sessions), g.Sum(h => h.Refused)))],
        };
    }

    private static List<List<Refusal>> Periods(IEnumerable<JudgedDecision> decisions, SubjectIndex index, long delay)
    {
        List<List<Refusal>> periods = [];
        // A release comes after a block of the same instant: it can only mean that block.
        foreach (JudgedDecision decision in decisions.OrderBy(d => d.Time).ThenBy(d => d.Action == DecisionAction.Release))
        {
            if (decision.Action == DecisionAction.Flag)
            {
                continue;
            }
            int number = index.Add(decision.Subject, decision.Organization);
            if (number == periods.Count)
            {
                periods.Add([]);
            }
            if (decision.Action == DecisionAction.Release)
            {
                periods[number] = [.. periods[number].Select(p => p with { To = Math.Min(p.To, decision.Time) })];
            }
            else
            {
                // A later decision's exceptions take the place of an earlier one's.
                long from = decision.Time + delay;
                periods[number] = [.. periods[number].Select(p => p.Except.SequenceEqual(decision.Except) ? p : p with { To = Math.Min(p.To, from) })];
                periods[number].Add(new Refusal(decision.Time + delay, decision.Expires ?? long.MaxValue, decision.Except));
            }
        }
        return periods;
    }

    /// <summary>A time in which a subject is refused.</summary>
    /// <param name="From">Unix milliseconds.</param>
    /// <param name="To">Unix milliseconds, not included.</param>
    /// <param name="Except">Networks from which it is not.</param>
    private readonly record struct Refusal(long From, long To, ImmutableArray<IpNetwork> Except)
    {
        public bool Refuses(long time, IpAddress address)
        {
            bool refuses = time >= From && time < To;
            foreach (IpNetwork network in refuses ? Except : [])
            {
                refuses = refuses && !network.Contains(address);
            }
            return refuses;
        }
    }
}

/// <summary>Honest sessions of one kind.</summary>
/// <param name="Kind">Kind.</param>
/// <param name="Sessions">How many started.</param>
/// <param name="Refused">How many of them would have been refused.</param>
public sealed record HonestImpact(HonestKind Kind, long Sessions, long Refused);
