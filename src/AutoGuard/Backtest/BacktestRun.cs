using System.Collections.Immutable;
using AutoGuard.CommandLine;
using AutoGuard.Configuration;
using AutoGuard.Core.Policy;
using AutoGuard.Simulation.Labels;

namespace AutoGuard.Backtest;

/// <summary>A whole backtest: both configurations over the recording, what differs and why, and what would spare a subject.</summary>
internal static class BacktestRun
{
    /// <summary>Runs it.</summary>
    /// <exception cref="SettingsException">The configurations are wrong together; nothing has run.</exception>
    public static async Task<BacktestReport> RunAsync(
        BacktestArguments arguments, VerbContext context, SimulationTruth? truth, TimeProvider time, CancellationToken cancellation)
    {
        EffectiveSettings? other = arguments.Against is { } overlay ? context.With(overlay, []) : null;
        SharedReplay replay = new(arguments.Files, context.Error, time);
        SparingSearch? search = arguments.Subject is { } subject ? new SparingSearch(replay, context, subject, truth) : null;
        Contender one = new(context.Settings) { Starting = pipeline => search?.Record(pipeline) };
        Contender? second = other is null ? null : new Contender(other);
        await replay.RunAsync("Backtest", second is null ? [one] : [one, second], cancellation);
        BacktestReport report = new()
        {
            Files = [.. arguments.Files.Select(file => Path.GetFileName(file))],
            Events = replay.Lines,
            Base = Side(one, truth),
            Against = second is null ? null : Side(second, truth),
            Settings = other is null ? [] : SettingsComparison.Of(context.Settings, other),
        };
        if (second is not null)
        {
            (ImmutableArray<SubjectDifference> differences, int same) = DecisionComparison.Of(one.Decisions, second.Decisions);
            differences = differences.IsEmpty
                ? differences
                : await new DifferenceReasons(replay).AddAsync(differences, context.Settings, other!, cancellation);
            report = report with { Differences = differences, Same = same };
        }
        return search is null ? report : report with { Sparing = await search.RunAsync(one.Decisions, cancellation) };
    }

    private static BacktestSide Side(Contender contender, SimulationTruth? truth) => new(
        contender.Settings.Fingerprint,
        DecisionComparison.BySubject(contender.Decisions).Count,
        contender.Decisions.Count(decision => decision.Action == DecisionAction.Flag),
        contender.Decisions.Count(decision => decision.Action == DecisionAction.Block),
        contender.Decisions.Count(decision => decision.Action == DecisionAction.Revoke),
        truth is null ? null : Matrix(Evaluation.Judge(contender.Decisions.Select(JudgedDecision.Of), truth), truth));

    private static LabelMatrix Matrix(EvaluationResult result, SimulationTruth truth)
    {
        HashSet<Subject> honest = [.. truth.Honest.SelectMany(honest => honest.Subjects)];
        return new LabelMatrix(
            result.Flags.Incidents, result.Flags.Caught, result.Incidents.Count(incident => incident.CaughtAsExpected),
            honest.Count, result.FalseSubjects.Count(subject => honest.Contains(subject.Subject)),
            result.Flags.TrueSubjects, result.Flags.FalseSubjects, result.Blocks.TrueSubjects, result.Blocks.FalseSubjects,
            result.MedianTimeToDetection?.TotalSeconds);
    }
}
