using AutoGuard.Core.Configuration;
using AutoGuard.Core.Events;

namespace AutoGuard.Core.Enrichment;

/// <summary>
/// The pages that may embed the streams. One thread asks; each interned host is worked out once.
/// </summary>
public sealed class ReferrerList
{
    private readonly HashSet<string> _hosts = new(StringComparer.Ordinal);
    private readonly HashSet<string> _domains = new(StringComparer.Ordinal);
    private readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> _domainLookup;
    private readonly TextVerdicts _verdicts;
    private readonly StringPool _pool;

    /// <summary>Makes the list for hosts of <paramref name="pool"/>.</summary>
    /// <exception cref="ArgumentException">An entry cannot be read; see <see cref="Check"/> for all of them at once.</exception>
    public ReferrerList(ReferrersOptions options, StringPool pool)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(pool);
        foreach (string text in options.Official)
        {
            if (!TryParseEntry(text, out ReferrerEntry? entry, out string error))
            {
                throw new ArgumentException($"The official referrer \"{text}\" {error}.", nameof(options));
            }
            _ = entry!.CoversSubdomains ? _domains.Add(entry.Host) : _hosts.Add(entry.Host);
        }
        _domainLookup = _domains.GetAlternateLookup<ReadOnlySpan<char>>();
        _verdicts = new TextVerdicts(pool, page => page.StartsWith(PageSites.Prefix, StringComparison.Ordinal)
            ? Overlaps(page.AsSpan(PageSites.Prefix.Length))
            : Covers(page.AsSpan().TrimEnd('.')));
        _pool = pool;
    }

    /// <summary>Whether there are entries; while there are none, no referrer counts as unknown.</summary>
    public bool IsConfigured => _hosts.Count + _domains.Count > 0;

    /// <summary>Whether pages of a host may embed the streams. A missing referrer (0) is not official, nor is one whose text is not held.</summary>
    public bool IsOfficial(int internedHost) => _verdicts.Of(internedHost) == true;

    /// <summary>
    /// Whether a host is known and on no list, while there is one. Nobody is accused of a page whose name is not known, and nobody is
    /// cleared by one.
    /// </summary>
    public bool IsUnknown(int internedHost) => IsConfigured && _verdicts.Of(internedHost) == false;

    /// <summary>The site of a host that is on no list, if nothing official lies in it; else 0.</summary>
    internal int UnknownSiteOf(int internedHost) => _pool.SiteOf(internedHost) is var site && IsUnknown(site) && IsUnknown(internedHost) ? site : StringPool.Absent;

    /// <summary>Reads one entry; when false, <paramref name="error"/> says what is wrong and reads on from the entry.</summary>
    public static bool TryParseEntry(string text, out ReferrerEntry? entry, out string error)
    {
        bool read = ReferrerEntry.TryParse(text, out entry, out string? fault);
        error = fault ?? "";
        return read;
    }

    /// <summary>All that is wrong with a list, one sentence an entry; empty when it can be used.</summary>
    public static IReadOnlyList<string> Check(ReferrersOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        List<string> errors = [];
        for (int i = 0; i < options.Official.Length; i++)
        {
            if (!TryParseEntry(options.Official[i], out _, out string error))
            {
                errors.Add($"Referrers:Official:{i}: \"{options.Official[i]}\" {error}.");
            }
        }
        return errors;
    }

    /// <summary>Whether anything official is a domain, lies in it, or covers it.</summary>
    private bool Overlaps(ReadOnlySpan<char> domain)
    {
        foreach (string official in _hosts.Concat(_domains))
        {
            if (official.AsSpan().EndsWith(domain) && (official.Length == domain.Length || official[^(domain.Length + 1)] == '.'))
            {
                return true;
            }
        }
        return Covers(domain);
    }

    private bool Covers(ReadOnlySpan<char> host)
    {
        if (_hosts.Contains(host.ToString()))
        {
            return true;
        }
        for (int dot = host.IndexOf('.'); dot >= 0; dot = host.IndexOf('.'))
        {
            host = host[(dot + 1)..];
            if (_domainLookup.Contains(host))
            {
                return true;
            }
        }
        return false;
    }
}
