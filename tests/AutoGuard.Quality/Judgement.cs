using AutoGuard.Simulation.Labels;

namespace AutoGuard.Quality;

/// <summary>What one detector made of one recording, or of several.</summary>
/// <param name="Detector">Its name.</param>
/// <param name="Result">How good its decisions were.</param>
/// <param name="ProcessorSeconds">What they cost.</param>
/// <param name="HeldBytes">Managed memory it held when the recording was over, largest; null when not measured.</param>
internal sealed record Judgement(string Detector, EvaluationResult Result, double ProcessorSeconds, long? HeldBytes);

/// <summary>What came of one recording.</summary>
internal sealed record RecordingResult
{
    public required Recording Recording { get; init; }

    public required IReadOnlyList<Judgement> Judgements { get; init; }

    public required long Events { get; init; }

    public required double WallSeconds { get; init; }

    /// <summary>The highest score of every subject that was suspected at all, decided on or not, and whether it was guilty.</summary>
    public required IReadOnlyList<(double Score, bool Guilty)> Scores { get; init; }

    public required IReadOnlyList<MissedIncident> Missed { get; init; }
}

/// <summary>An incident that AutoGuard did not deal with as expected, and how near it came.</summary>
/// <param name="Incident">Its result.</param>
/// <param name="BestScore">The highest score seen of a subject that would have counted; null when none was asked for.</param>
/// <param name="Best">That subject and its indicators, in words.</param>
internal sealed record MissedIncident(IncidentResult Incident, double? BestScore, string Best);
