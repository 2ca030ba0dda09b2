namespace AutoGuard.Kafka;

/// <summary>What the consumer thread knows of one assigned partition. Offsets are -1 while unknown.</summary>
internal sealed class PartitionState(int partition, long now)
{
    public int Partition { get; } = partition;

    /// <summary>Offset of the first record read since the partition was assigned, or its end when that was read first.</summary>
    public long First { get; set; } = -1;

    /// <summary>Offset after the last record read.</summary>
    public long Next { get; set; } = -1;

    /// <summary>Offset up to which the worker is done.</summary>
    public long Wanted { get; set; } = -1;

    /// <summary>Offset given to librdkafka to commit; below <see cref="Wanted"/> while a dead letter is not acknowledged.</summary>
    public long Stored { get; set; } = -1;

    /// <summary>Offset the broker acknowledged.</summary>
    public long Committed { get; set; } = -1;

    /// <summary>Whether <see cref="Next"/> moved since the last batch was handed over.</summary>
    public bool IsTouched { get; set; }

    /// <summary>Whether a record came since the last look at the clock.</summary>
    public bool IsActive { get; set; }

    /// <summary>Whether the partition was read to its end.</summary>
    public bool IsAtEnd { get; set; }

    /// <summary>Whether it was announced idle.</summary>
    public bool IsIdle { get; set; }

    /// <summary>When it last showed activity, a time stamp of the time provider.</summary>
    public long ActiveAt { get; set; } = now;
}
