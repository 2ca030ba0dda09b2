using System.Collections.Immutable;
using AutoGuard.Core.Policy;

namespace AutoGuard.Live;

/// <summary>A decision as one row of the view.</summary>
/// <param name="Time">Event time.</param>
/// <param name="Action">What was decided.</param>
/// <param name="Subject">About whom; written by strangers.</param>
/// <param name="Score">In [0, 1].</param>
/// <param name="Reason">The indicator that weighs most, as a sentence; may quote strangers.</param>
public sealed record LiveDecision(DateTimeOffset Time, DecisionAction Action, Subject Subject, double Score, string Reason)
{
    /// <summary>The row of a decision.</summary>
    public static LiveDecision Of(Decision decision)
    {
        ArgumentNullException.ThrowIfNull(decision);
        return new LiveDecision(
            DateTimeOffset.FromUnixTimeMilliseconds(decision.Time), decision.Action, decision.Subject, decision.Score,
            decision.Reasons.IsDefaultOrEmpty ? "" : decision.Reasons[0].Text);
    }
}

/// <summary>What the worker is doing, at one moment; immutable.</summary>
public sealed record LiveSnapshot
{
    /// <summary>Most decisions shown.</summary>
    public const int MostDecisions = 12;

    /// <summary>The verb.</summary>
    public required string Title { get; init; }

    /// <summary>Whether decisions are enforced.</summary>
    public required EnforcementMode Mode { get; init; }

    /// <summary>Time since the start.</summary>
    public required TimeSpan Running { get; init; }

    /// <summary>Newest event time seen; null before the first event.</summary>
    public DateTimeOffset? EventTime { get; init; }

    /// <summary>Up to where event time is complete; null before the first event.</summary>
    public DateTimeOffset? Watermark { get; init; }

    /// <summary>Events processed per second of wall time, lately.</summary>
    public double EventsPerSecond { get; init; }

    /// <summary>Events accepted since the start.</summary>
    public long Events { get; init; }

    /// <summary>Records that were no events.</summary>
    public long Malformed { get; init; }

    /// <summary>Events that came too late.</summary>
    public long Late { get; init; }

    /// <summary>Events that had been seen.</summary>
    public long Duplicates { get; init; }

    /// <summary>Records that wait in Kafka; null when unknown.</summary>
    public long? KafkaLag { get; init; }

    /// <summary>Playback sessions running.</summary>
    public long OpenSessions { get; init; }

    /// <summary>Tokens held in state.</summary>
    public long Tokens { get; init; }

    /// <summary>Addresses held in state.</summary>
    public long Addresses { get; init; }

    /// <summary>Flag decisions since the start.</summary>
    public long Flagged { get; init; }

    /// <summary>Block decisions since the start.</summary>
    public long Blocked { get; init; }

    /// <summary>Revoke decisions since the start.</summary>
    public long Revoked { get; init; }

    /// <summary>Since when (event time) blocks become flags; null while they do not.</summary>
    public DateTimeOffset? BreakerSince { get; init; }

    /// <summary>Why they do, a sentence.</summary>
    public string BreakerReason { get; init; } = "";

    /// <summary>Where the dashboard is.</summary>
    public string Dashboard { get; init; } = "";

    /// <summary>Where Kafka is.</summary>
    public string Kafka { get; init; } = "";

    /// <summary>Where the database is; without password.</summary>
    public string Database { get; init; } = "";

    /// <summary>Decisions of any kind since the start: tells which of <see cref="Decisions"/> are new.</summary>
    public long DecisionCount { get; init; }

    /// <summary>The last decisions, newest first, at most <see cref="MostDecisions"/>.</summary>
    public ImmutableArray<LiveDecision> Decisions { get; init; } = [];
}

/// <summary>What a demo came to.</summary>
public sealed record DemoSummary
{
    /// <summary>Events accepted.</summary>
    public required long Events { get; init; }

    /// <summary>Playback sessions seen.</summary>
    public required long Sessions { get; init; }

    /// <summary>Flag decisions.</summary>
    public required long Flagged { get; init; }

    /// <summary>Block decisions.</summary>
    public required long Blocked { get; init; }

    /// <summary>Revoke decisions.</summary>
    public required long Revoked { get; init; }

    /// <summary>Incidents of the simulation that were caught.</summary>
    public required int IncidentsCaught { get; init; }

    /// <summary>Incidents of the simulation that had begun.</summary>
    public required int IncidentsKnown { get; init; }

    /// <summary>Records that were no events.</summary>
    public required long Malformed { get; init; }

    /// <summary>The report; null when none was written.</summary>
    public string? ReportPath { get; init; }

    /// <summary>Time until the first event was processed.</summary>
    public required TimeSpan StartUp { get; init; }

    /// <summary>Time in all.</summary>
    public required TimeSpan Running { get; init; }
}
