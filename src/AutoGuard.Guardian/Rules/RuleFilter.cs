namespace AutoGuard.Guardian.Rules;

/// <summary>Which rules to list.</summary>
public sealed record RuleFilter
{
    /// <summary>Most rules of one page.</summary>
    public const int LargestPage = 1_000;

    /// <summary>Scopes; empty: all.</summary>
    public IReadOnlyList<RuleScope> Scopes { get; init; } = [];

    public RuleType? Type { get; init; }

    /// <summary>Exact canonical value.</summary>
    public string? Value { get; init; }

    public RuleOrigin? Origin { get; init; }

    /// <summary>Only rules of this tenant; null: of everybody.</summary>
    public string? Organization { get; init; }

    /// <summary>Only rules of this stream; null: of every one and of all.</summary>
    public string? Stream { get; init; }

    /// <summary>Whether lapsed rules are listed, too.</summary>
    public bool IncludeLapsed { get; init; }

    /// <summary>1 to <see cref="LargestPage"/>.</summary>
    public int Limit { get; init; } = 100;

    /// <summary>Only rules made before the one with this <see cref="Rule.Sequence"/>.</summary>
    public long? Before { get; init; }
}

/// <summary>One entry of the audit: who changed which rule, why and how.</summary>
/// <param name="Sequence">Position.</param>
/// <param name="At">When.</param>
/// <param name="Who">Key, user or program.</param>
/// <param name="What"><c>add</c>, <c>change</c> or <c>remove</c>.</param>
/// <param name="Why">Reason given.</param>
/// <param name="RuleId">The rule.</param>
/// <param name="Before">JSON of the rule before, or null.</param>
/// <param name="After">JSON of the rule after, or null.</param>
public sealed record RuleAuditEntry(long Sequence, DateTimeOffset At, string Who, string What, string Why, string RuleId, string? Before, string? After);
