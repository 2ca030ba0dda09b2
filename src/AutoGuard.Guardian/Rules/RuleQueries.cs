using System.Text;
using Dapper;
using Npgsql;

namespace AutoGuard.Guardian.Rules;

/// <summary>Reads rules and their audit.</summary>
public sealed class RuleQueries(NpgsqlDataSource database, TimeProvider time)
{
    /// <summary>One page of rules, newest first; ask for the next with the last rule's sequence as <see cref="RuleFilter.Before"/>.</summary>
    public async Task<IReadOnlyList<Rule>> ListAsync(RuleFilter filter, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(filter);
        var sql = new StringBuilder($"select {RuleRow.Columns} from rules where true");
        void Where(bool wanted, string condition) => sql.Append(wanted ? $" and {condition}" : "");
        Where(filter.Scopes.Count > 0, "scope = any(@Scopes)");
        Where(filter.Type is not null, "type = @Type");
        Where(filter.Value is not null, "value = @Value");
        Where(filter.Origin is not null, "origin = @Origin");
        Where(filter.Organization is not null, "organization = @Organization");
        Where(filter.Before is not null, "seq < @Before");
        Where(!filter.IncludeLapsed, "(expires_at is null or expires_at > @Now)");
        sql.Append(" order by seq desc limit @Limit");
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken);
        IEnumerable<RuleRow> rows = await connection.QueryAsync<RuleRow>(new CommandDefinition(
            sql.ToString(),
            new
            {
                Scopes = filter.Scopes.Select(RuleNames.Of).ToArray(),
                Type = filter.Type is { } type ? RuleNames.Of(type) : null,
                filter.Value,
                Origin = filter.Origin is { } origin ? RuleNames.Of(origin) : null,
                filter.Organization,
                filter.Before,
                Now = time.GetUtcNow().UtcDateTime,
                Limit = Math.Clamp(filter.Limit, 1, RuleFilter.LargestPage),
            },
            cancellationToken: cancellationToken));
        return [.. rows.Select(static row => row.ToRule())];
    }

    /// <summary>One rule, or null; a lapsed one is still found until it is deleted.</summary>
    public async Task<Rule?> GetAsync(string id, CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken);
        return await GetAsync(connection, null, id, cancellationToken);
    }

    /// <summary>The audit of one rule, oldest first.</summary>
    public async Task<IReadOnlyList<RuleAuditEntry>> AuditAsync(string ruleId, CancellationToken cancellationToken)
    {
        const string Sql = """
            select seq as Sequence, at, who, what, why, rule_id as RuleId, before::text as Before, after::text as After
            from rule_audit where rule_id = @ruleId order by seq
            """;
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken);
        IEnumerable<AuditRow> rows = await connection.QueryAsync<AuditRow>(new CommandDefinition(Sql, new { ruleId }, cancellationToken: cancellationToken));
        return [.. rows.Select(static r => new RuleAuditEntry(r.Sequence, new DateTimeOffset(r.At, TimeSpan.Zero), r.Who, r.What, r.Why, r.RuleId, r.Before, r.After))];
    }

    internal async Task<IReadOnlyList<Rule>> GetAsync(IReadOnlyList<string> ids, CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken);
        return await GetAsync(connection, null, ids, cancellationToken);
    }

    internal async Task<IReadOnlyList<Rule>> GetAsync(NpgsqlConnection connection, NpgsqlTransaction? transaction, IReadOnlyList<string> ids, CancellationToken cancellationToken)
    {
        IEnumerable<RuleRow> rows = await connection.QueryAsync<RuleRow>(new CommandDefinition(
            $"select {RuleRow.Columns} from rules where id = any(@Ids)", new { Ids = ids.ToArray() }, transaction, cancellationToken: cancellationToken));
        return [.. rows.Select(static row => row.ToRule())];
    }

    internal async Task<Rule?> GetAsync(NpgsqlConnection connection, NpgsqlTransaction? transaction, string id, CancellationToken cancellationToken) =>
        await GetAsync(connection, transaction, [id], cancellationToken) is [Rule rule] ? rule : null;

    internal async Task<List<Rule>> ReadActiveAsync(CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken);
        IEnumerable<RuleRow> rows = await connection.QueryAsync<RuleRow>(new CommandDefinition(
            $"select {RuleRow.Columns} from rules where expires_at is null or expires_at > @Now", new { Now = time.GetUtcNow().UtcDateTime }, cancellationToken: cancellationToken));
        return [.. rows.Select(static row => row.ToRule())];
    }

    internal async Task<int> CountAllowedReferrersAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, string? organization, DateTimeOffset now, CancellationToken cancellationToken)
    {
        const string Sql = """
            select count(*)::int from rules
            where scope = 'referrer' and type = 'allow' and (organization is null or organization = @organization) and (expires_at is null or expires_at > @Now)
            """;
        return await connection.ExecuteScalarAsync<int>(new CommandDefinition(Sql, new { organization, Now = now.UtcDateTime }, transaction, cancellationToken: cancellationToken));
    }

    internal async Task<long> LastChangeAsync(CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<long>(new CommandDefinition("select coalesce(max(seq), 0) from rule_audit", cancellationToken: cancellationToken));
    }

    internal async Task<(long Position, IReadOnlyList<string> Ids)> ChangedSinceAsync(long position, CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken);
        IEnumerable<FeedRow> rows = await connection.QueryAsync<FeedRow>(new CommandDefinition(
            "select seq as Sequence, rule_id as RuleId from rule_audit where seq > @position order by seq", new { position }, cancellationToken: cancellationToken));
        List<FeedRow> changes = rows.AsList();
        return (changes.Count == 0 ? position : changes[^1].Sequence, [.. changes.Select(static c => c.RuleId).Distinct(StringComparer.Ordinal)]);
    }

    private sealed class FeedRow
    {
        public long Sequence { get; init; }

        public string RuleId { get; init; } = "";
    }

    private sealed class AuditRow
    {
        public long Sequence { get; init; }

        public DateTime At { get; init; }

        public string Who { get; init; } = "";

        public string What { get; init; } = "";

        public string Why { get; init; } = "";

        public string RuleId { get; init; } = "";

        public string? Before { get; init; }

        public string? After { get; init; }
    }
}
