using AutoGuard.Core.Events;

namespace AutoGuard.Core.Tests.Enrichment;

/// <summary>Random networks that nest and touch each other, and the addresses at which a tree is likely to err.</summary>
internal static class RandomNetworks
{
    /// <summary>Distinct networks, wider ones first.</summary>
    public static List<IpNetwork> Make(Random random, int count, bool withV6)
    {
        HashSet<IpNetwork> networks = [];
        while (networks.Count < count)
        {
            IpNetwork? parent = networks.Count > 0 && random.Next(3) == 0 ? networks.ElementAt(random.Next(networks.Count)) : null;
            IpAddress address = parent is { } known ? Within(random, known) : AnyAddress(random, withV6);
            int most = address.IsV4 ? 32 : 128;
            int least = parent?.PrefixLength ?? (address.IsV4 ? 4 : 16);
            networks.Add(IpNetwork.Of(address, random.Next(least, most + 1)));
        }
        return [.. networks.OrderBy(network => network.PrefixLength).ThenBy(network => network.Address)];
    }

    public static IpAddress Probe(Random random, List<IpNetwork> networks, bool withV6)
    {
        if (random.Next(4) == 0)
        {
            return AnyAddress(random, withV6);
        }
        IpNetwork network = networks[random.Next(networks.Count)];
        return random.Next(3) switch
        {
            0 => network.Address,
            1 => Before(network.Address),
            _ => Within(random, network),
        };
    }

    /// <summary>The most specific network that holds the address, by trying all.</summary>
    public static IpNetwork? Longest(List<IpNetwork> networks, IpAddress address) =>
        networks.Where(network => network.Contains(address)).OrderByDescending(network => network.PrefixLength)
            .Select(network => (IpNetwork?)network).FirstOrDefault();

    private static IpAddress AnyAddress(Random random, bool withV6) =>
        withV6 && random.Next(2) == 0
            ? new IpAddress(0x2000_0000_0000_0000 | ((ulong)random.NextInt64() >> 3), (ulong)random.NextInt64())
            : IpAddress.FromV4((uint)random.NextInt64(1L << 24, 1L << 32));

    private static IpAddress Within(Random random, IpNetwork network)
    {
        IpAddress noise = network.Address.IsV4
            ? IpAddress.FromV4((uint)random.NextInt64(1L << 32))
            : new IpAddress((ulong)random.NextInt64(), (ulong)random.NextInt64());
        IpAddress masked = noise.Mask(network.PrefixLength);
        return new IpAddress(network.Address.High | (noise.High ^ masked.High), network.Address.Low | (noise.Low ^ masked.Low));
    }

    private static IpAddress Before(IpAddress address) =>
        address.IsV4
            ? IpAddress.FromV4(address.V4 - 1)
            : new IpAddress(address.Low == 0 ? address.High - 1 : address.High, address.Low - 1);
}
