using AutoGuard.Core.Events;
using Confluent.Kafka;

namespace AutoGuard.Kafka;

/// <summary>
/// Reads one record's value, and its headers where it is a CloudEvent, into the next event of a batch. Returns why it is not an
/// event, or <see cref="EventRejection.None"/>; after a rejection the batch is as it was before.
/// </summary>
/// <param name="value">The record's value; valid during the call only. Empty for a record without one.</param>
/// <param name="headers">The record's headers; null when it has none.</param>
/// <param name="batch">A batch with room for one more event.</param>
/// <param name="topic">The topic, interned.</param>
/// <param name="partition">The partition.</param>
/// <param name="offset">The offset.</param>
public delegate EventRejection RecordParser(
    ReadOnlySpan<byte> value, Headers? headers, EventBatch batch, int topic, int partition, long offset);

/// <summary>What happened to a partition.</summary>
public enum PartitionChange
{
    /// <summary>This worker reads it from now on; it may hold event time back.</summary>
    Assigned,

    /// <summary>Another worker reads it from now on, or it was lost; it no longer holds event time back.</summary>
    Revoked,

    /// <summary>It brings nothing at present and no longer holds event time back, until its next event.</summary>
    Idle,
}

/// <summary>A change of one partition.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="Change">What happened.</param>
public readonly record struct PartitionNotice(int Partition, PartitionChange Change);

/// <summary>
/// What the source hands to detection: events, the positions that are dealt with once these events are, and what happened to
/// partitions. Belongs to the reader until it is given back by <see cref="KafkaEventSource.Return"/>.
/// </summary>
public sealed class SourceBatch
{
    private readonly List<PartitionNotice> _notices = [];
    private readonly List<TopicPartitionOffset> _positions = [];

    internal SourceBatch(int capacity) => Events = new EventBatch(capacity);

    /// <summary>The events; may be empty when only notices or positions are to be told.</summary>
    public EventBatch Events { get; }

    /// <summary>Changes that happened before the first of the events, oldest first.</summary>
    public IReadOnlyList<PartitionNotice> Notices => _notices;

    /// <summary>For each partition read from, the offset that follows its last record in the batch, rejected records included.</summary>
    public IReadOnlyList<TopicPartitionOffset> Positions => _positions;

    /// <summary>Records read that were not events.</summary>
    public int Rejected { get; internal set; }

    internal void Fill(List<PartitionNotice> notices) => _notices.AddRange(notices);

    internal void Fill(TopicPartitionOffset position) => _positions.Add(position);

    internal void Clear()
    {
        Events.Clear();
        _notices.Clear();
        _positions.Clear();
        Rejected = 0;
    }
}
