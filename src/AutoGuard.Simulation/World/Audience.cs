using AutoGuard.Simulation.Labels;
using AutoGuard.Simulation.Profiles;

namespace AutoGuard.Simulation.World;

/// <summary>The honest audience: wakes at every arrival, makes that viewer, and forgets it.</summary>
internal sealed class Audience : Actor
{
    private readonly SimulationProfile _profile;
    private readonly ulong _seed;
    private readonly ArrivalCurve _arrivals;
    private readonly AddressBook _addresses;
    private readonly Location[] _vpnExits;
    private readonly SimulatedToken[] _publicTokens;
    private readonly (double Share, HonestKind Kind)[] _mix;
    private long _number;
    private int _nextStream;

    public Audience(SimulatedWorld world)
    {
        _profile = world.Profile;
        _seed = world.Seed;
        _addresses = world.Addresses;
        AudienceProfile audience = _profile.Audience;
        CarrierNats = Sites(audience.CarrierNatAddresses, NetworkKind.Mobile, 0);
        Offices = Sites(audience.OfficeAddresses, NetworkKind.Business, 1_000);
        _vpnExits = VpnExitsFor(_profile.Viewers * audience.ConsumerVpn);
        DeterministicRandom random = new(_seed, RandomDomain.Token);
        _publicTokens = [.. Enumerable.Range(0, Math.Max(1, _profile.Organizations.Length))
            .Select(_ => world.Tokens.ForEverybody(random, world.Begin))];
        Probes = [.. Enumerable.Range(0, audience.Probes).Select(i => MakeProbe(world, i))];
        _mix =
        [
            (audience.Household, HonestKind.Household),
            (CarrierNats.Length > 0 ? audience.CarrierNat : 0, HonestKind.CarrierNat),
            (Offices.Length > 0 ? audience.Office : 0, HonestKind.Office),
            (audience.PhoneHopping, HonestKind.PhoneHopping),
            (audience.NativeApp, HonestKind.NativeApp),
            (audience.ReferrerStripping, HonestKind.ReferrerStripping),
            (audience.ConsumerVpn, HonestKind.ConsumerVpn),
            (_profile.Duration >= TimeSpan.FromHours(5) ? audience.Traveller : 0, HonestKind.Traveller),
            (audience.FlakyLine, HonestKind.FlakyLine),
        ];
        long running = (long)(_profile.Viewers * _profile.RunningAtStart);
        _arrivals = new ArrivalCurve(_profile, _profile.Viewers - running, new DeterministicRandom(_seed, RandomDomain.Arrivals));
        Populate(world, running);
    }

    public Location[] CarrierNats { get; }

    public Location[] Offices { get; }

    public ReadOnlySpan<Location> VpnExits => _vpnExits;

    public ReadOnlySpan<SimulatedToken> PublicTokens => _publicTokens;

    public SessionProbe[] Probes { get; }

    public override void Wake(SimulatedWorld world, long now)
    {
        Create(_nextStream).Wake(world, now);
        ScheduleNext(world);
    }

    public int PickStreamAt(long time, DeterministicRandom random) =>
        _arrivals.PickStreamAt(time - _profile.Start.ToUnixTimeMilliseconds(), random);

    public SimulatedToken PublicToken(string? organization) =>
        _publicTokens[organization is null ? 0 : _profile.Organizations.IndexOf(organization)];

    /// <summary>Where a traveller is after the journey.</summary>
    public Location Abroad(ViewerIdentity identity, DeterministicRandom random) =>
        _addresses.Draw(_addresses.HomeAbroad(random, identity.Home.Network.Country), random);

    /// <summary>Two or three places of one country that a phone passes.</summary>
    public Location[] PlacesOnTheWay(ViewerIdentity identity, DeterministicRandom random)
    {
        string country = identity.Home.Network.Country;
        Location wifi = _addresses.Draw(_addresses.In(country, NetworkKind.Home, random), random);
        return random.Chance(0.5)
            ? [identity.Home, wifi]
            : [identity.Home, wifi, _addresses.Draw(identity.Home.Network, random)];
    }

    private void Populate(SimulatedWorld world, long running)
    {
        DeterministicRandom random = new(_seed, RandomDomain.Arrivals, 1);
        for (long i = 0; i < running; i++)
        {
            Viewer viewer = Create(_arrivals.PickStreamAt(0, random));
            viewer.StartedBefore = random.Between(5_000, 45 * 60_000);
            world.Schedule(world.Begin + random.Below(world.HeartbeatMilliseconds), viewer);
        }

        for (int i = 0; i < Probes.Length; i++)
        {
            DeterministicRandom own = new(_seed, RandomDomain.Probe, 100 + i);
            world.Schedule(world.Begin + own.Below(60_000), new Probe(Probes[i], own));
        }

        ScheduleNext(world);
    }

    private void ScheduleNext(SimulatedWorld world)
    {
        if (_arrivals.TryNext(out long time, out _nextStream))
        {
            world.Schedule(world.Begin + time, this);
        }
    }

    private Viewer Create(int stream)
    {
        long number = _number++;
        DeterministicRandom random = new(_seed, RandomDomain.Viewer, number);
        HonestKind kind = PickKind(random);
        TokenWorkflowKind workflow = kind is HonestKind.Household or HonestKind.PhoneHopping or HonestKind.Traveller
            ? TokenWorkflowKind.UserBound
            : PickWorkflow(random);
        if (kind == HonestKind.Single)
        {
            kind = workflow switch
            {
                TokenWorkflowKind.Public => HonestKind.PublicToken,
                TokenWorkflowKind.PerSession => HonestKind.PerSessionToken,
                _ => HonestKind.Single,
            };
        }

        ViewerIdentity identity = new()
        {
            Number = number,
            Kind = kind,
            Workflow = workflow,
            Home = PickHome(kind, random),
            UserAgent = random.Chance(_profile.Audience.HostileText) ? random.Pick(Clients.Hostile) : kind switch
            {
                HonestKind.NativeApp => random.Pick(Clients.Native),
                HonestKind.Office => random.Pick(Clients.Desktop),
                HonestKind.PhoneHopping or HonestKind.CarrierNat => random.Pick(Clients.Phone),
                _ => Clients.Browser(random),
            },
            Referrer = PickReferrer(kind, number, random),
            User = workflow == TokenWorkflowKind.UserBound ? TokenMint.NewUser(random) : null,
            Organization = _profile.Organizations.IsEmpty ? null : random.Pick(_profile.Organizations.AsSpan()),
        };
        return kind switch
        {
            HonestKind.Household => new Household(this, identity, random, stream),
            HonestKind.PhoneHopping => new HoppingPhone(this, identity, random, stream),
            HonestKind.FlakyLine => new FlakyLine(this, identity, random, stream),
            _ => new Viewer(this, identity, random, stream),
        };
    }

    private HonestKind PickKind(DeterministicRandom random)
    {
        double position = random.Below(1_000_000) / 1_000_000.0;
        foreach ((double share, HonestKind kind) in _mix)
        {
            position -= share;
            if (position < 0)
            {
                return kind;
            }
        }

        return HonestKind.Single;
    }

    private TokenWorkflowKind PickWorkflow(DeterministicRandom random)
    {
        double position = random.Below(1_000_000) / 1_000_000.0;
        return position < _profile.Tokens.Public ? TokenWorkflowKind.Public
            : position < _profile.Tokens.Public + _profile.Tokens.PerSession ? TokenWorkflowKind.PerSession
            : TokenWorkflowKind.UserBound;
    }

    private Location PickHome(HonestKind kind, DeterministicRandom random) => kind switch
    {
        HonestKind.CarrierNat => random.Pick<Location>(CarrierNats),
        HonestKind.Office => random.Pick<Location>(Offices),
        HonestKind.ConsumerVpn => random.Pick<Location>(_vpnExits),
        HonestKind.PhoneHopping => _addresses.Draw(_addresses.Mobile(random), random),
        _ => _addresses.Draw(random.Chance(0.15) ? _addresses.Mobile(random) : _addresses.Home(random), random),
    };

    private string? PickReferrer(HonestKind kind, long number, DeterministicRandom random)
    {
        if (kind is HonestKind.NativeApp or HonestKind.ReferrerStripping)
        {
            return random.Below(6) switch { 0 => "", 1 => "-", 2 => "N/A", _ => null };
        }

        return random.Chance(_profile.Audience.OddReferrer) ? Pages.OddPage(number) : Pages.AnyOfficialHost(random);
    }

    private Location[] Sites(int count, NetworkKind kind, long firstIndex)
    {
        Location[] sites = new Location[count];
        for (int i = 0; i < count; i++)
        {
            DeterministicRandom random = new(_seed, RandomDomain.Site, firstIndex + i);
            SimulatedNetwork network = kind switch
            {
                NetworkKind.Mobile => _addresses.Mobile(random),
                NetworkKind.Business => _addresses.Office(random),
                _ => _addresses.Vpn(random),
            };
            sites[i] = _addresses.Reserve(network, random);
        }

        return sites;
    }

    /// <summary>Exits of consumer VPNs, about ten viewers on each, up to eight exits in one /24 and no more than 320.</summary>
    private Location[] VpnExitsFor(double viewers)
    {
        int count = (int)Math.Clamp(viewers / 10, 2, 320);
        Location[] networks = Sites((count + 7) / 8, NetworkKind.Hosting, 2_000);
        return [.. Enumerable.Range(0, count).Select(i => AddressBook.Beside(networks[i % networks.Length], i / networks.Length))];
    }

    private SessionProbe MakeProbe(SimulatedWorld world, int index)
    {
        DeterministicRandom random = new(_seed, RandomDomain.Probe, index);
        string? organization = _profile.Organizations.IsEmpty ? null : _profile.Organizations[index % _profile.Organizations.Length];
        Location from = _addresses.ReserveHosting(random);
        return new SessionProbe(from, world.Tokens.ForUser(random, $"probe-{index}", world.Begin, revocable: false), organization);
    }
}
