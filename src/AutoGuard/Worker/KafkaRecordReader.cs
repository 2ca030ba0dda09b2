using AutoGuard.Core.Events;
using AutoGuard.Core.Pipeline;
using AutoGuard.Runtime;
using Confluent.Kafka;

namespace AutoGuard.Worker;

/// <summary>
/// Reads records: CloudEvents in either mode, or bare events. On the source's thread only. Events from the future are
/// refused here: no position is settled before event time has passed it, so one of them would hold all commits back.
/// </summary>
internal sealed class KafkaRecordReader(DetectionParts parts, TimeProvider time, EncodedTokenCapture? capture = null)
{
    private readonly CloudEventReader _envelope = new();
    private long _latest = long.MinValue;

    public EventRejection Read(ReadOnlySpan<byte> value, Headers? headers, EventBatch batch, int topic, int partition, long offset)
    {
        if (headers is null || headers.Count == 0)
        {
            return value.IsEmpty ? EventRejection.Empty : ReadEvent(value, default, batch, topic, partition, offset);
        }
        _envelope.Reset();
        foreach (IHeader header in headers)
        {
            _envelope.AddHeader(header.Key, header.GetValueBytes() ?? []);
        }
        EventRejection rejection = _envelope.Read(value, out ReadOnlySpan<byte> data, out EventDefaults defaults);
        return rejection != EventRejection.None ? rejection : ReadEvent(data, defaults, batch, topic, partition, offset);
    }

    private EventRejection ReadEvent(ReadOnlySpan<byte> json, EventDefaults defaults, EventBatch batch, int topic, int partition, long offset)
    {
        int textLength = batch.TextLength;
        EventRejection rejection = parts.Read(json, defaults, batch, topic, partition, offset);
        if (rejection == EventRejection.None && IsFuture(batch.Last.Timestamp))
        {
            batch.TakeBack(textLength);
            return EventRejection.Future;
        }
        if (rejection == EventRejection.None)
        {
            capture?.Note(in batch.Last, json);
        }
        return rejection;
    }

    /// <summary>The clock is looked at only when the event is beyond what it allowed the last time: it does not go back.</summary>
    private bool IsFuture(long timestamp)
    {
        if (timestamp > _latest)
        {
            _latest = time.GetUtcNow().ToUnixTimeMilliseconds() + EventClock.FurthestAhead;
        }
        return timestamp > _latest;
    }
}
