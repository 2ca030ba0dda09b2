using System.Collections.Immutable;
using AutoGuard.Core.Policy;
using AutoGuard.Simulation.Profiles;

namespace AutoGuard.Simulation.Labels;

/// <summary>How good the decisions on one recording were, or on several together.</summary>
public sealed record EvaluationResult
{
    /// <summary>Every incident, in the order of the truth.</summary>
    public required ImmutableArray<IncidentResult> Incidents { get; init; }

    /// <summary>Who was decided about rightly.</summary>
    public required ImmutableArray<RightSubject> RightSubjects { get; init; }

    /// <summary>Who was decided about and should not have been, by time.</summary>
    public required ImmutableArray<FalseSubject> FalseSubjects { get; init; }

    /// <summary>What the blocks would have meant for sessions; null when the sessions are not known.</summary>
    public required SessionImpact? Impact { get; init; }

    /// <summary>Of all that was decided, whatever the action.</summary>
    public DecisionQuality Flags => QualityOf(RightSubjects, FalseSubjects, DecisionAction.Flag, Incidents, i => i.Action is not null);

    /// <summary>Of blocks and revocations, against the incidents of which one was expected.</summary>
    public DecisionQuality Blocks => QualityOf(
        RightSubjects, FalseSubjects, DecisionAction.Block, [.. Incidents.Where(i => i.Expected >= ExpectedAction.Block)], i => i.CaughtAsExpected);

    /// <summary>Per family: kind and difficulty.</summary>
    public ImmutableArray<FamilyResult> Families => [.. Incidents.Select(i => (i.Kind, i.Difficulty)).Distinct().OrderBy(f => f.Kind).ThenBy(f => f.Difficulty).Select(FamilyOf)];

    /// <summary>From the first abnormal event to the first decision, over detected incidents; null when none was.</summary>
    public TimeSpan? MedianTimeToDetection => Percentile(Incidents, 50);

    /// <summary>The same, 90th percentile by nearest rank.</summary>
    public TimeSpan? P90TimeToDetection => Percentile(Incidents, 90);

    /// <summary>Easy, slow and hard incidents, each by themselves, then easy and slow ones together.</summary>
    public ImmutableArray<PartResult> Difficulties =>
        [Of(Difficulty.Easy), Of(Difficulty.Slow), Of(Difficulty.Hard), Of(Difficulty.Easy, Difficulty.Slow)];

    /// <summary>Incidents that were to be blocked (or revoked) and those for which a flag was enough: only of the former a detector is asked to prevent any session.</summary>
    public ImmutableArray<PartResult> Levels =>
        [PartOf("to be blocked", i => i.Expected >= ExpectedAction.Block), PartOf("to be flagged", i => i.Expected < ExpectedAction.Block)];

    /// <summary>How many of the incidents of some difficulties were dealt with as expected, and how many there were.</summary>
    public (int Caught, int Incidents) Expected(params ImmutableArray<Difficulty> difficulties)
    {
        PartResult result = Of(difficulties);
        return (result.CaughtAsExpected, result.Incidents);
    }

    /// <summary>Incidents of some difficulties together.</summary>
    public PartResult Of(params ImmutableArray<Difficulty> difficulties) =>
        PartOf(string.Join(" and ", difficulties.Select(d => d.ToString().ToLowerInvariant())), i => difficulties.Contains(i.Difficulty));

    /// <summary>Several recordings as if they were one.</summary>
    public static EvaluationResult Pool(IEnumerable<EvaluationResult> results)
    {
        List<EvaluationResult> all = [.. results];
        return new EvaluationResult
        {
            Incidents = [.. all.SelectMany(r => r.Incidents)],
            RightSubjects = [.. all.SelectMany(r => r.RightSubjects)],
            FalseSubjects = [.. all.SelectMany(r => r.FalseSubjects)],
            Impact = all.Exists(r => r.Impact is null) ? null : SessionImpact.Sum(all.Select(r => r.Impact!)),
        };
    }

    private PartResult PartOf(string name, Func<IncidentResult, bool> isPart)
    {
        ImmutableArray<IncidentResult> incidents = [.. Incidents.Where(isPart)];
        return new PartResult
        {
            Name = name,
            Incidents = incidents.Length,
            CaughtAsExpected = incidents.Count(i => i.CaughtAsExpected),
            Sessions = incidents.Sum(i => i.Sessions),
            Prevented = incidents.Sum(i => i.Prevented),
            MedianTimeToDetection = Percentile(incidents, 50),
            P90TimeToDetection = Percentile(incidents, 90),
        };
    }

    private FamilyResult FamilyOf((AttackKind Kind, Difficulty Difficulty) family)
    {
        ImmutableArray<IncidentResult> incidents = [.. Incidents.Where(i => (i.Kind, i.Difficulty) == family)];
        ImmutableArray<RightSubject> right = [.. RightSubjects.Where(r => (r.Kind, r.Difficulty) == family)];
        ImmutableArray<FalseSubject> wrong = [.. FalseSubjects.Where(f => f.Family == family)];
        return new FamilyResult
        {
            Kind = family.Kind,
            Difficulty = family.Difficulty,
            Incidents = incidents.Length,
            Caught = incidents.Count(i => i.Action is not null),
            CaughtAsExpected = incidents.Count(i => i.CaughtAsExpected),
            Flags = QualityOf(right, wrong, DecisionAction.Flag, incidents, i => i.Action is not null),
            Blocks = QualityOf(right, wrong, DecisionAction.Block, [.. incidents.Where(i => i.Expected >= ExpectedAction.Block)], i => i.CaughtAsExpected),
            Sessions = incidents.Sum(i => i.Sessions),
            Prevented = incidents.Sum(i => i.Prevented),
            MedianTimeToDetection = Percentile(incidents, 50),
            P90TimeToDetection = Percentile(incidents, 90),
        };
    }

    private static DecisionQuality QualityOf(
        ImmutableArray<RightSubject> right, ImmutableArray<FalseSubject> wrong, DecisionAction least, ImmutableArray<IncidentResult> incidents, Func<IncidentResult, bool> caught) =>
        new(right.Count(r => r.Action >= least), wrong.Count(f => f.Action >= least), incidents.Count(caught), incidents.Length);

    /// <summary>Nearest rank, over the incidents that were detected.</summary>
    private static TimeSpan? Percentile(ImmutableArray<IncidentResult> incidents, int percent)
    {
        TimeSpan[] times = [.. incidents.Where(i => i.TimeToDetection is not null).Select(i => i.TimeToDetection!.Value).Order()];
        return times.Length == 0 ? null : times[((times.Length * percent) + 99) / 100 - 1];
    }
}

/// <summary>Precision over subjects and recall over incidents.</summary>
/// <param name="TrueSubjects">Subjects decided rightly.</param>
/// <param name="FalseSubjects">Subjects decided wrongly.</param>
/// <param name="Caught">Incidents caught.</param>
/// <param name="Incidents">Incidents to catch.</param>
public sealed record DecisionQuality(int TrueSubjects, int FalseSubjects, int Caught, int Incidents)
{
    /// <summary>Share of the decided subjects that were decided rightly; 1 when nothing was decided.</summary>
    public double Precision => TrueSubjects + FalseSubjects == 0 ? 1 : TrueSubjects / (double)(TrueSubjects + FalseSubjects);

    /// <summary>Share of the incidents that were caught; 1 when there was none.</summary>
    public double Recall => Incidents == 0 ? 1 : Caught / (double)Incidents;
}

/// <summary>What became of one incident.</summary>
public sealed record IncidentResult
{
    /// <summary>The incident's id.</summary>
    public required string Id { get; init; }

    /// <summary>What was done.</summary>
    public required AttackKind Kind { get; init; }

    /// <summary>How well it hid.</summary>
    public required Difficulty Difficulty { get; init; }

    /// <summary>The least that counts as dealt with.</summary>
    public required ExpectedAction Expected { get; init; }

    /// <summary>The strongest action against any of its subjects; null: missed.</summary>
    public required DecisionAction? Action { get; init; }

    /// <summary>Whether it was dealt with at least as expected.</summary>
    public required bool CaughtAsExpected { get; init; }

    /// <summary>From its first abnormal event to the first decision; null: missed.</summary>
    public required TimeSpan? TimeToDetection { get; init; }

    /// <summary>From its first abnormal event to the first action as strong as expected; null: there was none.</summary>
    public required TimeSpan? TimeToExpectedAction { get; init; }

    /// <summary>Its sessions that started; 0 when the sessions are not known.</summary>
    public long Sessions { get; init; }

    /// <summary>Those of them that would have been refused.</summary>
    public long Prevented { get; init; }
}

/// <summary>What became of several incidents.</summary>
public abstract record IncidentTotals
{
    /// <summary>How many there were.</summary>
    public required int Incidents { get; init; }

    /// <summary>How many were dealt with at least as expected.</summary>
    public required int CaughtAsExpected { get; init; }

    /// <summary>Their sessions that started; 0 when the sessions are not known.</summary>
    public required long Sessions { get; init; }

    /// <summary>Those of them that would have been refused.</summary>
    public required long Prevented { get; init; }

    /// <summary>From the first abnormal event to the first decision, over detected incidents; null when none was.</summary>
    public required TimeSpan? MedianTimeToDetection { get; init; }

    /// <summary>The same, 90th percentile by nearest rank.</summary>
    public required TimeSpan? P90TimeToDetection { get; init; }
}

/// <summary>Incidents of one kind and difficulty.</summary>
public sealed record FamilyResult : IncidentTotals
{
    /// <summary>What was done.</summary>
    public required AttackKind Kind { get; init; }

    /// <summary>How well it hid.</summary>
    public required Difficulty Difficulty { get; init; }

    /// <summary>How many were decided about at all.</summary>
    public required int Caught { get; init; }

    /// <summary>Of all decisions; wrong subjects are those whose sessions are mostly this family's (known only with the sessions).</summary>
    public required DecisionQuality Flags { get; init; }

    /// <summary>Of blocks and revocations.</summary>
    public required DecisionQuality Blocks { get; init; }
}

/// <summary>Incidents that have something in common.</summary>
public sealed record PartResult : IncidentTotals
{
    /// <summary>That in words: <c>easy and slow</c>, <c>to be blocked</c>.</summary>
    public required string Name { get; init; }
}

/// <summary>A subject decided rightly.</summary>
/// <param name="Subject">Who.</param>
/// <param name="Action">The strongest right action.</param>
/// <param name="Kind">What it was caught at.</param>
/// <param name="Difficulty">How well that hid.</param>
/// <param name="Score">The highest score of those decisions.</param>
public sealed record RightSubject(Subject Subject, DecisionAction Action, AttackKind Kind, Difficulty Difficulty, double Score);

/// <summary>A subject decided wrongly.</summary>
/// <param name="Subject">Who.</param>
/// <param name="Action">The strongest wrong action.</param>
/// <param name="Time">Event time of the first wrong decision, Unix milliseconds.</param>
/// <param name="NeverTouch">Whether the truth names it among those that must never be touched.</param>
public sealed record FalseSubject(Subject Subject, DecisionAction Action, long Time, bool NeverTouch)
{
    /// <summary>Tenant that the decision was for; null: all.</summary>
    public string? Organization { get; init; }

    /// <summary>The highest score of the wrong decisions.</summary>
    public double Score { get; init; }

    /// <summary>What the detector gave as its reason first; may be empty.</summary>
    public string Reason { get; init; } = "";

    /// <summary>Honest sessions under the subject in the whole recording, by kind, most first; empty when the sessions are not known.</summary>
    public ImmutableArray<HonestTally> Honest { get; init; } = [];

    /// <summary>Misuse sessions under the subject in the whole recording.</summary>
    public int MisuseSessions { get; init; }

    /// <summary>Id of the incident that most of its sessions are of; null when they are mostly honest or not known.</summary>
    public string? Incident { get; init; }

    /// <summary>That incident's family.</summary>
    public (AttackKind Kind, Difficulty Difficulty)? Family { get; init; }

    /// <summary>The kind of honest viewer that was hit most; null when the subject's sessions are mostly misuse, or not known.</summary>
    public HonestKind? Victims => Incident is null && !Honest.IsEmpty ? Honest[0].Kind : null;
}

/// <summary>Honest sessions of one kind.</summary>
/// <param name="Kind">Kind.</param>
/// <param name="Sessions">How many.</param>
public sealed record HonestTally(HonestKind Kind, int Sessions);
