using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace AutoGuard.Guardian.Rules;

/// <summary>
/// Keeps the matcher in step with rules that other processes change: a notification wakes it, it looks anyway about
/// every second, and once a minute it compares what it holds with what is stored. While the database is away the matcher keeps what it has.
/// </summary>
public sealed partial class RuleSync(NpgsqlDataSource database, RuleStore store, TimeProvider time, ILogger<RuleSync> logger, TimeSpan? poll = null) : BackgroundService
{
    // Short enough that a lost notification delays a block by no more than a notification is allowed to.
    private static readonly TimeSpan FollowEvery = TimeSpan.FromMilliseconds(800);
    private static readonly TimeSpan ReconcileEvery = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    // Set once the first load succeeded; until then nothing is known and a check would let everybody pass.
    private readonly TaskCompletionSource _loaded = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Once in the life of the process, since the configuration stays as it is; but until it has succeeded.
    private bool _isReleased;

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
        await store.ReloadAsync(cancellationToken);
        _loaded.TrySetResult();
        if (!_isReleased)
        {
            int released = await store.ReleaseAllowlistedAsync(cancellationToken);
            _isReleased = true;
            if (released > 0)
            {
                Log.Released(logger, released);
            }
        }
        while (true)
        {
            long compared = time.GetTimestamp();
            while (time.GetElapsedTime(compared) < ReconcileEvery)
            {
                await connection.WaitAsync(poll ?? FollowEvery, cancellationToken);
                await store.FollowAsync(cancellationToken);
            }
            if (!await store.ReconcileAsync(cancellationToken))
            {
                Log.Differs(logger);
                await store.ReloadAsync(cancellationToken);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 4201, Level = LogLevel.Warning, Message = "The rules cannot be followed in the database; the last ones known stay in force, and it is tried again.")]
        public static partial void Lost(ILogger logger, Exception error);

        [LoggerMessage(EventId = 4202, Level = LogLevel.Warning, Message = "The rules held differ from those in the database; they are all read anew.")]
        public static partial void Differs(ILogger logger);

        [LoggerMessage(EventId = 4203, Level = LogLevel.Information, Message = "Released {Count} blocks of what the configuration allows.")]
        public static partial void Released(ILogger logger, int count);
    }
}
