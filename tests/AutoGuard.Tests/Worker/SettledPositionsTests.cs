using AutoGuard.Core.Pipeline;
using AutoGuard.Kafka;
using AutoGuard.Worker;
using Confluent.Kafka;

namespace AutoGuard.Tests.Worker;

public sealed class SettledPositionsTests
{
    private const long Passed = 2 * ReorderBuffer.SlotLength;
    private readonly SettledPositions _positions = new();

    [Fact]
    public void A_position_is_settled_once_event_time_has_passed_everything_before_it()
    {
        _positions.Add(Batch([1_000, 5_000], (0, 2)));

        Assert.Empty(_positions.Take(4_999 + Passed));
        Assert.Equal([(0, 2L)], Taken(5_000 + Passed));
        Assert.Empty(_positions.Take(long.MaxValue));
    }

    [Fact]
    public void A_position_waits_for_those_before_it_and_only_the_furthest_of_a_partition_is_told()
    {
        _positions.Add(Batch([9_000], (0, 1)));
        _positions.Add(Batch([1_000], (0, 2), (1, 1)));
        _positions.Add(Batch([9_500], (1, 2)));

        Assert.Empty(_positions.Take(1_000 + Passed));
        Assert.Equal([(0, 2L), (1, 1L)], Taken(9_000 + Passed));
        Assert.Equal([(1, 2L)], Taken(9_500 + Passed));
    }

    [Fact]
    public void Positions_of_records_that_are_no_events_wait_for_nothing_but_their_turn()
    {
        _positions.Add(Batch([], (0, 7)));
        Assert.Equal([(0, 7L)], Taken(long.MinValue));

        _positions.Add(Batch([3_000], (0, 8)));
        _positions.Add(Batch([], (0, 9)));
        Assert.Empty(_positions.Take(long.MinValue));
        Assert.Equal([(0, 9L)], Taken(3_000 + Passed));
    }

    private (int, long)[] Taken(long watermark) => [.. _positions.Take(watermark).Select(p => (p.Partition.Value, p.Offset.Value)).Order()];

    private static SourceBatch Batch(long[] times, params (int Partition, long Offset)[] positions)
    {
        SourceBatch batch = new(16);
        foreach (long time in times)
        {
            batch.Events.Next().Timestamp = time;
            batch.Events.Commit();
        }
        foreach ((int partition, long offset) in positions)
        {
            batch.Fill(new TopicPartitionOffset("events", partition, offset));
        }
        return batch;
    }
}
