using AutoGuard.Guardian.Rules;
using AutoGuard.Guardian.Storage;
using Npgsql;

namespace AutoGuard.Worker;

/// <summary>Once an hour deletes what has outlived its retention: decisions with their evidence, and rules long lapsed.</summary>
internal sealed partial class RetentionSweep(
    PostgresDecisionStore store, RuleStore rules, TimeSpan retention, ILogger<RetentionSweep> logger, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(Interval, time);
        do
        {
            try
            {
                DateTimeOffset before = time.GetUtcNow() - retention;
                int decisions = await store.DeleteOlderThanAsync(before, stoppingToken);
                int lapsed = await rules.DeleteLapsedAsync(before, stoppingToken);
                if (decisions + lapsed > 0)
                {
                    Log.Deleted(logger, decisions, lapsed, before);
                }
            }
            catch (Exception error) when (error is NpgsqlException or TimeoutException)
            {
                Log.Failed(logger, error.Message);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 3401, Level = LogLevel.Information, Message = "Deleted {Decisions} decisions and {Rules} lapsed rules from before {Before}.")]
        public static partial void Deleted(ILogger logger, int decisions, int rules, DateTimeOffset before);

        [LoggerMessage(EventId = 3402, Level = LogLevel.Warning, Message = "Old decisions could not be deleted; the next attempt is in an hour: {Reason}")]
        public static partial void Failed(ILogger logger, string reason);
    }
}
