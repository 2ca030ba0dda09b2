using System.Text.Json.Serialization;
using AutoGuard.Guardian.Rules;

namespace AutoGuard.Verbs;

/// <summary>A rule as one line of JSON: what <c>rules export</c> writes and <c>rules import</c> reads.</summary>
/// <param name="Scope"><c>ip</c>, <c>cidr</c>, <c>referrer</c> or <c>token</c>.</param>
/// <param name="Value">What the rule names.</param>
/// <param name="Type"><c>deny</c> or <c>allow</c>; deny when absent.</param>
/// <param name="Tag">Short reason.</param>
/// <param name="Reason">Longer reason.</param>
/// <param name="Organization">Tenant; null for all.</param>
/// <param name="Stream">The only stream that it holds for; null for all.</param>
/// <param name="Origin">Where it came from; ignored on import.</param>
/// <param name="Creator">Who made it; ignored on import.</param>
/// <param name="CreatedAt">When it was made; ignored on import.</param>
/// <param name="ExpiresAt">When it lapses; null: never.</param>
/// <param name="Except">Networks where a denied token stays good; null: none.</param>
internal sealed record RuleLine(
    string? Scope, string? Value, string? Type, string? Tag, string? Reason, string? Organization, string? Stream, string? Origin, string? Creator, DateTimeOffset? CreatedAt, DateTimeOffset? ExpiresAt,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? Except)
{
    public static RuleLine Of(Rule rule) => new(
        RuleNames.Of(rule.Scope), rule.Value, RuleNames.Of(rule.Type), rule.Tag, rule.Reason, rule.Organization, rule.Stream,
        RuleNames.Of(rule.Origin), rule.Creator, rule.CreatedAt, rule.ExpiresAt, rule.Except.IsEmpty ? null : [.. rule.Except.Select(static network => network.ToString())]);
}

/// <summary>Rules on the wire.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(RuleLine))]
internal sealed partial class RuleLineJson : JsonSerializerContext;
