using System.Buffers;
using System.Collections;
using System.Globalization;
using System.Threading.Channels;
using AutoGuard.Configuration;
using AutoGuard.Core.Events;
using AutoGuard.Kafka;
using AutoGuard.Runtime;
using AutoGuard.Simulation;
using AutoGuard.Simulation.Profiles;
using AutoGuard.Worker;
using Confluent.Kafka;
using Microsoft.Extensions.Logging.Abstractions;

namespace AutoGuard.Benchmarks.Runs;

/// <summary>
/// From Kafka to decisions, in processor time: the worker's own source and detection on a topic that lies ready in another
/// process, against a bare <c>Consume()</c> loop whose deserializer parses the same events into the same struct.
/// </summary>
internal static class KafkaRun
{
    private const int Pairs = 7;
    private const int Partitions = 8;

    // What the embedded broker keeps: 5 MiB for each partition, compressed.
    private const int Events = 250_000;

    public static async Task RunAsync()
    {
        using ChildBenchmark broker = new("broker");
        KafkaSettings kafka = new(new KafkaOptions { EmbeddedPartitions = Partitions }, await broker.LineAsync(), isEmbedded: true) { ReadsAlone = true };
        // Partitions side by side, as they are read when events come in live, and not one after the other.
        kafka.Options.Consumer["fetch.message.max.bytes"] = "65536";
        long records = long.Parse(await broker.LineAsync(), CultureInfo.InvariantCulture);
        EffectiveSettings settings = SettingsLoader.Load([], [], new Hashtable());
        PairedTimes processor = new("s of processor time per million");
        PairedTimes wall = new("s per million");
        (double Allocated, double Bare) bytes = default;
        for (int i = 0; i <= Pairs; i++)
        {
            kafka.Options.GroupId = string.Create(CultureInfo.InvariantCulture, $"bench-{i}");
            Cost bare = Measure(() => Bare(kafka, records));
            // Made beforehand: it is a matter of the start, not of the events.
            DetectionParts parts = new(settings);
            Cost work = await MeasureAsync(() => WorkAsync(kafka, settings, parts, records));
            if (i > 0)
            {
                processor.Add(work.Processor * 1e6 / records, bare.Processor * 1e6 / records);
                wall.Add(work.Wall * 1e6 / records, bare.Wall * 1e6 / records);
                bytes = (work.Bytes / records, bare.Bytes / records);
            }
        }
        Console.WriteLine($"Kafka to decisions, {records:N0} events in {Partitions} partitions, LZ4: {processor}");
        Console.WriteLine($"  wall time: {wall}");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  allocated per event: {bytes.Allocated:0} bytes against {bytes.Bare:0}"));
    }

    /// <summary>The other process: a broker with the topic filled.</summary>
    public static void Serve()
    {
        KafkaOptions options = new() { EmbeddedPartitions = Partitions };
        using EmbeddedKafka broker = EmbeddedKafka.Start(options);
        KafkaSettings settings = new(options, broker.BootstrapServers, isEmbedded: true);
        long produced = 0;
        using (KafkaEventProducer producer = new(settings))
        {
            TrafficSimulator simulator = new(SimulationProfiles.Sized(3_000, 2), seed: 1);
            ArrayBufferWriter<byte> line = new();
            for (; produced < Events && simulator.TryNext(line, out var written); produced++)
            {
                producer.Produce(written.Key.Span, line.WrittenSpan, CancellationToken.None);
                line.ResetWrittenCount();
            }
            producer.Flush(CancellationToken.None);
            if (producer.Failed > 0)
            {
                throw new InvalidOperationException($"The broker refused events: {producer.FirstError}");
            }
        }
        Console.WriteLine(broker.BootstrapServers);
        Console.WriteLine(produced.ToString(CultureInfo.InvariantCulture));
        Console.In.ReadToEnd();
    }

    private static void Bare(KafkaSettings kafka, long records)
    {
        using IConsumer<Ignore, int> consumer = new ConsumerBuilder<Ignore, int>(kafka.ForConsumer(KafkaLibrary.Current.Native!)).SetValueDeserializer(new ParsingDeserializer()).Build();
        consumer.Assign(Enumerable.Range(0, Partitions).Select(partition => new TopicPartitionOffset(kafka.Options.EventsTopic, partition, Offset.Beginning)));
        long read = 0;
        while (read < records)
        {
            ConsumeResult<Ignore, int>? result = consumer.Consume(10_000) ?? throw new InvalidOperationException($"Only {read} of {records} events are there.");
            read += result.IsPartitionEOF ? 0 : 1;
        }
        consumer.Close();
    }

    private static async Task WorkAsync(KafkaSettings kafka, EffectiveSettings settings, DetectionParts parts, long records)
    {
        KafkaRecordReader reader = new(parts, TimeProvider.System);
        await using KafkaEventSource source = new(
            kafka, reader.Read, parts.Strings.Intern(kafka.Options.EventsTopic), NullLogger<KafkaEventSource>.Instance, TimeProvider.System);
        Channel<DispatchItem> decided = Channel.CreateBounded<DispatchItem>(256);
        DetectionWorker worker = new(parts, settings, source, decided.Writer, NullLogger<DetectionWorker>.Instance, TimeProvider.System);
        source.Start();
        Task detecting = Task.Run(() => worker.RunAsync(CancellationToken.None));
        Task committing = Task.Run(async () =>
        {
            await foreach (DispatchItem item in decided.Reader.ReadAllAsync())
            {
                source.Commit(item.Settled);
            }
        });
        while (source.Counters.Consumed < records)
        {
            await Task.Delay(10);
        }
        source.StopReading();
        await detecting;
        await committing;
    }

    private static Cost Measure(Action action) => MeasureAsync(() =>
    {
        action();
        return Task.CompletedTask;
    }).GetAwaiter().GetResult();

    private static async Task<Cost> MeasureAsync(Func<Task> action)
    {
        GC.Collect();
        TimeSpan processor = Environment.CpuUsage.TotalTime;
        long bytes = GC.GetTotalAllocatedBytes();
        long start = TimeProvider.System.GetTimestamp();
        await action();
        return new Cost(
            (Environment.CpuUsage.TotalTime - processor).TotalSeconds, TimeProvider.System.GetElapsedTime(start).TotalSeconds, GC.GetTotalAllocatedBytes() - bytes);
    }

    private readonly record struct Cost(double Processor, double Wall, double Bytes);

    /// <summary>Parses in place, out of the library's memory.</summary>
    private sealed class ParsingDeserializer : IDeserializer<int>
    {
        private readonly EventBatch _batch = new(512);
        private readonly EventParser _parser;

        public ParsingDeserializer()
        {
            KeyedHasher hasher = new(1, 2);
            _parser = new EventParser(hasher, new StringPool(hasher), new ClaimsPool());
        }

        public int Deserialize(ReadOnlySpan<byte> data, bool isNull, SerializationContext context)
        {
            if (_batch.IsFull)
            {
                _batch.Clear();
            }
            return (int)_parser.TryParse(data, _batch, 0, 0, 0);
        }
    }
}
