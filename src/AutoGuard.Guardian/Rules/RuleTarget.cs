using System.Globalization;
using AutoGuard.Core.Events;
using AutoGuard.Core.Policy;

namespace AutoGuard.Guardian.Rules;

/// <summary>What a rule is about, in canonical form; made only from text that was checked.</summary>
/// <param name="Scope">Kind.</param>
/// <param name="Value">Canonical text.</param>
/// <param name="Network">For addresses and networks.</param>
public readonly record struct RuleTarget(RuleScope Scope, string Value, IpNetwork Network)
{
    /// <summary>Longest token identity or other free text value, characters.</summary>
    public const int LongestToken = 256;

    /// <summary>Reads an address or CIDR; host bits must be zero.</summary>
    public static bool TryParseAddress(string? text, out RuleTarget target, out string why)
    {
        target = default;
        if (text is null || text.Length > 64 || !IpNetwork.TryParse(text, out IpNetwork network))
        {
            why = "it must be an IPv4 or IPv6 address or a CIDR whose host bits are zero, such as 203.0.113.7 or 203.0.113.0/24";
            return false;
        }
        why = "";
        target = Of(network);
        return true;
    }

    /// <summary>Reads a host name, <c>*.domain</c> or <c>*</c>. International names become their ASCII form.</summary>
    public static bool TryParseReferrer(string? text, out RuleTarget target, out string why)
    {
        target = default;
        string pattern = text?.Trim() ?? "";
        bool isSuffix = pattern.StartsWith("*.", StringComparison.Ordinal);
        string host = "";
        if (pattern == "*" || HostNames.TryNormalize(isSuffix ? pattern[2..] : pattern, out host))
        {
            // "*.com" is nearly everybody; a registrable domain has a dot.
            if (isSuffix && !host.Contains('.', StringComparison.Ordinal))
            {
                why = "a wildcard must keep at least two labels, such as *.example.com";
                return false;
            }
            why = "";
            target = new RuleTarget(RuleScope.Referrer, pattern == "*" ? "*" : isSuffix ? "*." + host : host, default);
            return true;
        }
        why = "it must be a host name, *.domain or *";
        return false;
    }

    /// <summary>Takes a token's identity as it is, if it is of a sensible length and printable.</summary>
    public static bool TryParseToken(string? text, out RuleTarget target, out string why)
    {
        target = default;
        if (string.IsNullOrEmpty(text) || text.Length > LongestToken || text.AsSpan().ContainsAnyInRange('\0', '\u001F') || !IsWellFormed(text))
        {
            why = string.Create(CultureInfo.InvariantCulture, $"it must be a token's identity of at most {LongestToken} printable characters");
            return false;
        }
        why = "";
        target = new RuleTarget(RuleScope.Token, text, default);
        return true;
    }

    /// <summary>The target of a decision's subject.</summary>
    public static bool TryFrom(Subject subject, out RuleTarget target, out string why) => subject.Type switch
    {
        SubjectType.Ip or SubjectType.Cidr => TryParseAddress(subject.Value, out target, out why),
        SubjectType.Referrer => TryParseReferrer(subject.Value, out target, out why),
        _ => TryParseToken(subject.Value, out target, out why),
    };

    /// <summary>The target of a network; one of full length is an address.</summary>
    public static RuleTarget Of(IpNetwork network) => network.IsSingleAddress
        ? new RuleTarget(RuleScope.Ip, network.Address.ToString(), network)
        : new RuleTarget(RuleScope.Cidr, network.ToString(), network);

    private static bool IsWellFormed(string text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (char.IsSurrogate(text[i]) && !(char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[++i])))
            {
                return false;
            }
        }
        return true;
    }
}
