using AutoGuard.Core.Events;
using AutoGuard.Kafka;
using AutoGuard.Testing;

namespace AutoGuard.Tests.Kafka;

public sealed class KafkaEventSourceTests
{
    [Fact]
    public async Task Every_record_is_read_once_and_in_the_order_of_its_partition()
    {
        await using var bench = new KafkaBench();
        bench.Produce(0, 5_000);
        KafkaEventSource source = bench.Source();

        BatchReader reader = await BatchReader.Run(source, commits: false, r => r.Events.Count >= 5_000, "5,000 events");

        Assert.Equal(Enumerable.Range(0, 5_000).Select(number => (long)number), reader.Events.Select(seen => seen.Number).Order());
        foreach (IGrouping<int, Seen> partition in reader.Events.GroupBy(seen => seen.Partition))
        {
            Assert.Equal(Enumerable.Range(0, 1_250).Select(offset => (long)offset), partition.Select(seen => seen.Offset));
            Assert.All(partition, seen => Assert.Equal(seen.Partition, seen.Number % 4));
            Assert.Equal(1_250, reader.Positions[partition.Key]);
        }
        Assert.Equal(5_000, source.Counters.Accepted);
        Assert.Equal(5_000, source.Counters.Consumed);
    }

    [Fact]
    public async Task A_restart_goes_on_where_it_committed()
    {
        await using var bench = new KafkaBench();
        bench.Produce(0, 1_000);
        await BatchReader.Run(bench.Source(), commits: true, r => r.Events.Count >= 1_000, "the first 1,000 events");
        Assert.Equal(new Dictionary<int, long> { [0] = 250, [1] = 250, [2] = 250, [3] = 250 }, bench.Committed());

        bench.Produce(1_000, 1_500);
        BatchReader second = await BatchReader.Run(bench.Source(), commits: true, r => r.Events.Count >= 500, "the other 500 events");

        Assert.Equal(Enumerable.Range(1_000, 500).Select(number => (long)number), second.Events.Select(seen => seen.Number).Order());
    }

    [Fact]
    public async Task A_source_that_reads_alone_has_every_partition_and_goes_on_where_it_committed_for_its_group()
    {
        await using var bench = new KafkaBench();
        bench.Produce(0, 1_000);
        BatchReader first = await BatchReader.Run(bench.Source(readsAlone: true), commits: true, r => r.Events.Count == 1_000, "a thousand events");
        Assert.Equal(4, first.Notices.Count(notice => notice.Change == PartitionChange.Assigned));
        Assert.Equal(1_000, bench.Committed().Values.Sum());

        bench.Produce(1_000, 1_500);
        BatchReader second = await BatchReader.Run(bench.Source(readsAlone: true), commits: true, r => r.Events.Count >= 500, "the other events");

        Assert.Equal(Enumerable.Range(1_000, 500).Select(number => (long)number), second.Events.Select(seen => seen.Number).Order());
        Assert.Equal(1_500, bench.Committed().Values.Sum());
    }

    [Fact]
    public async Task What_was_not_committed_is_read_again()
    {
        await using var bench = new KafkaBench();
        bench.Produce(0, 400);
        await BatchReader.Run(bench.Source(), commits: false, r => r.Events.Count >= 400, "400 events");

        BatchReader second = await BatchReader.Run(bench.Source(), commits: false, r => r.Events.Count >= 400, "the same 400 events");

        Assert.Equal(400, second.Events.Select(seen => seen.Number).Distinct().Count());
    }

    [Fact]
    public async Task Reading_begins_at_the_positions_of_a_snapshot_whatever_was_committed()
    {
        await using var bench = new KafkaBench(partitions: 2);
        bench.Produce(0, 200);
        await BatchReader.Run(bench.Source(), commits: true, r => r.Events.Count >= 200, "200 events");

        BatchReader second = await BatchReader.Run(
            bench.Source(partition => partition == 0 ? 90 : null), commits: false, r => r.Events.Count >= 10, "the last ten of partition 0");

        Assert.Equal(Enumerable.Range(90, 10).Select(offset => new Seen(0, offset, offset * 2)), second.Events);
    }

    [Fact]
    public async Task A_reader_that_falls_behind_pauses_the_partitions_and_later_gets_everything()
    {
        await using var bench = new KafkaBench();
        bench.Produce(0, 20_000);
        KafkaEventSource source = bench.Source();
        source.Start();
        var gate = new TaskCompletionSource();
        var reader = new BatchReader(source, commits: true, gate.Task);

        await Eventually.True(() => source.Counters.IsPaused, "the partitions to be paused");
        int mostInFlight = (bench.Options.QueuedBatches + 2) * bench.Options.BatchSize;
        Assert.InRange(source.Counters.Consumed, 1, mostInFlight);
        await Eventually.True(() => source.Counters.Lag >= 20_000 - mostInFlight, "a lag that counts what is not read");

        gate.SetResult();
        await Eventually.True(() => reader.Events.Count >= 20_000, "all events after the pause");
        await reader.Stop();

        Assert.False(source.Counters.IsPaused);
        Assert.Equal(Enumerable.Range(0, 20_000).Select(number => (long)number), reader.Events.Select(seen => seen.Number).Order());
        Assert.All(reader.Events.GroupBy(seen => seen.Partition), partition => Assert.Equal(partition.Select(seen => seen.Offset).Order(), partition.Select(seen => seen.Offset)));
    }

    [Fact]
    public async Task A_partition_without_events_is_announced_idle_after_it_was_assigned()
    {
        await using var bench = new KafkaBench(partitions: 2, options => options.IdlePartitionTimeout = TimeSpan.FromSeconds(1));
        bench.ProduceTexts([(0, "1")]);
        KafkaEventSource source = bench.Source();

        BatchReader reader = await BatchReader.Run(
            source, commits: false, r => r.Notices.Count(notice => notice.Change == PartitionChange.Idle) >= 2, "both partitions to be idle");

        foreach (int partition in (int[])[0, 1])
        {
            Assert.Equal([PartitionChange.Assigned, PartitionChange.Idle], reader.Notices.Where(notice => notice.Partition == partition).Select(notice => notice.Change));
        }
    }

    [Fact]
    public void The_reasons_of_rejections_have_the_names_of_the_contract()
    {
        Assert.Equal("invalidJson", SourceCounters.NameOf(EventRejection.InvalidJson));
        Assert.Equal("missingSessionId", SourceCounters.NameOf(EventRejection.MissingSessionId));
        Assert.Equal("future", SourceCounters.NameOf(EventRejection.Future));
    }

    [Fact]
    public async Task A_property_librdkafka_refuses_in_combination_stops_the_start()
    {
        await using var bench = new KafkaBench(configure: options => options.Producer["acks"] = "1");
        KafkaEventSource source = bench.Source();

        InvalidOperationException error = Assert.Throws<InvalidOperationException>(source.Start);

        Assert.StartsWith("Kafka:Consumer or Kafka:Producer is refused by librdkafka:", error.Message, StringComparison.Ordinal);
    }
}
