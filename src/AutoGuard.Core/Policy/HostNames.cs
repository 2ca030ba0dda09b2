using System.Globalization;

namespace AutoGuard.Core.Policy;

/// <summary>Host names as rules write them.</summary>
public static class HostNames
{
    private const int LongestHost = 253;
    private const int LongestLabel = 63;

    // The framework's Punycode works without ICU; registrations of internationalised names follow the same rules.
    private static readonly IdnMapping Idn = new() { UseStd3AsciiRules = false, AllowUnassigned = false };

    /// <summary>Lower-case ASCII form of a host name without its final dot.</summary>
    public static bool TryNormalize(string text, out string host)
    {
        ArgumentNullException.ThrowIfNull(text);
        host = (text.EndsWith('.') ? text[..^1] : text).ToLowerInvariant();
        if (host.Length is 0 or > LongestHost)
        {
            return false;
        }
        if (host.AsSpan().ContainsAnyExceptInRange('\0', '\u007F'))
        {
            try
            {
                host = Idn.GetAscii(host);
            }
            catch (ArgumentException)
            {
                // The framework's only way to say that a name has no ASCII form.
                return false;
            }
        }
        return host.Length <= LongestHost && host.Split('.').All(static label =>
            label.Length is > 0 and <= LongestLabel && label.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'));
    }
}
