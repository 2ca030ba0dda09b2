using System.Collections.Immutable;
using AutoGuard.Core.Policy;
using AutoGuard.Simulation.Profiles;

namespace AutoGuard.Simulation.Labels;

/// <summary>How good the decisions were.</summary>
public sealed record EvaluationResult
{
    /// <summary>Every incident, in the order of the truth.</summary>
    public required ImmutableArray<IncidentResult> Incidents { get; init; }

    /// <summary>Of all that was decided, whatever the action.</summary>
    public required Quality Flags { get; init; }

    /// <summary>Of blocks and revocations, against the incidents of which one was expected.</summary>
    public required Quality Blocks { get; init; }

    /// <summary>Per kind and difficulty.</summary>
    public required ImmutableArray<GroupResult> Groups { get; init; }

    /// <summary>Who was decided about and should not have been, by time.</summary>
    public required ImmutableArray<FalseSubject> FalseSubjects { get; init; }

    /// <summary>From the first abnormal event to the first decision, over detected incidents; null when none was.</summary>
    public required TimeSpan? MedianTimeToDetection { get; init; }

    /// <summary>The same, 90th percentile by nearest rank.</summary>
    public required TimeSpan? P90TimeToDetection { get; init; }
}

/// <summary>Precision over subjects and recall over incidents.</summary>
/// <param name="TrueSubjects">Subjects decided rightly.</param>
/// <param name="FalseSubjects">Subjects decided wrongly.</param>
/// <param name="Caught">Incidents caught.</param>
/// <param name="Incidents">Incidents to catch.</param>
public sealed record Quality(int TrueSubjects, int FalseSubjects, int Caught, int Incidents)
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

    /// <summary>From its start to the first decision; null: missed.</summary>
    public required TimeSpan? TimeToDetection { get; init; }

    /// <summary>From its start to the first action as strong as expected; null: there was none.</summary>
    public required TimeSpan? TimeToExpectedAction { get; init; }
}

/// <summary>Incidents of one kind and difficulty.</summary>
/// <param name="Kind">Kind.</param>
/// <param name="Difficulty">Difficulty.</param>
/// <param name="Incidents">How many there were.</param>
/// <param name="Caught">How many were decided about at all.</param>
/// <param name="CaughtAsExpected">How many as strongly as expected.</param>
public sealed record GroupResult(AttackKind Kind, Difficulty Difficulty, int Incidents, int Caught, int CaughtAsExpected);

/// <summary>A subject decided wrongly.</summary>
/// <param name="Subject">Who.</param>
/// <param name="Action">The strongest wrong action.</param>
/// <param name="Time">Event time of the first wrong decision, Unix milliseconds.</param>
/// <param name="NeverTouch">Whether the truth names it among those that must never be touched.</param>
public sealed record FalseSubject(Subject Subject, DecisionAction Action, long Time, bool NeverTouch);
