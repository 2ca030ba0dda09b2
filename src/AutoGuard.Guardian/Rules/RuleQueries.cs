using System.Data.Common;
using System.Runtime.CompilerServices;
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
        Where(filter.Stream is not null, "stream = @Stream");
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
                filter.Stream,
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
        return await ReadAsync(connection, null, id, cancellationToken);
    }

    /// <summary>The audit of one rule, oldest first.</summary>
    public async Task<IReadOnlyList<RuleAuditEntry>> AuditAsync(string ruleId, CancellationToken cancellationToken) =>
        await ReadAuditAsync("where rule_id = @ruleId order by seq", new { ruleId }, cancellationToken);

    /// <summary>One page of the audit of everything, newest first.</summary>
    /// <param name="organization">Only entries of this tenant; null: of everybody.</param>
    /// <param name="subject">Only entries of this rule, publication or key; null: of all.</param>
    /// <param name="before">Only entries before this one; null: from the newest on.</param>
    /// <param name="limit">1 to <see cref="RuleFilter.LargestPage"/>.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public async Task<IReadOnlyList<RuleAuditEntry>> HistoryAsync(string? organization, string? subject, long? before, int limit, CancellationToken cancellationToken) =>
        await ReadAuditAsync(
            """
            where (@organization::text is null or coalesce(after, before) ->> 'organization' = @organization)
              and (@subject::text is null or rule_id = @subject) and (@before::bigint is null or seq < @before)
            order by seq desc limit @Limit
            """,
            new { organization, subject, before, Limit = Math.Clamp(limit, 1, RuleFilter.LargestPage) },
            cancellationToken);

    /// <summary>What allow rules and the allowlist have taken away since a position of the audit, oldest first, so that other engines can follow.</summary>
    public async Task<IReadOnlyList<RuleAuditEntry>> ReleasedSinceAsync(long position, CancellationToken cancellationToken) =>
        await ReadAuditAsync("where seq > @position and what = 'release' order by seq limit 1000", new { position }, cancellationToken);

    private async Task<IReadOnlyList<RuleAuditEntry>> ReadAuditAsync(string which, object parameters, CancellationToken cancellationToken)
    {
        string sql = "select seq as Sequence, at, who, what, why, rule_id as RuleId, before::text as Before, after::text as After from rule_audit " + which;
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken);
        IEnumerable<AuditRow> rows = await connection.QueryAsync<AuditRow>(new CommandDefinition(sql, parameters, cancellationToken: cancellationToken));
        return [.. rows.Select(static r => new RuleAuditEntry(r.Sequence, new DateTimeOffset(r.At, TimeSpan.Zero), r.Who, r.What, r.Why, r.RuleId, r.Before, r.After))];
    }

    internal async Task<IReadOnlyList<Rule>> GetAsync(IReadOnlyList<string> ids, CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken);
        return await ReadAsync(connection, null, ids, cancellationToken);
    }

    internal static async Task<IReadOnlyList<Rule>> ReadAsync(NpgsqlConnection connection, NpgsqlTransaction? transaction, IReadOnlyList<string> ids, CancellationToken cancellationToken)
    {
        IEnumerable<RuleRow> rows = await connection.QueryAsync<RuleRow>(new CommandDefinition(
            $"select {RuleRow.Columns} from rules where id = any(@Ids)", new { Ids = ids.ToArray() }, transaction, cancellationToken: cancellationToken));
        return [.. rows.Select(static row => row.ToRule())];
    }

    internal static async Task<Rule?> ReadAsync(NpgsqlConnection connection, NpgsqlTransaction? transaction, string id, CancellationToken cancellationToken) =>
        await ReadAsync(connection, transaction, [id], cancellationToken) is [Rule rule] ? rule : null;

    /// <summary>
    /// Reads everything in force as far as the matcher holds it (no reason, sequence or decision), a row at a time: there may be
    /// a million, so columns are read by their place and networks from their canonical text.
    /// </summary>
    internal async Task ReadActiveAsync(Action<Rule> take, CancellationToken cancellationToken)
    {
        const string Sql = """
            select id, scope, value, type, tag, origin, creator, organization, stream, revision, created_at, expires_at,
              case when cardinality(spared) > 0 then spared::text[] end
            from rules where expires_at is null or expires_at > $1
            """;
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(Sql, connection) { CommandTimeout = 0, Parameters = { new() { Value = time.GetUtcNow().UtcDateTime } } };
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            take(RuleRow.ReadHeld(reader));
        }
    }

    /// <summary>Reads what is in force and meets a further condition, a row at a time.</summary>
    internal async IAsyncEnumerable<Rule> ReadAsync(string condition, object? parameters, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken);
        var all = new DynamicParameters(parameters);
        all.Add("Now", time.GetUtcNow().UtcDateTime);
        await using DbDataReader reader = await connection.ExecuteReaderAsync(new CommandDefinition(
            $"select {RuleRow.Columns} from rules where (expires_at is null or expires_at > @Now) {condition}", all, commandTimeout: 0, cancellationToken: cancellationToken));
        Func<DbDataReader, RuleRow> parse = reader.GetRowParser<RuleRow>();
        while (await reader.ReadAsync(cancellationToken))
        {
            yield return parse(reader).ToRule();
        }
    }

    internal static async Task<int> CountAllowedReferrersAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, string? organization, string? stream, DateTimeOffset now, CancellationToken cancellationToken)
    {
        const string Sql = """
            select count(*)::int from rules
            where scope = 'referrer' and type = 'allow' and (organization is null or organization = @organization) and (stream is null or stream = @stream)
              and (expires_at is null or expires_at > @Now)
            """;
        return await connection.ExecuteScalarAsync<int>(new CommandDefinition(Sql, new { organization, stream, Now = now.UtcDateTime }, transaction, cancellationToken: cancellationToken));
    }

    internal async Task<long> LastChangeAsync(CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<long>(new CommandDefinition("select coalesce(max(seq), 0) from rule_audit", cancellationToken: cancellationToken));
    }

    /// <summary>Position of the last change, and number and sum of revisions of what is in force, all at one moment.</summary>
    internal async Task<(long Position, long Count, long Revisions)> DigestAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        const string Sql = """
            select (select coalesce(max(seq), 0) from rule_audit), count(*), coalesce(sum(revision), 0)::bigint
            from rules where expires_at is null or expires_at > @Now
            """;
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.QuerySingleAsync<(long, long, long)>(new CommandDefinition(Sql, new { Now = now.UtcDateTime }, cancellationToken: cancellationToken));
    }

    internal async Task<(long Position, IReadOnlyList<string> Ids)> ChangedSinceAsync(long position, int limit, CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken);
        IEnumerable<FeedRow> rows = await connection.QueryAsync<FeedRow>(new CommandDefinition(
            "select seq as Sequence, rule_id as RuleId from rule_audit where seq > @position order by seq limit @limit", new { position, limit }, cancellationToken: cancellationToken));
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
