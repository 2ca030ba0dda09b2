using System.Collections.Immutable;
using AutoGuard.Core.Events;

namespace AutoGuard.Simulation.World;

/// <summary>
/// Networks that carry viewers whose address says little about them: privacy relays, cloud proxies, campuses; and the
/// IPv6 ranges of mobile carriers and hosters. Plausible, not authoritative, like <see cref="NetworkCatalogue"/>.
/// </summary>
internal static class SharedNetworks
{
    private static readonly string[] RelayCountries =
        ["DE", "GB", "FR", "ES", "IT", "NL", "AT", "SE", "PL", "US", "CA", "MX", "BR", "JP", "AU", "TR"];

    /// <summary>Privacy relays: a slice of each carrier's egress for each country.</summary>
    public static ImmutableArray<SimulatedNetwork> Relays { get; } =
    [
        .. RelayCountries.Select((country, i) => Slice(13335, "Cloudflare, Inc.", country, NetworkKind.Relay, 0x681C0000, 20, i, 0x2A09BAC0, 5)),
        .. RelayCountries.Select((country, i) => Slice(36183, "Akamai Technologies, Inc.", country, NetworkKind.Relay, 0xACE00000, 19, i, 0x2A0226F7, 4)),
        .. RelayCountries.Select((country, i) => Slice(54113, "Fastly, Inc.", country, NetworkKind.Relay, 0x924B8000, 22, i, 0x2A044E41, 1)),
    ];

    /// <summary>Cloud proxies of companies.</summary>
    public static ImmutableArray<SimulatedNetwork> Proxies { get; } =
    [
        Network(22616, "Zscaler, Inc.", "US", NetworkKind.Proxy, "165.225.0.0/18", 0, 3),
        Network(62044, "Zscaler Switzerland GmbH", "DE", NetworkKind.Proxy, "147.161.128.0/18", 0, 4),
        Network(62044, "Zscaler Switzerland GmbH", "GB", NetworkKind.Proxy, "147.161.192.0/18", 0, 3),
        Network(55256, "Netskope Inc", "US", NetworkKind.Proxy, "163.116.128.0/18", 0, 2),
        Network(36692, "Cisco OpenDNS, LLC", "US", NetworkKind.Proxy, "146.112.128.0/18", 0, 1),
        Network(396982, "Google LLC", "US", NetworkKind.Proxy, "34.98.64.0/18", 0, 1),
    ];

    /// <summary>Campuses, hotels and stadiums.</summary>
    public static ImmutableArray<SimulatedNetwork> Campuses { get; } =
    [
        Network(680, "Deutsches Forschungsnetz e.V.", "DE", NetworkKind.Campus, "134.76.0.0/15", 0, 3),
        Network(786, "Jisc Services Limited", "GB", NetworkKind.Campus, "152.71.0.0/16", 0, 3),
        Network(2200, "Renater", "FR", NetworkKind.Campus, "193.48.0.0/14", 0, 2),
        Network(1103, "SURF B.V.", "NL", NetworkKind.Campus, "145.90.0.0/15", 0, 1),
        Network(36375, "University of Michigan", "US", NetworkKind.Campus, "141.212.0.0/15", 0, 2),
        Network(3320, "Deutsche Telekom AG", "DE", NetworkKind.Campus, "62.153.0.0/16", 0, 2),
        Network(7922, "Comcast Cable Communications, LLC", "US", NetworkKind.Campus, "50.200.0.0/14", 0, 2),
        Network(5400, "British Telecommunications PLC", "GB", NetworkKind.Campus, "213.120.0.0/15", 0, 2),
    ];

    /// <summary>Mobile carriers with IPv6.</summary>
    public static ImmutableArray<SimulatedNetwork> MobileV6 { get; } =
    [
        Network(3320, "Deutsche Telekom AG", "DE", NetworkKind.Mobile, "80.187.0.0/16", 0x2A010598, 5),
        Network(6805, "Telefonica Germany GmbH", "DE", NetworkKind.Mobile, "176.0.0.0/13", 0x2A023030, 3),
        Network(12576, "EE Limited", "GB", NetworkKind.Mobile, "31.64.0.0/13", 0x2A014C80, 4),
        Network(51207, "Free Mobile SAS", "FR", NetworkKind.Mobile, "37.160.0.0/13", 0x2A0D3341, 3),
        Network(21928, "T-Mobile USA, Inc.", "US", NetworkKind.Mobile, "172.32.0.0/11", 0x2607FB90, 6),
        Network(22394, "Verizon Business (Cellco)", "US", NetworkKind.Mobile, "174.192.0.0/10", 0x26001000, 4),
        Network(55836, "Reliance Jio Infocomm Limited", "IN", NetworkKind.Mobile, "49.32.0.0/11", 0x24094050, 6),
        Network(26599, "Telefonica Brasil S.A. (Vivo)", "BR", NetworkKind.Mobile, "177.24.0.0/14", 0x28040D40, 3),
    ];

    /// <summary>Hosters with IPv6, and some that the other catalogue lacks.</summary>
    public static ImmutableArray<SimulatedNetwork> HostingV6 { get; } =
    [
        Network(24940, "Hetzner Online GmbH", "DE", NetworkKind.Hosting, "78.46.0.0/15", 0x2A0104F8, 3),
        Network(16276, "OVH SAS", "FR", NetworkKind.Hosting, "54.36.0.0/15", 0x200141D0, 3),
        Network(63949, "Akamai Connected Cloud (Linode)", "US", NetworkKind.Hosting, "172.104.0.0/15", 0x26003C00, 2),
        Network(8560, "IONOS SE", "DE", NetworkKind.Hosting, "82.165.0.0/16", 0x200108D8, 1),
        Network(202053, "UpCloud Ltd", "FI", NetworkKind.Hosting, "94.237.0.0/17", 0x2A043540, 1),
        Network(49981, "WorldStream B.V.", "NL", NetworkKind.Hosting, "185.18.52.0/22", 0x2A00F10B, 1),
        Network(31898, "Oracle Corporation", "US", NetworkKind.Hosting, "129.146.0.0/17", 0x26030C02, 1),
    ];

    private static SimulatedNetwork Network(uint asn, string provider, string country, NetworkKind kind, string prefix, uint prefixV6, int weight) =>
        new(asn, provider, country, kind, IpNetwork.TryParse(prefix, out IpNetwork network) ? network : throw new FormatException($"{prefix} is no network."), prefixV6, weight);

    private static SimulatedNetwork Slice(uint asn, string provider, string country, NetworkKind kind, uint first, int length, int index, uint prefixV6, int weight) =>
        new(asn, provider, country, kind, IpNetwork.Of(IpAddress.FromV4(first + ((uint)index << (32 - length))), length), prefixV6, weight);
}
