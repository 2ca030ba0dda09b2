using AutoGuard.Core.Guardian;
using AutoGuard.Core.Policy;
using AutoGuard.Guardian.Storage;
using Npgsql;

namespace AutoGuard.Worker;

/// <summary>
/// Takes enforced decisions out of the log and has a guardian apply them, until it has given a final answer. The log is the
/// outbox: what was not answered before a stop is taken up again after it.
/// </summary>
internal sealed partial class DecisionEnforcer(
    IGuardian guardian, PostgresDecisionStore store, SemaphoreSlim logged, ILogger<DecisionEnforcer> logger, TimeProvider time)
{
    private const int PageSize = 100;
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    // A block that could not be applied for so long is history; the subject is judged again if it goes on.
    private static readonly TimeSpan MaximumAge = TimeSpan.FromHours(24);

    private long _applied;
    private long _refused;

    /// <summary>Decisions the guardian applied.</summary>
    public long Applied => Volatile.Read(ref _applied);

    /// <summary>Decisions it refused for good.</summary>
    public long Refused => Volatile.Read(ref _refused);

    /// <summary>Runs until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        TimeSpan pause = Poll;
        while (true)
        {
            try
            {
                bool reachable = await EnforceAsync(cancellation);
                pause = reachable ? Poll : Longer(pause);
            }
            catch (Exception error) when (error is NpgsqlException or TimeoutException)
            {
                pause = Longer(pause);
                Log.LogUnreadable(logger, pause.TotalSeconds, error.Message);
            }
            await logged.WaitAsync(pause, cancellation);
        }
    }

    /// <summary>Has everything pending applied; false when the guardian could not be reached.</summary>
    public async Task<bool> EnforceAsync(CancellationToken cancellation)
    {
        while (true)
        {
            IReadOnlyList<PendingDecision> pending = await store.PendingAsync(guardian.Name, PageSize, MaximumAge, cancellation);
            foreach (PendingDecision item in pending)
            {
                Decision decision = item.Decision;
                GuardianOutcome outcome = decision.Action == DecisionAction.Release
                    ? await guardian.ReleaseAsync(decision.Subject, decision.Organization, "released by decision " + decision.Id, cancellation)
                    : await guardian.ApplyAsync(decision, cancellation);
                await store.RecordOutcomeAsync(decision.Id, guardian.Name, outcome, time.GetUtcNow() + Poll, cancellation);
                Count(decision, outcome);
                if (outcome.Result == GuardianResult.Unavailable)
                {
                    Log.Unavailable(logger, guardian.Name, decision.Id, outcome.Detail ?? "no answer");
                    return false;
                }
            }
            if (pending.Count < PageSize)
            {
                return true;
            }
        }
    }

    private void Count(Decision decision, GuardianOutcome outcome)
    {
        switch (outcome.Result)
        {
            case GuardianResult.Applied:
            case GuardianResult.AlreadyApplied:
                Interlocked.Increment(ref _applied);
                break;
            case GuardianResult.Unsupported:
            case GuardianResult.Rejected:
                Interlocked.Increment(ref _refused);
                Log.Refused(logger, guardian.Name, decision.Id, outcome.Detail ?? "no reason given");
                break;
            case GuardianResult.Unavailable:
            default:
                break;
        }
    }

    private TimeSpan Longer(TimeSpan pause) => TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, LongestPause.Ticks));

    private static partial class Log
    {
        [LoggerMessage(EventId = 3201, Level = LogLevel.Warning, Message = "Guardian {Guardian} could not be reached for decision {DecisionId}; it is tried again: {Reason}")]
        public static partial void Unavailable(ILogger logger, string guardian, string decisionId, string reason);

        [LoggerMessage(EventId = 3202, Level = LogLevel.Warning, Message = "Guardian {Guardian} refused decision {DecisionId}: {Reason}")]
        public static partial void Refused(ILogger logger, string guardian, string decisionId, string reason);

        [LoggerMessage(EventId = 3203, Level = LogLevel.Warning, Message = "The decision log cannot be read; enforcement goes on in {Seconds} s: {Reason}")]
        public static partial void LogUnreadable(ILogger logger, double seconds, string reason);
    }
}
