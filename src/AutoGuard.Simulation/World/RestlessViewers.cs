namespace AutoGuard.Simulation.World;

/// <summary>
/// Two or three screens behind one address on one token that is bound to a user. Two seats: whatever happens, no more
/// than two screens play at once, though a lost end can make it look like three for a while.
/// </summary>
internal sealed class Household(Audience audience, ViewerIdentity identity, DeterministicRandom random, int stream)
    : Viewer(audience, identity, random, stream)
{
    private int _sessions;

    public override void Wake(SimulatedWorld world, long now)
    {
        if (_sessions == 0)
        {
            world.Schedule(now + Random.Between(5_000, 1_500_000), this);
        }

        Screen(world, now);
    }

    protected override void AfterSession(SimulatedWorld world, long now)
    {
        if (_sessions < 8 && Random.Chance(0.35))
        {
            world.Schedule(now + Random.Between(20_000, 900_000), this);
        }
    }

    private void Screen(SimulatedWorld world, long now)
    {
        string agent = (_sessions % 3) switch
        {
            0 => Identity.UserAgent,
            1 => Random.Pick(Clients.Phone),
            _ => Random.Pick(Clients.Desktop),
        };
        _sessions++;
        Watch(world, now, WatchTime(world, now), userAgent: agent);
    }
}

/// <summary>
/// A phone between mobile network and Wi-Fi: at every change a new session opens elsewhere, and the old one falls silent
/// without an end, sometimes only a heartbeat later.
/// </summary>
internal sealed class HoppingPhone(Audience audience, ViewerIdentity identity, DeterministicRandom random, int stream, Location[] places)
    : Viewer(audience, identity, random, stream)
{
    private int _hopsLeft = (int)random.Between(1, 5);
    private int _place = -1;

    protected override Location Place => places[Math.Max(0, _place) % places.Length];

    public override bool IsStillAt(Location place) => place == Place;

    public override void Wake(SimulatedWorld world, long now)
    {
        _place++;
        if (_hopsLeft-- == 0)
        {
            Watch(world, now, WatchTime(world, now));
            return;
        }

        long stay = Random.Between(180_000, 1_200_000);
        long lingering = Random.Chance(0.25) ? Random.Between(5_000, 45_000) : -Random.Between(1_000, 15_000);
        Watch(world, now, stay + lingering, saysGoodbye: false);
        world.Schedule(now + stay, this);
    }

    protected override void AfterSession(SimulatedWorld world, long now)
    {
    }
}

/// <summary>A bad line: sessions of a few minutes, each followed by a reconnect from the same address.</summary>
internal sealed class FlakyLine(Audience audience, ViewerIdentity identity, DeterministicRandom random, int stream)
    : Viewer(audience, identity, random, stream)
{
    private int _breaksLeft = (int)random.Between(4, 22);

    public override void Wake(SimulatedWorld world, long now)
    {
        long length = _breaksLeft == 0 ? WatchTime(world, now)
            : Random.Chance(0.05) ? Random.Between(3_000, 12_000)
            : Random.Between(40_000, 360_000);
        Watch(world, now, length, saysGoodbye: Random.Chance(0.4));
    }

    protected override void AfterSession(SimulatedWorld world, long now)
    {
        if (_breaksLeft-- > 0)
        {
            world.Schedule(now + Random.Between(2_000, 20_000), this);
        }
    }
}

/// <summary>Monitoring: a short session each minute or five, from a data centre, on one token.</summary>
internal sealed class Probe(SessionProbe plan, DeterministicRandom random) : Actor
{
    private int _next;

    public override void Wake(SimulatedWorld world, long now)
    {
        world.Open(
            new SessionPlan
            {
                Label = Labels.SessionLabels.CodeOf(plan.Label),
                From = plan.From,
                Stream = plan.Streams is { } own ? own[_next++ % own.Length] : world.Profile.Streams[_next++ % world.Profile.Streams.Length].Name,
                Length = random.Between(8_000, 12_000),
                Token = plan.Token,
                UserAgent = plan.Agent,
                Organization = plan.Organization,
            },
            this,
            now);
        world.Schedule(now + plan.Interval, this);
    }
}

/// <summary>Where a probe stands, and what it shows.</summary>
internal sealed record SessionProbe(Location From, SimulatedToken Token, string? Organization)
{
    public Labels.HonestKind Label { get; init; } = Labels.HonestKind.Probe;

    public string Agent { get; init; } = Clients.Probe;

    /// <summary>Streams it plays in turn; null: all.</summary>
    public string[]? Streams { get; init; }

    /// <summary>Milliseconds from one session's start to the next.</summary>
    public long Interval { get; init; } = 60_000;
}
