using AutoGuard.Core.Events;

namespace AutoGuard.Core.Enrichment;

/// <summary>What a source says of an address beyond country and operator.</summary>
[Flags]
public enum AddressTraits : byte
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>A hosting or data-centre network.</summary>
    Hosting = 1,

    /// <summary>An anonymising proxy, VPN or Tor exit. Residential proxies and private relays of phone makers are not meant.</summary>
    AnonymousProxy = 2,

    /// <summary>A satellite operator, whose viewers may be anywhere.</summary>
    Satellite = 4,

    /// <summary>An anycast network, which is in many places at once.</summary>
    Anycast = 8,

    /// <summary>A network on a "do not route or peer" list: hijacked or run by criminals.</summary>
    Hostile = 16,
}

/// <summary>What a directory knows of an address.</summary>
/// <param name="Country">See <see cref="CountryCode"/>; 0 when unknown.</param>
/// <param name="Asn">Autonomous system number; 0 when unknown.</param>
/// <param name="Provider">Operator's name in UTF-8, a part of the directory's own memory; empty when unknown.</param>
/// <param name="Traits">What else the source says.</param>
public readonly record struct AddressRecord(ushort Country, uint Asn, ReadOnlyMemory<byte> Provider, AddressTraits Traits);

/// <summary>
/// A database of addresses held in memory. Immutable once made: any number of threads may ask, and asking allocates
/// nothing and never fails, whatever file the directory was made of.
/// </summary>
public interface IAddressDirectory
{
    /// <summary>What the source calls itself, and when it was made: for the start-up log and <c>check</c>.</summary>
    string Description { get; }

    /// <summary>Finds the most specific network that holds the address; false when there is none.</summary>
    bool TryLookup(IpAddress address, out AddressRecord record);
}
