using AutoGuard.Core.Guardian;
using AutoGuard.Guardian.Planning;
using AutoGuard.Guardian.Remote;
using Npgsql;

namespace AutoGuard.Worker;

/// <summary>What enforcement has to do from time to time: measure effects, compare engines with the ledger, drop encoded tokens.</summary>
internal sealed partial class Upkeep(
    IReadOnlyList<IGuardian> guardians, GuardianReconciler reconciler, EffectMeter meter, TokenVault? vault, TimeSpan reconcileInterval, ILogger<Upkeep> logger, TimeProvider time)
{
    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(5);

    /// <summary>Runs until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        long reconciled = 0;
        using PeriodicTimer timer = new(Beat < reconcileInterval ? Beat : reconcileInterval, time);
        do
        {
            try
            {
                await meter.MeasureAsync(cancellation);
                if (reconciled == 0 || time.GetElapsedTime(reconciled) >= reconcileInterval)
                {
                    await ReconcileAsync(cancellation);
                    reconciled = time.GetTimestamp();
                }
            }
            catch (Exception error) when (error is NpgsqlException or TimeoutException)
            {
                Log.Failed(logger, error.Message);
            }
        }
        while (await timer.WaitForNextTickAsync(cancellation));
    }

    private async Task ReconcileAsync(CancellationToken cancellation)
    {
        foreach (IGuardian guardian in guardians)
        {
            await reconciler.ReconcileAsync(guardian, cancellation);
        }
        if (vault is not null && await vault.SweepAsync(cancellation) is > 0 and var dropped)
        {
            Log.Dropped(logger, dropped);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 3221, Level = LogLevel.Warning, Message = "Engines could not be compared with the ledger, or effects not measured; it is tried again: {Reason}")]
        public static partial void Failed(ILogger logger, string reason);

        [LoggerMessage(EventId = 3222, Level = LogLevel.Information, Message = "Dropped the encoded forms of {Count} tokens whose time had passed.")]
        public static partial void Dropped(ILogger logger, int count);
    }
}
