using System.Collections.Immutable;
using AutoGuard.Core.Events;

namespace AutoGuard.Core.Policy;

/// <summary>What no configuration, event or operator makes AutoGuard block.</summary>
public static class GuardRails
{
    /// <summary>Shortest IPv4 prefix that is ever blocked.</summary>
    public const int WidestV4 = 20;

    /// <summary>Shortest IPv6 prefix that is ever blocked.</summary>
    public const int WidestV6 = 48;

    // Ranges in which no viewer of the public internet lives. The documentation ranges are not among them: nothing real is
    // harmed by a rule there, and examples need addresses that work.
    private static readonly ImmutableArray<(IpNetwork Network, string Name)> ReservedV4 =
    [
        (Network("0.0.0.0/8"), "unspecified"),
        (Network("10.0.0.0/8"), "private"),
        (Network("100.64.0.0/10"), "shared by carriers"),
        (Network("127.0.0.0/8"), "loopback"),
        (Network("169.254.0.0/16"), "link-local"),
        (Network("172.16.0.0/12"), "private"),
        (Network("192.168.0.0/16"), "private"),
        (Network("224.0.0.0/4"), "multicast"),
        (Network("240.0.0.0/4"), "reserved"),
    ];

    private static readonly ImmutableArray<(IpNetwork Network, string Name)> ReservedV6 =
    [
        (Network("::/128"), "unspecified"),
        (Network("::1/128"), "loopback"),
        (Network("fc00::/7"), "private"),
        (Network("fe80::/10"), "link-local"),
        (Network("ff00::/8"), "multicast"),
    ];

    private static readonly IpNetwork GlobalUnicast = Network("2000::/3");
    private static readonly IpNetwork Nat64 = Network("64:ff9b::/96");

    /// <summary>Whether a network may be blocked at all.</summary>
    /// <param name="network">The network; a single address is one of full length.</param>
    /// <param name="widestV4">Configured widest IPv4 prefix; values below <see cref="WidestV4"/> count as that.</param>
    /// <param name="widestV6">Configured widest IPv6 prefix; values below <see cref="WidestV6"/> count as that.</param>
    /// <param name="why">A sentence that says why not; empty when it may.</param>
    public static bool MayBlock(IpNetwork network, int widestV4, int widestV6, out string why)
    {
        bool isV4 = network.Address.IsV4;
        int most = isV4 ? 32 : 128;
        if (network.PrefixLength < 0 || network.PrefixLength > most || network.Address.Mask(network.PrefixLength) != network.Address)
        {
            why = "It is not a network: bits after the prefix are set.";
            return false;
        }
        foreach ((IpNetwork reserved, string name) in isV4 ? ReservedV4 : ReservedV6)
        {
            if (reserved.Contains(network) || (network.Contains(reserved) && network.PrefixLength >= Widest(isV4)))
            {
                why = $"{network} lies in {reserved}, which is {name}.";
                return false;
            }
        }
        // NAT64 carries IPv4 in its last 32 bits, so IPv4's rails hold there: a /64 would be everybody behind it.
        bool isNat64 = !isV4 && Nat64.Contains(network);
        int length = isNat64 ? network.PrefixLength - 96 : network.PrefixLength;
        int widest = isV4 || isNat64 ? Math.Max(widestV4, WidestV4) : Math.Max(widestV6, WidestV6);
        if (length < widest)
        {
            why = $"{network} is wider than /{(isNat64 ? widest + 96 : widest)}, the widest network that may be blocked.";
            return false;
        }
        if (isNat64)
        {
            return MayBlock(IpNetwork.Of(IpAddress.FromV4((uint)network.Address.Low), length), widestV4, widestV6, out why);
        }
        if (!isV4 && !GlobalUnicast.Contains(network))
        {
            why = $"{network} lies outside the public internet (2000::/3).";
            return false;
        }
        why = "";
        return true;
    }

    /// <summary>Whether a page may be blocked: only what a rule can name, which a <c>file:</c>, an app or an unreadable referrer is not.</summary>
    /// <param name="page">A referrer as events are reduced to it.</param>
    /// <param name="why">A sentence that says why not; empty when it may.</param>
    public static bool MayBlock(string page, out string why)
    {
        bool named = HostNames.TryNormalize(page.StartsWith(PageSites.Prefix, StringComparison.Ordinal) ? page[PageSites.Prefix.Length..] : page, out _);
        why = named ? "" : "It is no host name, so no rule can name it.";
        return named;
    }

    private static int Widest(bool isV4) => isV4 ? WidestV4 : WidestV6;

    private static IpNetwork Network(string text) =>
        IpNetwork.TryParse(text, out IpNetwork network) ? network : throw new FormatException(text);
}
