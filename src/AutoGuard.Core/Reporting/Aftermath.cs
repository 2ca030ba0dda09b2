using System.Collections.Immutable;

namespace AutoGuard.Core.Reporting;

/// <summary>What one engine made of a decision.</summary>
/// <param name="Engine">Its name.</param>
/// <param name="Result"><c>applied</c>, <c>already_applied</c>, <c>unsupported</c>, <c>rejected</c>, <c>unavailable</c> (tried again) or <c>not_needed</c>.</param>
/// <param name="Detail">A sentence, or null. May quote strangers: escape before showing.</param>
/// <param name="Attempts">How often it was asked or looked at.</param>
public sealed record EngineOutcome(string Engine, string Result, string? Detail, int Attempts);

/// <summary>What came of one decision after it was made.</summary>
public sealed record Aftermath
{
    /// <summary>The decision.</summary>
    public required string DecisionId { get; init; }

    /// <summary>What the engines made of it, by name.</summary>
    public ImmutableArray<EngineOutcome> Engines { get; init; } = [];

    /// <summary>
    /// What the subject's traffic did: <c>waiting</c> (watched still), <c>stopped</c>, <c>draining</c>, <c>moved</c>, <c>continued</c>
    /// or <c>unknown</c>; null when it was not watched.
    /// </summary>
    public string? Effect { get; init; }

    /// <summary>Sessions that began after it took effect; null before that was measured.</summary>
    public long? NewSessions { get; init; }

    /// <summary>Sessions that ran when it was measured; null before.</summary>
    public int? OpenSessions { get; init; }

    /// <summary>A sentence about the effect, or null.</summary>
    public string? EffectDetail { get; init; }

    /// <summary>The decision in whose place this one was made, or null.</summary>
    public string? InPlaceOf { get; init; }

    /// <summary>Why it was made in the other's place, or null. May quote strangers.</summary>
    public string? InPlaceBecause { get; init; }
}

/// <summary>How one engine did with the decisions of a report.</summary>
/// <param name="Engine">Its name.</param>
/// <param name="Applied">Decisions that it carries out.</param>
/// <param name="Waiting">Decisions that it has not taken yet and is asked for again.</param>
/// <param name="Refused">Decisions that it refused for good.</param>
public sealed record EngineSummary(string Engine, int Applied, int Waiting, int Refused)
{
    /// <summary>Why it can do nothing now, a few words; null when it can, or nobody knows.</summary>
    public string? Problem { get; init; }
}
