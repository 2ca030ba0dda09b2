using System.Collections.Immutable;
using AutoGuard.Core.Events;

namespace AutoGuard.Guardian.Rules;

/// <summary>What a rule is about.</summary>
public enum RuleScope
{
    /// <summary>One address.</summary>
    Ip,

    /// <summary>A network.</summary>
    Cidr,

    /// <summary>A host that embeds the player: exact, <c>*.domain</c> for its sub-domains, or <c>*</c> for every one.</summary>
    Referrer,

    /// <summary>A token, by its identity.</summary>
    Token,
}

/// <summary>Which way a rule decides. Within one scope family allow outranks deny.</summary>
public enum RuleType
{
    /// <summary>Refuse.</summary>
    Deny,

    /// <summary>Let pass.</summary>
    Allow,
}

/// <summary>Where a rule came from.</summary>
public enum RuleOrigin
{
    /// <summary>A decision of AutoGuard.</summary>
    AutoGuard,

    /// <summary>A person or program, through the HTTP API or the command line.</summary>
    Api,

    /// <summary>An imported list.</summary>
    Import,

    /// <summary>The configured allowlist; such rules are not stored.</summary>
    Configuration,
}

/// <summary>One rule of the local engine. Texts were written by strangers: escape before showing.</summary>
public sealed record Rule
{
    /// <summary>Derived from scope, value, type, organization and stream: the same rule always has the same id.</summary>
    public required string Id { get; init; }

    /// <summary>Position in the order of creation; the cursor of lists.</summary>
    public long Sequence { get; init; }

    /// <summary>Position of its last change in the audit.</summary>
    public long Revision { get; init; }

    public required RuleScope Scope { get; init; }

    /// <summary>Canonical text of address, network, host or token identity.</summary>
    public required string Value { get; init; }

    /// <summary>The network of an address or network rule; meaningless for the others.</summary>
    public IpNetwork Network { get; init; }

    public required RuleType Type { get; init; }

    /// <summary>
    /// Networks that a rule which denies a token does not apply to: there the token stays good. Empty for all others, at most
    /// <see cref="RuleExceptions.Most"/>.
    /// </summary>
    public ImmutableArray<IpNetwork> Except { get; init; } = [];

    /// <summary>Free text of whoever made it; the decision's id for AutoGuard's own.</summary>
    public string Tag { get; init; } = "";

    /// <summary>Why, for the operator.</summary>
    public string Reason { get; init; } = "";

    public required RuleOrigin Origin { get; init; }

    /// <summary>Name of the key, user or program that made it.</summary>
    public required string Creator { get; init; }

    /// <summary>Tenant that it holds for; null: for all.</summary>
    public string? Organization { get; init; }

    /// <summary>The only stream or channel that it holds for; null: for all.</summary>
    public string? Stream { get; init; }

    /// <summary>The decision behind it, or null.</summary>
    public string? DecisionId { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it lapses; null: until removed.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Whether it is in force.</summary>
    public bool IsActive(DateTimeOffset now) => ExpiresAt is not { } expires || expires > now;
}

/// <summary>Spellings of scopes, types and origins in SQL and JSON.</summary>
public static class RuleNames
{
    public static string Of(RuleScope scope) => scope switch
    {
        RuleScope.Ip => "ip",
        RuleScope.Cidr => "cidr",
        RuleScope.Referrer => "referrer",
        RuleScope.Token => "token",
        _ => throw new ArgumentOutOfRangeException(nameof(scope)),
    };

    public static string Of(RuleType type) => type == RuleType.Deny ? "deny" : "allow";

    public static string Of(RuleOrigin origin) => origin switch
    {
        RuleOrigin.AutoGuard => "autoguard",
        RuleOrigin.Api => "api",
        RuleOrigin.Import => "import",
        RuleOrigin.Configuration => "configuration",
        _ => throw new ArgumentOutOfRangeException(nameof(origin)),
    };

    public static bool TryParse(string? text, out RuleScope scope)
    {
        (bool known, scope) = text switch
        {
            "ip" => (true, RuleScope.Ip),
            "cidr" => (true, RuleScope.Cidr),
            "referrer" => (true, RuleScope.Referrer),
            "token" => (true, RuleScope.Token),
            _ => (false, default),
        };
        return known;
    }

    public static bool TryParse(string? text, out RuleType type)
    {
        (bool known, type) = text switch
        {
            "deny" => (true, RuleType.Deny),
            "allow" => (true, RuleType.Allow),
            _ => (false, default),
        };
        return known;
    }

    public static bool TryParse(string? text, out RuleOrigin origin)
    {
        (bool known, origin) = text switch
        {
            "autoguard" => (true, RuleOrigin.AutoGuard),
            "api" => (true, RuleOrigin.Api),
            "import" => (true, RuleOrigin.Import),
            _ => (false, default),
        };
        return known;
    }
}
