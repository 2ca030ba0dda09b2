using AutoGuard.Core.Guardian;
using AutoGuard.Core.Policy;
using AutoGuard.Guardian.Planning;
using AutoGuard.Guardian.Storage;
using Npgsql;

namespace AutoGuard.Worker;

/// <summary>
/// Takes enforced decisions out of the log and has them carried out at one guardian, until it has given a final answer. The log is
/// the outbox: what was not answered before a stop is taken up again after it.
/// </summary>
internal sealed partial class DecisionEnforcer(
    IGuardian guardian, Responder responder, PostgresDecisionStore store, DecisionSignal signal, ILogger<DecisionEnforcer> logger, TimeProvider time)
{
    private const int PageSize = 100;

    // One call that fails may be the decision's fault; two in a row are the engine's.
    private const int FailuresOfEngine = 2;

    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    // A block that could not be applied for so long is history; the subject is judged again if it goes on.
    private static readonly TimeSpan MaximumAge = TimeSpan.FromHours(24);

    private long _applied;
    private long _refused;
    private volatile bool _needsOperator;
    private volatile bool _isReachable = true;

    /// <summary>Name of the guardian.</summary>
    public string Name => guardian.Name;

    /// <summary>Decisions the guardian applied.</summary>
    public long Applied => Volatile.Read(ref _applied);

    /// <summary>Decisions it refused for good.</summary>
    public long Refused => Volatile.Read(ref _refused);

    /// <summary>Whether the guardian refuses the credentials.</summary>
    public bool NeedsOperator => _needsOperator;

    /// <summary>Why it can do nothing now, a few words; null when it can, or was not asked yet.</summary>
    public string? Problem => _needsOperator ? "refuses the credentials" : _isReachable ? null : "does not answer";

    /// <summary>Runs until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        TimeSpan pause = Poll;
        while (true)
        {
            Task news = signal.Next;
            bool reachable = false;
            try
            {
                reachable = await EnforceAsync(cancellation);
                _isReachable = reachable;
                pause = reachable ? Poll : Longer(pause);
            }
            catch (Exception error) when (error is NpgsqlException or TimeoutException)
            {
                pause = Longer(pause);
                Log.LogUnreadable(logger, pause.TotalSeconds, error.Message);
            }
            // News do not make an engine reachable.
            using CancellationTokenSource woken = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            Task wait = Task.Delay(pause, time, woken.Token);
            await (reachable ? Task.WhenAny(wait, news) : Task.WhenAny(wait));
            await woken.CancelAsync();
            cancellation.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Has everything pending carried out; false when the guardian could not be reached.</summary>
    public async Task<bool> EnforceAsync(CancellationToken cancellation)
    {
        int failures = 0;
        while (true)
        {
            IReadOnlyList<PendingDecision> pending = await store.PendingAsync(guardian.Name, PageSize, MaximumAge, cancellation);
            foreach (IReadOnlyList<PendingDecision> wave in Waves(pending, guardian.Capabilities.AtOnce))
            {
                Task<(GuardianOutcome Outcome, bool WasCalled)>[] answers = [.. wave.Select(item => responder.RespondAsync(guardian, item, cancellation))];
                // One that fails takes nothing from the others: what they came to is in the log and counts.
                Task all = Task.WhenAll(answers);
                await all.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                bool goOn = true;
                foreach ((PendingDecision item, Task<(GuardianOutcome Outcome, bool WasCalled)> answer) in wave.Zip(answers).Where(pair => pair.Second.IsCompletedSuccessfully))
                {
                    (GuardianOutcome outcome, bool wasCalled) = await answer;
                    Count(item, outcome);
                    _needsOperator = wasCalled ? outcome.NeedsOperator : _needsOperator;
                    failures = !wasCalled ? failures : outcome.Result == GuardianResult.Unavailable ? failures + 1 : 0;
                    goOn = goOn && !outcome.NeedsOperator && failures < FailuresOfEngine;
                }
                await all;
                if (!goOn)
                {
                    return false;
                }
            }
            if (pending.Count < PageSize)
            {
                return failures == 0;
            }
        }
    }

    /// <summary>
    /// Runs of decisions that may be carried out at once: in order, at most so many, and no subject twice, since a release must
    /// not overtake its block.
    /// </summary>
    internal static IEnumerable<IReadOnlyList<PendingDecision>> Waves(IReadOnlyList<PendingDecision> pending, int atOnce)
    {
        List<PendingDecision> wave = [];
        HashSet<Subject> subjects = [];
        foreach (PendingDecision item in pending)
        {
            if (wave.Count == atOnce || subjects.Contains(item.Decision.Subject))
            {
                yield return wave;
                wave = [];
                subjects.Clear();
            }
            wave.Add(item);
            subjects.Add(item.Decision.Subject);
        }
        if (wave.Count > 0)
        {
            yield return wave;
        }
    }

    private void Count(PendingDecision item, GuardianOutcome outcome)
    {
        switch (outcome.Result)
        {
            case GuardianResult.Applied:
            case GuardianResult.AlreadyApplied:
                Interlocked.Increment(ref _applied);
                break;
            case GuardianResult.Rejected:
                Interlocked.Increment(ref _refused);
                Log.Refused(logger, guardian.Name, item.Decision.Id, outcome.Detail ?? "no reason given");
                break;
            case GuardianResult.Unavailable:
                Log.Unavailable(logger, guardian.Name, item.Decision.Id, outcome.Detail ?? "no answer");
                break;
            case GuardianResult.Unsupported:
            case GuardianResult.NotNeeded:
            default:
                Log.NotSent(logger, guardian.Name, item.Decision.Id, outcome.Detail ?? "no reason given");
                break;
        }
    }

    private static TimeSpan Longer(TimeSpan pause) => TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, LongestPause.Ticks));

    private static partial class Log
    {
        [LoggerMessage(EventId = 3201, Level = LogLevel.Warning, Message = "Guardian {Guardian} has not taken decision {DecisionId} yet; it is tried again: {Reason}")]
        public static partial void Unavailable(ILogger logger, string guardian, string decisionId, string reason);

        [LoggerMessage(EventId = 3202, Level = LogLevel.Warning, Message = "Guardian {Guardian} refused decision {DecisionId}: {Reason}")]
        public static partial void Refused(ILogger logger, string guardian, string decisionId, string reason);

        [LoggerMessage(EventId = 3203, Level = LogLevel.Warning, Message = "The decision log cannot be read; enforcement goes on in {Seconds} s: {Reason}")]
        public static partial void LogUnreadable(ILogger logger, double seconds, string reason);

        [LoggerMessage(EventId = 3204, Level = LogLevel.Debug, Message = "Guardian {Guardian} has no part in decision {DecisionId}: {Reason}")]
        public static partial void NotSent(ILogger logger, string guardian, string decisionId, string reason);
    }
}
