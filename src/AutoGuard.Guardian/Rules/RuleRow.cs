using System.Text.Json.Serialization;
using AutoGuard.Core.Events;
using AutoGuard.Guardian.Storage;
using Npgsql;

namespace AutoGuard.Guardian.Rules;

/// <summary>A rule as a row.</summary>
internal sealed class RuleRow
{
    public const string Columns = """
        id, seq as Sequence, scope, value, network::text as Network, type, tag, reason, origin, creator, organization, stream, decision_id as DecisionId, spared::text[] as Spared,
        revision, created_at as CreatedAt, expires_at as ExpiresAt
        """;

    public string Id { get; init; } = "";

    public long Sequence { get; init; }

    public string Scope { get; init; } = "";

    public string Value { get; init; } = "";

    public string? Network { get; init; }

    public string Type { get; init; } = "";

    public string Tag { get; init; } = "";

    public string Reason { get; init; } = "";

    public string Origin { get; init; } = "";

    public string Creator { get; init; } = "";

    public string? Organization { get; init; }

    public string? Stream { get; init; }

    public string? DecisionId { get; init; }

    public string[] Spared { get; init; } = [];

    public long Revision { get; init; }

    public DateTime CreatedAt { get; init; }

    public DateTime? ExpiresAt { get; init; }

    /// <summary>The row that <see cref="RuleQueries.ReadActiveAsync"/> is at; its columns in its order.</summary>
    public static Rule ReadHeld(NpgsqlDataReader reader)
    {
        string id = reader.GetString(0);
        string value = reader.GetString(2);
        IpNetwork network = default;
        if (!RuleNames.TryParse(reader.GetString(1), out RuleScope scope) || !RuleNames.TryParse(reader.GetString(3), out RuleType type)
            || !RuleNames.TryParse(reader.GetString(5), out RuleOrigin origin)
            || (scope is RuleScope.Ip or RuleScope.Cidr && !IpNetwork.TryParse(value, out network)))
        {
            throw Unreadable(id);
        }
        return new Rule
        {
            Id = id,
            Scope = scope,
            Value = value,
            Network = network,
            Type = type,
            Tag = reader.GetString(4),
            Origin = origin,
            Creator = reader.GetString(6),
            Organization = reader.IsDBNull(7) ? null : reader.GetString(7),
            Stream = reader.IsDBNull(8) ? null : reader.GetString(8),
            Revision = reader.GetInt64(9),
            CreatedAt = new DateTimeOffset(reader.GetDateTime(10), TimeSpan.Zero),
            ExpiresAt = reader.IsDBNull(11) ? null : new DateTimeOffset(reader.GetDateTime(11), TimeSpan.Zero),
            Except = reader.IsDBNull(12) ? [] : SparedNetworks.Read(reader.GetFieldValue<string[]>(12)),
        };
    }

    public Rule ToRule()
    {
        IpNetwork network = default;
        if (!RuleNames.TryParse(Scope, out RuleScope scope) || !RuleNames.TryParse(Type, out RuleType type) || !RuleNames.TryParse(Origin, out RuleOrigin origin)
            || (Network is not null && !IpNetwork.TryParse(Network, out network)))
        {
            throw Unreadable(Id);
        }
        return new Rule
        {
            Id = Id,
            Sequence = Sequence,
            Scope = scope,
            Value = Value,
            Network = network,
            Type = type,
            Tag = Tag,
            Reason = Reason,
            Origin = origin,
            Creator = Creator,
            Organization = Organization,
            Stream = Stream,
            DecisionId = DecisionId,
            Except = SparedNetworks.Read(Spared),
            Revision = Revision,
            CreatedAt = new DateTimeOffset(CreatedAt, TimeSpan.Zero),
            ExpiresAt = ExpiresAt is DateTime expires ? new DateTimeOffset(expires, TimeSpan.Zero) : null,
        };
    }

    private static InvalidOperationException Unreadable(string id) => new($"Rule {id} in the store cannot be read.");
}

/// <summary>A rule as the audit keeps it.</summary>
internal sealed record RuleDocument(
    string Scope, string Value, string Type, string Tag, string Reason, string Origin, string Creator, string? Organization, string? Stream, string? DecisionId,
    DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? Except)
{
    public static RuleDocument Of(Rule rule) => new(
        RuleNames.Of(rule.Scope), rule.Value, RuleNames.Of(rule.Type), rule.Tag, rule.Reason, RuleNames.Of(rule.Origin), rule.Creator, rule.Organization,
        rule.Stream, rule.DecisionId, rule.CreatedAt, rule.ExpiresAt, RuleExceptions.Texts(rule.Except));
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(RuleDocument))]
internal sealed partial class RuleJsonContext : JsonSerializerContext;
