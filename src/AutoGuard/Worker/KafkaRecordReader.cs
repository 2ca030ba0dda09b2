using AutoGuard.Core.Events;
using AutoGuard.Runtime;
using Confluent.Kafka;

namespace AutoGuard.Worker;

/// <summary>Reads records: CloudEvents in either mode, or bare events. On the source's thread only.</summary>
internal sealed class KafkaRecordReader(DetectionParts parts)
{
    private readonly CloudEventReader _envelope = new();

    public EventRejection Read(ReadOnlySpan<byte> value, Headers? headers, EventBatch batch, int topic, int partition, long offset)
    {
        if (headers is null || headers.Count == 0)
        {
            return value.IsEmpty ? EventRejection.Empty : parts.Read(value, default, batch, topic, partition, offset);
        }
        _envelope.Reset();
        foreach (IHeader header in headers)
        {
            _envelope.AddHeader(header.Key, header.GetValueBytes() ?? []);
        }
        EventRejection rejection = _envelope.Read(value, out ReadOnlySpan<byte> data, out EventDefaults defaults);
        return rejection != EventRejection.None ? rejection : parts.Read(data, defaults, batch, topic, partition, offset);
    }
}
