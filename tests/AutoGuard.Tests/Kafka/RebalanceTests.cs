using AutoGuard.Kafka;
using AutoGuard.Testing;

namespace AutoGuard.Tests.Kafka;

public sealed class RebalanceTests
{
    [Fact]
    public async Task Two_workers_share_the_partitions_and_together_miss_nothing()
    {
        await using var bench = new KafkaBench(partitions: 8);
        bench.Produce(0, 4_000);
        KafkaEventSource first = bench.Source();
        first.Start();
        var firstReader = new BatchReader(first, commits: true);
        await Eventually.True(() => firstReader.Events.Count >= 4_000, "the first worker to read everything");
        // A group refuses commits in the middle of a rebalance; what it has refused then is read twice.
        // The broker is asked: a worker that lost its partitions on a busy machine and got them back has committed nothing since.
        await Eventually.True(() => bench.Committed().Values.All(committed => committed == 500), "everything to be committed");

        KafkaEventSource second = bench.Source();
        second.Start();
        var secondReader = new BatchReader(second, commits: true);
        await Eventually.True(() => first.Counters.Partitions.Length == 4 && second.Counters.Partitions.Length == 4, "each worker to have half of the partitions");
        bench.Produce(4_000, 8_000);
        await Eventually.True(() => Numbers().Distinct().Count() == 8_000, "the two workers to read everything");
        await Eventually.True(() => bench.Committed().Values.All(committed => committed == 1_000), "everything to be committed");

        // The second leaves; its partitions come back and go on where it committed.
        await secondReader.Stop();
        await Eventually.True(() => first.Counters.Partitions.Length == 8, "the first worker to take the partitions back");
        bench.Produce(8_000, 12_000);
        await Eventually.True(() => Numbers().Distinct().Count() == 12_000, "the first worker to read the rest");
        await firstReader.Stop();

        Assert.Equal(12_000, Numbers().Distinct().Count());
        // Everything was committed before each hand-over, so nothing is read twice either.
        Assert.Equal(12_000, Numbers().Count());
        Assert.NotEmpty(secondReader.Events);
        Assert.Contains(firstReader.Notices, notice => notice.Change == PartitionChange.Revoked);
        Assert.All(bench.Committed().Values, committed => Assert.Equal(1_500, committed));

        IEnumerable<long> Numbers() => firstReader.Events.Concat(secondReader.Events).Select(seen => seen.Number);
    }

    [Fact]
    public async Task Events_in_flight_when_partitions_move_are_read_again_and_never_lost()
    {
        await using var bench = new KafkaBench(partitions: 4);
        bench.Produce(0, 8_000);
        KafkaEventSource first = bench.Source();
        first.Start();
        var gate = new TaskCompletionSource();
        var firstReader = new BatchReader(first, commits: true, gate.Task);
        await Eventually.True(() => first.Counters.IsPaused, "the first worker to hold all its batches");

        KafkaEventSource second = bench.Source();
        second.Start();
        var secondReader = new BatchReader(second, commits: true);
        await Eventually.True(() => second.Counters.Partitions.Length == 2, "the second worker to get its half");
        gate.SetResult();
        await Eventually.True(() => Numbers().Distinct().Count() == 8_000, "the two workers to read everything");
        // The broker refuses commits while a group forms anew, as it does when the first leaves: let them arrive before.
        await Eventually.True(() => bench.Committed().Values.Sum(committed => Math.Max(0, committed)) == 8_000, "everything to be committed");
        await firstReader.Stop();
        await secondReader.Stop();

        Assert.Equal(8_000, bench.Committed().Values.Sum());
        int mostInFlight = (bench.Options.QueuedBatches + 2) * bench.Options.BatchSize;
        Assert.InRange(Numbers().Count() - 8_000, 0, mostInFlight);

        IEnumerable<long> Numbers() => firstReader.Events.Concat(secondReader.Events).Select(seen => seen.Number);
    }
}
