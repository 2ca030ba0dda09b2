using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using AutoGuard.Core.Events;

namespace AutoGuard.Guardian.Rules;

/// <summary>How long a rule is wanted to last.</summary>
public readonly record struct RuleExpiry
{
    private RuleExpiry(bool isDefault, DateTimeOffset? at)
    {
        IsDefault = isDefault;
        At = at;
    }

    /// <summary>24 hours for addresses and networks, until removed for referrers, tokens and everything allowed.</summary>
    public static RuleExpiry Default { get; } = new(true, null);

    /// <summary>Until removed.</summary>
    public static RuleExpiry Never { get; } = new(false, null);

    public bool IsDefault { get; }

    public DateTimeOffset? At { get; }

    public static RuleExpiry Until(DateTimeOffset at) => new(false, at);
}

/// <summary>A rule as somebody wants it.</summary>
public sealed record RuleDraft
{
    /// <summary>Longest tag or reason, characters.</summary>
    public const int LongestText = 1_024;

    public required RuleTarget Target { get; init; }

    public required RuleType Type { get; init; }

    /// <summary>Networks that it is not to hold for, in place of those that the rule had; only to deny a token.</summary>
    public ImmutableArray<IpNetwork> Except { get; init; } = [];

    public string Tag { get; init; } = "";

    public string Reason { get; init; } = "";

    public required RuleOrigin Origin { get; init; }

    public required string Creator { get; init; }

    public string? Organization { get; init; }

    /// <summary>The only stream or channel that it is to hold for; null: for all.</summary>
    public string? Stream { get; init; }

    public string? DecisionId { get; init; }

    public RuleExpiry Expiry { get; init; } = RuleExpiry.Default;

    /// <summary>The id that the rule has or will have.</summary>
    public string Id => IdOf(Target, Type, Organization, Stream);

    /// <summary>Identity derives from what the rule names, so a repeated request meets its own rule.</summary>
    public static string IdOf(RuleTarget target, RuleType type, string? organization, string? stream = null)
    {
        string whose = organization is null ? "-" : "+" + organization;
        string name = $"{RuleNames.Of(target.Scope)}\n{RuleNames.Of(type)}\n{whose}\n{target.Value}";
        // Neither an organization nor a value holds a line end, so no rule without a stream has the name of one with it.
        byte[] bytes = Encoding.UTF8.GetBytes(stream is null ? name : $"{name}\n{stream}");
        return Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 16));
    }
}

/// <summary>What became of a request to change the rules.</summary>
public enum RuleResult
{
    /// <summary>The rule is new, or came back after it had lapsed.</summary>
    Added,

    /// <summary>It was there, and its expiry, exceptions, tag or reason changed.</summary>
    Changed,

    /// <summary>It was there as wanted.</summary>
    Unchanged,

    /// <summary>It was taken away.</summary>
    Removed,

    /// <summary>There is no such rule.</summary>
    NotFound,

    /// <summary>A guard rail forbids it.</summary>
    Refused,
}

/// <summary>The result of a change.</summary>
/// <param name="Result">What happened.</param>
/// <param name="Rule">The rule as it is now, or as it was when removed; null when refused or not found.</param>
/// <param name="Why">A sentence when refused, else empty.</param>
/// <param name="Released">Deny rules that an allow rule has taken away.</param>
public readonly record struct RuleChange(RuleResult Result, Rule? Rule, string Why = "", int Released = 0);
