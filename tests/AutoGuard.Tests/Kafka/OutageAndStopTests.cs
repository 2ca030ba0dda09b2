using System.Net.NetworkInformation;
using AutoGuard.Kafka;
using AutoGuard.Testing;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace AutoGuard.Tests.Kafka;

public sealed class OutageAndStopTests
{
    [Fact]
    public async Task A_broker_that_comes_up_later_is_waited_for_and_said_to_be_missing()
    {
        await using var bench = new KafkaBench();
        bench.Produce(0, 100);
        await bench.Broker.TakeDownAsync();
        KafkaEventSource source = bench.Source();
        source.Start();
        var reader = new BatchReader(source, commits: true);
        await Eventually.True(() => bench.Log.Lines(LogLevel.Warning).Any(line => line.StartsWith($"No Kafka broker of {bench.Broker.BootstrapServers}", StringComparison.Ordinal)), "a line that says that no broker answers");
        Assert.False(source.Counters.IsConnected);

        await bench.Broker.BringUpAsync();
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
        await bench.Broker.TakeDownAsync();
        await Eventually.True(() => !source.Counters.IsConnected, "the outage to be noticed");
        await bench.Broker.BringUpAsync();
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

    [Theory]
    [InlineData(ErrorCode.Local_NoOffset, 0)]
    [InlineData(ErrorCode.GroupAuthorizationFailed, 1)]
    public async Task At_a_stop_it_is_no_failure_that_nothing_was_left_to_commit(ErrorCode answer, int warnings)
    {
        const short OffsetCommit = 8;
        await using var bench = new KafkaBench();
        bench.Produce(0, 400);
        bench.Broker.FailRequests(OffsetCommit, [.. Enumerable.Repeat((int)answer, 50)]);

        BatchReader reader = await BatchReader.Run(bench.Source(readsAlone: true), commits: true, r => r.Events.Count >= 400, "the events");

        Assert.Equal(400, reader.Positions.Values.Sum());
        Assert.Equal(warnings, bench.Log.Lines(LogLevel.Warning).Count(line => line.StartsWith("The last positions could not be committed", StringComparison.Ordinal)));
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
        await bench.Broker.TakeDownAsync();
        KafkaEventSource source = bench.Source();
        source.Start();

        Task<bool> closed = source.CloseAsync(KafkaEventSource.CloseLimit);

        await Eventually.True(() => closed.IsCompletedSuccessfully, "the close to end");
    }

    [Fact]
    public async Task A_source_that_cannot_start_leaves_no_connection_behind()
    {
        // The dead-letter producer connects as well, which would hide what the consumer does: it looks where nobody listens.
        await using var bench = new KafkaBench(configure: options => options.Producer["broker.address.family"] = "v6");
        int port = bench.Broker.Port();
        Task connected = Task.CompletedTask;
        KafkaEventSource source = bench.Source(
            _ =>
            {
                connected = Eventually.True(() => Connections(port) > 0, "the consumer to connect");
                ((IAsyncResult)connected).AsyncWaitHandle.WaitOne(Eventually.Deadline);
                throw new InvalidOperationException("There is no snapshot.");
            },
            readsAlone: true);

        Assert.Throws<InvalidOperationException>(source.Start);

        Assert.True(connected.IsCompletedSuccessfully, "the consumer never connected");
        Assert.Equal(0, Connections(port));
    }

    [Fact]
    public async Task A_source_that_fails_gives_its_partitions_up()
    {
        await using var bench = new KafkaBench();
        bench.Produce(0, 20_000);
        await using KafkaEventSource failing = new(
            bench.Settings, NumberParser.Parse, NumberParser.Topic, new BrokenLog("Detection cannot keep up"), TimeProvider.System);
        failing.Start();
        await Eventually.True(() => failing.Completion.IsCompleted, "the source to fail");

        BatchReader reader = await BatchReader.Run(bench.Source(), commits: true, r => r.Events.Count >= 20_000, "the events at another member of the group");

        await Assert.ThrowsAsync<IOException>(() => failing.Completion);
        Assert.Equal(20_000, reader.Events.Select(seen => seen.Number).Distinct().Count());
    }

    /// <summary>Connections to a port of this machine that stand.</summary>
    private static int Connections(int port) => IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpConnections()
        .Count(connection => connection.RemoteEndPoint.Port == port && connection.State == TcpState.Established);

    /// <summary>A log that cannot be written once it comes to a certain line.</summary>
    private sealed class BrokenLog(string line) : ILogger<KafkaEventSource>
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (formatter(state, exception).StartsWith(line, StringComparison.Ordinal))
            {
                throw new IOException("No space left on device");
            }
        }
    }
}
