using System.Collections.Immutable;

namespace AutoGuard.Core.Enrichment;

/// <summary>
/// Autonomous systems through which ordinary people leave by way of a service: privacy relays and companies' web gateways.
/// Their addresses are servers', but say neither where a viewer is nor that there is only one. An attacker can hide in the
/// crowd there too, so nothing of this is trust; it only keeps the address from being evidence.
/// </summary>
public static class SharedEgressList
{
    /// <summary>The networks, by ascending number.</summary>
    public static ImmutableArray<(uint Asn, string Name)> Networks { get; } =
    [
        (13335, "Cloudflare (WARP, iCloud Private Relay)"),
        (22616, "Zscaler"),
        (36183, "Akamai (iCloud Private Relay)"),
        (36692, "Cisco Umbrella"),
        (53813, "Zscaler"),
        (54113, "Fastly (iCloud Private Relay)"),
        (55256, "Netskope"),
        (62044, "Zscaler"),
        (209242, "Cloudflare, London"),
    ];
}
