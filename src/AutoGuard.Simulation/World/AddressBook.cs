using System.Collections.Immutable;
using AutoGuard.Core.Events;

namespace AutoGuard.Simulation.World;

/// <summary>An address together with the network it belongs to.</summary>
internal readonly record struct Location(SimulatedNetwork Network, IpAddress Address);

/// <summary>
/// Draws addresses. Whole /24s and /64s are set aside for sites and attackers before the audience arrives, so that no
/// ordinary viewer meets one by accident; where they are to meet (translators, VPN exits, bystanders), a plan says so.
/// </summary>
internal sealed class AddressBook
{
    private readonly ImmutableArray<SimulatedNetwork> _homes = NetworkCatalogue.Of(NetworkKind.Home);
    private readonly ImmutableArray<SimulatedNetwork> _mobiles = NetworkCatalogue.Of(NetworkKind.Mobile);
    private readonly ImmutableArray<SimulatedNetwork> _offices = NetworkCatalogue.Of(NetworkKind.Business);
    private readonly ImmutableArray<SimulatedNetwork> _hosting = [.. NetworkCatalogue.Of(NetworkKind.Hosting).Where(n => n.Weight == 0)];
    private readonly ImmutableArray<SimulatedNetwork> _vpn = [.. NetworkCatalogue.Of(NetworkKind.Hosting).Where(n => n.Weight > 0)];
    private readonly HashSet<IpNetwork> _reserved = [];
    private readonly HashSet<IpAddress> _claimed = [];
    private HashSet<IpAddress>? _drawn = [];

    public SimulatedNetwork Home(DeterministicRandom random) => Weighted(_homes, random);

    public SimulatedNetwork Mobile(DeterministicRandom random) => Weighted(_mobiles, random);

    public SimulatedNetwork Office(DeterministicRandom random) => Weighted(_offices, random);

    public SimulatedNetwork Vpn(DeterministicRandom random) => Weighted(_vpn, random);

    public SimulatedNetwork Hosting(DeterministicRandom random) => random.Pick(_hosting.AsSpan());

    /// <summary>A home network in another country than <paramref name="country"/>.</summary>
    public SimulatedNetwork HomeAbroad(DeterministicRandom random, string country)
    {
        while (true)
        {
            SimulatedNetwork network = Home(random);
            if (network.Country != country)
            {
                return network;
            }
        }
    }

    /// <summary>One of the networks of homes or phones in <paramref name="country"/>, each as often as the others.</summary>
    public SimulatedNetwork In(string country, NetworkKind kind, DeterministicRandom random)
    {
        ImmutableArray<SimulatedNetwork> networks = kind == NetworkKind.Mobile ? _mobiles : _homes;
        return random.Pick<SimulatedNetwork>([.. networks.Where(n => n.Country == country)]);
    }

    /// <summary>
    /// An address of the network that no site or attacker is near. Steps aside rather than drawing again, so that
    /// whatever is set aside never moves a viewer's later numbers.
    /// </summary>
    public Location Draw(SimulatedNetwork network, DeterministicRandom random) => Aside(network, Any(network, random));

    /// <summary>As <see cref="Draw"/>, but IPv4.</summary>
    public Location DrawV4(SimulatedNetwork network, DeterministicRandom random) => Aside(network, AnyV4(network, random));

    /// <summary>An address in a /64 of the network's IPv6 range, with a random interface part.</summary>
    public static Location DrawV6(SimulatedNetwork network, DeterministicRandom random) =>
        new(network, new IpAddress(((ulong)network.PrefixV6 << 32) | (uint)random.Next(), random.Next()));

    /// <summary>Another address of the same /64.</summary>
    public static Location Within64(Location place, DeterministicRandom random) =>
        place with { Address = new IpAddress(place.Address.High, random.Next()) };

    /// <summary>
    /// One IPv4 address that no honest viewer has or gets, though some may live in its neighbourhood: for attackers who
    /// need too many places to set a whole /24 aside for each.
    /// </summary>
    /// <exception cref="InvalidOperationException">The network has hardly a free address left.</exception>
    public Location Claim(SimulatedNetwork network, DeterministicRandom random)
    {
        for (int attempt = 0; attempt < 10_000; attempt++)
        {
            IpAddress address = AnyV4(network, random);
            if (!_reserved.Contains(Neighbourhood(address)) && _drawn?.Contains(address) != true && _claimed.Add(address))
            {
                return new(network, address);
            }
        }

        throw new InvalidOperationException($"The profile needs more addresses of {network.Provider} than there are in {network.Prefix}.");
    }

    /// <summary>All attackers have their places: from now on nobody asks who was there before.</summary>
    public void ForgetDrawn() => _drawn = null;

    /// <summary>One of the networks, by weight.</summary>
    public static SimulatedNetwork Weighted(ImmutableArray<SimulatedNetwork> networks, DeterministicRandom random)
    {
        long total = 0;
        foreach (SimulatedNetwork network in networks)
        {
            total += network.Weight;
        }

        long position = random.Below(total);
        foreach (SimulatedNetwork network in networks)
        {
            position -= network.Weight;
            if (position < 0)
            {
                return network;
            }
        }

        return networks[^1];
    }

    /// <summary>An address whose whole neighbourhood is henceforth kept from ordinary viewers.</summary>
    /// <exception cref="InvalidOperationException">The network has hardly a free neighbourhood left.</exception>
    public Location Reserve(SimulatedNetwork network, DeterministicRandom random)
    {
        for (int attempt = 0; attempt < 10_000; attempt++)
        {
            IpAddress address = AnyV4(network, random);
            if (_reserved.Add(Neighbourhood(address)))
            {
                return new(network, address);
            }
        }

        throw new InvalidOperationException($"The profile needs more separate networks of {network.Provider} than there are in {network.Prefix}.");
    }

    /// <summary>A site of a data centre for an attacker; another network of the kind when one is nearly full.</summary>
    public Location ReserveHosting(DeterministicRandom random)
    {
        SimulatedNetwork network = Hosting(random);
        while (_reserved.Count(n => network.Prefix.Contains(n)) > 1 << (23 - network.Prefix.PrefixLength))
        {
            network = Hosting(random);
        }

        return Reserve(network, random);
    }

    /// <summary>The <paramref name="step"/>-th address after <paramref name="origin"/> in the same /24.</summary>
    public static Location Beside(Location origin, int step)
    {
        uint start = origin.Address.V4 & 0xFFFFFF00;
        uint host = (((origin.Address.V4 & 0xFF) - 1 + (uint)step) % 254) + 1;
        return origin with { Address = IpAddress.FromV4(start | host) };
    }

    public static IpNetwork Neighbourhood(IpAddress address) => IpNetwork.Of(address, address.IsV4 ? 24 : 64);

    private static IpAddress Any(SimulatedNetwork network, DeterministicRandom random)
    {
        if (network.PrefixV6 == 0 || !random.Chance(0.3))
        {
            return AnyV4(network, random);
        }

        ulong high = ((ulong)network.PrefixV6 << 32) | (uint)random.Next();
        return new IpAddress(high, random.Next());
    }

    private static IpAddress AnyV4(SimulatedNetwork network, DeterministicRandom random)
    {
        long subnets = 1L << (24 - network.Prefix.PrefixLength);
        uint subnet = (uint)random.Below(subnets);
        return IpAddress.FromV4(network.Prefix.Address.V4 + (subnet << 8) + (uint)random.Between(1, 254));
    }

    private Location Aside(SimulatedNetwork network, IpAddress address)
    {
        while (_reserved.Contains(Neighbourhood(address)) || (_claimed.Count > 0 && _claimed.Contains(address)))
        {
            uint offset = (address.V4 - network.Prefix.Address.V4 + 256) & (uint.MaxValue >> network.Prefix.PrefixLength);
            address = IpAddress.FromV4(network.Prefix.Address.V4 + offset);
        }

        _drawn?.Add(address);
        return new(network, address);
    }
}
