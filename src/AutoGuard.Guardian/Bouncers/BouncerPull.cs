using System.Data.Common;
using System.Runtime.CompilerServices;
using AutoGuard.Guardian.Rules;
using Dapper;
using Npgsql;

namespace AutoGuard.Guardian.Bouncers;

/// <summary>One answer of the stream: what ended and what began since the bouncer's last one, all as of one moment.</summary>
internal sealed class BouncerPull(
    NpgsqlConnection connection, NpgsqlTransaction transaction, BouncerQuestion question, DateTimeOffset now, long position, BouncerDecisions.Cursor? cursor) : IAsyncDisposable
{
    // Nodes' clocks differ a little; telling an end twice does no harm.
    private static readonly TimeSpan Overlap = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Forgotten = TimeSpan.FromDays(30);

    /// <summary>What has ended, by expiry or because somebody took it away, and is not denied by a rule that goes on.</summary>
    public async IAsyncEnumerable<BouncerDecision> EndedAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        const string StillDenied = $"""
            exists (
              select 1 from rules r
              where r.scope = e.scope and r.value = e.value and {BouncerDecisions.Visible} and (r.expires_at is null or r.expires_at > @Now) and not {BouncerDecisions.Allowed})
            """;
        const string Sql = $"""
            with ended as (
              select seq as id, at, before ->> 'origin' as origin, before ->> 'reason' as reason, before ->> 'tag' as tag, before ->> 'scope' as scope, before ->> 'value' as value
              from rule_audit
              where seq > @Position and seq <= @Until and what in ('remove', 'release') and before ->> 'type' = 'deny' and before ->> 'stream' is null
                and (before ->> 'organization' is null or before ->> 'organization' = @Organization)
              union all
              select seq, expires_at, origin, reason, tag, scope, value from rules
              where expires_at > @Since and expires_at <= @Now and type = 'deny' and stream is null and (organization is null or organization = @Organization)
              union all
              select r.seq, @Now, r.origin, r.reason, r.tag, r.scope, r.value
              from rules r
              where r.organization is null and (r.expires_at is null or r.expires_at > @Now) and {BouncerDecisions.Visible} and {BouncerDecisions.Allowed}
                and exists (select 1 from rules a where a.type = 'allow' and a.organization = @Organization and a.revision > @Position)
            )
            select distinct on (e.scope, e.value) e.id, e.at, e.origin, e.reason, e.tag, e.scope, e.value
            from ended e
            where e.scope = any(@Scopes) and not (e.scope = 'referrer' and e.value = '*') and not {StillDenied}
            order by e.scope, e.value, e.at desc
            """;
        if (cursor is null)
        {
            yield break;
        }
        DynamicParameters parameters = BouncerDecisions.Parameters(question, now);
        parameters.Add("Position", cursor.Position);
        parameters.Add("Until", position);
        parameters.Add("Since", cursor.PulledAt - Overlap);
        await using DbDataReader reader = await connection.ExecuteReaderAsync(new CommandDefinition(Sql, parameters, transaction, commandTimeout: 0, cancellationToken: cancellationToken));
        while (await reader.ReadAsync(cancellationToken))
        {
            if (RuleNames.TryParse(reader.GetString(5), out RuleScope scope))
            {
                var at = new DateTimeOffset(reader.GetDateTime(1), TimeSpan.Zero);
                yield return BouncerDecision.Ended(reader.GetInt64(0), reader.GetString(2), reader.GetString(3), reader.GetString(4), scope, reader.GetString(6), now - at);
            }
        }
    }

    /// <summary>What is in force and new to the bouncer; everything at its start and after an allow rule has ended.</summary>
    public async IAsyncEnumerable<BouncerDecision> NewAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        long? since = cursor is null || await AllowEndedAsync(cursor, cancellationToken) ? null : cursor.Position;
        // Two rules on one value can only be one for all and one of a tenant.
        string longest = question.Organization is null ? "" : "distinct on (scope, value)";
        string order = question.Organization is null ? "order by seq" : "order by scope, value, expires_at desc nulls first";
        string sql = $"""
            select {longest} {RuleRow.Columns} from rules r
            where (@Position::bigint is null or revision > @Position) and (expires_at is null or expires_at > @Now) and {BouncerDecisions.Visible} and not {BouncerDecisions.Allowed}
            {order}
            """;
        DynamicParameters parameters = BouncerDecisions.Parameters(question, now);
        parameters.Add("Position", since);
        await using DbDataReader reader = await connection.ExecuteReaderAsync(new CommandDefinition(sql, parameters, transaction, commandTimeout: 0, cancellationToken: cancellationToken));
        Func<DbDataReader, RuleRow> parse = reader.GetRowParser<RuleRow>();
        while (await reader.ReadAsync(cancellationToken))
        {
            yield return BouncerDecision.Of(parse(reader).ToRule(), now);
        }
    }

    /// <summary>Notes that the bouncer has the answer.</summary>
    public async Task DoneAsync(CancellationToken cancellationToken)
    {
        const string Sql = """
            insert into bouncers (key, client, position, pulled_at) values (@Key, @Client, @position, @Now)
            on conflict (key, client) do update set position = excluded.position, pulled_at = excluded.pulled_at;
            delete from bouncers where pulled_at < @Before
            """;
        await transaction.CommitAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(
            Sql, new { question.Key, question.Client, position, Now = now.UtcDateTime, Before = (now - Forgotten).UtcDateTime }, cancellationToken: cancellationToken));
    }

    public async ValueTask DisposeAsync()
    {
        await transaction.DisposeAsync();
        await connection.DisposeAsync();
    }

    // What an allow rule kept from the bouncer is denied again from then on.
    private async Task<bool> AllowEndedAsync(BouncerDecisions.Cursor last, CancellationToken cancellationToken)
    {
        const string Sql = """
            select exists (select 1 from rule_audit where seq > @Position and what = 'remove' and before ->> 'type' = 'allow')
              or exists (select 1 from rules where type = 'allow' and expires_at > @Since and expires_at <= @Now)
            """;
        return await connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            Sql, new { last.Position, Since = last.PulledAt, Now = now.UtcDateTime }, transaction, cancellationToken: cancellationToken));
    }
}
