using System.Collections.Concurrent;
using System.Threading.Channels;
using AutoGuard.Configuration;
using AutoGuard.Core.Events;
using AutoGuard.Core.Pipeline;
using AutoGuard.Core.Policy;
using AutoGuard.Kafka;
using AutoGuard.Runtime;
using Confluent.Kafka;

namespace AutoGuard.Worker;

/// <summary>
/// The detection loop of the service: one batch after the other through the pipeline, everything that comes out to the
/// dispatcher. When the dispatcher's queue is full the loop waits, the source runs out of batches and pauses: nothing is
/// dropped and nothing grows.
/// </summary>
internal sealed partial class DetectionWorker
{
    private const int RememberedForView = 12;
    private static readonly TimeSpan LongSilence = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan LookAround = TimeSpan.FromMilliseconds(100);

    private readonly DetectionParts _parts;
    private readonly KafkaEventSource _source;
    private readonly ChannelWriter<DispatchItem> _dispatcher;
    private readonly ILogger<DetectionWorker> _logger;
    private readonly TimeProvider _time;
    private readonly long _lateness;
    private readonly long _tick;
    private readonly DetectionOutput _output = new();
    private readonly SettledPositions _positions = new();
    private readonly WorkerQuestions _questions;
    private readonly Action<Decision>? _decided;
    private readonly ConcurrentQueue<Decision> _latest = new();
    private volatile Notice? _breaker;
    private long _breakerOpenings;
    private long _breakerRefused;
    private long _lastEventAt;
    private long _held;
    private long _openSessions;
    private long _tokens;
    private long _addresses;
    private long _evictions;
    private long _textsLostTold;
    private long _textsLostToldAt;
    private long _totalSessions;
    private long _watermark = long.MinValue;
    private long _latestEvent = long.MinValue;
    private long _decisions;
    private long _firstEventAt;

    /// <param name="parts">The pipeline and its pools.</param>
    /// <param name="settings">Lateness and tick.</param>
    /// <param name="source">Where events come from.</param>
    /// <param name="dispatcher">Where decisions go.</param>
    /// <param name="logger">Where notices go.</param>
    /// <param name="time">The clock.</param>
    /// <param name="decided">Told of every decision before it is handed over.</param>
    public DetectionWorker(
        DetectionParts parts, EffectiveSettings settings, KafkaEventSource source, ChannelWriter<DispatchItem> dispatcher, ILogger<DetectionWorker> logger,
        TimeProvider time, Action<Decision>? decided = null)
    {
        _decided = decided;
        _logger = logger;
        _questions = new WorkerQuestions(logger);
        _parts = parts;
        _source = source;
        _dispatcher = dispatcher;
        _time = time;
        _lateness = (long)settings.Values.Detection.AllowedLateness.TotalMilliseconds;
        _tick = (long)settings.Values.Detection.TickInterval.TotalMilliseconds;
    }

    public PipelineCounters Counters => _parts.Pipeline.Counters;

    /// <summary>Events that wait for the watermark.</summary>
    public long Held => Volatile.Read(ref _held);

    public long OpenSessions => Volatile.Read(ref _openSessions);

    public long Tokens => Volatile.Read(ref _tokens);

    public long Addresses => Volatile.Read(ref _addresses);

    /// <summary>Keys given away because a table was full.</summary>
    public long Evictions => Volatile.Read(ref _evictions);

    /// <summary>Names of streams, operators, pages, players and tenants given away or refused because their share of the pool was full.</summary>
    public long TextsLost => _parts.Strings.Forgotten + _parts.Strings.Overflowed;

    public long TotalSessions => Volatile.Read(ref _totalSessions);

    /// <summary>Unix milliseconds; null before the first event.</summary>
    public long? Watermark => Known(ref _watermark);

    /// <summary>Unix milliseconds; null before the first event.</summary>
    public long? LatestEvent => Known(ref _latestEvent);

    /// <summary>Decisions of any kind.</summary>
    public long DecisionCount => Volatile.Read(ref _decisions);

    /// <summary>Timestamp (of the time provider) of the first event; 0 before it.</summary>
    public long FirstEventAt => Volatile.Read(ref _firstEventAt);

    /// <summary>The last few decisions, newest first.</summary>
    public IReadOnlyList<Decision> LatestDecisions => [.. _latest.Reverse()];

    /// <summary>The key of a token's identity within a tenant; null for the nameless one.</summary>
    public Key128 TokenKey(string identity, string? organization) => _parts.TokenKey(identity, organization);

    /// <summary>Since when and why blocks become flags; null while they do not.</summary>
    public Notice? Breaker => _breaker;

    /// <summary>How often the breaker opened.</summary>
    public long BreakerOpenings => Volatile.Read(ref _breakerOpenings);

    /// <summary>Blocks that became flags because of the breaker.</summary>
    public long BreakerRefused => Volatile.Read(ref _breakerRefused);

    /// <summary>Has an operator's question about a subject answered from the live state, between two batches.</summary>
    /// <exception cref="OperationCanceledException">Detection has ended, or the question was given up.</exception>
    /// <exception cref="UnansweredException">Too many wait, or answering it failed.</exception>
    public Task<Explanation?> ExplainAsync(Func<Explainer, long, Explanation?> ask, CancellationToken cancellation) =>
        _questions.AskForOperatorAsync(pipeline => ask(pipeline.Explainer, Math.Max(pipeline.Watermark, 0)), cancellation);

    /// <summary>Has a question of another part answered on the detection thread, between two batches.</summary>
    /// <exception cref="OperationCanceledException">Detection has ended, or the question was given up.</exception>
    /// <exception cref="UnansweredException">Answering it failed.</exception>
    public Task<T> AskAsync<T>(Func<DetectionPipeline, T> ask, CancellationToken cancellation) => _questions.AskAsync(ask, cancellation);

    /// <summary>
    /// Runs until the source has ended; then the dispatcher's channel is completed. <paramref name="abandon"/> ends the wait
    /// for a dispatcher that takes nothing more.
    /// </summary>
    public async Task RunAsync(CancellationToken abandon)
    {
        try
        {
            Task<bool> waiting = _source.Batches.WaitToReadAsync(abandon).AsTask();
            Task look = Task.Delay(LookAround, _time, abandon);
            while (true)
            {
                if (_source.Batches.TryRead(out SourceBatch? batch))
                {
                    Take(batch);
                }
                else if (waiting.IsCompleted)
                {
                    if (!await waiting)
                    {
                        break;
                    }
                    waiting = _source.Batches.WaitToReadAsync(abandon).AsTask();
                    continue;
                }
                else
                {
                    await Task.WhenAny(waiting, look);
                    if (!look.IsCompleted)
                    {
                        continue;
                    }
                    look = Task.Delay(LookAround, _time, abandon);
                    LetSilencePass();
                }
                await HandOverAsync(abandon);
                _questions.Answer(_parts.Pipeline);
                Publish();
            }
        }
        finally
        {
            _dispatcher.TryComplete();
            _questions.End();
        }
    }

    private void Take(SourceBatch batch)
    {
        DetectionPipeline pipeline = _parts.Pipeline;
        pipeline.SetRealTime(_time.GetUtcNow().ToUnixTimeMilliseconds());
        foreach (PartitionNotice notice in batch.Notices)
        {
            switch (notice.Change)
            {
                case PartitionChange.Assigned:
                    pipeline.Expect(notice.Partition);
                    break;
                case PartitionChange.Revoked:
                    pipeline.Forget(notice.Partition, _output);
                    break;
                case PartitionChange.Idle:
                default:
                    pipeline.MarkIdle(notice.Partition, _output);
                    break;
            }
        }
        _positions.Add(batch);
        if (batch.Events.Count > 0)
        {
            _lastEventAt = _time.GetTimestamp();
            if (_firstEventAt == 0)
            {
                Volatile.Write(ref _firstEventAt, _lastEventAt);
            }
        }
        pipeline.NoteMalformed(batch.Rejected);
        pipeline.Process(batch.Events, _output);
        _source.Return(batch);
    }

    /// <summary>
    /// When nothing comes although the broker answers and everything was read, the last events would wait for ever for the
    /// watermark to pass them. They are let through; time does not go on beyond them, so that what a stalled producer sends
    /// afterwards is not late. A lone event ahead of all others is let through after a longer silence, and never beyond real
    /// time: nobody can make later events late with it.
    /// </summary>
    private void LetSilencePass()
    {
        DetectionPipeline pipeline = _parts.Pipeline;
        if (_lastEventAt == 0 || pipeline.LatestEventTime == long.MinValue
            || !_source.Counters.IsConnected || _source.Counters.Partitions.Any(partition => partition.Lag > 0))
        {
            return;
        }
        TimeSpan silence = _time.GetElapsedTime(_lastEventAt);
        if (silence.TotalMilliseconds < _lateness + 1_000)
        {
            return;
        }
        long reached = silence < LongSilence
            ? pipeline.LatestEventTime
            : Math.Min(pipeline.FurthestEventTime, _time.GetUtcNow().ToUnixTimeMilliseconds() - _tick);
        long passed = reached + _tick + (2 * ReorderBuffer.SlotLength);
        if (pipeline.Watermark < passed)
        {
            pipeline.AdvanceTo(passed, _output);
        }
    }

    private async ValueTask HandOverAsync(CancellationToken abandon)
    {
        Notice[] notices = TellNotices();
        IReadOnlyList<TopicPartitionOffset> settled = _positions.Take(_parts.Pipeline.Watermark);
        if (_output.Decisions.Count == 0 && _output.Cases.Count == 0 && notices.Length == 0 && settled.Count == 0)
        {
            return;
        }
        foreach (Decision decision in _output.Decisions)
        {
            _decided?.Invoke(decision);
            _latest.Enqueue(decision);
            if (_latest.Count > RememberedForView)
            {
                _latest.TryDequeue(out _);
            }
        }
        Volatile.Write(ref _decisions, _decisions + _output.Decisions.Count);
        DispatchItem item = new([.. _output.Decisions], [.. _output.Cases], notices, settled);
        _output.Clear();
        await _dispatcher.WriteAsync(item, abandon);
    }

    private Notice[] TellNotices()
    {
        Notice[] notices = [.. _output.Notices];
        foreach (Notice notice in notices)
        {
            Log.Notice(_logger, notice.Organization ?? "all", notice.Text);
        }
        _output.Notices.Clear();
        return notices;
    }

    private void Publish()
    {
        CircuitBreaker breaker = _parts.Pipeline.Breaker;
        if (breaker.OpenedAt != _breaker?.Time || breaker.Reason != _breaker?.Text)
        {
            _breaker = breaker is { OpenedAt: { } since, Reason: { } reason } ? new Notice(since, NoticeKind.BreakerOpened, null, reason) : null;
        }
        Volatile.Write(ref _breakerOpenings, breaker.Openings);
        Volatile.Write(ref _breakerRefused, breaker.Refused);
        Volatile.Write(ref _held, _parts.Pipeline.Waiting);
        Volatile.Write(ref _openSessions, _parts.Pipeline.State.OpenSessions);
        Volatile.Write(ref _tokens, _parts.Pipeline.State.Tokens.Count);
        Volatile.Write(ref _addresses, _parts.Pipeline.State.Addresses.Count);
        Volatile.Write(ref _evictions, _parts.Pipeline.State.Evictions);
        Volatile.Write(ref _totalSessions, _parts.Pipeline.State.TotalSessions);
        WarnOfLostTexts();
        Volatile.Write(ref _watermark, _parts.Pipeline.Watermark);
        Volatile.Write(ref _latestEvent, _parts.Pipeline.LatestEventTime);
    }

    private void WarnOfLostTexts()
    {
        long lost = TextsLost;
        if (lost > _textsLostTold && (_textsLostTold == 0 || _time.GetElapsedTime(_textsLostToldAt) >= TimeSpan.FromHours(1)))
        {
            Log.TextsLost(_logger, lost, _parts.Strings.Overflowed);
            (_textsLostTold, _textsLostToldAt) = (lost, _time.GetTimestamp());
        }
    }

    private static long? Known(ref long time) => Volatile.Read(ref time) is var value && value == long.MinValue ? null : value;

    private static partial class Log
    {
        [LoggerMessage(EventId = 3501, Level = LogLevel.Warning, Message = "Notice for tenant {Tenant}: {Notice}")]
        public static partial void Notice(ILogger logger, string tenant, string notice);

        [LoggerMessage(EventId = 3502, Level = LogLevel.Warning, Message = "{Lost} texts so far (streams, operators, pages, players, tenants) were given away because Detection:Capacity:Strings is full, {Refused} of them tenants or topics that were refused. Somebody invents them, or the platform has more than that.")]
        public static partial void TextsLost(ILogger logger, long lost, long refused);
    }
}
