using AutoGuard.Core.Events;
using AutoGuard.Core.Pipeline;
using AutoGuard.Kafka;
using Confluent.Kafka;

namespace AutoGuard.Worker;

/// <summary>
/// Which positions of the source are dealt with. Events wait for the watermark after they were read; a position is settled
/// once the watermark has passed all events before it.
/// </summary>
internal sealed class SettledPositions
{
    private readonly Queue<(long Latest, TopicPartitionOffset[] Positions)> _waiting = new();

    /// <summary>Takes note of a batch that the pipeline is given.</summary>
    public void Add(SourceBatch batch)
    {
        long latest = long.MinValue;
        foreach (ref readonly PlaybackEvent e in batch.Events.Events)
        {
            latest = Math.Max(latest, e.Timestamp);
        }
        if (batch.Positions.Count > 0)
        {
            _waiting.Enqueue((latest, [.. batch.Positions]));
        }
    }

    /// <summary>Takes the positions that are settled at a watermark, the furthest of each partition.</summary>
    public IReadOnlyList<TopicPartitionOffset> Take(long watermark)
    {
        if (!IsSettled(watermark))
        {
            return [];
        }
        Dictionary<TopicPartition, TopicPartitionOffset> settled = [];
        while (IsSettled(watermark))
        {
            foreach (TopicPartitionOffset position in _waiting.Dequeue().Positions)
            {
                settled[position.TopicPartition] = position;
            }
        }
        return [.. settled.Values];
    }

    private bool IsSettled(long watermark) => _waiting.TryPeek(out (long Latest, TopicPartitionOffset[] Positions) first)
        && (first.Latest == long.MinValue || first.Latest + (2 * ReorderBuffer.SlotLength) <= watermark);
}
