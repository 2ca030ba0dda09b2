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
/// From Kafka to decisions, in processor time: the worker's own source and detection on topics that lie ready in another
/// process, against a bare <c>Consume()</c> loop whose deserializer parses the same events into the same struct. Topic after
/// topic is read by both, each going on where the one before it ended; the first ones warm both up.
/// </summary>
internal static class KafkaRun
{
    private const int Partitions = 16;

    // What the embedded broker keeps of a topic: 5 MiB for each partition, compressed.
    private const int EventsPerTopic = 250_000;
    private const int Topics = 18;
    private const int WarmingTopics = 6;

    public static async Task RunAsync()
    {
        using ChildBenchmark broker = new("broker");
        string servers = await broker.LineAsync();
        long records = long.Parse(await broker.LineAsync(), CultureInfo.InvariantCulture);
        // Made beforehand: it is a matter of the start, not of the events.
        EffectiveSettings settings = SettingsLoader.Load([], [], new Hashtable());
        DetectionParts parts = new(settings);
        ParsingDeserializer parser = new();
        PairedTimes processor = new("s of processor time per million");
        PairedTimes wall = new("s per million");
        (double Work, double Bare) bytes = default;
        for (int topic = 0; topic < Topics; topic++)
        {
            KafkaSettings kafka = new(OptionsOf(topic), servers, isEmbedded: true) { ReadsAlone = true };
            // Partitions side by side, as they are read when events come in live, and not one after the other.
            kafka.Options.Consumer["fetch.message.max.bytes"] = "65536";
            Cost bare = Measure(() => Bare(kafka, parser, records));
            Cost work = await MeasureAsync(() => WorkAsync(kafka, settings, parts, records));
            if (topic >= WarmingTopics)
            {
                processor.Add(work.Processor * 1e6 / records, bare.Processor * 1e6 / records);
                wall.Add(work.Wall * 1e6 / records, bare.Wall * 1e6 / records);
                bytes = (bytes.Work + work.Bytes, bytes.Bare + bare.Bytes);
            }
        }
        long total = records * (Topics - WarmingTopics);
        Console.WriteLine($"Kafka to decisions, {total:N0} events after {WarmingTopics * records:N0} of warming up, {Partitions} partitions, LZ4: {processor}");
        Console.WriteLine($"  wall time: {wall}");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  allocated per event: {bytes.Work / total:0} bytes against {bytes.Bare / total:0}"));
    }

    /// <summary>The other process: a broker with the topics filled.</summary>
    public static void Serve()
    {
        using EmbeddedKafka broker = EmbeddedKafka.Start(OptionsOf(0));
        TrafficSimulator simulator = new(SimulationProfiles.Sized(30_000, 4), seed: 1);
        for (int topic = 0; topic < Topics; topic++)
        {
            KafkaOptions options = OptionsOf(topic);
            broker.CreateTopic(options.EventsTopic, Partitions);
            Fill(new KafkaSettings(options, broker.BootstrapServers, isEmbedded: true), simulator);
        }
        Console.WriteLine(broker.BootstrapServers);
        Console.WriteLine(EventsPerTopic.ToString(CultureInfo.InvariantCulture));
        Console.In.ReadToEnd();
    }

    private static void Fill(KafkaSettings settings, TrafficSimulator simulator)
    {
        using KafkaEventProducer producer = new(settings);
        ArrayBufferWriter<byte> line = new();
        for (int produced = 0; produced < EventsPerTopic; produced++)
        {
            if (!simulator.TryNext(line, out var written))
            {
                throw new InvalidOperationException("The simulation ended before the last topic was full.");
            }
            producer.Produce(written.Key.Span, line.WrittenSpan, CancellationToken.None);
            line.ResetWrittenCount();
        }
        producer.Flush(CancellationToken.None);
        if (producer.Failed > 0)
        {
            throw new InvalidOperationException($"The broker refused events: {producer.FirstError}");
        }
    }

    private static KafkaOptions OptionsOf(int topic) => new()
    {
        EventsTopic = string.Create(CultureInfo.InvariantCulture, $"playback.events.{topic}"),
        GroupId = string.Create(CultureInfo.InvariantCulture, $"bench-{topic}"),
        EmbeddedPartitions = Partitions,
    };

    private static void Bare(KafkaSettings kafka, ParsingDeserializer parser, long records)
    {
        using IConsumer<Ignore, int> consumer = new ConsumerBuilder<Ignore, int>(kafka.ForConsumer(KafkaLibrary.Current.Native!)).SetValueDeserializer(parser).Build();
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
