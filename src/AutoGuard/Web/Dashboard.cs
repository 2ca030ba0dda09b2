using System.Collections.Immutable;
using AutoGuard.Core.Reporting;
using AutoGuard.Reports;
using AutoGuard.Worker;

namespace AutoGuard.Web;

/// <summary>
/// The last day's report as of now, by event time. Every visitor of some seconds gets the same rendering, and only the
/// subjects with the highest scores are read and drawn: neither visitors nor attackers decide how much work it is.
/// </summary>
internal sealed class Dashboard(StoreReportSource source, WorkerFigures figures, TimeProvider time)
{
    /// <summary>Subjects shown.</summary>
    public const int MostSubjects = 200;

    /// <summary>How long a rendering serves, and after how long a browser asks again.</summary>
    public static readonly TimeSpan Freshness = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan Period = TimeSpan.FromHours(24);

    private readonly Lock _lock = new();
    private Task<byte[]>? _page;
    private long _begunAt;

    /// <summary>The page as it is now or was within <see cref="Freshness"/>. Giving up ends the wait, not the rendering, which others wait for.</summary>
    public Task<byte[]> PageAsync(CancellationToken cancellation)
    {
        lock (_lock)
        {
            bool isOver = _page is { IsCompleted: true } && (!_page.IsCompletedSuccessfully || time.GetElapsedTime(_begunAt) >= Freshness);
            if (_page is null || isOver)
            {
                _begunAt = time.GetTimestamp();
                _page = Task.Run(RenderAsync, CancellationToken.None);
            }
            return _page.WaitAsync(cancellation);
        }
    }

    private async Task<byte[]> RenderAsync()
    {
        DetectionWorker worker = figures.Worker;
        DateTimeOffset to = worker.LatestEvent is { } latest
            ? DateTimeOffset.FromUnixTimeMilliseconds(latest).AddMinutes(1)
            : time.GetUtcNow();
        FlaggedReport report = await source.ReadAsync(to - Period, to, MostSubjects, CancellationToken.None);
        report = report with { Events = worker.Counters.Accepted, Sessions = worker.TotalSessions, Engines = EnginesNow(report, figures) };
        using MemoryStream page = new();
        await FlaggedReports.WriteAsync(report, page, "html", CancellationToken.None);
        return page.ToArray();
    }

    /// <summary>Every engine of this worker, with what the store says of it and whether it can do anything now.</summary>
    private static ImmutableArray<EngineSummary> EnginesNow(FlaggedReport report, WorkerFigures figures) =>
    [
        .. figures.Enforcers.Select(engine =>
            (report.Engines.FirstOrDefault(stored => stored.Engine == engine.Name) ?? new EngineSummary(engine.Name, 0, 0, 0)) with { Problem = engine.Problem }),
    ];
}
