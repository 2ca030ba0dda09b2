using Confluent.Kafka;

namespace AutoGuard.Kafka;

/// <summary>
/// Writes playback events to the events topic, for <c>simulate --to-kafka</c> and <c>demo</c>: large compressed batches, and a
/// caller that is faster than the brokers waits. For one caller at a time.
/// </summary>
public sealed class KafkaEventProducer : IDisposable
{
    private static readonly TimeSpan RoomPoll = TimeSpan.FromMilliseconds(50);

    private readonly IProducer<byte[]?, byte[]> _producer;
    private readonly string _topic;
    private readonly Action<DeliveryReport<byte[]?, byte[]>> _onDelivery;
    private long _delivered;
    private long _failed;
    private Error? _firstError;

    /// <summary>Makes a producer; it connects in the background.</summary>
    /// <exception cref="InvalidOperationException">The client and its library do not fit, or refuse the configuration.</exception>
    public KafkaEventProducer(KafkaSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        KafkaLibrary.Require();
        _topic = settings.Options.EventsTopic;
        _onDelivery = OnDelivery;
        Dictionary<string, string> properties = settings.ForBulkProducer();
        properties["dotnet.producer.delivery.report.fields"] = "none";
        _producer = new ProducerBuilder<byte[]?, byte[]>(properties)
            .SetErrorHandler((_, _) => { })
            .SetLogHandler((_, _) => { })
            .Build();
    }

    /// <summary>Events the brokers acknowledged.</summary>
    public long Delivered => Interlocked.Read(ref _delivered);

    /// <summary>Events they did not.</summary>
    public long Failed => Interlocked.Read(ref _failed);

    /// <summary>Why the first of them failed; null while none did.</summary>
    public string? FirstError => Volatile.Read(ref _firstError)?.Reason;

    /// <summary>Queues one event. Waits while the queue is full.</summary>
    /// <param name="key">The token, so that one token's events stay in order; empty: no key, spread over the partitions.</param>
    /// <param name="json">The event, one JSON object in UTF-8; copied.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="KafkaException">The event cannot be queued at all, such as one that is too large.</exception>
    public void Produce(ReadOnlySpan<byte> key, ReadOnlySpan<byte> json, CancellationToken cancellation)
    {
        var message = new Message<byte[]?, byte[]> { Key = key.IsEmpty ? null : key.ToArray(), Value = json.ToArray() };
        while (true)
        {
            try
            {
                _producer.Produce(_topic, message, _onDelivery);
                return;
            }
            catch (ProduceException<byte[]?, byte[]> e) when (e.Error.Code == ErrorCode.Local_QueueFull)
            {
                cancellation.ThrowIfCancellationRequested();
                // Returns as soon as the queue is empty, which a full one is not within this time unless the brokers are fast.
                _producer.Flush(RoomPoll);
            }
        }
    }

    /// <summary>Waits until every queued event was acknowledged or refused.</summary>
    public void Flush(CancellationToken cancellation) => _producer.Flush(cancellation);

    /// <inheritdoc/>
    public void Dispose() => _producer.Dispose();

    private void OnDelivery(DeliveryReport<byte[]?, byte[]> report)
    {
        if (report.Error.IsError)
        {
            Interlocked.CompareExchange(ref _firstError, report.Error, null);
            Interlocked.Increment(ref _failed);
        }
        else
        {
            Interlocked.Increment(ref _delivered);
        }
    }
}
