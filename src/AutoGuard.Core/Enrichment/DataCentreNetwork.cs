namespace AutoGuard.Core.Enrichment;

/// <summary>What a network of servers is mostly used for.</summary>
public enum DataCentreKind : byte
{
    /// <summary>Rented virtual machines and platforms.</summary>
    Cloud,

    /// <summary>Dedicated and virtual servers, web hosting, colocation.</summary>
    Hosting,

    /// <summary>Exits of VPN providers, and the carriers that sell to them.</summary>
    Vpn,

    /// <summary>Content delivery; viewers seen there come through a proxy of the operator.</summary>
    Cdn,
}

/// <summary>An autonomous system of servers.</summary>
/// <param name="Asn">Its number.</param>
/// <param name="Kind">What it is mostly used for.</param>
/// <param name="Name">Who runs it.</param>
public readonly record struct DataCentreNetwork(uint Asn, DataCentreKind Kind, string Name);
