using AutoGuard.Guardian.Rules;

namespace AutoGuard.Guardian.Api;

/// <summary>The host in a Referer header, or in what a caller took from one.</summary>
public static class ReferrerHost
{
    private const int LongestReferrer = 4_096;

    /// <summary>
    /// The host in lower case; null when the referrer is missing in any of its spellings. What is no URL and no host stays as
    /// it is: it matches nothing but a rule on every referrer.
    /// </summary>
    public static string? Of(string? referrer)
    {
        string text = referrer?.Trim() ?? "";
        if (text.Length == 0 || text == "-" || text.Equals("N/A", StringComparison.OrdinalIgnoreCase) || text.Equals("null", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }
        if (text.Length > LongestReferrer)
        {
            text = text[..LongestReferrer];
        }
        ReadOnlySpan<char> rest = text;
        int scheme = rest.IndexOf("://", StringComparison.Ordinal);
        rest = scheme < 0 ? rest : rest[(scheme + 3)..];
        int end = rest.IndexOfAny('/', '?', '#');
        rest = end < 0 ? rest : rest[..end];
        rest = rest[(rest.LastIndexOf('@') + 1)..];
        int port = rest.LastIndexOf(':');
        if (port > 0 && !rest[(port + 1)..].ContainsAnyExceptInRange('0', '9'))
        {
            rest = rest[..port];
        }
        return RuleTarget.TryNormalizeHost(rest.ToString(), out string host) ? host : text.ToLowerInvariant();
    }
}
