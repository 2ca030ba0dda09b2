using System.Collections.Immutable;
using System.Globalization;
using AutoGuard.Core.Configuration;
using AutoGuard.Core.Events;

namespace AutoGuard.Core.Policy;

/// <summary>
/// The compiled allowlist: who is never acted on, and why. Asked only about suspects, so plain lists serve. Entries that
/// do not parse are the configuration check's business; here they are refused.
/// </summary>
public sealed class Allowlist
{
    private readonly ImmutableArray<(IpNetwork Network, Entry Entry)> _networks;
    private readonly ImmutableDictionary<string, Entry> _tokens;
    private readonly ImmutableDictionary<string, Entry> _users;
    private readonly ImmutableDictionary<uint, Entry> _asns;
    private readonly ImmutableArray<(string Host, bool SubDomains, Entry Entry)> _referrers;

    /// <summary>Compiles the options.</summary>
    /// <exception cref="FormatException">An entry is not of its list's form; the message names it.</exception>
    public Allowlist(AllowlistOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _networks = [.. options.Addresses.Select(entry => (ParseNetwork(entry.Value), new Entry(entry)))];
        _tokens = Longest(options.Tokens, value => value);
        _users = Longest(options.Users, value => value);
        _asns = Longest(options.Asns, ParseAsn);
        _referrers = [.. options.Referrers.Select(entry => (
            entry.Value.StartsWith("*.", StringComparison.Ordinal) ? entry.Value[1..].ToLowerInvariant() : entry.Value.ToLowerInvariant(),
            entry.Value.StartsWith("*.", StringComparison.Ordinal),
            new Entry(entry)))];
    }

    /// <summary>Whether any address or network operator is listed at all.</summary>
    public bool ListsAddresses => _networks.Length > 0 || _asns.Count > 0;

    /// <summary>Whether any token or user is listed at all.</summary>
    public bool ListsTokens => _tokens.Count > 0 || _users.Count > 0;

    /// <summary>Why a token is spared at a time (Unix milliseconds), or null.</summary>
    public string? Covers(string token, string? user, long now)
    {
        if (_tokens.TryGetValue(token, out Entry entry) && entry.Holds(now))
        {
            return entry.Why("token");
        }
        return user is not null && _users.TryGetValue(user, out entry) && entry.Holds(now) ? entry.Why("user") : null;
    }

    /// <summary>Why an address of a network operator is spared, or null.</summary>
    public string? Covers(IpAddress address, uint asn, long now)
    {
        foreach ((IpNetwork network, Entry entry) in _networks)
        {
            if (network.Contains(address) && entry.Holds(now))
            {
                return entry.Why("address");
            }
        }
        return OperatorCovers(asn, now);
    }

    /// <summary>Why a network of a network operator is spared, or null: any overlap with an entry spares it.</summary>
    public string? Covers(IpNetwork network, uint asn, long now)
    {
        foreach ((IpNetwork listed, Entry entry) in _networks)
        {
            if ((listed.Contains(network) || network.Contains(listed)) && entry.Holds(now))
            {
                return entry.Why("address");
            }
        }
        return OperatorCovers(asn, now);
    }

    /// <summary>Why a referrer host is spared, or null; of the sub-domains of a domain (<c>*.example.com</c>), when any of them is.</summary>
    public string? Covers(string host, long now)
    {
        string? domain = host.StartsWith(PageSites.Prefix, StringComparison.Ordinal) ? host[1..] : null;
        foreach ((string listed, bool subDomains, Entry entry) in _referrers)
        {
            bool matches = (subDomains ? host.EndsWith(listed, StringComparison.Ordinal) : host == listed)
                || (domain is not null && listed.EndsWith(domain, StringComparison.Ordinal));
            if (matches && entry.Holds(now))
            {
                return entry.Why("referrer");
            }
        }
        return null;
    }

    /// <summary>Reads <c>64500</c> or <c>AS64500</c>.</summary>
    /// <exception cref="FormatException">It is neither.</exception>
    public static uint ParseAsn(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string digits = text.StartsWith("AS", StringComparison.OrdinalIgnoreCase) ? text[2..] : text;
        return uint.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out uint asn)
            ? asn
            : throw new FormatException($"'{text}' is not an autonomous system number such as 64500 or AS64500");
    }

    private string? OperatorCovers(uint asn, long now) =>
        asn != 0 && _asns.TryGetValue(asn, out Entry entry) && entry.Holds(now) ? entry.Why("network operator") : null;

    /// <summary>Of several entries for one key the one that holds longest.</summary>
    private static ImmutableDictionary<TKey, Entry> Longest<TKey>(AllowlistEntry[] entries, Func<string, TKey> key)
        where TKey : notnull =>
        entries.GroupBy(entry => key(entry.Value)).ToImmutableDictionary(
            group => group.Key, group => new Entry(group.MaxBy(entry => entry.Until ?? DateTimeOffset.MaxValue)!));

    private static IpNetwork ParseNetwork(string text) =>
        IpNetwork.TryParse(text, out IpNetwork network)
            ? network
            : throw new FormatException($"'{text}' is not an address or a CIDR with its host bits zero");

    private readonly struct Entry(AllowlistEntry entry)
    {
        private readonly long _until = entry.Until?.ToUnixTimeMilliseconds() ?? long.MaxValue;
        private readonly string? _reason = entry.Reason;

        public bool Holds(long now) => now < _until;

        public string Why(string kind) => _reason is null ? $"{kind} on the allowlist" : $"{kind} on the allowlist: {_reason}";
    }
}
