using System.Runtime.CompilerServices;
using AutoGuard.Guardian.Rules;
using Dapper;
using Npgsql;

namespace AutoGuard.Guardian.Bouncers;

/// <summary>
/// Reads decisions for bouncers. They see what is denied on every stream, to everybody or to their key's tenant: a firewall
/// cannot tell streams apart, and one tenant's blocks are none of another's. Bouncers know no exceptions either: a token that
/// stays good at its owner's home is denied to them everywhere, since leaving it out would let the thief play on, while the owner
/// gets a new token by signing in.
/// </summary>
internal sealed class BouncerDecisions(NpgsqlDataSource database, RuleQueries queries, TimeProvider time)
{
    /// <summary>Visible, of the scopes asked for. A wildcard works only beside an allow list, which bouncers know nothing of.</summary>
    public const string Visible = """
        r.type = 'deny' and r.stream is null and (r.organization is null or r.organization = @Organization) and r.scope = any(@Scopes)
        and not (r.scope = 'referrer' and r.value = '*')
        and (cardinality(@Origins) = 0 or r.origin = any(@Origins))
        and (cardinality(@With) = 0 or exists (select 1 from unnest(@With) w where position(w in r.reason || ' ' || r.tag) > 0))
        and not exists (select 1 from unnest(@Without) w where position(w in r.reason || ' ' || r.tag) > 0)
        """;

    /// <summary>In part or in whole allowed by a rule that holds where the bouncer is.</summary>
    public const string Allowed = """
        exists (
          select 1 from rules a
          where a.type = 'allow' and a.stream is null and (a.organization is null or a.organization = @Organization) and (a.expires_at is null or a.expires_at > @Now)
            and (a.network && r.network or (a.scope = 'token' and r.scope = 'token' and a.value = r.value)
              or (a.scope = 'referrer' and r.scope = 'referrer'
                and (a.value = r.value or (a.value like '*.%' and right(r.value, length(a.value) - 1) = right(a.value, length(a.value) - 1))
                  or (r.value like '*.%' and right(a.value, length(r.value) - 1) = right(r.value, length(r.value) - 1))))))
        """;

    private const int Most = 100_000;

    /// <summary>The decisions in force that a single question is about.</summary>
    public async IAsyncEnumerable<BouncerDecision> FindAsync(BouncerQuestion question, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (!question.WantsBans)
        {
            yield break;
        }
        string condition = $"""
            and id in (
              select r.id from rules r where {Visible} and not {Allowed})
              and (@Value::text is null or value = @Value)
              and (@Network::cidr is null or case when @Contains then network >>= @Network::cidr else network <<= @Network::cidr end)
            order by seq limit {Most}
            """;
        DateTimeOffset now = time.GetUtcNow();
        DynamicParameters parameters = Parameters(question, now);
        parameters.Add("Value", question.Value);
        parameters.Add("Network", question.Network?.ToString());
        parameters.Add("Contains", question.Contains);
        await foreach (Rule rule in queries.ReadAsync(condition, parameters, cancellationToken))
        {
            yield return BouncerDecision.Of(rule, now);
        }
    }

    /// <summary>Everything in force, without limit.</summary>
    public async IAsyncEnumerable<BouncerDecision> AllAsync(BouncerQuestion question, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using BouncerPull pull = await PullAsync(question with { IsStartup = true }, cancellationToken);
        await foreach (BouncerDecision decision in pull.NewAsync(cancellationToken))
        {
            yield return decision;
        }
    }

    /// <summary>Opens what is new to a bouncer, as of one moment.</summary>
    public async Task<BouncerPull> PullAsync(BouncerQuestion question, CancellationToken cancellationToken)
    {
        NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken);
        try
        {
            NpgsqlTransaction transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, cancellationToken);
            DateTimeOffset now = time.GetUtcNow();
            long position = await connection.ExecuteScalarAsync<long>(new CommandDefinition(
                "select coalesce(max(seq), 0) from rule_audit", transaction: transaction, cancellationToken: cancellationToken));
            Cursor? cursor = question.IsStartup ? null : await connection.QuerySingleOrDefaultAsync<Cursor>(new CommandDefinition(
                "select position, pulled_at as PulledAt from bouncers where key = @Key and client = @Client", new { question.Key, question.Client }, transaction, cancellationToken: cancellationToken));
            return new BouncerPull(connection, transaction, question, now, position, cursor);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    internal static DynamicParameters Parameters(BouncerQuestion question, DateTimeOffset now)
    {
        var parameters = new DynamicParameters();
        parameters.Add("Organization", question.Organization);
        parameters.Add("Scopes", question.Scopes.Select(RuleNames.Of).ToArray());
        parameters.Add("Origins", question.Origins.ToArray());
        parameters.Add("With", question.With.ToArray());
        parameters.Add("Without", question.Without.ToArray());
        parameters.Add("Now", now.UtcDateTime);
        return parameters;
    }

    /// <summary>Where a bouncer's last answer ended.</summary>
    internal sealed class Cursor
    {
        public long Position { get; init; }

        public DateTime PulledAt { get; init; }
    }
}
