using System.Globalization;
using AutoGuard.CommandLine;
using AutoGuard.Configuration;
using AutoGuard.Core.Reporting;
using AutoGuard.Guardian.Planning;
using AutoGuard.Guardian.Storage;
using AutoGuard.Reports;
using AutoGuard.Worker;

namespace AutoGuard.Verbs;

/// <summary><c>report</c>: the flagged-token report of a period, out of the store.</summary>
internal static class ReportVerb
{
    public static async Task<int> RunAsync(ReportArguments arguments, VerbContext context, CancellationToken cancellation)
    {
        TimeProvider time = TimeProvider.System;
        EffectiveSettings settings = context.Settings;
        DateTimeOffset to = arguments.To ?? time.GetUtcNow();
        using ILoggerFactory loggers = LoggerFactory.Create(WorkerLogging.Quiet(settings, context.Verbose));
        await using Backend backend = await Backend.OpenAsync(settings, loggers, time, cancellation);
        StoreReportSource source = new(new PostgresDecisionStore(backend.Database, time), new AftermathReader(backend.Database), new NoticeLog(backend.Database, time), settings, () => null);
        FlaggedReport report = await source.ReadAsync(arguments.From, to, cancellation);
        foreach (string path in arguments.Outputs.Count > 0 ? arguments.Outputs : DefaultPaths(settings, to))
        {
            await FlaggedReports.WriteAsync(report, path, cancellation);
            await context.Output.WriteLineAsync(path);
        }
        await context.Output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{report.Subjects.Length} {(report.Subjects.Length == 1 ? "subject" : "subjects")} flagged"));
        return ExitStatus.Done;
    }

    private static IEnumerable<string> DefaultPaths(EffectiveSettings settings, DateTimeOffset to)
    {
        ReportSchedule schedule = ReportSchedule.Of(settings.Values.Reports, settings.Values.DataDirectory);
        ReportFolder folder = new(schedule.Folder);
        return schedule.Formats.Select(format => folder.FileOf(to, format));
    }
}
