using System.Text.Json;
using AutoGuard.Backtest;
using AutoGuard.CommandLine;
using AutoGuard.Reports;
using AutoGuard.Simulation.Labels;

namespace AutoGuard.Verbs;

/// <summary><c>backtest</c>: two configurations over the same events, and what would have spared one subject.</summary>
internal static class BacktestVerb
{
    public static async Task<int> RunAsync(BacktestArguments arguments, VerbContext context, CancellationToken cancellation)
    {
        SimulationTruth? truth = arguments.Labels is { } labels ? await ReplayVerb.ReadTruthAsync(labels, cancellation) : null;
        BacktestReport report = await BacktestRun.RunAsync(arguments, context, truth, TimeProvider.System, cancellation);
        foreach (string path in arguments.Reports)
        {
            await AtomicFile.WriteAsync(path, (stream, token) => WriteAsync(report, path, stream, token), cancellation);
        }
        await context.Output.WriteAsync(BacktestText.Of(report));
        return ExitStatus.Done;
    }

    private static async Task WriteAsync(BacktestReport report, string path, Stream stream, CancellationToken cancellation)
    {
        if (Path.GetExtension(path).Equals(".json", StringComparison.OrdinalIgnoreCase))
        {
            await JsonSerializer.SerializeAsync(stream, report, BacktestJson.Default.BacktestReport, cancellation);
            return;
        }
        // The markup is written without waiting; a page in memory costs less than a thread that does.
        using MemoryStream page = new();
        BacktestHtml.Write(report, page);
        page.Position = 0;
        await page.CopyToAsync(stream, cancellation);
    }
}
