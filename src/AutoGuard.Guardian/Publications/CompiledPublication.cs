using System.Collections.Frozen;
using AutoGuard.Core.Events;
using AutoGuard.Guardian.Rules;

namespace AutoGuard.Guardian.Publications;

/// <summary>Which list refused a viewer.</summary>
public enum PublicationRefusal
{
    /// <summary>None.</summary>
    None,

    /// <summary>The address is denied, or is not among the allowed ones.</summary>
    Address,

    /// <summary>The country is denied, or is not among the allowed ones.</summary>
    Country,

    /// <summary>The page is not among the allowed ones.</summary>
    Referrer,
}

/// <summary>A publication's lists in the form that answers in well under a microsecond.</summary>
internal sealed class CompiledPublication
{
    private const string LocalHost = "localhost";

    private readonly Publication _lists;
    private readonly PrefixTrie<Entry> _v4;
    private readonly PrefixTrie<Entry> _v6;
    private readonly FrozenSet<string> _countries;
    private readonly FrozenSet<string> _domains;

    public CompiledPublication(Publication lists)
    {
        _lists = lists;
        PrefixTrie<Entry>.Editor v4 = PrefixTrie<Entry>.Empty.Edit();
        PrefixTrie<Entry>.Editor v6 = PrefixTrie<Entry>.Empty.Edit();
        foreach (string text in lists.IpBlocking.Cidrs)
        {
            if (!IpNetwork.TryParse(text, out IpNetwork network))
            {
                throw new InvalidOperationException("A publication in the store has a network that cannot be read.");
            }
            (network.Address.IsV4 ? v4 : v6).Put(new Entry(network));
        }
        _v4 = v4.Finish();
        _v6 = v6.Finish();
        _countries = lists.GeoBlocking.Countries.ToFrozenSet(StringComparer.Ordinal);
        _domains = lists.RefererBlocking.AllowedDomains.ToFrozenSet(StringComparer.Ordinal);
    }

    /// <summary>
    /// Whether a viewer is refused. The country list goes before the address list: where it names the viewer's country, what
    /// it says of it is final, and only for other countries of a deny list the address list decides.
    /// </summary>
    /// <param name="address">Viewer's address, or null when not asked.</param>
    /// <param name="country">Viewer's country, or null when not known: such a viewer is in no list.</param>
    /// <param name="referrer">Referrer as the viewer sent it, or null.</param>
    public PublicationRefusal Check(IpAddress? address, string? country, string? referrer)
    {
        if (_lists.RefererBlocking.Enabled && !MayEmbed(referrer))
        {
            return PublicationRefusal.Referrer;
        }
        if (_lists.GeoBlocking.Enabled)
        {
            bool isListed = country is not null && _countries.Contains(country);
            if (_lists.GeoBlocking.IsAllow || isListed)
            {
                return _lists.GeoBlocking.IsAllow == isListed ? PublicationRefusal.None : PublicationRefusal.Country;
            }
        }
        return _lists.IpBlocking.Enabled && address is IpAddress ip && IsListed(ip) != _lists.IpBlocking.IsAllow
            ? PublicationRefusal.Address
            : PublicationRefusal.None;
    }

    private bool IsListed(IpAddress address) =>
        address.IsV4 ? _v4.Over((ulong)address.V4 << 32, 0).MoveNext() : _v6.Over(address.High, address.Low).MoveNext();

    private bool MayEmbed(string? referrer)
    {
        if (EdgeIdentity.OfReferrer(referrer) is not { } host)
        {
            return _lists.RefererBlocking.AllowNativeApps;
        }
        return host == LocalHost || _domains.Contains(WithPort(referrer!, host));
    }

    /// <summary>The host as lists name it, with its port when one was written.</summary>
    private static string WithPort(string referrer, string host)
    {
        int start = referrer.IndexOf("//", StringComparison.Ordinal);
        ReadOnlySpan<char> authority = referrer.AsSpan(start < 0 ? 0 : start + 2);
        int end = authority.IndexOfAny("/?#\\");
        authority = end < 0 ? authority : authority[..end];
        int colon = authority.LastIndexOf(':');
        bool hasPort = colon > authority.LastIndexOf(']') && colon >= 0 && colon + 1 < authority.Length && !authority[(colon + 1)..].ContainsAnyExceptInRange('0', '9');
        return hasPort ? $"{host}{authority[colon..]}" : host;
    }

    private sealed class Entry(IpNetwork network) : IPrefixEntry
    {
        public ulong High { get; } = network.Address.IsV4 ? (ulong)network.Address.V4 << 32 : network.Address.High;

        public ulong Low { get; } = network.Address.IsV4 ? 0 : network.Address.Low;

        public int Length { get; } = network.PrefixLength;
    }
}
