namespace AutoGuard.Core.Pipeline;

/// <summary>What the pipeline did so far. Written by the detection thread, read by anybody: a reading may be a moment old.</summary>
public sealed class PipelineCounters
{
    private long _accepted;
    private long _late;
    private long _future;
    private long _duplicates;
    private long _ticks;
    private long _flags;
    private long _blocks;
    private long _revocations;
    private long _blocksRefused;

    /// <summary>Events that took effect.</summary>
    public long Accepted => Volatile.Read(ref _accepted);

    /// <summary>Events that came after their place in event time had passed.</summary>
    public long Late => Volatile.Read(ref _late);

    /// <summary>Events too far ahead of the clock, malformed by definition, and those ahead of it that there was no room to hold.</summary>
    public long Future => Volatile.Read(ref _future);

    /// <summary>Events equal to another in session, time and type.</summary>
    public long Duplicates => Volatile.Read(ref _duplicates);

    /// <summary>Ticks run.</summary>
    public long Ticks => Volatile.Read(ref _ticks);

    /// <summary>Decisions to flag.</summary>
    public long Flags => Volatile.Read(ref _flags);

    /// <summary>Decisions to block.</summary>
    public long Blocks => Volatile.Read(ref _blocks);

    /// <summary>Decisions to revoke.</summary>
    public long Revocations => Volatile.Read(ref _revocations);

    /// <summary>Blocks that became flags for the harm they would have done, or for the limit per minute.</summary>
    public long BlocksRefused => Volatile.Read(ref _blocksRefused);

    internal void CountAccepted() => Volatile.Write(ref _accepted, _accepted + 1);

    internal void CountLate() => Volatile.Write(ref _late, _late + 1);

    internal void CountFuture(int events) => Volatile.Write(ref _future, _future + events);

    internal void CountDuplicate() => Volatile.Write(ref _duplicates, _duplicates + 1);

    internal void CountTick() => Volatile.Write(ref _ticks, _ticks + 1);

    internal void CountRefusedBlock() => Volatile.Write(ref _blocksRefused, _blocksRefused + 1);

    internal void Count(Policy.DecisionAction action)
    {
        switch (action)
        {
            case Policy.DecisionAction.Flag:
                Volatile.Write(ref _flags, _flags + 1);
                break;
            case Policy.DecisionAction.Block:
                Volatile.Write(ref _blocks, _blocks + 1);
                break;
            case Policy.DecisionAction.Revoke:
                Volatile.Write(ref _revocations, _revocations + 1);
                break;
            case Policy.DecisionAction.Release:
            default:
                break;
        }
    }
}
