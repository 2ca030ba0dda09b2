using System.Collections.Immutable;
using AutoGuard.Core.Events;

namespace AutoGuard.Kafka;

/// <summary>How far one assigned partition has been read, at the last second.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="Next">Offset of the next record to read; before the first, of the oldest one the broker has.</param>
/// <param name="Committed">Offset up to which the broker knows that everything is dealt with; -1 before the first commit.</param>
/// <param name="End">Offset after the partition's last record, as the broker last said; -1 before it did.</param>
/// <param name="IsIdle">Whether it was announced idle.</param>
public readonly record struct PartitionProgress(int Partition, long Next, long Committed, long End, bool IsIdle)
{
    /// <summary>Records not yet read.</summary>
    public long Lag => End < 0 ? 0 : Math.Max(0, End - Next);
}

/// <summary>What the event source has done, written by its thread and readable from any.</summary>
public sealed class SourceCounters
{
    private static readonly string[] RejectionNames = [.. Enum.GetNames<EventRejection>().Select(name => char.ToLowerInvariant(name[0]) + name[1..])];

    private readonly long[] _rejected = new long[RejectionNames.Length];
    private ImmutableArray<PartitionProgress> _partitions = [];
    private long _consumed;
    private long _accepted;
    private long _deadLettered;
    private long _deadLetterFailures;
    private long _parserFaults;
    private long _pauses;
    private long _rebalances;
    private long _errors;
    private long _restarts;
    private long _commits;
    private long _commitFailures;
    private bool _isPaused;
    private bool _isConnected;

    /// <summary>Records read.</summary>
    public long Consumed => Volatile.Read(ref _consumed);

    /// <summary>Records that were events.</summary>
    public long Accepted => Volatile.Read(ref _accepted);

    /// <summary>Records copied to the dead-letter topic and acknowledged by it.</summary>
    public long DeadLettered => Volatile.Read(ref _deadLettered);

    /// <summary>Attempts to copy a record to the dead-letter topic that failed and are repeated.</summary>
    public long DeadLetterFailures => Volatile.Read(ref _deadLetterFailures);

    /// <summary>Records on which the parser threw: each is a defect of AutoGuard.</summary>
    public long ParserFaults => Volatile.Read(ref _parserFaults);

    /// <summary>Times that partitions were paused because detection could not keep up.</summary>
    public long Pauses => Volatile.Read(ref _pauses);

    /// <summary>Assignments, revocations and losses.</summary>
    public long Rebalances => Volatile.Read(ref _rebalances);

    /// <summary>Errors the Kafka library reported.</summary>
    public long Errors => Volatile.Read(ref _errors);

    /// <summary>Times that the consumer was made anew after an error it cannot survive.</summary>
    public long Restarts => Volatile.Read(ref _restarts);

    /// <summary>Commits the broker acknowledged.</summary>
    public long Commits => Volatile.Read(ref _commits);

    /// <summary>Commits that failed; the position is sent again with the next one.</summary>
    public long CommitFailures => Volatile.Read(ref _commitFailures);

    /// <summary>Whether partitions are paused now.</summary>
    public bool IsPaused => Volatile.Read(ref _isPaused);

    /// <summary>Whether any broker answers, as of the last five seconds.</summary>
    public bool IsConnected => Volatile.Read(ref _isConnected);

    /// <summary>The assigned partitions, as of the last second.</summary>
    public ImmutableArray<PartitionProgress> Partitions
    {
        get
        {
            return ImmutableInterlocked.InterlockedCompareExchange(ref _partitions, [], []);
        }
    }

    /// <summary>Records not yet read, over all assigned partitions.</summary>
    public long Lag => Partitions.Sum(partition => partition.Lag);

    /// <summary>Records rejected for a reason.</summary>
    public long Rejected(EventRejection reason) => Volatile.Read(ref _rejected[(int)reason]);

    /// <summary>The name of a reason in counters, headers and logs: its enumeration name in camel case.</summary>
    public static string NameOf(EventRejection reason) => RejectionNames[(int)reason];

    internal void CountConsumed() => Volatile.Write(ref _consumed, _consumed + 1);

    internal void CountAccepted() => Volatile.Write(ref _accepted, _accepted + 1);

    internal void CountRejected(EventRejection reason) => Volatile.Write(ref _rejected[(int)reason], _rejected[(int)reason] + 1);

    internal void CountDeadLettered() => Interlocked.Increment(ref _deadLettered);

    internal void CountDeadLetterFailure() => Interlocked.Increment(ref _deadLetterFailures);

    internal void CountParserFault() => Interlocked.Increment(ref _parserFaults);

    internal void CountRebalance() => Interlocked.Increment(ref _rebalances);

    internal void CountError() => Interlocked.Increment(ref _errors);

    internal void CountRestart() => Interlocked.Increment(ref _restarts);

    internal void CountCommit(bool succeeded) => Interlocked.Increment(ref succeeded ? ref _commits : ref _commitFailures);

    internal void Paused(bool isPaused)
    {
        if (isPaused)
        {
            Interlocked.Increment(ref _pauses);
        }
        Volatile.Write(ref _isPaused, isPaused);
    }

    internal void Connected(bool isConnected) => Volatile.Write(ref _isConnected, isConnected);

    internal void Publish(ImmutableArray<PartitionProgress> partitions) => ImmutableInterlocked.InterlockedExchange(ref _partitions, partitions);
}
