using AutoGuard.Kafka;
using AutoGuard.Testing;
using Microsoft.Extensions.Logging;

namespace AutoGuard.Tests.Kafka;

public sealed class OutageAndStopTests
{
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
}
