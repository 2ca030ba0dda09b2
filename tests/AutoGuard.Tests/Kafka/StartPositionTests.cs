using AutoGuard.Kafka;
using AutoGuard.Testing;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace AutoGuard.Tests.Kafka;

/// <summary>Where reading begins when that cannot be found out, or is nowhere.</summary>
public sealed class StartPositionTests
{
    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task A_look_up_that_fails_while_partitions_are_assigned_ends_the_source_with_its_error(bool oneByOne, bool later)
    {
        await using var bench = new KafkaBench();
        bench.Produce(0, 400);
        int asked = 0;
        KafkaEventSource source = bench.Source(
            _ => Interlocked.Increment(ref asked) > (later ? bench.Options.EmbeddedPartitions : 0) ? throw new TimeoutException("The database does not answer.") : null,
            readsOneByOne: oneByOne);
        source.Start();
        var reader = new BatchReader(source, commits: false);
        if (later)
        {
            // Another member takes half of the partitions and gives them back.
            await Eventually.True(() => reader.Events.Count >= 400, "the events before the failure");
            await BatchReader.Run(bench.Source(), commits: false, r => r.Events.Count >= 200, "the other member to have its half");
        }

        await Eventually.True(() => source.Completion.IsCompleted, "the source to end");

        await Assert.ThrowsAsync<TimeoutException>(() => source.Completion);
        await Assert.ThrowsAsync<TimeoutException>(() => reader.Ended);
        Assert.Contains("The event source failed and reads nothing more.", bench.Log.Lines(LogLevel.Critical));
        Assert.Equal(later ? 400 : 0, source.Counters.Consumed);
        Assert.All(bench.Committed().Values, committed => Assert.True(committed < 0, "positions were committed"));
    }

    [Fact]
    public async Task A_start_position_below_zero_is_refused_and_not_taken_for_the_end()
    {
        await using var bench = new KafkaBench();
        bench.Produce(0, 400);
        KafkaEventSource source = bench.Source(_ => -1);
        source.Start();

        await Eventually.True(() => source.Completion.IsCompleted, "the source to end");

        InvalidOperationException error = await Assert.ThrowsAsync<InvalidOperationException>(() => source.Completion);
        Assert.Contains($"of topic {bench.Options.EventsTopic} was to be read from offset -1", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_start_position_beyond_the_end_begins_at_the_earliest_record()
    {
        await using var bench = new KafkaBench();
        bench.Produce(0, 400);

        BatchReader reader = await BatchReader.Run(bench.Source(_ => 5_000), commits: false, r => r.Events.Count >= 400, "all events");

        Assert.Equal(400, reader.Events.Select(seen => seen.Number).Distinct().Count());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_position_that_is_missing_ends_the_source_where_the_user_asked_for_an_error(bool oneByOne)
    {
        await using var bench = new KafkaBench(configure: options => options.Consumer["auto.offset.reset"] = "error");
        bench.Produce(0, 400);
        KafkaEventSource source = bench.Source(readsOneByOne: oneByOne);
        source.Start();

        await Eventually.True(() => source.Completion.IsCompleted, "the source to end", TimeSpan.FromSeconds(20));

        InvalidOperationException error = await Assert.ThrowsAsync<InvalidOperationException>(() => source.Completion);
        Assert.Contains("auto.offset.reset forbids to begin elsewhere", error.Message, StringComparison.Ordinal);
        Assert.Contains("The event source failed and reads nothing more.", bench.Log.Lines(LogLevel.Critical));
    }

    [Fact]
    public async Task Positions_of_an_earlier_assignment_do_not_take_back_what_another_member_committed()
    {
        await using var bench = new KafkaBench();
        bench.Produce(0, 400);
        KafkaEventSource first = bench.Source();
        first.Start();
        var firstReader = new BatchReader(first, commits: false);
        await Eventually.True(() => firstReader.Events.Count >= 400, "the first member to read everything");
        TopicPartitionOffset[] old = [.. firstReader.Positions
            .Select(position => new TopicPartitionOffset(bench.Options.EventsTopic, position.Key, position.Value / 2))];
        BatchReader second = await BatchReader.Run(bench.Source(), commits: true, r => r.Events.Count >= 200, "the second member to read its half");
        int[] moved = [.. second.Events.Select(seen => seen.Partition).Distinct()];
        await Eventually.True(() => first.Counters.Partitions.Length == 4, "the first member to have everything back");

        first.Commit(old);
        await firstReader.Stop();

        Dictionary<int, long> committed = bench.Committed();
        Assert.Equal(2, moved.Length);
        Assert.All(moved, partition => Assert.Equal(100, committed[partition]));
        // What the first member had all the time it may commit.
        Assert.All(committed.Keys.Except(moved), partition => Assert.Equal(50, committed[partition]));
    }
}
