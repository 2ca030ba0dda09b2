namespace AutoGuard.Simulation.World;

/// <summary>
/// Somebody who goes through the channels, 8 to 34 of them for two to eight seconds each, and stays with the last; now and
/// then again later. Where a tenant has one stream only, its page is loaded 3 to 15 times instead.
/// </summary>
internal sealed class ChannelSurfer(Audience audience, ViewerIdentity identity, DeterministicRandom random, int stream)
    : Viewer(audience, identity, random, stream)
{
    private readonly int[] _channels = audience.StreamsOf(identity.Tenant);
    private int _leaps = Leaps(audience.StreamsOf(identity.Tenant).Length, random);

    public override void Wake(SimulatedWorld world, long now)
    {
        if (_leaps == 0)
        {
            base.Wake(world, now);
            return;
        }

        Watch(world, now, Random.Between(2_000, 8_000), saysGoodbye: Random.Chance(0.9));
        Stream = _channels[(Array.IndexOf(_channels, Stream) + 1) % _channels.Length];
    }

    protected override void AfterSession(SimulatedWorld world, long now)
    {
        if (_leaps > 0)
        {
            _leaps--;
            world.Schedule(now + Random.Between(300, 2_500), this);
        }
        else if (Random.Chance(0.3))
        {
            _leaps = Leaps(_channels.Length, Random);
            world.Schedule(now + Random.Between(900_000, 2_400_000), this);
        }
    }

    private static int Leaps(int channels, DeterministicRandom random) => (int)(channels > 1 ? random.Between(8, 34) : random.Between(3, 15));
}

/// <summary>
/// A player that cannot play (a blocked codec, a broken television app, a firewall) and starts again by itself every few
/// seconds, 3 to 29 times; no start is followed by anything. Three in five play in the end.
/// </summary>
internal sealed class StuckPlayer(Audience audience, ViewerIdentity identity, DeterministicRandom random, int stream)
    : Viewer(audience, identity, random, stream)
{
    private int _tries = (int)random.Between(3, 29);

    public override void Wake(SimulatedWorld world, long now)
    {
        if (_tries == 0)
        {
            base.Wake(world, now);
            return;
        }

        StartedBefore = 0;
        world.Open(PlanSession(world, now, 2_000) with { IsSilent = true }, this, now);
    }

    protected override void AfterSession(SimulatedWorld world, long now)
    {
        if (_tries == 0)
        {
            base.AfterSession(world, now);
            return;
        }

        _tries--;
        if (_tries > 0 || Random.Chance(0.6))
        {
            world.Schedule(now + Random.Between(2_000, 18_000), this);
        }
    }
}

/// <summary>
/// One page that shows two to four streams of the tenant side by side; now and then a tile is given another stream. Where a
/// tenant has fewer, all it has.
/// </summary>
internal sealed class MultiView(Audience audience, ViewerIdentity identity, DeterministicRandom random, int stream)
    : Viewer(audience, identity, random, stream)
{
    private readonly int[] _channels = audience.StreamsOf(identity.Tenant);
    private int _changesLeft = (int)random.Between(0, 6);
    private long _until;

    public override void Wake(SimulatedWorld world, long now)
    {
        if (_until == 0)
        {
            _until = now + WatchTime(world, now);
            int tiles = Math.Min(_channels.Length, (int)Random.Between(2, 4));
            for (int i = 1; i < tiles; i++)
            {
                world.Schedule(now + (i * 150), this);
            }
        }

        if (now < _until - 2_000)
        {
            bool changes = _changesLeft > 0 && Random.Chance(0.4);
            _changesLeft -= changes ? 1 : 0;
            Watch(world, now, changes ? Math.Min(_until - now, Random.Between(60_000, 900_000)) : _until - now);
            Stream = _channels[(Array.IndexOf(_channels, Stream) + 1) % _channels.Length];
        }
    }

    protected override void AfterSession(SimulatedWorld world, long now)
    {
        if (now < _until - 5_000)
        {
            world.Schedule(now + Random.Between(300, 1_500), this);
        }
    }
}
