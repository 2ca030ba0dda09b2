using System.Text.Json;
using Dapper;
using Npgsql;

namespace AutoGuard.Guardian.Rules;

/// <summary>
/// The rules in PostgreSQL. Every write goes through the guard rails, is audited, tells other processes, and is in the
/// matcher of this process when the call returns.
/// </summary>
/// <remarks>
/// Writes hold one advisory lock of the database until they are committed: they are rare, the rail on wildcards looks at
/// more than one row, and it makes the audit's numbers rise in the order of commits, which is what lets other processes
/// follow the audit as a feed of changes.
/// </remarks>
public sealed class RuleStore(NpgsqlDataSource database, RuleRails rails, RuleMatcher matcher, TimeProvider time) : IDisposable
{
    internal const string Channel = "autoguard_rules";
    private const long WriteLock = 0x4175_746F_4772_6402;
    private static readonly TimeSpan DefaultBlock = TimeSpan.FromHours(24);

    // Writes and reloads of this process follow one another, so the matcher never goes back in time.
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly RuleQueries _queries = new(database, time);
    private long _followed = -1;

    /// <summary>Reading.</summary>
    public RuleQueries Queries => _queries;

    /// <summary>Adds a rule, or extends the one that is there: an expiry is only ever moved later.</summary>
    public async Task<RuleChange> AddAsync(RuleDraft draft, CancellationToken cancellationToken) =>
        (await AddAsync([draft], cancellationToken))[0];

    /// <summary>Adds several in one transaction; what the rails refuse is left out.</summary>
    public async Task<IReadOnlyList<RuleChange>> AddAsync(IReadOnlyList<RuleDraft> drafts, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(drafts);
        var changes = new List<RuleChange>(drafts.Count);
        await WriteAsync(
            async (connection, transaction) =>
            {
                foreach (RuleDraft draft in drafts)
                {
                    changes.Add(await AddOneAsync(connection, transaction, draft, cancellationToken));
                }
                return changes;
            },
            cancellationToken);
        return changes;
    }

    /// <summary>Removes a rule.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="who">Who asks.</param>
    /// <param name="why">Why.</param>
    /// <param name="mayRemove">Looks at the rule and gives a sentence when this caller may not remove it, else null.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public async Task<RuleChange> RemoveAsync(string id, string who, string why, Func<Rule, string?>? mayRemove, CancellationToken cancellationToken)
    {
        IReadOnlyList<RuleChange> changes = await WriteAsync(
            async (connection, transaction) => [await RemoveOneAsync(connection, transaction, id, who, why, mayRemove, cancellationToken)],
            cancellationToken);
        return changes[0];
    }

    /// <summary>Deletes rules that lapsed before a time, and audit entries older than it; returns how many rules went.</summary>
    public async Task<int> DeleteLapsedAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken);
        var parameters = new { Before = before.UtcDateTime };
        await connection.ExecuteAsync(new CommandDefinition("delete from rule_audit where at < @Before", parameters, cancellationToken: cancellationToken));
        return await connection.ExecuteAsync(new CommandDefinition("delete from rules where expires_at < @Before", parameters, cancellationToken: cancellationToken));
    }

    /// <summary>Loads all rules into the matcher, together with the configured allowlist.</summary>
    public async Task ReloadAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            // The feed's position is read first: what is committed in between is then loaded twice, never missed.
            long position = await _queries.LastChangeAsync(cancellationToken);
            List<Rule> rules = await _queries.ReadActiveAsync(cancellationToken);
            matcher.Load([.. rules, .. rails.Allowlist.Select(AsRule)]);
            _followed = position;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Brings the matcher up to what other processes have changed; returns how many rules that were.</summary>
    public async Task<int> FollowAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            (long position, IReadOnlyList<string> ids) = await _queries.ChangedSinceAsync(_followed, cancellationToken);
            if (ids.Count > 0)
            {
                IReadOnlyList<Rule> present = await _queries.GetAsync(ids, cancellationToken);
                matcher.Apply(present, [.. ids.Except(present.Select(static r => r.Id), StringComparer.Ordinal)]);
            }
            _followed = position;
            return ids.Count;
        }
        finally
        {
            _gate.Release();
        }
    }

    public void Dispose() => _gate.Dispose();

    private async Task<IReadOnlyList<RuleChange>> WriteAsync(
        Func<NpgsqlConnection, NpgsqlTransaction, Task<IReadOnlyList<RuleChange>>> write, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken);
            await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken);
            await connection.ExecuteAsync(new CommandDefinition("select pg_advisory_xact_lock(@WriteLock)", new { WriteLock }, transaction, cancellationToken: cancellationToken));
            IReadOnlyList<RuleChange> changes = await write(connection, transaction);
            List<Rule> changed = [.. changes.Where(static c => c.Result is RuleResult.Added or RuleResult.Changed).Select(static c => c.Rule!)];
            List<string> removed = [.. changes.Where(static c => c.Result == RuleResult.Removed).Select(static c => c.Rule!.Id)];
            if (changed.Count + removed.Count > 0)
            {
                await connection.ExecuteAsync(new CommandDefinition($"notify {Channel}", transaction: transaction, cancellationToken: cancellationToken));
            }
            await transaction.CommitAsync(cancellationToken);
            matcher.Apply(changed, removed);
            return changes;
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task<RuleChange> AddOneAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, RuleDraft draft, CancellationToken cancellationToken)
    {
        const string Sql = """
            insert into rules as r (id, scope, value, network, type, tag, reason, origin, creator, organization, decision_id, created_at, expires_at)
            values (@Id, @Scope, @Value, @Network::cidr, @Type, @Tag, @Reason, @Origin, @Creator, @Organization, @DecisionId, @CreatedAt, @ExpiresAt)
            on conflict (id) do update
            set tag = excluded.tag, reason = excluded.reason, origin = excluded.origin, creator = excluded.creator, decision_id = excluded.decision_id,
              created_at = excluded.created_at, expires_at = excluded.expires_at
            """;
        DateTimeOffset now = Now();
        Rule? before = await _queries.GetAsync(connection, transaction, draft.Id, cancellationToken);
        bool hasAllowed = draft.Target is { Scope: RuleScope.Referrer, Value: "*" } && await _queries.CountAllowedReferrersAsync(connection, transaction, draft.Organization, now, cancellationToken) > 0;
        if (!rails.Permits(draft.Target, draft.Type, hasAllowed, now, out string why))
        {
            return new RuleChange(RuleResult.Refused, null, why);
        }
        if (Expiry(draft, now) is { } lapses && lapses <= now)
        {
            return new RuleChange(RuleResult.Refused, null, "It would have lapsed already.");
        }
        bool wasActive = before?.IsActive(now) == true;
        Rule after = wasActive ? Merge(before!, draft, now) : Fresh(draft, now);
        if (wasActive && after == before)
        {
            return new RuleChange(RuleResult.Unchanged, before);
        }
        await connection.ExecuteAsync(new CommandDefinition(Sql, Parameters(after), transaction, cancellationToken: cancellationToken));
        Rule stored = await _queries.GetAsync(connection, transaction, draft.Id, cancellationToken) ?? throw new InvalidOperationException($"Rule {draft.Id} was not stored.");
        string reason = draft.Reason.Length > 0 ? draft.Reason : draft.Tag;
        await AuditAsync(connection, transaction, draft.Creator, wasActive ? "change" : "add", reason, stored.Id, wasActive ? before : null, stored, cancellationToken);
        return new RuleChange(wasActive ? RuleResult.Changed : RuleResult.Added, stored);
    }

    private async Task<RuleChange> RemoveOneAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, string id, string who, string why, Func<Rule, string?>? mayRemove, CancellationToken cancellationToken)
    {
        Rule? rule = await _queries.GetAsync(connection, transaction, id, cancellationToken);
        if (rule is null || !rule.IsActive(Now()))
        {
            return new RuleChange(RuleResult.NotFound, null);
        }
        if (mayRemove?.Invoke(rule) is string refusal)
        {
            return new RuleChange(RuleResult.Refused, rule, refusal);
        }
        if (rule is { Scope: RuleScope.Referrer, Type: RuleType.Allow } && await LeavesWildcardAloneAsync(connection, transaction, rule, cancellationToken))
        {
            return new RuleChange(RuleResult.Refused, rule, "It is the last allowed referrer while every other is denied; remove the rule on * first.");
        }
        await connection.ExecuteAsync(new CommandDefinition("delete from rules where id = @id", new { id }, transaction, cancellationToken: cancellationToken));
        await AuditAsync(connection, transaction, who, "remove", why, id, rule, null, cancellationToken);
        return new RuleChange(RuleResult.Removed, rule);
    }

    private async Task<bool> LeavesWildcardAloneAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, Rule rule, CancellationToken cancellationToken)
    {
        DateTimeOffset now = Now();
        if (rails.HasAllowedReferrers(now) || await _queries.CountAllowedReferrersAsync(connection, transaction, rule.Organization, now, cancellationToken) > 1)
        {
            return false;
        }
        RuleTarget everybody = new(RuleScope.Referrer, "*", default);
        string[] wildcards = [RuleDraft.IdOf(everybody, RuleType.Deny, rule.Organization), RuleDraft.IdOf(everybody, RuleType.Deny, null)];
        return (await _queries.GetAsync(connection, transaction, wildcards, cancellationToken)).Any(r => r.IsActive(now));
    }

    private async Task AuditAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, string who, string what, string why, string ruleId, Rule? before, Rule? after, CancellationToken cancellationToken)
    {
        const string Sql = """
            insert into rule_audit (at, who, what, why, rule_id, before, after)
            values (@At, @who, @what, @why, @ruleId, @Before::jsonb, @After::jsonb)
            """;
        await connection.ExecuteAsync(new CommandDefinition(Sql, new { At = Now().UtcDateTime, who, what, why, ruleId, Before = Json(before), After = Json(after) }, transaction, cancellationToken: cancellationToken));
    }

    private static string? Json(Rule? rule) =>
        rule is null ? null : JsonSerializer.Serialize(RuleDocument.Of(rule), RuleJsonContext.Default.RuleDocument);

    // What a person made stays theirs: a decision of AutoGuard on the same subject only extends it.
    private static Rule Merge(Rule before, RuleDraft draft, DateTimeOffset now)
    {
        DateTimeOffset? wanted = Expiry(draft, now);
        DateTimeOffset? expires = before.ExpiresAt is null || wanted is null ? null : wanted > before.ExpiresAt ? wanted : before.ExpiresAt;
        return draft.Origin == RuleOrigin.AutoGuard && before.Origin != RuleOrigin.AutoGuard
            ? before with { ExpiresAt = expires }
            : before with { Tag = draft.Tag, Reason = draft.Reason, Origin = draft.Origin, Creator = draft.Creator, DecisionId = draft.DecisionId, ExpiresAt = expires };
    }

    private static Rule Fresh(RuleDraft draft, DateTimeOffset now) => new()
    {
        Id = draft.Id,
        Scope = draft.Target.Scope,
        Value = draft.Target.Value,
        Network = draft.Target.Network,
        Type = draft.Type,
        Tag = draft.Tag,
        Reason = draft.Reason,
        Origin = draft.Origin,
        Creator = draft.Creator,
        Organization = draft.Organization,
        DecisionId = draft.DecisionId,
        CreatedAt = now,
        ExpiresAt = Expiry(draft, now),
    };

    private static DateTimeOffset? Expiry(RuleDraft draft, DateTimeOffset now)
    {
        bool isBlock = draft.Type == RuleType.Deny && draft.Target.Scope is RuleScope.Ip or RuleScope.Cidr;
        return !draft.Expiry.IsDefault ? draft.Expiry.At : isBlock ? now + DefaultBlock : null;
    }

    private static object Parameters(Rule rule) => new
    {
        rule.Id,
        Scope = RuleNames.Of(rule.Scope),
        rule.Value,
        Network = rule.Scope is RuleScope.Ip or RuleScope.Cidr ? rule.Network.ToString() : null,
        Type = RuleNames.Of(rule.Type),
        rule.Tag,
        rule.Reason,
        Origin = RuleNames.Of(rule.Origin),
        rule.Creator,
        rule.Organization,
        rule.DecisionId,
        CreatedAt = rule.CreatedAt.UtcDateTime,
        ExpiresAt = rule.ExpiresAt?.UtcDateTime,
    };

    private static Rule AsRule(AllowlistTarget entry) => new()
    {
        Id = "configuration:" + RuleDraft.IdOf(entry.Target, RuleType.Allow, null),
        Scope = entry.Target.Scope,
        Value = entry.Target.Value,
        Network = entry.Target.Network,
        Type = RuleType.Allow,
        Reason = entry.Reason,
        Origin = RuleOrigin.Configuration,
        Creator = "configuration",
        CreatedAt = DateTimeOffset.UnixEpoch,
        ExpiresAt = entry.Until,
    };

    // Whole milliseconds, so that what was stored compares equal to what was asked for.
    private DateTimeOffset Now() => DateTimeOffset.FromUnixTimeMilliseconds(time.GetUtcNow().ToUnixTimeMilliseconds());
}
