using System.Collections.Immutable;
using System.Globalization;
using AutoGuard.Core.Events;

namespace AutoGuard.Guardian.Rules;

/// <summary>The networks that a rule which denies a token leaves alone.</summary>
public static class RuleExceptions
{
    /// <summary>Most networks of one rule.</summary>
    public const int Most = 16;

    private const int LongestShown = 64;

    /// <summary>Reads one network that somebody wrote; a single address is a network, too. Host bits must be zero.</summary>
    public static bool TryParse(string? text, out IpNetwork network, out string why)
    {
        network = default;
        // Echoed only as far as it can be a network.
        string shown = text is { Length: > 0 and <= LongestShown } && text.All(static c => char.IsAsciiHexDigit(c) || c is '.' or ':' or '/') ? $"'{text}'" : "one of them";
        if (text is null || text.Length > LongestShown || !IpNetwork.TryParse(text, out network))
        {
            why = $"{shown} is no network whose host bits are zero, such as 203.0.113.0/24 or 2001:db8:1:2::/64";
            return false;
        }
        int widest = RuleRails.WidestAllow(network);
        why = network.PrefixLength < widest ? string.Create(CultureInfo.InvariantCulture, $"{shown} is wider than /{widest}, the widest network that may be excepted") : "";
        return why.Length == 0;
    }

    /// <summary>Whether a rule may have them.</summary>
    public static bool Permits(RuleTarget target, RuleType type, ImmutableArray<IpNetwork> except, out string why)
    {
        why = except.IsDefaultOrEmpty ? ""
            : target.Scope != RuleScope.Token || type != RuleType.Deny ? "Only a rule that denies a token may except networks."
            : except.Length > Most ? string.Create(CultureInfo.InvariantCulture, $"A rule may except at most {Most} networks.")
            : "";
        return why.Length == 0;
    }

    /// <summary>Their texts; null when there are none.</summary>
    internal static IReadOnlyList<string>? Texts(ImmutableArray<IpNetwork> except) =>
        except.IsDefaultOrEmpty ? null : [.. except.Select(static network => network.ToString())];

    /// <summary>Whether one of them holds an address.</summary>
    internal static bool Hold(ImmutableArray<IpNetwork> except, IpAddress address)
    {
        foreach (IpNetwork network in except)
        {
            if (network.Contains(address))
            {
                return true;
            }
        }
        return false;
    }
}
