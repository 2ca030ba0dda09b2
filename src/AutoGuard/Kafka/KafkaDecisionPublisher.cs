using System.Runtime.InteropServices;
using System.Text;
using Confluent.Kafka;

namespace AutoGuard.Kafka;

/// <summary>A decision as it goes to the decisions topic.</summary>
/// <param name="Subject">Value of its subject: the record's key, so that the decisions on one subject stay in order.</param>
/// <param name="Json">The decision, one JSON object in UTF-8.</param>
public readonly record struct DecisionRecord(string Subject, ReadOnlyMemory<byte> Json);

/// <summary>
/// Writes decisions to their topic and waits until the brokers have them. Idempotent: the library's own retries neither
/// duplicate nor reorder. A caller that repeats a failed call may duplicate; decisions carry an identifier for that.
/// </summary>
public sealed partial class KafkaDecisionPublisher : IDisposable
{
    private readonly Lock _gate = new();
    private readonly KafkaSettings _settings;
    private readonly ILogger<KafkaDecisionPublisher> _logger;
    private readonly LogLimiter<ErrorCode> _errorLog;
    private IProducer<byte[], byte[]>? _producer;
    private bool _disposed;
    private long _published;
    private long _failed;

    /// <summary>Makes a publisher; it connects with the first decision.</summary>
    public KafkaDecisionPublisher(KafkaSettings settings, ILogger<KafkaDecisionPublisher> logger, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(settings);
        _settings = settings;
        _logger = logger;
        _errorLog = new LogLimiter<ErrorCode>(time, TimeSpan.FromSeconds(5));
    }

    /// <summary>Decisions the brokers acknowledged.</summary>
    public long Published => Interlocked.Read(ref _published);

    /// <summary>Decisions they did not.</summary>
    public long Failed => Interlocked.Read(ref _failed);

    /// <summary>Writes decisions in their order; ends when the brokers have all of them.</summary>
    /// <exception cref="KafkaException">At least one was not acknowledged within <c>message.timeout.ms</c>, or was refused.</exception>
    /// <exception cref="OperationCanceledException">The wait was given up; the decisions may still arrive.</exception>
    public async Task PublishAsync(IReadOnlyList<DecisionRecord> decisions, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(decisions);
        IProducer<byte[], byte[]> producer = Producer();
        var deliveries = new Task<DeliveryResult<byte[], byte[]>>[decisions.Count];
        for (int i = 0; i < deliveries.Length; i++)
        {
            deliveries[i] = producer.ProduceAsync(_settings.Options.DecisionsTopic, ToMessage(decisions[i]), cancellation);
        }
        try
        {
            await Task.WhenAll(deliveries).ConfigureAwait(false);
        }
        catch (KafkaException e)
        {
            if (e.Error.IsFatal || e.Error.Code == ErrorCode.Local_Fatal)
            {
                Discard(producer);
            }
            if (_errorLog.TryPass(e.Error.Code, out _))
            {
                Log.PublishFailed(_logger, _settings.Options.DecisionsTopic, e.Error.Reason);
            }
            throw;
        }
        finally
        {
            int delivered = deliveries.Count(delivery => delivery.IsCompletedSuccessfully);
            Interlocked.Add(ref _published, delivered);
            Interlocked.Add(ref _failed, deliveries.Length - delivered);
        }
    }

    /// <summary>Writes one decision; see <see cref="PublishAsync(IReadOnlyList{DecisionRecord}, CancellationToken)"/>.</summary>
    public Task PublishAsync(string subject, ReadOnlyMemory<byte> json, CancellationToken cancellation) =>
        PublishAsync([new DecisionRecord(subject, json)], cancellation);

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            _producer?.Dispose();
            _producer = null;
        }
    }

    private static Message<byte[], byte[]> ToMessage(DecisionRecord decision) => new()
    {
        Key = Encoding.UTF8.GetBytes(decision.Subject),
        Value = MemoryMarshal.TryGetArray(decision.Json, out ArraySegment<byte> segment)
            && segment.Array is byte[] whole && segment.Offset == 0 && segment.Count == whole.Length
                ? whole
                : decision.Json.ToArray(),
    };

    private IProducer<byte[], byte[]> Producer()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_producer is null)
            {
                KafkaLibrary.Require();
                _producer = new ProducerBuilder<byte[], byte[]>(_settings.ForProducer())
                    .SetErrorHandler((_, error) => OnError(error))
                    .SetLogHandler((_, message) => Log.Library(_logger, message.Facility, message.Message))
                    .Build();
            }
            return _producer;
        }
    }

    /// <summary>After a fatal error a producer accepts nothing more; the next call makes a new one.</summary>
    private void Discard(IProducer<byte[], byte[]> producer)
    {
        lock (_gate)
        {
            if (_producer == producer)
            {
                _producer = null;
                producer.Dispose();
            }
        }
    }

    private void OnError(Error error)
    {
        if (_errorLog.TryPass(error.Code, out _))
        {
            Log.Error(_logger, error.Code, error.Reason);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(2101, LogLevel.Warning, "Decisions could not be written to topic {Topic}: {Reason}.")]
        public static partial void PublishFailed(ILogger logger, string topic, string reason);

        [LoggerMessage(2102, LogLevel.Warning, "Kafka reports {Code} while decisions are written: {Reason}.")]
        public static partial void Error(ILogger logger, ErrorCode code, string reason);

        [LoggerMessage(2103, LogLevel.Debug, "librdkafka {Facility}: {Text}")]
        public static partial void Library(ILogger logger, string facility, string text);
    }
}
