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
    private readonly ViewerFactory _factory;
    private readonly SimulatedToken[] _publicTokens;
    private int _nextStream;

    public Audience(SimulatedWorld world)
    {
        _profile = world.Profile;
        _seed = world.Seed;
        _addresses = world.Addresses;
        AudienceProfile audience = _profile.Audience;
        Sites = new Sites(world);
        Tenants = MakeTenants(world);
        DeterministicRandom random = new(_seed, RandomDomain.Token);
        _publicTokens = _profile.Tenants.IsEmpty
            ? [.. Enumerable.Range(0, Math.Max(1, _profile.Organizations.Length)).Select(_ => world.Tokens.ForEverybody(random, world.Begin))]
            : [.. Tenants.Select(t => t.Mint.ForEverybody(random, world.Begin))];
        Probes = [.. Enumerable.Range(0, audience.Probes).Select(i => MakeProbe(world, i))];
        UnlistedProbes = [.. Enumerable.Range(0, audience.UnlistedProbes).Select(i => MakeUnlistedProbe(world, i))];
        _factory = new ViewerFactory(this, world);
        long running = (long)(_profile.Viewers * _profile.RunningAtStart);
        _arrivals = new ArrivalCurve(_profile, _profile.Viewers - running, new DeterministicRandom(_seed, RandomDomain.Arrivals));
        Populate(world, running);
    }

    public Sites Sites { get; }

    public Tenant[] Tenants { get; }

    public Location[] CarrierNats => Sites.CarrierNats;

    public ReadOnlySpan<SimulatedToken> PublicTokens => _publicTokens;

    public SessionProbe[] Probes { get; }

    public SessionProbe[] UnlistedProbes { get; }

    public override void Wake(SimulatedWorld world, long now)
    {
        Viewer viewer = _factory.Create(_nextStream);
        viewer.Arrive(world, now);
        ScheduleNext(world);
    }

    public int PickStreamAt(long time, DeterministicRandom random) =>
        _arrivals.PickStreamAt(time - _profile.Start.ToUnixTimeMilliseconds(), random);

    /// <summary>As <see cref="PickStreamAt(long, DeterministicRandom)"/>, of those the tenant shows.</summary>
    public int PickStreamAt(long time, DeterministicRandom random, Tenant tenant)
    {
        for (int attempt = 0; attempt < 16; attempt++)
        {
            int stream = PickStreamAt(time, random);
            if (tenant.Streams.Contains(_profile.Streams[stream].Name))
            {
                return stream;
            }
        }

        string any = random.Pick<string>(tenant.Streams);
        return _profile.Streams.Select(s => s.Name).ToList().IndexOf(any);
    }

    /// <summary>A channel that never stops, of those the tenant shows; without one, the given stream.</summary>
    public int PickChannel(int stream, DeterministicRandom random, Tenant tenant)
    {
        if (_profile.Streams[stream].KickOff is null)
        {
            return stream;
        }

        int[] channels = [.. Enumerable.Range(0, _profile.Streams.Length)
            .Where(i => _profile.Streams[i].KickOff is null && tenant.Streams.Contains(_profile.Streams[i].Name))];
        return channels.Length == 0 ? stream : random.Pick<int>(channels);
    }

    /// <summary>The streams the tenant shows, by their places in the profile.</summary>
    public int[] StreamsOf(Tenant tenant) => [.. Enumerable.Range(0, _profile.Streams.Length).Where(i => tenant.Streams.Contains(_profile.Streams[i].Name))];

    public SimulatedToken PublicToken(string? organization) => _publicTokens[
        organization is null ? 0
        : _profile.Tenants.IsEmpty ? _profile.Organizations.IndexOf(organization)
        : Array.FindIndex(Tenants, t => t.Name == organization)];

    /// <summary>Where a traveller is after the journey.</summary>
    public Location Abroad(ViewerIdentity identity, DeterministicRandom random) =>
        _addresses.Draw(_addresses.HomeAbroad(random, identity.Home.Network.Country), random);

    /// <summary>Two to four places of one country that a phone passes: its carrier, the line at home, perhaps one at work and one at a friend's.</summary>
    public Location[] PlacesOnTheWay(ViewerIdentity identity, DeterministicRandom random)
    {
        long draw = random.Below(100);
        return draw < 50 ? [identity.Home, Line()]
            : draw < 85 ? [identity.Home, Line(), _addresses.Draw(identity.Home.Network, random)]
            : [Line(), identity.Home, Line(), Line()];

        Location Line() => _addresses.Draw(_addresses.In(identity.Home.Network.Country, NetworkKind.Home, random), random);
    }

    private void Populate(SimulatedWorld world, long running)
    {
        DeterministicRandom random = new(_seed, RandomDomain.Arrivals, 1);
        for (long i = 0; i < running; i++)
        {
            Viewer viewer = _factory.Create(_arrivals.PickStreamAt(0, random));
            viewer.StartedBefore = random.Between(5_000, viewer.LongestBefore);
            world.Schedule(world.Begin + random.Below(world.HeartbeatMilliseconds), viewer);
            viewer.Invite(world, world.Begin);
        }

        for (int i = 0; i < Probes.Length; i++)
        {
            DeterministicRandom own = new(_seed, RandomDomain.Probe, 100 + i);
            world.Schedule(world.Begin + own.Below(60_000), new Probe(Probes[i], own));
        }

        for (int i = 0; i < UnlistedProbes.Length; i++)
        {
            DeterministicRandom own = new(_seed, RandomDomain.Probe, 300 + i);
            world.Schedule(world.Begin + own.Below(UnlistedProbes[i].Interval), new Probe(UnlistedProbes[i], own));
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

    private Tenant[] MakeTenants(SimulatedWorld world)
    {
        string[] all = [.. _profile.Streams.Select(s => s.Name)];
        return _profile.Tenants.IsEmpty
            ? [new Tenant(null, _profile.Audience, _profile.Tokens, ClientMix.Mixed, world.Tokens, all, Sites, _profile.Duration)]
            : [.. _profile.Tenants.Select(t =>
            {
                string[] streams = t.Streams.IsEmpty ? all : [.. t.Streams];
                return new Tenant(t.Name, t.Audience, t.Tokens, t.Clients, new TokenMint(t.Tokens.Jwt, streams), streams, Sites, _profile.Duration);
            })];
    }

    private SessionProbe MakeProbe(SimulatedWorld world, int index)
    {
        DeterministicRandom random = new(_seed, RandomDomain.Probe, index);
        string? organization = !_profile.Tenants.IsEmpty ? Tenants[index % Tenants.Length].Name
            : _profile.Organizations.IsEmpty ? null : _profile.Organizations[index % _profile.Organizations.Length];
        Location from = _addresses.ReserveHosting(random);
        return new SessionProbe(from, world.Tokens.ForUser(random, $"probe-{index}", world.Begin, revocable: false), organization)
        {
            Streams = Array.Find(Tenants, t => t.Name is not null && t.Name == organization)?.Streams,
        };
    }

    private SessionProbe MakeUnlistedProbe(SimulatedWorld world, int index)
    {
        DeterministicRandom random = new(_seed, RandomDomain.Probe, 200 + index);
        Tenant tenant = Tenants[index % Tenants.Length];
        string? organization = tenant.Name ?? (_profile.Organizations.IsEmpty ? null : _profile.Organizations[index % _profile.Organizations.Length]);
        Location from = _addresses.ReserveHosting(random);
        return new SessionProbe(from, tenant.Mint.ForUser(random, $"partner-{index}", world.Begin), organization)
        {
            Label = HonestKind.UnlistedProbe,
            Agent = Clients.PartnerProbe,
            Streams = tenant.Streams,
            Interval = 300_000,
        };
    }
}
