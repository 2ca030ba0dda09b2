using System.Globalization;
using System.Text;
using AutoGuard.Core.Events;
using AutoGuard.Kafka;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace AutoGuard.Tests.Kafka;

public sealed class KafkaEventSourceTests
{
    private const short ProduceRequest = 0;
    private const int TopicAuthorizationFailed = 29;

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
    public async Task Records_that_are_no_events_go_to_the_dead_letter_topic_with_their_coordinates()
    {
        await using var bench = new KafkaBench(partitions: 2);
        bench.ProduceTexts([(0, "1"), (1, "no number"), (1, null), (0, "throw"), (1, "2")]);
        KafkaEventSource source = bench.Source();

        BatchReader reader = await BatchReader.Run(source, commits: true, r => r.Positions.GetValueOrDefault(1) == 3 && r.Positions.GetValueOrDefault(0) == 2, "both partitions read");

        Assert.Equal([1L, 2L], reader.Events.Select(seen => seen.Number).Order());
        List<ConsumeResult<byte[]?, byte[]?>> letters = bench.ReadAll(bench.Options.DeadLetterTopic, 3);
        Assert.Equal(
            [
                "0/1 parserFault playback.events key test throw",
                "1/0 invalidJson playback.events key test no number",
                "1/1 empty playback.events key test (null)",
            ],
            letters.Select(Describe).Order(StringComparer.Ordinal));
        Assert.Equal(1, source.Counters.Rejected(EventRejection.InvalidJson));
        Assert.Equal(1, source.Counters.Rejected(EventRejection.Empty));
        Assert.Equal(1, source.Counters.ParserFaults);
        Assert.Equal(3, source.Counters.DeadLettered);
        Assert.Equal(new Dictionary<int, long> { [0] = 2, [1] = 3 }, bench.Committed());

        static string Describe(ConsumeResult<byte[]?, byte[]?> letter)
        {
            string Header(string name) => Encoding.UTF8.GetString(letter.Message.Headers.GetLastBytes(name));
            return $"{Header("autoguard.partition")}/{Header("autoguard.offset")} {Header("autoguard.reason")} {Header("autoguard.topic")} "
                + $"{Encoding.UTF8.GetString(letter.Message.Key!)} {Header("origin")} "
                + (letter.Message.Value is byte[] value ? Encoding.UTF8.GetString(value) : "(null)");
        }
    }

    [Fact]
    public async Task Nothing_beyond_a_bad_record_is_committed_before_its_copy_is_acknowledged()
    {
        await using var bench = new KafkaBench(partitions: 1);
        bench.ProduceTexts([(0, "1"), (0, "2"), (0, "bad"), (0, "3"), (0, "4")]);
        const int Refusals = 3;
        bench.Broker.FailRequests(ProduceRequest, [.. Enumerable.Repeat(TopicAuthorizationFailed, Refusals)]);
        KafkaEventSource source = bench.Source();
        source.Start();
        var reader = new BatchReader(source, commits: true);

        await Eventually.True(() => source.Counters.DeadLetterFailures >= 1 && reader.Events.Count == 4, "a refused copy of the bad record");
        await Eventually.True(() => source.Counters.Commits > 0, "a commit");
        Assert.Equal(0, source.Counters.DeadLettered);
        Assert.Equal(2, bench.Committed()[0]);

        await Eventually.True(() => source.Counters.DeadLettered == 1, "the copy to be acknowledged in the end");
        await Eventually.True(() => bench.Committed()[0] == 5, "the commit of everything once the copy succeeded");
        await reader.Stop();
        Assert.Contains(bench.Log.Lines(LogLevel.Error), line => line.StartsWith("A record cannot be copied to the dead-letter topic", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_flood_of_bad_records_is_logged_once_and_counted_whole()
    {
        await using var bench = new KafkaBench(partitions: 1);
        bench.ProduceTexts(Enumerable.Range(0, 2_000).Select(number => (0, (string?)string.Create(CultureInfo.InvariantCulture, $"bad {number}"))));
        KafkaEventSource source = bench.Source();

        await BatchReader.Run(source, commits: true, r => r.Positions.GetValueOrDefault(0) == 2_000, "all 2,000 bad records read");

        Assert.Equal(2_000, source.Counters.Rejected(EventRejection.InvalidJson));
        Assert.Equal(2_000, source.Counters.DeadLettered);
        Assert.Equal(2_000, bench.Committed()[0]);
        string line = Assert.Single(bench.Log.Lines(LogLevel.Warning));
        Assert.Equal("A record of topic playback.events, partition 0, offset 0 is not a playback event (invalidJson) and goes to the dead-letter topic; 0 more of its kind since the last such line.", line);
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
    public async Task A_broker_that_comes_up_later_is_waited_for_and_said_to_be_missing()
    {
        await using var bench = new KafkaBench();
        bench.Produce(0, 100);
        bench.Broker.TakeDown();
        KafkaEventSource source = bench.Source();
        source.Start();
        var reader = new BatchReader(source, commits: true);
        await Eventually.True(() => bench.Log.Lines(LogLevel.Warning).Any(line => line.StartsWith($"No Kafka broker of {bench.Broker.BootstrapServers}", StringComparison.Ordinal)), "a line that says that no broker answers");
        Assert.False(source.Counters.IsConnected);

        bench.Broker.BringUp();
        await Eventually.True(() => reader.Events.Count >= 100, "the events once the broker is up");
        await Eventually.True(() => bench.Log.Lines(LogLevel.Information).Any(line => line.EndsWith("answers again.", StringComparison.Ordinal)), "a line that says that it answers again");
        Assert.True(source.Counters.IsConnected);
        await reader.Stop();
    }

    [Fact]
    public async Task A_broker_that_goes_away_in_between_loses_nothing()
    {
        await using var bench = new KafkaBench();
        bench.Produce(0, 500);
        KafkaEventSource source = bench.Source();
        source.Start();
        var reader = new BatchReader(source, commits: true);
        await Eventually.True(() => reader.Events.Count >= 500, "the events before the outage");
        bench.Broker.TakeDown();
        await Eventually.True(() => !source.Counters.IsConnected, "the outage to be noticed");
        bench.Broker.BringUp();
        bench.Produce(500, 1_000);
        await Eventually.True(() => reader.Events.Select(seen => seen.Number).Distinct().Count() == 1_000, "the events after the outage");
        await reader.Stop();
        Assert.Equal(1_000, bench.Committed().Values.Sum());
    }

    [Fact]
    public async Task Stopping_in_full_flow_ends_in_time_and_commits_exactly_what_was_dealt_with()
    {
        await using var bench = new KafkaBench();
        bench.Produce(0, 50_000);
        KafkaEventSource source = bench.Source();
        source.Start();
        var reader = new BatchReader(source, commits: true);
        await Eventually.True(() => reader.Events.Count > 1_000, "the flow to begin");

        await reader.Stop();

        Assert.True(source.Completion.IsCompletedSuccessfully);
        foreach ((int partition, long committed) in bench.Committed())
        {
            Assert.Equal(reader.Events.Count(seen => seen.Partition == partition), Math.Max(committed, 0));
        }
    }

    [Fact]
    public async Task Closing_without_a_reader_does_not_hang()
    {
        await using var bench = new KafkaBench();
        bench.Produce(0, 20_000);
        KafkaEventSource source = bench.Source();
        source.Start();
        await Eventually.True(() => source.Counters.IsPaused, "all batches to be filled");

        Assert.True(await source.CloseAsync(KafkaEventSource.CloseLimit));
        Assert.All(bench.Committed().Values, committed => Assert.True(committed < 0, "nothing was dealt with, so nothing may be committed"));
    }

    [Fact]
    public async Task Closing_while_no_broker_answers_gives_up_in_time()
    {
        await using var bench = new KafkaBench();
        bench.Broker.TakeDown();
        KafkaEventSource source = bench.Source();
        source.Start();

        Task<bool> closed = source.CloseAsync(KafkaEventSource.CloseLimit);

        await Eventually.True(() => closed.IsCompletedSuccessfully, "the close to end");
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
