using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace AutoGuard.Guardian.Rules;

/// <summary>
/// Keeps the matcher in step with rules that other processes change: a notification wakes it, and it looks anyway every few
/// seconds, and reads everything anew now and then. While the database is away the matcher keeps what it has.
/// </summary>
public sealed partial class RuleSync(NpgsqlDataSource database, RuleStore store, TimeProvider time, ILogger<RuleSync> logger) : BackgroundService
{
    private static readonly TimeSpan FollowEvery = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ReloadEvery = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    // Set once the first load succeeded; until then nothing is known and a check would let everybody pass.
    private readonly TaskCompletionSource _loaded = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when the rules have been loaded for the first time.</summary>
    public Task Loaded => _loaded.Task;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await ListenAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                // The top of a loop that must outlive whatever the database does; the matcher keeps its last rules.
                Log.Lost(logger, error);
                await Task.Delay(RetryAfter, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task ListenAsync(CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken);
        await using (var listen = new NpgsqlCommand($"listen {RuleStore.Channel}", connection))
        {
            await listen.ExecuteNonQueryAsync(cancellationToken);
        }
        while (true)
        {
            await store.ReloadAsync(cancellationToken);
            _loaded.TrySetResult();
            long reloaded = time.GetTimestamp();
            while (time.GetElapsedTime(reloaded) < ReloadEvery)
            {
                await connection.WaitAsync(FollowEvery, cancellationToken);
                await store.FollowAsync(cancellationToken);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 4201, Level = LogLevel.Warning, Message = "The rules cannot be followed in the database; the last ones known stay in force, and it is tried again.")]
        public static partial void Lost(ILogger logger, Exception error);
    }
}
