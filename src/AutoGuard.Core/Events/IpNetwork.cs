using System.Globalization;

namespace AutoGuard.Core.Events;

/// <summary>A CIDR: a network address (host bits zero) and a prefix length in the address's own family.</summary>
/// <param name="Address">The network address.</param>
/// <param name="PrefixLength">0 to 32 for IPv4, 0 to 128 for IPv6.</param>
public readonly record struct IpNetwork(IpAddress Address, int PrefixLength)
{
    /// <summary>Whether the network holds exactly one address.</summary>
    public bool IsSingleAddress => PrefixLength == (Address.IsV4 ? 32 : 128);

    /// <summary>The network of <paramref name="prefixLength"/> bits that an address lies in.</summary>
    public static IpNetwork Of(IpAddress address, int prefixLength) => new(address.Mask(prefixLength), prefixLength);

    /// <summary>Whether the address lies in this network; families do not mix.</summary>
    public bool Contains(IpAddress address) =>
        address.IsV4 == Address.IsV4 && address.Mask(PrefixLength) == Address;

    /// <summary>Whether every address of <paramref name="other"/> lies in this network.</summary>
    public bool Contains(IpNetwork other) => other.PrefixLength >= PrefixLength && Contains(other.Address);

    /// <summary><c>203.0.113.0/24</c>; a single address too is written with its length.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Address}/{PrefixLength}");

    /// <summary>
    /// Reads an address or a CIDR. Host bits must be zero: <c>203.0.113.7/24</c> is refused, since its writer may have
    /// meant either the address or the network.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<char> text, out IpNetwork network)
    {
        network = default;
        int slash = text.IndexOf('/');
        ReadOnlySpan<char> head = slash < 0 ? text : text[..slash];
        if (!IpAddress.TryParse(head, out IpAddress address))
        {
            return false;
        }
        int most = address.IsV4 ? 32 : 128;
        int length = most;
        if (slash >= 0 && (!int.TryParse(text[(slash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out length) || length > most))
        {
            return false;
        }
        network = Of(address, length);
        return network.Address == address;
    }
}
