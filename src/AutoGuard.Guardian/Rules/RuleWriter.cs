using System.Text.Json;
using AutoGuard.Guardian.Storage;
using Dapper;
using Npgsql;
using NpgsqlTypes;

namespace AutoGuard.Guardian.Rules;

/// <summary>The statements that change rules; always within a transaction that holds the store's lock.</summary>
internal sealed class RuleWriter(NpgsqlConnection connection, NpgsqlTransaction transaction, DateTimeOffset now)
{
    private readonly Dictionary<string, (Rule? Before, Rule? After, string Who, string What, string Why)> _changes = new(StringComparer.Ordinal);

    public NpgsqlConnection Connection => connection;

    public NpgsqlTransaction Transaction => transaction;

    public DateTimeOffset Now => now;

    /// <summary>Notes that a rule is to be stored as it is given.</summary>
    public void Put(Rule? before, Rule after, string who, string why)
    {
        // Changed twice in one batch: the audit tells what was there before the batch.
        Rule? first = _changes.TryGetValue(after.Id, out (Rule? Before, Rule? After, string Who, string What, string Why) earlier) ? earlier.Before : before;
        _changes[after.Id] = (first, after, who, first is null ? "add" : "change", why);
    }

    /// <summary>Notes that a rule is to go.</summary>
    public void Delete(Rule rule, string who, string what, string why)
    {
        if (_changes.TryGetValue(rule.Id, out (Rule? Before, Rule? After, string Who, string What, string Why) earlier) && earlier.Before is null)
        {
            _changes.Remove(rule.Id);
            return;
        }
        _changes[rule.Id] = (rule, null, who, what, why);
    }

    /// <summary>What was noted of a rule that this transaction changes.</summary>
    public bool TryGet(string id, out Rule? after)
    {
        bool found = _changes.TryGetValue(id, out (Rule? Before, Rule? After, string Who, string What, string Why) change);
        after = change.After;
        return found;
    }

    /// <summary>What was written so far, as stored, by id.</summary>
    public Dictionary<string, Rule> Stored { get; } = new(StringComparer.Ordinal);

    /// <summary>Ids of rules that went.</summary>
    public HashSet<string> Gone { get; } = new(StringComparer.Ordinal);

    /// <summary>Rules that are stored when the transaction is committed, of those noted.</summary>
    public IEnumerable<Rule> Coming => _changes.Values.Where(static c => c.After is not null).Select(static c => c.After!);

    /// <summary>Writes everything noted, with its audit.</summary>
    public async Task WriteAsync(CancellationToken cancellationToken)
    {
        Dictionary<string, long> revisions = await AuditAsync([.. _changes], cancellationToken);
        List<Rule> coming = [.. Coming.Select(rule => rule with { Revision = revisions[rule.Id] })];
        List<string> gone = [.. _changes.Where(static c => c.Value.After is null).Select(static c => c.Key)];
        if (gone.Count > 0)
        {
            await connection.ExecuteAsync(new CommandDefinition("delete from rules where id = any(@Ids)", new { Ids = gone.ToArray() }, transaction, cancellationToken: cancellationToken));
        }
        Dictionary<string, long> sequences = coming.Count == 0 ? [] : await StoreAsync(coming, cancellationToken);
        _changes.Clear();
        foreach (Rule rule in coming)
        {
            Stored[rule.Id] = rule with { Sequence = sequences[rule.Id] };
            Gone.Remove(rule.Id);
        }
        foreach (string id in gone)
        {
            Stored.Remove(id);
            Gone.Add(id);
        }
    }

    private async Task<Dictionary<string, long>> StoreAsync(List<Rule> rules, CancellationToken cancellationToken)
    {
        const string Sql = """
            insert into rules (id, scope, value, network, type, tag, reason, origin, creator, organization, stream, spared, decision_id, revision, created_at, expires_at)
            select id, scope, value, network::cidr, type, tag, reason, origin, creator, organization, stream, spared::cidr[], decision_id, revision, created_at, expires_at
            from unnest(@ids, @scopes, @values, @networks, @types, @tags, @reasons, @origins, @creators, @organizations, @streams, @spared, @decisions, @revisions, @created, @expires)
              with ordinality as u (id, scope, value, network, type, tag, reason, origin, creator, organization, stream, spared, decision_id, revision, created_at, expires_at, n)
            order by n
            on conflict (id) do update
            set spared = excluded.spared, tag = excluded.tag, reason = excluded.reason, origin = excluded.origin, creator = excluded.creator, decision_id = excluded.decision_id,
              revision = excluded.revision, created_at = excluded.created_at, expires_at = excluded.expires_at
            returning id, seq
            """;
        await using var command = new NpgsqlCommand(Sql, connection, transaction);
        void Texts(string name, Func<Rule, string?> value) => DecisionRow.Add(command, name, NpgsqlDbType.Text, rules, value);
        Texts("ids", static r => r.Id);
        Texts("scopes", static r => RuleNames.Of(r.Scope));
        Texts("values", static r => r.Value);
        Texts("networks", static r => r.Scope is RuleScope.Ip or RuleScope.Cidr ? r.Network.ToString() : null);
        Texts("types", static r => RuleNames.Of(r.Type));
        Texts("tags", static r => r.Tag);
        Texts("reasons", static r => r.Reason);
        Texts("origins", static r => RuleNames.Of(r.Origin));
        Texts("creators", static r => r.Creator);
        Texts("organizations", static r => r.Organization);
        Texts("streams", static r => r.Stream);
        Texts("spared", static r => SparedNetworks.Write(r.Except));
        Texts("decisions", static r => r.DecisionId);
        DecisionRow.Add(command, "revisions", NpgsqlDbType.Bigint, rules, static r => r.Revision);
        DecisionRow.Add(command, "created", NpgsqlDbType.TimestampTz, rules, static r => r.CreatedAt.UtcDateTime);
        DecisionRow.Add(command, "expires", NpgsqlDbType.TimestampTz, rules, static r => r.ExpiresAt?.UtcDateTime);
        return await ReadNumbersAsync(command, cancellationToken);
    }

    private async Task<Dictionary<string, long>> AuditAsync(
        IReadOnlyList<KeyValuePair<string, (Rule? Before, Rule? After, string Who, string What, string Why)>> changes, CancellationToken cancellationToken)
    {
        const string Sql = """
            insert into rule_audit (at, who, what, why, rule_id, before, after)
            select @at, who, what, why, rule_id, before::jsonb, after::jsonb
            from unnest(@who, @what, @why, @ids, @before, @after) with ordinality as u (who, what, why, rule_id, before, after, n)
            order by n
            returning rule_id, seq
            """;
        if (changes.Count == 0)
        {
            return [];
        }
        await using var command = new NpgsqlCommand(Sql, connection, transaction);
        command.Parameters.Add(new NpgsqlParameter("at", NpgsqlDbType.TimestampTz) { Value = now.UtcDateTime });
        DecisionRow.Add(command, "who", NpgsqlDbType.Text, changes, static c => c.Value.Who);
        DecisionRow.Add(command, "what", NpgsqlDbType.Text, changes, static c => c.Value.What);
        DecisionRow.Add(command, "why", NpgsqlDbType.Text, changes, static c => c.Value.Why);
        DecisionRow.Add(command, "ids", NpgsqlDbType.Text, changes, static c => c.Key);
        DecisionRow.Add(command, "before", NpgsqlDbType.Text, changes, static c => Json(c.Value.Before));
        DecisionRow.Add(command, "after", NpgsqlDbType.Text, changes, static c => Json(c.Value.After));
        return await ReadNumbersAsync(command, cancellationToken);
    }

    private static async Task<Dictionary<string, long>> ReadNumbersAsync(NpgsqlCommand command, CancellationToken cancellationToken)
    {
        var numbers = new Dictionary<string, long>(StringComparer.Ordinal);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            numbers[reader.GetString(0)] = reader.GetInt64(1);
        }
        return numbers;
    }

    private static string? Json(Rule? rule) =>
        rule is null ? null : JsonSerializer.Serialize(RuleDocument.Of(rule), RuleJsonContext.Default.RuleDocument);
}
