namespace AutoGuard.Simulation.World;

/// <summary>
/// A DSL line that drops and is dialled anew, one device behind it: each break brings another IPv4 address of the same
/// operator. Half of the players go on with the running session from there; with the others it falls silent without an
/// end, and a new one opens within a minute.
/// </summary>
internal sealed class RedialledLine(Audience audience, ViewerIdentity identity, DeterministicRandom random, int stream, AddressBook addresses)
    : Viewer(audience, identity, random, stream)
{
    private readonly bool _playsOn = random.Chance(0.5);
    private readonly Queue<long> _intervals = new(Enumerable.Range(0, (int)random.Between(2, 14)).Select(_ => random.Between(120_000, 1_500_000)));
    private Location _here = identity.Home;
    private long _redialAt = long.MaxValue;

    protected override Location Place => _here;

    public override void Wake(SimulatedWorld world, long now)
    {
        if (_redialAt == long.MaxValue && _intervals.TryDequeue(out long first))
        {
            _redialAt = now + first;
        }

        RedialUntil(now);
        if (_playsOn || _redialAt == long.MaxValue)
        {
            long evening = _redialAt == long.MaxValue ? 0 : _redialAt - now + _intervals.Sum();
            Watch(world, now, evening + WatchTime(world, now + evening));
        }
        else
        {
            Watch(world, now, _redialAt - now, saysGoodbye: false);
        }
    }

    protected override SessionPlan Moved(SessionPlan plan, long now)
    {
        if (!_playsOn || now < _redialAt)
        {
            return plan;
        }

        RedialUntil(now);
        return plan with { From = _here };
    }

    protected override void AfterSession(SimulatedWorld world, long now)
    {
        if (_playsOn || _redialAt == long.MaxValue)
        {
            base.AfterSession(world, now);
            return;
        }

        RedialUntil(now);
        world.Schedule(now + Random.Between(5_000, 60_000), this);
    }

    private void RedialUntil(long now)
    {
        while (_redialAt <= now)
        {
            _here = addresses.DrawV4(Identity.Home.Network, Random);
            _redialAt = _intervals.TryDequeue(out long next) ? _redialAt + next : long.MaxValue;
        }
    }
}

/// <summary>
/// One of two seats of a household behind a mobile carrier's router: its screens take turns for 10 to 90 minutes each,
/// and the carrier's translator lets every session out in another /24.
/// </summary>
internal sealed class MobileHomeSeat(
    Audience audience, ViewerIdentity identity, DeterministicRandom random, int stream, AddressBook addresses, string[] screens)
    : Viewer(audience, identity, random, stream)
{
    private int _sessions;

    protected override Location Place => addresses.DrawV4(Identity.Home.Network, Random);

    public override void Wake(SimulatedWorld world, long now) =>
        Watch(world, now, WatchTime(world, now), userAgent: screens[_sessions++ % screens.Length]);

    protected override void AfterSession(SimulatedWorld world, long now)
    {
        if (_sessions < screens.Length || (_sessions < 6 && Random.Chance(0.35)))
        {
            world.Schedule(now + Random.Between(20_000, 900_000), this);
        }
    }

    protected override long WatchTime(SimulatedWorld world, long now) => Random.Between(600_000, 5_400_000);
}
