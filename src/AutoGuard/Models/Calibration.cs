using System.Collections.Immutable;
using AutoGuard.CommandLine;
using AutoGuard.Configuration;
using AutoGuard.Live;
using AutoGuard.Replay;
using AutoGuard.Simulation.Labels;

namespace AutoGuard.Models;

/// <summary>A whole calibration: the recording is replayed to learn from it, and once more with the model when the truth is known.</summary>
/// <param name="settings">The configuration; without a model, so that one does not learn from another.</param>
/// <param name="files">The recording; regular files.</param>
/// <param name="truth">What really happens in it; null when nobody knows.</param>
/// <param name="error">Where lines that are no events are mentioned.</param>
internal sealed class Calibration(EffectiveSettings settings, IReadOnlyList<string> files, SimulationTruth? truth, TextWriter error)
{
    /// <summary>Runs it.</summary>
    /// <exception cref="VerbException">A file cannot be read, or there is no event in any.</exception>
    public async Task<ModelDocument> RunAsync(string name, TimeProvider time, CancellationToken cancellation)
    {
        ModelDocument model;
        ModelQuality? without;
        using (ReplayRunner runner = new(settings, files, error, truth))
        {
            Calibrator calibrator = new(runner.Pipeline, runner.Strings, settings.Values.Detection.TickInterval);
            ReplaySummary summary = await ReplayAsync(truth is null ? "Calibrate" : "Calibrate (1 of 2)", runner, time, cancellation);
            model = calibrator.Build(name, SourceOf(summary, calibrator));
            without = QualityOf(summary.Evaluation);
        }
        if (without is null)
        {
            return model;
        }
        // What is wrong with the input is the same in both runs: it is said once.
        using ReplayRunner again = new(settings, files, TextWriter.Null, truth);
        again.Pipeline.Adopt(model.ToModel(""), settings.Fingerprint);
        ReplaySummary with = await ReplayAsync("Calibrate (2 of 2)", again, time, cancellation);
        return model with { Evaluation = new ModelEvaluation(without, QualityOf(with.Evaluation)!) };
    }

    private static Task<ReplaySummary> ReplayAsync(string title, ReplayRunner runner, TimeProvider time, CancellationToken cancellation) =>
        Terminal.Progress(time).WhileAsync(title, () => runner.Progress, runner.RunAsync(null, time, cancellation));

    private ModelSource SourceOf(ReplaySummary summary, Calibrator calibrator) => summary is { Accepted: > 0, EventTimeTo: { } latest }
        ? new ModelSource
        {
            Files = [.. files.Select(file => Path.GetFileName(file))],
            From = calibrator.From,
            To = Math.Max(calibrator.From, Math.Min(latest, calibrator.To)),
            Events = summary.Accepted,
            Sessions = summary.Sessions,
            Tokens = summary.Tokens,
            Addresses = summary.Addresses,
            Window = settings.Values.Detection.Window,
        }
        : throw new VerbException("There is no event in the recording, so there is nothing to learn from.");

    private static ModelQuality? QualityOf(EvaluationResult? evaluation) => evaluation is null ? null : new ModelQuality
    {
        Incidents = evaluation.Flags.Incidents,
        Caught = evaluation.Flags.Caught,
        CaughtAsExpected = evaluation.Incidents.Count(incident => incident.CaughtAsExpected),
        FlaggedRight = evaluation.Flags.TrueSubjects,
        FlaggedWrong = evaluation.Flags.FalseSubjects,
        BlockedRight = evaluation.Blocks.TrueSubjects,
        BlockedWrong = evaluation.Blocks.FalseSubjects,
        HonestSessions = evaluation.Impact?.HonestSessions ?? 0,
        HonestRefused = evaluation.Impact?.HonestRefused ?? 0,
        MisuseSessions = evaluation.Impact?.MisuseSessions ?? 0,
        MisusePrevented = evaluation.Impact?.MisusePrevented ?? 0,
        Reliability = ReliabilityOf(
            [.. evaluation.RightSubjects.Select(right => (right.Score, true)), .. evaluation.FalseSubjects.Select(wrong => (wrong.Score, false))]),
    };

    private static ImmutableArray<ScoreTenth> ReliabilityOf(IReadOnlyList<(double Score, bool Guilty)> scores) =>
    [
        .. scores.GroupBy(one => Math.Clamp((int)(one.Score * 10), 0, 9)).OrderBy(tenth => tenth.Key)
            .Select(tenth => new ScoreTenth(tenth.Key, tenth.Count(), tenth.Count(one => one.Guilty), tenth.Select(one => one.Score).Order().Average())),
    ];
}
