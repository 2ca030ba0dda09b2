using System.Collections;
using System.Text;
using AutoGuard.Configuration;
using AutoGuard.Core.Events;
using AutoGuard.Kafka;
using AutoGuard.Runtime;
using AutoGuard.Testing;
using AutoGuard.Tests.Worker;
using AutoGuard.Worker;
using Confluent.Kafka;

namespace AutoGuard.Tests.Kafka;

[Collection(ServiceTests.Name)]
public sealed class RecordAllocationTests
{
    [Fact]
    public void From_the_librarys_bytes_to_the_enriched_event_nothing_is_allocated_after_warm_up()
    {
        byte[][] records = [.. Enumerable.Range(0, 500).Select(i => Encoding.UTF8.GetBytes(
            $$"""{"type":"heartbeat","timestamp":"2025-11-14T17:03:21.{{i % 1000:d3}}Z","sessionId":"s-{{i}}","ip":"203.0.113.{{i % 250}}","token":"t-{{i}}","userId":"u-{{i}}","country":"DE","asn":64500,"provider":"Example Networks","referrer":"https://www.example.com/live/{{i}}","userAgent":"Agent/{{i % 20}}","stream":"channel-{{i % 9}}","duration":{{i}}}"""))];
        DetectionParts parts = new(SettingsLoader.Load([], [], new Hashtable()));
        KafkaRecordReader reader = new(parts, TimeProvider.System);
        RecordBytes bytes = new();
        EventBatch batch = new(512);
        int accepted = 0;

        long allocated = Allocations.LeastOf(() => accepted = Read(records, bytes, reader, batch));

        Assert.Equal(0, allocated);
        Assert.Equal(50_000, accepted);
    }

    private static int Read(byte[][] records, RecordBytes bytes, KafkaRecordReader reader, EventBatch batch)
    {
        int accepted = 0;
        for (int i = 0; i < 50_000; i++)
        {
            if (batch.IsFull)
            {
                batch.Clear();
            }
            int length = bytes.Deserialize(records[i % records.Length], isNull: false, SerializationContext.Empty);
            accepted += reader.Read(bytes.Span(length), null, batch, 0, 0, i) == EventRejection.None ? 1 : 0;
        }
        return accepted;
    }
}
