using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace AutoGuard.Core.Enrichment;

/// <summary>One entry of a list of referrers: a host, or all sub-domains of a domain.</summary>
/// <param name="Host">Host or domain in lower case, internationalised names in their ASCII form.</param>
/// <param name="CoversSubdomains">Whether the sub-domains of <paramref name="Host"/> are meant, and not itself.</param>
public sealed record ReferrerEntry(string Host, bool CoversSubdomains)
{
    private const int LongestHost = 253;
    private const int LongestLabel = 63;

    /// <summary>Whether a host in lower case falls under this entry.</summary>
    public bool Matches(ReadOnlySpan<char> host) =>
        CoversSubdomains
            ? host.Length > Host.Length + 1 && host[^(Host.Length + 1)] == '.' && host.EndsWith(Host, StringComparison.Ordinal)
            : host.SequenceEqual(Host);

    /// <summary>Reads <c>www.example.com</c> or <c>*.example.com</c>.</summary>
    /// <param name="text">The entry as written.</param>
    /// <param name="entry">The entry, when the result is true.</param>
    /// <param name="error">What is wrong and what is allowed, when it is false.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out ReferrerEntry? entry, [NotNullWhen(false)] out string? error)
    {
        ArgumentNullException.ThrowIfNull(text);
        string host = text.Trim().TrimEnd('.');
        bool coversSubdomains = host.StartsWith("*.", StringComparison.Ordinal);
        host = coversSubdomains ? host[2..] : host;
        error = Ascii(ref host) ? Fault(host, coversSubdomains) : "is not a valid internationalised host name";
        entry = error is null ? new ReferrerEntry(host, coversSubdomains) : null;
        return entry is not null;
    }

    private static bool Ascii(ref string host)
    {
        if (System.Text.Ascii.IsValid(host))
        {
            host = host.ToLowerInvariant();
            return true;
        }
        try
        {
            host = new IdnMapping().GetAscii(host).ToLowerInvariant();
            return true;
        }
        catch (ArgumentException)
        {
            // The framework's only way to say that a name has no ASCII form.
            return false;
        }
    }

    private static string? Fault(string host, bool coversSubdomains)
    {
        if (host.Length == 0)
        {
            return "is empty; write a host, or *.example.com for the sub-domains of one";
        }
        if (host.AsSpan().ContainsAny("/:?#@"))
        {
            return "is more than a host; write it without scheme, port and path";
        }
        if (host.Contains('*', StringComparison.Ordinal))
        {
            return "has a * in the wrong place; it may only stand at the beginning, as *.example.com";
        }
        if (coversSubdomains && !host.Contains('.', StringComparison.Ordinal))
        {
            return "covers a whole top-level domain";
        }
        return host.Length <= LongestHost && Array.TrueForAll(host.Split('.'), IsLabel) ? null : "is not a host name";
    }

    private static bool IsLabel(string label) =>
        label.Length is > 0 and <= LongestLabel && label[0] != '-' && label[^1] != '-'
        && label.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_');
}
