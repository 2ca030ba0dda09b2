using System.Threading.Channels;
using AutoGuard.Core.Policy;
using AutoGuard.Guardian.Storage;
using AutoGuard.Kafka;
using Confluent.Kafka;
using Npgsql;

namespace AutoGuard.Worker;

/// <summary>
/// Puts decisions into the log first, then on the decisions topic, and only then lets their positions be committed: a
/// decision is never lost, and one that is made again after a crash has the same id and changes nothing. One that an earlier
/// process put into the log only is not made again; it is put on the topic at the start, before all new ones, which are stored meanwhile.
/// </summary>
internal sealed partial class DecisionDispatcher(
    PostgresDecisionStore store, UnpublishedDecisions unpublished, NoticeLog told, KafkaDecisionPublisher publisher, KafkaEventSource source, DecisionSignal signal, ILogger<DecisionDispatcher> logger, TimeProvider time)
{
    /// <summary>Most results of detection that wait; then detection waits.</summary>
    public const int MostWaiting = 256;

    private const int MostItems = 64;
    private const int PageSize = 500;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    private readonly Channel<DispatchItem> _items = Channel.CreateBounded<DispatchItem>(new BoundedChannelOptions(MostWaiting) { SingleReader = true });
    private long _stored;
    private int _failing;

    /// <summary>Where detection hands over.</summary>
    public ChannelWriter<DispatchItem> Items => _items.Writer;

    /// <summary>Results of detection that wait now.</summary>
    public int Waiting => _items.Reader.Count;

    /// <summary>Decisions in the log.</summary>
    public long Stored => Volatile.Read(ref _stored);

    /// <summary>Whether log and topic could be written last time.</summary>
    public bool IsHealthy => Volatile.Read(ref _failing) == 0;

    /// <summary>Runs until detection has completed the channel and all was dispatched, or until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        // What is stored from now on is not left by another process: it is published below.
        long last = 0;
        await UntilDoneAsync("What was left to publish", async () => last = await unpublished.LastAsync(cancellation), cancellation);
        using CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task left = UntilDoneAsync("What was left to publish", () => PublishLeftAsync(last, ending.Token), ending.Token);
        try
        {
            await DispatchAsync(left, cancellation);
            await left;
        }
        finally
        {
            await ending.CancelAsync();
            await left.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>As it goes to the topic.</summary>
    public static IReadOnlyList<DecisionRecord> RecordsOf(IEnumerable<Decision> decisions) =>
        [.. decisions.Select(static decision => new DecisionRecord(decision.Subject.Value, DecisionJson.ToUtf8(decision)))];

    /// <param name="left">Ends when all older decisions are on the topic; only publishing waits for it.</param>
    /// <param name="cancellation">Ends it before all was dispatched.</param>
    private async Task DispatchAsync(Task left, CancellationToken cancellation)
    {
        List<DispatchItem> items = [];
        while (await _items.Reader.WaitToReadAsync(cancellation))
        {
            items.Clear();
            while (items.Count < MostItems && _items.Reader.TryRead(out DispatchItem? item))
            {
                items.Add(item);
            }
            List<Decision> decisions = [.. items.SelectMany(item => item.Decisions)];
            List<Core.Reporting.FlaggedSubject> cases = [.. items.SelectMany(item => item.Cases)];
            if (decisions.Count > 0 || cases.Count > 0)
            {
                await UntilDoneAsync("The decision log", () => store.AppendAsync(decisions, cases, cancellation), cancellation);
            }
            List<Notice> notices = [.. items.SelectMany(item => item.Notices)];
            if (notices.Count > 0)
            {
                await UntilDoneAsync("The log of notices", () => told.AppendAsync(notices, cancellation), cancellation);
            }
            if (decisions.Count > 0)
            {
                Volatile.Write(ref _stored, _stored + decisions.Count);
                // Enforcement reads the log, and need not wait for the topic.
                signal.Pulse();
                await left;
                await UntilDoneAsync("The decisions topic", () => publisher.PublishAsync(RecordsOf(decisions), cancellation), cancellation);
                await UntilDoneAsync("The decision log", () => unpublished.MarkAsync(decisions, cancellation), cancellation);
            }
            List<TopicPartitionOffset> settled = [.. items.SelectMany(item => item.Settled)];
            if (settled.Count > 0)
            {
                source.Commit(settled);
            }
        }
    }

    private async Task PublishLeftAsync(long last, CancellationToken cancellation)
    {
        while (await unpublished.ReadAsync(last, PageSize, cancellation) is { Count: > 0 } left)
        {
            await publisher.PublishAsync(RecordsOf(left), cancellation);
            await unpublished.MarkAsync(left, cancellation);
            Log.PublishedLate(logger, left.Count);
        }
    }

    private async Task UntilDoneAsync(string what, Func<Task> attempt, CancellationToken cancellation)
    {
        TimeSpan pause = FirstPause;
        bool isFailing = false;
        while (true)
        {
            try
            {
                await attempt();
                if (isFailing)
                {
                    Interlocked.Decrement(ref _failing);
                    Log.Recovered(logger, what);
                }
                return;
            }
            catch (Exception error) when (error is NpgsqlException or KafkaException or IOException or TimeoutException)
            {
                if (!isFailing)
                {
                    isFailing = true;
                    Interlocked.Increment(ref _failing);
                }
                Log.Unavailable(logger, what, pause.TotalSeconds, error.Message);
            }
            await Task.Delay(pause, time, cancellation);
            pause = TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, LongestPause.Ticks));
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 3101, Level = LogLevel.Warning,
            Message = "{What} cannot be written; nothing is lost, the next attempt is in {Seconds} s: {Reason}")]
        public static partial void Unavailable(ILogger logger, string what, double seconds, string reason);

        [LoggerMessage(EventId = 3102, Level = LogLevel.Information, Message = "{What} can be written again.")]
        public static partial void Recovered(ILogger logger, string what);

        [LoggerMessage(EventId = 3103, Level = LogLevel.Information, Message = "Put {Count} decisions on the decisions topic that a process before this one, or another one, had put into the log only.")]
        public static partial void PublishedLate(ILogger logger, int count);
    }
}
