using System.Globalization;
using AutoGuard.CommandLine;
using AutoGuard.Configuration;
using AutoGuard.Core.Reporting;
using AutoGuard.Live;
using AutoGuard.Replay;
using AutoGuard.Reports;
using AutoGuard.Simulation.Labels;

namespace AutoGuard.Verbs;

/// <summary><c>replay</c>: recorded events through the same pipeline, without Kafka or a database.</summary>
internal static class ReplayVerb
{
    public static async Task<int> RunAsync(ReplayArguments arguments, VerbContext context, CancellationToken cancellation)
    {
        SimulationTruth? truth = arguments.Labels is { } labels ? await ReadTruthAsync(labels, cancellation) : null;
        using ReplayRunner runner = new(context.Settings, arguments.Files, context.Error, truth);
        ReplaySummary summary = await Terminal.Progress(TimeProvider.System).WhileAsync(
            "Replay", () => runner.Progress, runner.RunAsync(arguments.Decisions, TimeProvider.System, cancellation));
        if (arguments.Reports.Count > 0)
        {
            FlaggedReport report = runner.Report();
            foreach (string path in arguments.Reports)
            {
                await FlaggedReports.WriteAsync(report, path, cancellation);
            }
        }
        if (arguments.Summary is { } summaryFile)
        {
            await summary.WriteAsync(summaryFile, cancellation);
        }
        Print(summary, runner, context.Output);
        if (summary.Evaluation is { } evaluation)
        {
            await context.Output.WriteLineAsync();
            await context.Output.WriteAsync(EvaluationText.Of(evaluation));
        }
        return ExitStatus.Done;
    }

    internal static async Task<SimulationTruth> ReadTruthAsync(string path, CancellationToken cancellation)
    {
        try
        {
            return SimulationJson.ReadTruth(await File.ReadAllBytesAsync(path, cancellation));
        }
        catch (System.Text.Json.JsonException error)
        {
            throw new VerbException($"{path} is no file of labels as simulate writes it: {JsonFault.Of(error)}.", ExitStatus.Usage);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new VerbException($"{path} cannot be read as labels: {error.Message}", ExitStatus.Usage);
        }
    }

    private static void Print(ReplaySummary summary, ReplayRunner runner, TextWriter output)
    {
        FormattableString counts =
            $"{summary.Events:N0} events in {summary.WallSeconds:0.0} s ({summary.EventsPerSecond:N0}/s): {summary.Sessions:N0} sessions, {summary.Tokens:N0} tokens, {summary.Addresses:N0} addresses";
        output.WriteLine(counts.ToString(CultureInfo.InvariantCulture));
        long malformed = summary.Malformed.Sum(pair => pair.Count);
        if (malformed + summary.Late + summary.Duplicates > 0)
        {
            string reasons = string.Join(", ", summary.Malformed.Select(pair => FormattableString.Invariant($"{ReplaySummary.Name(pair.Reason)} {pair.Count}")));
            FormattableString messy = $"malformed {malformed:N0}{(reasons.Length > 0 ? $" ({reasons})" : "")}, late {summary.Late:N0}, duplicates {summary.Duplicates:N0}";
            output.WriteLine(messy.ToString(CultureInfo.InvariantCulture));
        }
        FormattableString decided = $"decisions: flag {summary.Flags:N0}, block {summary.Blocks:N0}, revoke {summary.Revocations:N0}";
        output.WriteLine(decided.ToString(CultureInfo.InvariantCulture));
        const int told = 10;
        foreach (string line in runner.Notices.Take(told).Select(NoticeLine.Of))
        {
            output.WriteLine(line);
        }
        if (runner.Notices.Count > told)
        {
            output.WriteLine(FormattableString.Invariant($"  and {runner.Notices.Count - told:N0} more notices"));
        }
        const int shown = 20;
        foreach (string line in runner.Decisions.Take(shown).Select(DecisionLine.Of))
        {
            output.WriteLine(line);
        }
        if (runner.Decisions.Count > shown)
        {
            output.WriteLine(FormattableString.Invariant($"  and {runner.Decisions.Count - shown:N0} more"));
        }
    }
}
