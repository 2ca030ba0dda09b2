using AutoGuard.Core.Reporting;
using Quartz;

namespace AutoGuard.Reports;

/// <summary>
/// Writes the report of the period that has just ended, then deletes reports past their retention. Fired by the schedule,
/// and once at the start of the worker, when it makes up the latest run if that was missed. A failed run is logged and
/// counted, and Quartz tries it again.
/// </summary>
[DisallowConcurrentExecution]
internal sealed partial class FlaggedReportJob(
    IReportSource source, ReportSchedule schedule, ReportMetrics metrics, TimeProvider time, ILogger<FlaggedReportJob> logger) : IJob
{
    /// <summary>Name of the trigger that fires at the start.</summary>
    public const string StartTrigger = "flagged-report-start";

    /// <summary>How long a report waits for a worker that is catching up, before it is written as far as things are known.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromHours(1);

    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(10);

    private readonly ReportFolder _folder = new(schedule.Folder);

    /// <inheritdoc/>
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        var fired = context.ScheduledFireTimeUtc is { } scheduled && scheduled > context.FireTimeUtc ? scheduled : context.FireTimeUtc;
        if (schedule.DueAt(fired) is { } due)
        {
            await RunAsync(schedule.PeriodEnding(due), onlyIfMissed: context.Trigger.Key.Name == StartTrigger, cancellationToken);
        }
    }

    /// <summary>Writes the report of one period, if asked so only when it is missing. Throws <see cref="JobExecutionException"/> when it could not.</summary>
    public async Task RunAsync(ReportPeriod period, bool onlyIfMissed, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        try
        {
            if (onlyIfMissed && !WasMissed(period.To))
            {
                return;
            }

            await WaitAsync(period.To, cancellationToken);
            started = time.GetTimestamp();
            var report = await source.ReadAsync(period.From, period.To, cancellationToken);
            foreach (var format in schedule.Formats)
            {
                await FlaggedReports.WriteAsync(report, _folder.FileOf(period.To, format), cancellationToken);
            }

            metrics.Written(time.GetElapsedTime(started));
            Log.Written(logger, report.Subjects.Length + report.LeftOut, period.From, period.To, _folder.FileOf(period.To, schedule.Formats[0]));
            DeleteExpired();
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            Log.Stopped(logger, period.From, period.To);
        }
        catch (Exception error)
        {
            metrics.Failed(time.GetElapsedTime(started));
            Log.Failed(logger, error, period.From, period.To, schedule.Folder);
            throw new JobExecutionException(error);
        }
    }

    /// <summary>Whether the run that was due last left no complete report although this folder was in use before it: the worker was down or failed.</summary>
    private bool WasMissed(DateTimeOffset due)
    {
        var since = _folder.InUseSince(time.GetUtcNow());
        var latest = _folder.Latest();
        if (latest > due || (latest is null && since > due) || schedule.Formats.All(format => File.Exists(_folder.FileOf(due, format))))
        {
            return false;
        }

        Log.MakingUp(logger, due);
        return true;
    }

    private async Task WaitAsync(DateTimeOffset end, CancellationToken cancellationToken)
    {
        var settled = end + schedule.Settling - time.GetUtcNow();
        if (settled > TimeSpan.Zero)
        {
            await Task.Delay(settled, time, cancellationToken);
        }

        var started = time.GetTimestamp();
        while (!await source.IsCompleteAsync(end, cancellationToken))
        {
            if (time.GetElapsedTime(started) >= Patience)
            {
                Log.Incomplete(logger, end, Patience);
                return;
            }

            await Task.Delay(PollInterval, time, cancellationToken);
        }
    }

    /// <summary>A report that cannot be deleted is no reason to write the new one again, so it is only told.</summary>
    private void DeleteExpired()
    {
        try
        {
            var deleted = _folder.DeleteBefore(time.GetUtcNow() - schedule.Retention);
            if (deleted > 0)
            {
                Log.Deleted(logger, deleted, schedule.Retention.Days);
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Log.NotDeleted(logger, error, schedule.Folder);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(7001, LogLevel.Information, "The report of {From:u} to {To:u} was written with {Subjects} flagged subjects, first file {File}.")]
        public static partial void Written(ILogger logger, int subjects, DateTimeOffset from, DateTimeOffset to, string file);

        [LoggerMessage(7002, LogLevel.Error, "The report of {From:u} to {To:u} could not be written to {Folder}; it is tried again.")]
        public static partial void Failed(ILogger logger, Exception error, DateTimeOffset from, DateTimeOffset to, string folder);

        [LoggerMessage(7003, LogLevel.Information, "The report that was due at {Due:u} is missing and made up now.")]
        public static partial void MakingUp(ILogger logger, DateTimeOffset due);

        [LoggerMessage(7004, LogLevel.Information, "Deleted {Count} report files older than {Days} days.")]
        public static partial void Deleted(ILogger logger, int count, int days);

        [LoggerMessage(7005, LogLevel.Warning, "Report files past their retention could not be deleted from {Folder}.")]
        public static partial void NotDeleted(ILogger logger, Exception error, string folder);

        [LoggerMessage(7006, LogLevel.Warning, "The report up to {End:u} is written although not all events before it have been judged after waiting {Patience}.")]
        public static partial void Incomplete(ILogger logger, DateTimeOffset end, TimeSpan patience);

        [LoggerMessage(7007, LogLevel.Information, "The report of {From:u} to {To:u} was given up because the worker stops; it is made up at the next start.")]
        public static partial void Stopped(ILogger logger, DateTimeOffset from, DateTimeOffset to);
    }
}
