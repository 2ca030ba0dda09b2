using AutoGuard.Simulation.Labels;

namespace AutoGuard.Simulation.World;

/// <summary>
/// One viewer whose address says little: each session comes from another place of its own kind, and sometimes a running
/// session moves. Homes with both families open twice now and then, and close the slower one within seconds.
/// </summary>
internal sealed class Roamer(Audience audience, ViewerIdentity identity, DeterministicRandom random, int stream, Func<DeterministicRandom, Location> places)
    : Viewer(audience, identity, random, stream)
{
    private readonly bool _movesWithin = random.Chance(identity.Kind switch
    {
        HonestKind.DualStack => 0.25,
        HonestKind.PrivacyRelay => 0.2,
        HonestKind.PrivacyAddresses => 0.1,
        _ => 0,
    });

    private long _movesAt;

    protected override Location Place => places(Random);

    public override void Wake(SimulatedWorld world, long now)
    {
        if (Identity.Kind == HonestKind.DualStack && StartedBefore == 0 && Random.Chance(0.12))
        {
            SessionPlan race = PlanSession(world, now, Random.Between(1_500, 4_000));
            SessionPlan other = race with { From = race.From == Identity.Home ? places(Random) : Identity.Home };
            world.Open(race with { FeelsOutages = false }, Bystanding.Instance, now);
            Watch(world, now + Random.Between(50, 300), WatchTime(world, now), other.From);
            return;
        }

        base.Wake(world, now);
    }

    protected override SessionPlan Moved(SessionPlan plan, long now)
    {
        if (!_movesWithin || now < _movesAt)
        {
            return plan;
        }

        bool isFirst = _movesAt == 0;
        _movesAt = now + (Identity.Kind == HonestKind.DualStack ? Random.Between(20_000, 300_000) : Random.Between(600_000, 1_800_000));
        return isFirst ? plan : plan with { From = places(Random) };
    }

    /// <summary>Owns a session whose end concerns nobody.</summary>
    private sealed class Bystanding : Actor
    {
        public static readonly Bystanding Instance = new();

        public override void Wake(SimulatedWorld world, long now)
        {
        }
    }
}

/// <summary>A phone on a train: the session breaks at every other cell and a new one opens, often in another /24 of the carrier.</summary>
internal sealed class Commuter(Audience audience, ViewerIdentity identity, DeterministicRandom random, int stream, AddressBook addresses)
    : Viewer(audience, identity, random, stream)
{
    private int _cellsLeft = (int)random.Between(4, 14);
    private Location _here = identity.Home;

    protected override Location Place => _here;

    public override void Wake(SimulatedWorld world, long now)
    {
        bool isLast = _cellsLeft == 0;
        Watch(world, now, isLast ? Math.Min(WatchTime(world, now), 1_800_000) : Random.Between(60_000, 480_000), saysGoodbye: isLast || Random.Chance(0.2));
    }

    protected override void AfterSession(SimulatedWorld world, long now)
    {
        if (_cellsLeft-- > 0)
        {
            _here = Random.Chance(0.6) ? addresses.DrawV4(Identity.Home.Network, Random) : _here;
            world.Schedule(now + Random.Between(1_000, 60_000), this);
        }
    }
}

/// <summary>
/// A phone near a border: at home on the line of one country, on the way with the carriers of two. Whoever lives here and
/// works there is in two countries within the hour, twice a day; nobody is in three.
/// </summary>
internal sealed class BorderPhone(Audience audience, ViewerIdentity identity, DeterministicRandom random, int stream, AddressBook addresses)
    : Viewer(audience, identity, random, stream)
{
    private static readonly (string Here, string There)[] Borders =
    [
        ("DE", "FR"), ("DE", "NL"), ("DE", "AT"), ("DE", "PL"), ("FR", "ES"), ("FR", "IT"), ("AT", "IT"), ("AT", "DE"), ("US", "CA"), ("US", "MX"), ("CA", "US"), ("FR", "DE"),
    ];

    private readonly Location[] _places =
    [
        identity.Home,
        addresses.DrawV4(addresses.In(Beyond(identity.Home.Network.Country, random), NetworkKind.Mobile, random), random),
        addresses.Draw(addresses.In(identity.Home.Network.Country, NetworkKind.Home, random), random),
    ];

    private int _crossings = (int)random.Between(2, 7);
    private int _place;

    protected override Location Place => _places[_place];

    /// <summary>A carrier of a country that has such a border.</summary>
    public static SimulatedNetwork Carrier(AddressBook addresses, DeterministicRandom random) => addresses.In(random.Pick<(string Here, string There)>(Borders).Here, NetworkKind.Mobile, random);

    public override void Wake(SimulatedWorld world, long now) =>
        Watch(world, now, _crossings == 0 ? WatchTime(world, now) : Random.Between(120_000, 1_500_000), saysGoodbye: Random.Chance(0.5));

    protected override void AfterSession(SimulatedWorld world, long now)
    {
        if (_crossings-- > 0)
        {
            _place = _crossings == 0 ? 2 : 1 - (_place % 2);
            world.Schedule(now + Random.Between(2_000, 90_000), this);
        }
    }

    private static string Beyond(string country, DeterministicRandom random)
    {
        string[] beyond = [.. Borders.Where(b => b.Here == country).Select(b => b.There)];
        return random.Pick<string>(beyond);
    }
}

/// <summary>A consumer VPN's user who changes the exit, and mostly the country, a few times an evening, or switches it off.</summary>
internal sealed class ExitSwitcher(Audience audience, ViewerIdentity identity, DeterministicRandom random, int stream, Location line)
    : Viewer(audience, identity, random, stream)
{
    private int _switchesLeft = (int)random.Between(1, 4);
    private Location _exit = identity.Home;

    protected override Location Place => _exit;

    public override void Wake(SimulatedWorld world, long now) =>
        Watch(world, now, _switchesLeft == 0 ? WatchTime(world, now) : Random.Between(300_000, 3_000_000), saysGoodbye: Random.Chance(0.6));

    protected override void AfterSession(SimulatedWorld world, long now)
    {
        if (_switchesLeft-- > 0)
        {
            _exit = Random.Chance(0.3) ? line : Random.Pick<Location>(Audience.Sites.VpnExits);
            world.Schedule(now + Random.Between(5_000, 120_000), this);
        }
    }
}

/// <summary>A set-top box or a forgotten screen: one channel for 10 to 30 hours, and then again.</summary>
internal sealed class EndlessScreen(Audience audience, ViewerIdentity identity, DeterministicRandom random, int stream)
    : Viewer(audience, identity, random, stream)
{
    public override long LongestBefore => 20 * 3_600_000;

    protected override void AfterSession(SimulatedWorld world, long now) => world.Schedule(now + Random.Between(2_000, 60_000), this);

    protected override long WatchTime(SimulatedWorld world, long now) => Random.Between(10 * 3_600_000, 30 * 3_600_000);
}
