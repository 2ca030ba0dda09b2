using System.Diagnostics;
using System.Globalization;
using System.Text;
using AutoGuard.Kafka;
using AutoGuard.Testing;
using Confluent.Kafka;

namespace AutoGuard.Tests.Kafka;

public sealed class FetchedRecordsTests
{
    [Fact]
    public async Task Records_come_as_they_were_written_and_end_with_the_partition()
    {
        await using var bench = new KafkaBench(partitions: 1);
        bench.ProduceTexts([(0, "one"), (0, null), (0, "")]);
        using IConsumer<Ignore, Ignore> consumer = Consume(bench);
        using FetchedRecords fetched = Of(consumer);
        List<string> seen = [];

        while (seen.LastOrDefault() is not "end at 3")
        {
            Await(fetched);
            seen.Add(fetched.Error == ErrorCode.Local_PartitionEOF ? $"end at {fetched.Offset}" : Describe(fetched.Record));
            fetched.Release();
        }

        Assert.Equal(["0/0 key=key origin=test one", "0/1 key=key origin=test (null)", "0/2 key=key origin=test ", "end at 3"], seen);
    }

    [Fact]
    public async Task A_record_stays_until_it_is_released_and_nothing_of_a_forgotten_partition_does()
    {
        await using var bench = new KafkaBench(partitions: 2);
        bench.Produce(0, 2);
        using IConsumer<Ignore, Ignore> consumer = Consume(bench);
        using FetchedRecords fetched = Of(consumer);
        Await(fetched);
        int partition = fetched.Partition;
        Await(fetched);
        Assert.Equal((partition, 0L), (fetched.Partition, fetched.Offset));

        fetched.Forget(partition);

        int other = 0;
        while (other == 0)
        {
            Await(fetched);
            if (fetched.Error == ErrorCode.NoError)
            {
                Assert.Equal(1 - partition, fetched.Partition);
                other++;
            }
            fetched.Release();
        }
    }

    [Fact]
    public async Task Reading_what_is_there_allocates_nothing()
    {
        const int Records = 5_000;
        await using var bench = new KafkaBench(partitions: 1);
        using (KafkaEventProducer producer = new(bench.Settings))
        {
            for (int i = 0; i < Records; i++)
            {
                producer.Produce("key"u8, Encoding.UTF8.GetBytes(i.ToString(CultureInfo.InvariantCulture)), CancellationToken.None);
            }
            producer.Flush(CancellationToken.None);
        }
        using IConsumer<Ignore, Ignore> consumer = Consume(bench);
        using FetchedRecords fetched = Of(consumer);
        long bytes = ReadOne(fetched);

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 1; i < Records; i++)
        {
            bytes += ReadOne(fetched);
        }
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Equal(0, allocated);
        Assert.Equal((4 * Records) - 1_110, bytes);
    }

    [Fact]
    public async Task Partitions_taken_away_in_the_midst_of_fetching_take_no_record_of_others_with_them_and_leave_nothing_open()
    {
        const int Records = 30_000;
        await using var bench = new KafkaBench(partitions: 1);
        bench.Produce(0, Records);
        Dictionary<string, string> config = bench.Settings.ForConsumer(KafkaLibrary.Current.Native!);
        // The statistics stand for a rebalance: they are told of within the same call.
        config["statistics.interval.ms"] = "1";
        FetchedRecords? fetched = null;
        int callbacks = 0;
        IConsumer<Ignore, Ignore> consumer = new ConsumerBuilder<Ignore, Ignore>(config).SetStatisticsHandler((_, _) =>
        {
            callbacks++;
            fetched?.Forget(99);
        }).Build();
        consumer.Assign(new TopicPartitionOffset(bench.Options.EventsTopic, 0, Offset.Beginning));
        fetched = Of(consumer);
        for (int next = 0; next < Records;)
        {
            Await(fetched);
            if (fetched.Error == ErrorCode.NoError)
            {
                Assert.Equal(next++, fetched.Offset);
            }
            fetched.Release();
        }
        Assert.True(callbacks > 1, $"{callbacks} callbacks came");
        Assert.False(fetched.HasGap);

        fetched.Dispose();
        Task closing = Task.Run(consumer.Close);
        await Eventually.True(() => closing.IsCompleted, "the consumer to close");
        consumer.Dispose();
    }

    private static IConsumer<Ignore, Ignore> Consume(KafkaBench bench)
    {
        IConsumer<Ignore, Ignore> consumer = new ConsumerBuilder<Ignore, Ignore>(bench.Settings.ForConsumer(KafkaLibrary.Current.Native!)).Build();
        consumer.Assign(Enumerable.Range(0, bench.Options.EmbeddedPartitions)
            .Select(partition => new TopicPartitionOffset(bench.Options.EventsTopic, partition, Offset.Beginning)));
        return consumer;
    }

    private static FetchedRecords Of(IClient consumer)
    {
        FetchedRecords? fetched = FetchedRecords.Of(consumer);
        Assert.True(fetched is not null, "This release of Confluent.Kafka keeps its native handle elsewhere.");
        return fetched;
    }

    private static int ReadOne(FetchedRecords fetched)
    {
        Await(fetched);
        int length = fetched.Record.Value.Length;
        fetched.Release();
        return length;
    }

    private static void Await(FetchedRecords fetched)
    {
        long start = Stopwatch.GetTimestamp();
        while (!fetched.TryNext())
        {
            if (Stopwatch.GetElapsedTime(start) > Eventually.Deadline)
            {
                throw new TimeoutException("No record came.");
            }
            Thread.Yield();
        }
    }

    private static string Describe(FetchedRecord record) => string.Create(
        CultureInfo.InvariantCulture,
        $"{record.Partition}/{record.Offset} key={Encoding.UTF8.GetString(record.Key)} origin={Encoding.UTF8.GetString(record.Headers!.GetLastBytes("origin"))} {(record.HasValue ? Encoding.UTF8.GetString(record.Value) : "(null)")}");
}
