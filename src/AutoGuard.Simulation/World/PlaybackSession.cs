using AutoGuard.Core.Events;

namespace AutoGuard.Simulation.World;

/// <summary>Something that acts at a time of its own choosing.</summary>
internal abstract class Actor
{
    /// <summary>The time it asked for has come.</summary>
    public abstract void Wake(SimulatedWorld world, long now);

    /// <summary>A session it opened is about to send a heartbeat: the moment to change its address or token.</summary>
    public virtual void Beating(SimulatedWorld world, PlaybackSession session, long now)
    {
    }

    /// <summary>A session it opened is over.</summary>
    public virtual void Ended(SimulatedWorld world, PlaybackSession session, long now)
    {
    }
}

/// <summary>Everything that is fixed about a session when it opens.</summary>
internal sealed record SessionPlan
{
    public required int Label { get; init; }

    public required Location From { get; init; }

    public required string Stream { get; init; }

    public required long Length { get; init; }

    public SimulatedToken? Token { get; init; }

    public string? Referrer { get; init; }

    public string? UserAgent { get; init; }

    public string? Organization { get; init; }

    /// <summary>False: the client vanishes without an end event.</summary>
    public bool SaysGoodbye { get; init; } = true;

    /// <summary>How long the session has been running when the recording begins; its start lies before the recording.</summary>
    public long StartedBefore { get; init; }

    /// <summary>Whether a failure of the platform drops it.</summary>
    public bool FeelsOutages { get; init; }

    /// <summary>Whether it does drop it if it comes meanwhile; null: as the session's number has it.</summary>
    public bool? IsDropped { get; init; }

    /// <summary>Number of the session whose id it shows; null: its own.</summary>
    public long? ClonedFrom { get; init; }

    /// <summary>It sends nothing but a start.</summary>
    public bool IsSilent { get; init; }
}

/// <summary>A running session: sends a start, heartbeats and perhaps an end.</summary>
internal sealed class PlaybackSession : Actor
{
    private readonly Actor _owner;
    private ulong _drift;
    private bool _opened;

    public PlaybackSession(SessionPlan plan, Actor owner, long at, long number, byte[] body, ulong drift)
    {
        Plan = plan;
        Number = number;
        Start = at - plan.StartedBefore;
        EndAt = at + plan.Length;
        PlannedEnd = EndAt;
        Body = body;
        _owner = owner;
        _drift = drift;
    }

    public SessionPlan Plan { get; private set; }

    public long Number { get; }

    public long Start { get; }

    public long EndAt { get; private set; }

    /// <summary>When it would have ended without the outage.</summary>
    public long PlannedEnd { get; }

    public bool DroppedByOutage { get; private set; }

    /// <summary>The part of the line that all events of the session share, JSON members from <c>sessionId</c> on.</summary>
    public byte[] Body { get; private set; }

    /// <summary>Record key of its events; made when first asked for.</summary>
    public byte[]? Key { get; set; }

    public void DropAt(long time)
    {
        EndAt = time;
        DroppedByOutage = true;
    }

    /// <summary>From its next event on it shows this.</summary>
    public void Become(SessionPlan plan, byte[] body)
    {
        Plan = plan;
        Body = body;
        Key = null;
    }

    public override void Wake(SimulatedWorld world, long now)
    {
        if (!_opened)
        {
            _opened = true;
            world.Emit(this, Plan.StartedBefore > 0 ? PlaybackEventType.Heartbeat : PlaybackEventType.Start, now);
            Continue(world, now);
        }
        else if (now < EndAt)
        {
            _owner.Beating(world, this, now);
            world.Emit(this, PlaybackEventType.Heartbeat, now);
            Continue(world, now);
        }
        else
        {
            if (Plan.SaysGoodbye && !Plan.IsSilent && (!DroppedByOutage || world.OutageIsSwitch))
            {
                world.Emit(this, PlaybackEventType.End, now);
            }

            _owner.Ended(world, this, now);
        }
    }

    /// <summary>Players' timers drift: every interval is up to a fifth of a second off.</summary>
    private void Continue(SimulatedWorld world, long now)
    {
        if (Plan.IsSilent)
        {
            world.Schedule(EndAt, this);
            return;
        }

        _drift = DeterministicRandom.Mix(_drift + 0x9E3779B97F4A7C15);
        long next = now + world.HeartbeatMilliseconds - 200 + (long)(_drift % 401);
        world.Schedule(Math.Min(next, EndAt), this);
    }
}
