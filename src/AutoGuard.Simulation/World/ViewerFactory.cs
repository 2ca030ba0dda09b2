using System.Collections.Immutable;
using AutoGuard.Simulation.Labels;
using AutoGuard.Simulation.Profiles;

namespace AutoGuard.Simulation.World;

/// <summary>Makes the viewers one after another; the n-th is a pure function of the seed, the profile and its stream.</summary>
internal sealed class ViewerFactory
{
    private const int ViewersOnUnlistedPage = 4;

    private static readonly ImmutableArray<SimulatedNetwork> HomesWithV6 = [.. NetworkCatalogue.Of(NetworkKind.Home).Where(n => n.PrefixV6 != 0)];

    private readonly Audience _audience;
    private readonly SimulationProfile _profile;
    private readonly AddressBook _addresses;
    private readonly ulong _seed;
    private readonly Tenant[][] _tenantsOf;
    private readonly long[] _weights;
    private long _number;
    private long _onUnlistedPages;

    public ViewerFactory(Audience audience, SimulatedWorld world)
    {
        _audience = audience;
        _profile = world.Profile;
        _addresses = world.Addresses;
        _seed = world.Seed;
        _tenantsOf = [.. _profile.Streams.Select(s => audience.Tenants.Where(t => t.Streams.Contains(s.Name)).ToArray())];
        _weights = _profile.Tenants.IsEmpty ? [1] : [.. _profile.Tenants.Select(t => (long)t.Weight)];
    }

    public Viewer Create(int stream)
    {
        long number = _number++;
        DeterministicRandom random = new(_seed, RandomDomain.Viewer, number);
        Tenant tenant = PickTenant(stream, random);
        HonestKind kind = tenant.PickKind(random);
        bool isBound = kind is HonestKind.Household or HonestKind.PhoneHopping or HonestKind.Traveller or HonestKind.TwoPlaces or HonestKind.BigFamily
            or HonestKind.MobileHome or HonestKind.BorderPhone or HonestKind.FamilyPhones
            && (tenant.Name is null || tenant.BindsUsers);
        TokenWorkflowKind workflow = isBound ? TokenWorkflowKind.UserBound : tenant.PickWorkflow(random);
        if (kind == HonestKind.Single)
        {
            kind = workflow switch
            {
                TokenWorkflowKind.Public => HonestKind.PublicToken,
                TokenWorkflowKind.PerSession => HonestKind.PerSessionToken,
                _ => HonestKind.Single,
            };
        }

        Location home = PickHome(kind, random);
        bool isApp = IsApp(kind, tenant, random);
        ViewerIdentity identity = new()
        {
            Number = number,
            Kind = kind,
            Workflow = workflow,
            Home = home,
            UserAgent = PickAgent(kind, isApp, random),
            Referrer = PickReferrer(kind, number, isApp, tenant, random),
            User = workflow == TokenWorkflowKind.UserBound ? TokenMint.NewUser(random) : null,
            Organization = tenant.Name ?? (_profile.Organizations.IsEmpty ? null : random.Pick(_profile.Organizations.AsSpan())),
            Tenant = tenant,
        };
        return Make(identity, random, stream);
    }

    private Viewer Make(ViewerIdentity identity, DeterministicRandom random, int stream)
    {
        switch (identity.Kind)
        {
            case HonestKind.Household:
                return new Household(_audience, identity, random, stream);
            case HonestKind.PhoneHopping:
                return new HoppingPhone(_audience, identity, random, stream, _audience.PlacesOnTheWay(identity, random));
            case HonestKind.FamilyPhones:
                return FamilyPhones(identity, random, stream);
            case HonestKind.FlakyLine:
                return new FlakyLine(_audience, identity, random, stream);
            case HonestKind.Commuter:
                return new Commuter(_audience, identity, random, stream, _addresses);
            case HonestKind.VpnSwitching:
                return new ExitSwitcher(_audience, identity, random, stream, _addresses.Draw(_addresses.Home(random), random));
            case HonestKind.SetTopBox or HonestKind.AllDay:
                return new EndlessScreen(_audience, identity, random, _audience.PickChannel(stream, random, identity.Tenant));
            case HonestKind.RedialledLine:
                return new RedialledLine(_audience, identity, random, stream, _addresses);
            case HonestKind.ChannelSurfer:
                return new ChannelSurfer(_audience, identity, random, stream);
            case HonestKind.MultiView:
                return new MultiView(_audience, identity, random, stream);
            case HonestKind.StuckPlayer:
                return new StuckPlayer(_audience, identity, random, stream);
            case HonestKind.BorderPhone:
                return new BorderPhone(_audience, identity, random, stream, _addresses);
            case HonestKind.MobileHome:
                return MobileHome(identity, random, stream);
            case HonestKind.TwoPlaces:
                return WithCompanions(identity, random, stream, [ElsewhereOf(identity, random)]);
            case HonestKind.BigFamily:
                Location[] others = [.. Enumerable.Range(0, (int)random.Between(2, 3)).Select(_ => OtherScreen(identity.Home, random))];
                return WithCompanions(identity, random, stream, others);
            case HonestKind.MobileIpv6 or HonestKind.MobileCarrier or HonestKind.PrivacyRelay or HonestKind.PrivacyAddresses
                or HonestKind.DualStack or HonestKind.CloudProxy or HonestKind.Campus:
                return new Roamer(_audience, identity, random, stream, PlacesOf(identity, random));
            default:
                return new Viewer(_audience, identity, random, stream) { Stalls = StallsOf(identity, random, stream) };
        }
    }

    /// <summary>One account on several screens; every other account has a token for each of them.</summary>
    private Viewer WithCompanions(ViewerIdentity identity, DeterministicRandom random, int stream, Location[] places)
    {
        Purse purse = new();
        bool isShared = random.Chance(0.6);
        Viewer[] companions = [.. places.Select((place, i) => new Viewer(
            _audience,
            identity with { Home = place, UserAgent = Clients.Native.Contains(identity.UserAgent) ? random.Pick(Clients.Native) : Clients.Browser(random) },
            new DeterministicRandom(_seed, RandomDomain.Viewer, identity.Number | ((i + 1L) << 48)),
            stream)
        {
            Purse = isShared ? purse : new Purse(),
        })];
        return new Viewer(_audience, identity, random, stream) { Purse = purse, Companions = companions };
    }

    /// <summary>Two seats of one account and one token; each has its own two or three of the household's screens.</summary>
    private MobileHomeSeat MobileHome(ViewerIdentity identity, DeterministicRandom random, int stream)
    {
        string[] screens = Clients.Different((int)random.Between(3, 5), identity.UserAgent, random);
        int first = (screens.Length + 1) / 2;
        DeterministicRandom own = new(_seed, RandomDomain.Viewer, identity.Number | (1L << 48));
        Purse purse = new();
        return new MobileHomeSeat(_audience, identity, random, stream, _addresses, screens[..first])
        {
            Purse = purse,
            Companions = [new MobileHomeSeat(_audience, identity, own, stream, _addresses, screens[first..]) { Purse = purse }],
        };
    }

    /// <summary>Two phones on one token, with a carrier and a line at home in common; one or both pass a line at work as well.</summary>
    private HoppingPhone FamilyPhones(ViewerIdentity identity, DeterministicRandom random, int stream)
    {
        Location home = Line();
        Location[] places = random.Chance(0.5) ? [identity.Home, home] : [identity.Home, home, Line()];
        Location other = _addresses.DrawV4(identity.Home.Network, random);
        DeterministicRandom own = new(_seed, RandomDomain.Viewer, identity.Number | (1L << 48));
        Purse purse = new();
        bool isApp = Clients.Native.Contains(identity.UserAgent);
        return new HoppingPhone(_audience, identity, random, stream, places)
        {
            Purse = purse,
            Companions =
            [
                new HoppingPhone(
                    _audience, identity with { Home = other, UserAgent = random.Pick(isApp ? Clients.Native : Clients.Phone) }, own, stream, [home, other, Line()]) { Purse = purse },
            ],
        };

        Location Line() => _addresses.Draw(_addresses.In(identity.Home.Network.Country, NetworkKind.Home, random), random);
    }

    private Location ElsewhereOf(ViewerIdentity identity, DeterministicRandom random) => _addresses.Draw(
        _addresses.In(identity.Home.Network.Country, random.Chance(0.5) ? NetworkKind.Mobile : NetworkKind.Home, random), random);

    /// <summary>Behind IPv4 the same address, with IPv6 another one of the home's /64.</summary>
    private static Location OtherScreen(Location home, DeterministicRandom random) =>
        home.Address.IsV4 ? home : AddressBook.Within64(home, random);

    private Func<DeterministicRandom, Location> PlacesOf(ViewerIdentity identity, DeterministicRandom random)
    {
        Location home = identity.Home;
        switch (identity.Kind)
        {
            case HonestKind.MobileIpv6:
                return r => AddressBook.DrawV6(home.Network, r);
            case HonestKind.MobileCarrier:
                return r => _addresses.DrawV4(home.Network, r);
            case HonestKind.PrivacyAddresses:
                return r => AddressBook.Within64(home, r);
            case HonestKind.DualStack:
                Location six = AddressBook.DrawV6(home.Network, random);
                return r => r.Chance(0.7) ? six : home;
            case HonestKind.CloudProxy:
                Location[] proxies = Array.Find(_audience.Sites.Proxies, p => p[0] == home)!;
                return r => r.Pick<Location>(proxies);
            case HonestKind.Campus:
                Location[] campus = Array.Find(_audience.Sites.Campuses, c => c[0] == home)!;
                Location usual = random.Pick<Location>(campus);
                return r => r.Chance(0.85) ? usual : r.Pick<Location>(campus);
            default:
                bool prefersV6 = random.Chance(0.5);
                return r => prefersV6 && r.Chance(0.9) ? AddressBook.DrawV6(home.Network, r) : _addresses.DrawV4(home.Network, r);
        }
    }

    private int StallsOf(ViewerIdentity identity, DeterministicRandom random, int stream) =>
        identity.Tenant.Audience.Stalling > 0 && _profile.Streams[stream].KickOff is not null && random.Chance(identity.Tenant.Audience.Stalling)
            ? (int)random.Between(1, 2)
            : 0;

    private Tenant PickTenant(int stream, DeterministicRandom random)
    {
        Tenant[] tenants = _tenantsOf[stream];
        if (tenants.Length == 1)
        {
            return tenants[0];
        }

        long position = random.Below(tenants.Sum(Weight));
        foreach (Tenant tenant in tenants)
        {
            position -= Weight(tenant);
            if (position < 0)
            {
                return tenant;
            }
        }

        return tenants[^1];
    }

    private long Weight(Tenant tenant) => _weights[Array.IndexOf(_audience.Tenants, tenant)];

    private Location PickHome(HonestKind kind, DeterministicRandom random) => kind switch
    {
        HonestKind.CarrierNat => random.Pick<Location>(_audience.Sites.CarrierNats),
        HonestKind.Office => random.Pick<Location>(_audience.Sites.Offices),
        HonestKind.ConsumerVpn or HonestKind.VpnSwitching => random.Pick<Location>(_audience.Sites.VpnExits),
        HonestKind.PhoneHopping or HonestKind.FamilyPhones or HonestKind.MobileCarrier or HonestKind.Commuter or HonestKind.MobileHome => _addresses.DrawV4(_addresses.Mobile(random), random),
        HonestKind.RedialledLine => _addresses.DrawV4(_addresses.Home(random), random),
        HonestKind.BorderPhone => _addresses.DrawV4(BorderPhone.Carrier(_addresses, random), random),
        HonestKind.Nat64 => random.Pick<Location>(_audience.Sites.Nat64),
        HonestKind.DualStack => _addresses.DrawV4(AddressBook.Weighted(HomesWithV6, random), random),
        HonestKind.PrivacyAddresses => AddressBook.DrawV6(AddressBook.Weighted(HomesWithV6, random), random),
        HonestKind.MobileIpv6 => AddressBook.DrawV6(AddressBook.Weighted(SharedNetworks.MobileV6, random), random),
        HonestKind.PrivacyRelay => _addresses.DrawV4(AddressBook.Weighted(SharedNetworks.Relays, random), random),
        HonestKind.CloudProxy => random.Pick<Location[]>(_audience.Sites.Proxies)[0],
        HonestKind.Campus => random.Pick<Location[]>(_audience.Sites.Campuses)[0],
        HonestKind.OwnVpn => _addresses.DrawV4(_addresses.Hosting(random), random),
        HonestKind.BigFamily when random.Chance(0.4) => AddressBook.DrawV6(AddressBook.Weighted(HomesWithV6, random), random),
        _ => _addresses.Draw(random.Chance(0.15) ? _addresses.Mobile(random) : _addresses.Home(random), random),
    };

    private static bool IsApp(HonestKind kind, Tenant tenant, DeterministicRandom random) => tenant.Clients switch
    {
        ClientMix.AppsOnly => true,
        ClientMix.PagesOnly => false,
        _ => kind is HonestKind.NativeApp or HonestKind.SetTopBox
            || (kind is HonestKind.MobileCarrier or HonestKind.MobileIpv6 or HonestKind.Commuter or HonestKind.Nat64 or HonestKind.AllDay or HonestKind.MobileHome
                && random.Chance(0.4)),
    };

    private string PickAgent(HonestKind kind, bool isApp, DeterministicRandom random) =>
        random.Chance(_profile.Audience.HostileText) ? random.Pick(Clients.Hostile)
        : isApp ? random.Pick(Clients.Native)
        : kind switch
        {
            HonestKind.Office or HonestKind.CloudProxy or HonestKind.UnlistedPage => random.Pick(Clients.Desktop),
            HonestKind.PhoneHopping or HonestKind.FamilyPhones or HonestKind.CarrierNat or HonestKind.MobileCarrier or HonestKind.MobileIpv6 or HonestKind.Commuter
                or HonestKind.Nat64 or HonestKind.BorderPhone => random.Pick(Clients.Phone),
            _ => Clients.Browser(random),
        };

    private string? PickReferrer(HonestKind kind, long number, bool isApp, Tenant tenant, DeterministicRandom random)
    {
        if (isApp || kind == HonestKind.ReferrerStripping)
        {
            return random.Below(6) switch { 0 => "", 1 => "-", 2 => "N/A", _ => null };
        }

        return kind == HonestKind.UnlistedPage ? Pages.Unlisted(_onUnlistedPages++ / ViewersOnUnlistedPage)
            : random.Chance(tenant.Audience.OddReferrer) ? Pages.OddPage(number)
            : tenant.Name is { } name ? Pages.AnyHostOf(name, random)
            : Pages.AnyOfficialHost(random);
    }
}
