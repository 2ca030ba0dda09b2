using System.Globalization;
using System.Text.RegularExpressions;
using AutoGuard.Core.Events;
using AutoGuard.Core.Policy;

namespace AutoGuard.CommandLine;

/// <summary>How durations, times and subjects are written on the command line.</summary>
internal static partial class TextForms
{
    /// <summary>What a duration looks like, for help and errors.</summary>
    public const string DurationForm = "a duration as 60s, 5m, 1h30m, 2d or 00:01:00";

    /// <summary>What an instant looks like.</summary>
    public const string InstantForm = "a time as 2026-01-31T18:00:00Z, or a day as 2026-01-31 (UTC)";

    /// <summary>Reads <c>1d2h3m4s</c>, any part of it in this order, or <c>[d.]hh:mm:ss</c>; above 0 and at most 366 days.</summary>
    public static bool TryDuration(string text, out TimeSpan duration)
    {
        duration = TimeSpan.Zero;
        Match match = Duration().Match(text);
        if (match.Success && text.Length > 0)
        {
            double seconds = (Part(match, "d") * 86_400) + (Part(match, "h") * 3_600) + (Part(match, "m") * 60) + Part(match, "s");
            if (seconds > 366 * 86_400)
            {
                return false;
            }
            duration = TimeSpan.FromSeconds(seconds);
        }
        else if (!text.Contains(':', StringComparison.Ordinal) || !TimeSpan.TryParseExact(text, "c", CultureInfo.InvariantCulture, out duration))
        {
            return false;
        }
        return duration > TimeSpan.Zero && duration <= TimeSpan.FromDays(366);
    }

    /// <summary>Reads an RFC 3339 time or a day.</summary>
    public static bool TryInstant(string text, out DateTimeOffset instant) => DateTimeOffset.TryParseExact(
        text, ["yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd"], CultureInfo.InvariantCulture,
        DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out instant);

    /// <summary>Reads a subject from its kind and value; null when they do not fit, with what is allowed.</summary>
    public static Subject? Subject(string kind, string value, out string allowed)
    {
        allowed = kind switch
        {
            "ip" => "an IPv4 or IPv6 address",
            "cidr" => "a network whose host bits are zero, as 203.0.113.0/24",
            "referrer" => "a host name",
            _ => "the identity of a token: its jti, its text, or sha256: and its digest",
        };
        return kind switch
        {
            "ip" => IpAddress.TryParse(value, out IpAddress address) ? Core.Policy.Subject.Of(address) : null,
            "cidr" => value.Contains('/', StringComparison.Ordinal) && IpNetwork.TryParse(value, out IpNetwork network) ? Core.Policy.Subject.Of(network) : null,
            "referrer" => Uri.CheckHostName(value) == UriHostNameType.Unknown ? null : new Subject(SubjectType.Referrer, value.ToLowerInvariant()),
            _ => string.IsNullOrWhiteSpace(value) || Configuration.Secrets.LooksLikeEncodedToken(value) ? null : new Subject(SubjectType.Token, value),
        };
    }

    private static double Part(Match match, string name) =>
        match.Groups[name] is { Success: true } group ? double.Parse(group.ValueSpan, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture) : 0;

    [GeneratedRegex(@"^((?<d>[0-9]{1,4})d)?((?<h>[0-9]{1,5})h)?((?<m>[0-9]{1,7})m)?((?<s>[0-9]{1,9}(\.[0-9]{1,3})?)s)?\z")]
    private static partial Regex Duration();
}
