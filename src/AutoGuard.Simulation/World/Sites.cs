using System.Collections.Immutable;
using AutoGuard.Simulation.Profiles;

namespace AutoGuard.Simulation.World;

/// <summary>Places that many viewers share; made before anybody else, each a pure function of the seed.</summary>
internal sealed class Sites
{
    private readonly ulong _seed;
    private readonly AddressBook _addresses;

    public Sites(SimulatedWorld world)
    {
        _seed = world.Seed;
        _addresses = world.Addresses;
        AudienceProfile audience = world.Profile.Audience;
        CarrierNats = Several(audience.CarrierNatAddresses, 0, _addresses.Mobile);
        Offices = Several(audience.OfficeAddresses, 1_000, _addresses.Office);
        VpnExits = VpnExitsFor(world.Profile.Viewers * ShareOf(world.Profile, a => a.ConsumerVpn + a.VpnSwitching), ShareOf(world.Profile, a => a.VpnSwitching) > 0);
        bool isUsed = ShareOf(world.Profile, a => a.Nat64) > 0;
        Nat64 = isUsed ? TranslatorsFor(audience.Nat64Addresses) : [];
        Proxies = ShareOf(world.Profile, a => a.CloudProxy) > 0 ? [.. Several(audience.CloudProxySites, 4_000, Proxy).Select((p, i) => Beside(p, 2 + (i % 2)))] : [];
        Campuses = ShareOf(world.Profile, a => a.Campus) > 0 ? [.. Several(audience.CampusSites, 5_000, Campus).Select((p, i) => Beside(p, 2 + (i % 5)))] : [];
    }

    public Location[] CarrierNats { get; }

    public Location[] Offices { get; }

    public Location[] VpnExits { get; }

    public Location[] Nat64 { get; }

    /// <summary>Addresses of the cloud proxy of each company.</summary>
    public Location[][] Proxies { get; }

    /// <summary>Addresses of each campus, hotel or stadium.</summary>
    public Location[][] Campuses { get; }

    /// <summary>A share over the whole audience: the tenants' own, by their size.</summary>
    public static double ShareOf(SimulationProfile profile, Func<AudienceProfile, double> share) => profile.Tenants.IsEmpty
        ? share(profile.Audience)
        : profile.Tenants.Sum(t => share(t.Audience) * t.Weight) / profile.Tenants.Sum(t => t.Weight);

    private static SimulatedNetwork Proxy(DeterministicRandom random) => AddressBook.Weighted(SharedNetworks.Proxies, random);

    private static SimulatedNetwork Campus(DeterministicRandom random) => AddressBook.Weighted(SharedNetworks.Campuses, random);

    private static Location[] Beside(Location first, int count) => [.. Enumerable.Range(0, count).Select(i => AddressBook.Beside(first, i))];

    private Location[] Several(int count, long firstIndex, Func<DeterministicRandom, SimulatedNetwork> network)
    {
        Location[] sites = new Location[count];
        for (int i = 0; i < count; i++)
        {
            DeterministicRandom random = new(_seed, RandomDomain.Site, firstIndex + i);
            sites[i] = _addresses.Reserve(network(random), random);
        }

        return sites;
    }

    private Location[] TranslatorsFor(int count)
    {
        Location[] sites = new Location[count];
        ImmutableArray<SimulatedNetwork> carriers = SharedNetworks.MobileV6;
        for (int i = 0; i < count; i++)
        {
            DeterministicRandom random = new(_seed, RandomDomain.Site, 3_000 + i);
            SimulatedNetwork carrier = AddressBook.Weighted(carriers, random);
            sites[i] = i % 2 == 0 ? _addresses.Reserve(carrier, random) : AddressBook.DrawV6(carrier, random);
        }

        return sites;
    }

    /// <summary>
    /// Exits of consumer VPNs, about ten viewers on each, up to eight exits in one /24 and no more than 320; where people
    /// switch between them there are exits in several countries.
    /// </summary>
    private Location[] VpnExitsFor(double viewers, bool areSwitched)
    {
        int count = (int)Math.Clamp(viewers / 10, areSwitched ? 24 : 2, 320);
        Location[] networks = Several(Math.Max(areSwitched ? 12 : 1, (count + 7) / 8), 2_000, _addresses.Vpn);
        return [.. Enumerable.Range(0, count).Select(i => AddressBook.Beside(networks[i % networks.Length], i / networks.Length))];
    }
}
