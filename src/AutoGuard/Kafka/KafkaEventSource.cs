using System.Collections.Concurrent;
using System.Threading.Channels;
using AutoGuard.Core.Events;
using Confluent.Kafka;

namespace AutoGuard.Kafka;

/// <summary>
/// Reads playback events from Kafka on a thread of its own, as one member of a consumer group, and hands them over in
/// batches. Nothing is committed but what <see cref="Commit"/> is told, so that every event is dealt with at least once.
/// </summary>
/// <remarks>
/// A fixed number of batches circulates: the thread fills one, the reader gives it back by <see cref="Return"/>. When all are
/// with the reader the partitions are paused and polling goes on, so that the worker stays in its group however long detection
/// takes; memory is bounded by the number of batches and by librdkafka's own queue. Records that are not events go to the
/// dead-letter topic, and no offset beyond one of them is committed before its copy is acknowledged.
///
/// To stop: <see cref="StopReading"/>, read <see cref="Batches"/> to its end, <see cref="Commit"/>, <see cref="CloseAsync"/>.
/// </remarks>
public sealed partial class KafkaEventSource : IAsyncDisposable
{
    /// <summary>Longest time that closing may take before it is given up.</summary>
    public static readonly TimeSpan CloseLimit = TimeSpan.FromSeconds(10);

    private readonly KafkaSettings _settings;
    private readonly RecordParser _parser;
    private readonly int _topic;
    private readonly ILogger<KafkaEventSource> _logger;
    private readonly TimeProvider _time;
    private readonly Func<int, long?>? _startAt;
    private readonly int _batchCount;
    private readonly BlockingCollection<SourceBatch> _free = [];
    private readonly Channel<SourceBatch> _batches;
    private readonly ConcurrentQueue<IReadOnlyList<TopicPartitionOffset>> _commits = new();
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ManualResetEventSlim _closeRequested = new();
    private volatile bool _stopReading;
    private Thread? _thread;

    /// <summary>Makes a source; nothing happens before <see cref="Start"/>.</summary>
    /// <param name="settings">Where and how to read.</param>
    /// <param name="parser">Called on the source's thread for every record; must not keep what it is given.</param>
    /// <param name="topic">Number under which the events topic is interned; passed on to the parser.</param>
    /// <param name="logger">Takes what an operator must know.</param>
    /// <param name="time">Paces logs, idle partitions and retries.</param>
    /// <param name="startAt">
    /// Where to begin on a partition newly assigned, such as the position of a snapshot; null, or a null answer: where the group
    /// committed, else where <c>auto.offset.reset</c> says (the earliest record).
    /// </param>
    public KafkaEventSource(
        KafkaSettings settings, RecordParser parser, int topic, ILogger<KafkaEventSource> logger, TimeProvider time, Func<int, long?>? startAt = null)
    {
        ArgumentNullException.ThrowIfNull(settings);
        _settings = settings;
        _parser = parser;
        _topic = topic;
        _logger = logger;
        _time = time;
        _startAt = startAt;
        // One being filled, one being read, the others waiting.
        _batchCount = settings.Options.QueuedBatches + 2;
        _batches = Channel.CreateBounded<SourceBatch>(new BoundedChannelOptions(_batchCount) { SingleWriter = true });
        _errorLog = new LogLimiter<ErrorCode>(time, TimeSpan.FromSeconds(5));
        _rejectionLog = new LogLimiter<EventRejection>(time, TimeSpan.FromMinutes(1));
        for (int i = 0; i < _batchCount; i++)
        {
            _free.Add(new SourceBatch(settings.Options.BatchSize));
        }
    }

    /// <summary>The batches, in order; ends after <see cref="StopReading"/>, or with the error that ended the source.</summary>
    public ChannelReader<SourceBatch> Batches => _batches.Reader;

    /// <summary>Batches that go round: when all of them wait to be read, partitions are paused.</summary>
    public int MostWaiting => _batchCount;

    /// <summary>What was done so far.</summary>
    public SourceCounters Counters { get; } = new();

    /// <summary>Ends when the source was closed; fails when it ended by itself.</summary>
    public Task Completion => _completion.Task;

    /// <summary>Joins the group and begins to read. Brokers that do not answer are no error: it goes on trying.</summary>
    /// <exception cref="InvalidOperationException">The client and its library do not fit, or refuse the configuration.</exception>
    public void Start()
    {
        KafkaLibrary.Require();
        if (_thread is not null)
        {
            throw new InvalidOperationException("The event source was already started.");
        }
        try
        {
            BuildClients();
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or KafkaException)
        {
            throw new InvalidOperationException($"Kafka:Consumer or Kafka:Producer is refused by librdkafka: {e.Message}", e);
        }
        _thread = new Thread(Run) { IsBackground = true, Name = "kafka-events" };
        _thread.Start();
    }

    private void BuildClients()
    {
        _deadLetters = new DeadLetterQueue(_settings, Counters, _time, OnDeadLetterFailed);
        try
        {
            _consumer = BuildConsumer();
        }
        catch
        {
            _deadLetters.Dispose();
            throw;
        }
    }

    /// <summary>Gives a batch back once its events were dealt with or copied.</summary>
    public void Return(SourceBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        batch.Clear();
        _free.Add(batch);
    }

    /// <summary>
    /// Says that everything before these offsets is dealt with for good. Returns at once; the positions reach the broker within
    /// about a second, and in any case before a partition is given up or the group is left. Positions of partitions that are no
    /// longer assigned are ignored: they are another worker's.
    /// </summary>
    public void Commit(IReadOnlyList<TopicPartitionOffset> positions)
    {
        ArgumentNullException.ThrowIfNull(positions);
        _commits.Enqueue(positions);
    }

    /// <summary>Reads no further record. What was read is handed over, then <see cref="Batches"/> ends.</summary>
    public void StopReading() => _stopReading = true;

    /// <summary>Commits what <see cref="Commit"/> was told, leaves the group and ends the thread.</summary>
    /// <returns>
    /// Whether that was done in time; if not, brokers do not answer, and the positions of the last second or so are not committed.
    /// </returns>
    public async Task<bool> CloseAsync(TimeSpan limit)
    {
        _stopReading = true;
        _closeRequested.Set();
        if (_thread is null)
        {
            _batches.Writer.TryComplete();
            _completion.TrySetResult();
            return true;
        }
        Task ended = await Task.WhenAny(_completion.Task, Task.Delay(limit, _time)).ConfigureAwait(false);
        if (ended != _completion.Task)
        {
            Log.CloseTimedOut(_logger, limit);
            return false;
        }
        return true;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await CloseAsync(CloseLimit).ConfigureAwait(false);
}
