using AutoGuard.Simulation.World;

namespace AutoGuard.Simulation.Tests.World;

/// <summary>Markets as they are: several operators a country, none in another's range.</summary>
public sealed class NetworkCatalogueTests
{
    private static readonly SimulatedNetwork[] Everything =
    [
        .. NetworkCatalogue.All, .. SharedNetworks.Relays, .. SharedNetworks.Proxies, .. SharedNetworks.Campuses, .. SharedNetworks.MobileV6, .. SharedNetworks.HostingV6,
    ];

    public static TheoryData<string> Countries =>
        [.. NetworkCatalogue.All.Where(n => n.Kind is NetworkKind.Home or NetworkKind.Mobile).Select(n => n.Country).Distinct()];

    [Theory]
    [MemberData(nameof(Countries))]
    public void Every_country_has_three_operators_of_homes_and_one_of_phones(string country)
    {
        SimulatedNetwork[] homes = [.. NetworkCatalogue.Of(NetworkKind.Home).Where(n => n.Country == country)];

        Assert.True(homes.Select(n => n.Asn).Distinct().Count() >= 3, $"{country} has {homes.Length} operators of homes");
        Assert.Contains(NetworkCatalogue.Of(NetworkKind.Mobile), n => n.Country == country);
        Assert.All(NetworkCatalogue.All.Where(n => n.Country == country && n.Kind is NetworkKind.Home or NetworkKind.Mobile), n => Assert.True(n.Weight > 0, n.Provider));
    }

    [Fact]
    public void Ranges_of_different_networks_do_not_overlap()
    {
        // Mobile carriers with IPv6 stand in both catalogues with the same range.
        SimulatedNetwork[] different = [.. Everything.DistinctBy(n => (n.Asn, n.Prefix))];

        Assert.All(different, one => Assert.DoesNotContain(different, other => !ReferenceEquals(one, other) && one.Prefix.Contains(other.Prefix)));
    }

    [Fact]
    public void IPv6_ranges_of_different_networks_do_not_overlap()
    {
        // Every slice of a relay has the carrier's one range.
        var ranges = Everything.Where(n => n.PrefixV6 != 0).GroupBy(n => n.PrefixV6).ToArray();

        Assert.All(ranges, r => Assert.Single(r.Select(n => n.Asn).Distinct()));
        Assert.True(ranges.Length > 30, $"{ranges.Length} ranges");
    }

    [Fact]
    public void Ranges_of_homes_and_phones_have_room_for_many_separate_places() =>
        Assert.All(
            NetworkCatalogue.All.Where(n => n.Kind is NetworkKind.Home or NetworkKind.Mobile),
            n => Assert.InRange(n.Prefix.PrefixLength, 8, n.Kind == NetworkKind.Home ? 15 : 16));

    [Fact]
    public void An_address_of_a_country_is_of_any_of_its_operators()
    {
        AddressBook addresses = new();
        DeterministicRandom random = new(1, RandomDomain.Site);
        SimulatedNetwork[] drawn = [.. Enumerable.Range(0, 100).Select(_ => addresses.In("ES", NetworkKind.Home, random))];

        Assert.Equal(NetworkCatalogue.Of(NetworkKind.Home).Where(n => n.Country == "ES").Select(n => n.Asn).Order(), drawn.Select(n => n.Asn).Distinct().Order());
        Assert.All(drawn, n => Assert.True(n.Prefix.Contains(addresses.DrawV4(n, random).Address)));
    }
}
