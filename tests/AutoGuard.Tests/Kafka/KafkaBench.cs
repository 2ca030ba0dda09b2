using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.NetworkInformation;
using System.Text;
using AutoGuard.Core.Events;
using AutoGuard.Kafka;
using AutoGuard.Testing;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace AutoGuard.Tests.Kafka;

/// <summary>Keeps what was logged.</summary>
internal sealed class LogList<T> : ILogger<T>
{
    private readonly ConcurrentQueue<(LogLevel Level, string Text)> _lines = new();

    public IReadOnlyList<string> Lines(LogLevel atLeast) => [.. _lines.Where(line => line.Level >= atLeast).Select(line => line.Text)];

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _lines.Enqueue((logLevel, formatter(state, exception)));
}

/// <summary>An event of the tests: a number, and where it was read.</summary>
internal readonly record struct Seen(int Partition, long Offset, long Number);

/// <summary>The parser of the tests: a record that is a decimal number is an event with that time stamp.</summary>
internal static class NumberParser
{
    public const int Topic = 7;

    public static EventRejection Parse(ReadOnlySpan<byte> value, Headers? headers, EventBatch batch, int topic, int partition, long offset)
    {
        if (value.IsEmpty)
        {
            return EventRejection.Empty;
        }
        if (value.SequenceEqual("throw"u8))
        {
            batch.AppendText("half an event"u8);
            throw new FormatException("A parser with a defect.");
        }
        if (!Utf8Parser.TryParse(value, out long number, out int length) || length != value.Length)
        {
            return EventRejection.InvalidJson;
        }
        ref PlaybackEvent next = ref batch.Next();
        next.Timestamp = number;
        next.Topic = topic;
        next.Partition = partition;
        next.Offset = offset;
        batch.Commit();
        return EventRejection.None;
    }
}

/// <summary>The end of an outage.</summary>
internal static class BrokerOutage
{
    /// <summary>
    /// Lets a broker answer again. The library aborts the process when it cannot listen on the old port, which a child that was started
    /// meanwhile may have inherited and hold until it ends.
    /// </summary>
    public static async Task BringUpAsync(this EmbeddedKafka broker)
    {
        int port = broker.Port();
        await Eventually.True(
            () => IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().All(listener => listener.Port != port), $"port {port} of the broker to be free again");
        await Eventually.Ended(Task.Run(() => broker.BringUp()), "the broker to come up");
    }

    /// <summary>Ends all connections to a broker and lets no new ones in.</summary>
    public static Task TakeDownAsync(this EmbeddedKafka broker) => Eventually.Ended(Task.Run(() => broker.TakeDown()), "the broker to go down");

    /// <summary>Where a broker listens.</summary>
    public static int Port(this EmbeddedKafka broker) => int.Parse(broker.BootstrapServers.Split(':')[1], CultureInfo.InvariantCulture);
}

/// <summary>A broker, its topics, and ways to write to and look at them from outside.</summary>
internal sealed class KafkaBench : IAsyncDisposable
{
    private readonly List<KafkaEventSource> _sources = [];

    public KafkaBench(int partitions = 4, Action<KafkaOptions>? configure = null)
    {
        Options = new KafkaOptions { EmbeddedPartitions = partitions, BatchSize = 64, QueuedBatches = 4 };
        configure?.Invoke(Options);
        Broker = EmbeddedKafka.Start(Options);
        Settings = new KafkaSettings(Options, Broker.BootstrapServers, isEmbedded: true);
    }

    public KafkaOptions Options { get; }

    public EmbeddedKafka Broker { get; }

    public KafkaSettings Settings { get; }

    public LogList<KafkaEventSource> Log { get; } = new();

    public KafkaEventSource Source(Func<int, long?>? startAt = null, bool readsAlone = false, bool readsOneByOne = false)
    {
        KafkaSettings settings = new(Options, Broker.BootstrapServers, isEmbedded: true) { ReadsAlone = readsAlone, ReadsOneByOne = readsOneByOne };
        var source = new KafkaEventSource(settings, NumberParser.Parse, NumberParser.Topic, Log, TimeProvider.System, startAt);
        _sources.Add(source);
        return source;
    }

    /// <summary>Writes numbers, each to the partition that is its remainder.</summary>
    public void Produce(int from, int to)
    {
        ProduceTexts(Enumerable.Range(from, to - from)
            .Select(number => (number % Options.EmbeddedPartitions, (string?)number.ToString(CultureInfo.InvariantCulture))));
    }

    public void ProduceTexts(IEnumerable<(int Partition, string? Value)> records)
    {
        using IProducer<byte[]?, byte[]?> producer = new ProducerBuilder<byte[]?, byte[]?>(
            new ProducerConfig { BootstrapServers = Broker.BootstrapServers, LingerMs = 1, Acks = Acks.All, EnableIdempotence = true }).Build();
        Error? failure = null;
        foreach ((int partition, string? value) in records)
        {
            producer.Produce(
                new TopicPartition(Options.EventsTopic, partition),
                new Message<byte[]?, byte[]?> { Key = "key"u8.ToArray(), Value = value is null ? null : Encoding.UTF8.GetBytes(value), Headers = new Headers { { "origin", "test"u8.ToArray() } } },
                report => failure = report.Error.IsError ? report.Error : failure);
        }
        producer.Flush(Eventually.Deadline);
        Assert.Null(failure);
    }

    /// <summary>Reads a topic from its beginning until <paramref name="count"/> records came.</summary>
    public List<ConsumeResult<byte[]?, byte[]?>> ReadAll(string topic, int count)
    {
        using IConsumer<byte[]?, byte[]?> consumer = new ConsumerBuilder<byte[]?, byte[]?>(new ConsumerConfig
        {
            BootstrapServers = Broker.BootstrapServers,
            GroupId = "reader",
            AutoOffsetReset = AutoOffsetReset.Earliest,
            EnableAutoCommit = false,
            FetchWaitMaxMs = 10,
        }).Build();
        consumer.Assign(new TopicPartitionOffset(topic, 0, Offset.Beginning));
        var records = new List<ConsumeResult<byte[]?, byte[]?>>();
        using var deadline = new CancellationTokenSource(Eventually.Deadline);
        while (records.Count < count)
        {
            try
            {
                records.Add(consumer.Consume(deadline.Token));
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException($"Waited {Eventually.Deadline.TotalSeconds} s in vain for {count} records of topic {topic}; {records.Count} came.");
            }
        }
        return records;
    }

    /// <summary>The positions the group committed, by partition; -1001 where there is none.</summary>
    public Dictionary<int, long> Committed()
    {
        using IConsumer<byte[], byte[]> consumer = new ConsumerBuilder<byte[], byte[]>(
            new ConsumerConfig { BootstrapServers = Broker.BootstrapServers, GroupId = Options.GroupId }).Build();
        return consumer.Committed(
            Enumerable.Range(0, Options.EmbeddedPartitions).Select(partition => new TopicPartition(Options.EventsTopic, partition)), Eventually.Deadline)
            .ToDictionary(position => position.Partition.Value, position => position.Offset.Value);
    }

    /// <summary>Closes the sources of a test that failed as well, or they would disturb the others.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (KafkaEventSource source in _sources)
        {
            await source.DisposeAsync();
        }
        Broker.Dispose();
    }
}

/// <summary>The part of detection: reads batches, keeps what it saw, gives them back.</summary>
internal sealed class BatchReader
{
    private readonly KafkaEventSource _source;
    private readonly bool _commits;
    private readonly Task _reading;

    public BatchReader(KafkaEventSource source, bool commits = false, Task? gate = null)
    {
        _source = source;
        _commits = commits;
        _reading = Task.Run(() => Read(gate ?? Task.CompletedTask));
    }

    public ConcurrentQueue<Seen> Events { get; } = new();

    public ConcurrentQueue<PartitionNotice> Notices { get; } = new();

    public ConcurrentDictionary<int, long> Positions { get; } = new();

    public Task Ended => _reading;

    public static async Task<BatchReader> Run(KafkaEventSource source, bool commits, Func<BatchReader, bool> until, string what)
    {
        source.Start();
        var reader = new BatchReader(source, commits);
        await Eventually.True(() => until(reader) || reader.Ended.IsFaulted, what);
        await reader.Stop();
        return reader;
    }

    /// <summary>The way the worker stops: read to the end, commit, leave.</summary>
    public async Task Stop()
    {
        _source.StopReading();
        await _reading;
        Assert.True(await _source.CloseAsync(KafkaEventSource.CloseLimit), "the group was not left in time");
    }

    private async Task Read(Task gate)
    {
        await gate;
        await foreach (SourceBatch batch in _source.Batches.ReadAllAsync())
        {
            foreach (PartitionNotice notice in batch.Notices)
            {
                Notices.Enqueue(notice);
            }
            foreach (PlaybackEvent seen in batch.Events.Events)
            {
                Assert.Equal(NumberParser.Topic, seen.Topic);
                Events.Enqueue(new Seen(seen.Partition, seen.Offset, seen.Timestamp));
            }
            foreach (TopicPartitionOffset position in batch.Positions)
            {
                Positions[position.Partition.Value] = position.Offset.Value;
            }
            if (_commits)
            {
                _source.Commit([.. batch.Positions]);
            }
            _source.Return(batch);
        }
    }
}
