using AutoGuard.Guardian.Publications;
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
public sealed class RuleStore(NpgsqlDataSource database, RuleRails rails, RuleMatcher matcher, TimeProvider time, PublicationTable? publications = null) : IDisposable
{
    internal const string Channel = "autoguard_rules";
    internal const long WriteLock = 0x4175_746F_4772_6402;
    private const int BatchSize = 1_000;
    private const int FeedPage = 10_000;

    // Writes and reloads of this process follow one another, so the matcher never goes back in time.
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly RuleQueries _queries = new(database, time);
    private long _followed = -1;

    /// <summary>Reading.</summary>
    public RuleQueries Queries => _queries;

    /// <summary>Adds a rule, or extends the one that is there: an expiry is only ever moved later.</summary>
    public async Task<RuleChange> AddAsync(RuleDraft draft, CancellationToken cancellationToken) =>
        (await AddAsync([draft], cancellationToken))[0];

    /// <summary>Adds several in one transaction; what the rails refuse is left out. What an allow rule covers is denied no longer: those rules go.</summary>
    public async Task<IReadOnlyList<RuleChange>> AddAsync(IReadOnlyList<RuleDraft> drafts, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(drafts);
        var changes = new List<RuleChange>(drafts.Count);
        await WriteAsync(
            async writer =>
            {
                changes.Clear();
                foreach (RuleDraft[] batch in drafts.Chunk(BatchSize))
                {
                    await new RuleAddition(writer, rails, batch).RunAsync(changes, cancellationToken);
                }
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
        RuleChange change = default;
        await WriteAsync(async writer => change = await RemoveOneAsync(writer, id, who, why, mayRemove, cancellationToken), cancellationToken);
        return change;
    }

    /// <summary>Takes away stored deny rules that the configured allowlist forbids by now; returns how many.</summary>
    public async Task<int> ReleaseAllowlistedAsync(CancellationToken cancellationToken)
    {
        int released = 0;
        await WriteAsync(
            async writer =>
            {
                released = 0;
                List<AllowlistTarget> inForce = [.. rails.Allowlist.Where(entry => entry.Until is null || entry.Until > writer.Now)];
                foreach (Rule rule in await RuleOverlaps.FindAsync(writer, RuleType.Deny, [.. inForce.Select(static e => e.Target)], cancellationToken))
                {
                    if (inForce.Find(entry => RuleRails.Collides(entry.Target, new RuleTarget(rule.Scope, rule.Value, rule.Network))) is { } entry)
                    {
                        writer.Delete(rule, "configuration", "release", $"{entry.Target.Value} is allowlisted.");
                        released++;
                    }
                }
                await writer.WriteAsync(cancellationToken);
            },
            cancellationToken);
        return released;
    }

    /// <summary>Deletes rules that lapsed before a time, and audit entries older than it; returns how many rules went.</summary>
    public async Task<int> DeleteLapsedAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken);
        var parameters = new { Before = before.UtcDateTime };
        await connection.ExecuteAsync(new CommandDefinition("delete from rule_audit where at < @Before", parameters, cancellationToken: cancellationToken));
        return await connection.ExecuteAsync(new CommandDefinition("delete from rules where expires_at < @Before", parameters, cancellationToken: cancellationToken));
    }

    /// <summary>Loads all rules into the matcher, together with the configured allowlist; what it held stays in force meanwhile.</summary>
    public async Task ReloadAsync(CancellationToken cancellationToken)
    {
        // The feed's position is read first: what is committed in between is then read twice, never missed.
        long position = await _queries.LastChangeAsync(cancellationToken);
        RuleMatcher.Loading loading = matcher.BeginLoad();
        await _queries.ReadActiveAsync(loading.Add, cancellationToken);
        foreach (AllowlistTarget entry in rails.Allowlist)
        {
            loading.Add(AsRule(entry));
        }
        loading.Build();
        if (publications is not null)
        {
            await publications.LoadAsync(database, cancellationToken);
        }
        await _gate.WaitAsync(cancellationToken);
        try
        {
            // What changed since is put in before it is put in place: no look-up may miss a rule that was in force.
            (_followed, _) = await FollowHoldingGateAsync(position, loading.Apply, cancellationToken);
            loading.PutInPlace();
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
            (_followed, int followed) = await FollowHoldingGateAsync(_followed, matcher.Apply, cancellationToken);
            return followed;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>
    /// Forgets lapsed rules and compares the rest with the database by number and revisions; false when they differ, so that
    /// only a reload helps.
    /// </summary>
    public async Task<bool> ReconcileAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            (_followed, _) = await FollowHoldingGateAsync(_followed, matcher.Apply, cancellationToken);
            DateTimeOffset now = Now();
            matcher.Sweep(now);
            (long position, long count, long revisions) = await _queries.DigestAsync(now, cancellationToken);
            // Changed again in the meantime: the next look compares.
            return position > _followed || (count, revisions) == matcher.Digest(now);
        }
        finally
        {
            _gate.Release();
        }
    }

    public void Dispose() => _gate.Dispose();

    private async Task<(long Position, int Followed)> FollowHoldingGateAsync(
        long position, Action<IReadOnlyCollection<Rule>, IReadOnlyCollection<string>> apply, CancellationToken cancellationToken)
    {
        int followed = 0;
        while (true)
        {
            (position, IReadOnlyList<string> ids) = await _queries.ChangedSinceAsync(position, FeedPage, cancellationToken);
            if (ids.Count == 0)
            {
                return (position, followed);
            }
            List<string> ruleIds = [.. ids.Where(static id => !PublicationKey.IsName(id))];
            IReadOnlyList<Rule> present = await _queries.GetAsync(ruleIds, cancellationToken);
            apply(present, [.. ruleIds.Except(present.Select(static r => r.Id), StringComparer.Ordinal)]);
            if (ruleIds.Count < ids.Count && publications is not null)
            {
                await publications.LoadAsync(database, cancellationToken);
            }
            followed += ids.Count;
        }
    }

    private async Task WriteAsync(Func<RuleWriter, Task> write, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken);
            await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken);
            await connection.ExecuteAsync(new CommandDefinition("select pg_advisory_xact_lock(@WriteLock)", new { WriteLock }, transaction, cancellationToken: cancellationToken));
            var writer = new RuleWriter(connection, transaction, Now());
            await write(writer);
            if (writer.Stored.Count + writer.Gone.Count > 0)
            {
                await connection.ExecuteAsync(new CommandDefinition($"notify {Channel}", transaction: transaction, cancellationToken: cancellationToken));
            }
            await transaction.CommitAsync(cancellationToken);
            matcher.Apply([.. writer.Stored.Values], [.. writer.Gone]);
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task<RuleChange> RemoveOneAsync(
        RuleWriter writer, string id, string who, string why, Func<Rule, string?>? mayRemove, CancellationToken cancellationToken)
    {
        Rule? rule = await RuleQueries.ReadAsync(writer.Connection, writer.Transaction, id, cancellationToken);
        if (rule is null || !rule.IsActive(writer.Now))
        {
            return new RuleChange(RuleResult.NotFound, null);
        }
        if (mayRemove?.Invoke(rule) is string refusal)
        {
            return new RuleChange(RuleResult.Refused, rule, refusal);
        }
        if (rule is { Scope: RuleScope.Referrer, Type: RuleType.Allow } && await LeavesWildcardAloneAsync(writer, rule, cancellationToken))
        {
            return new RuleChange(RuleResult.Refused, rule, "It is the last allowed referrer while every other is denied; remove the rule on * first.");
        }
        writer.Delete(rule, who, "remove", why);
        await writer.WriteAsync(cancellationToken);
        return new RuleChange(RuleResult.Removed, rule);
    }

    private async Task<bool> LeavesWildcardAloneAsync(RuleWriter writer, Rule rule, CancellationToken cancellationToken)
    {
        if (rails.HasAllowedReferrers(writer.Now)
            || await RuleQueries.CountAllowedReferrersAsync(writer.Connection, writer.Transaction, rule.Organization, rule.Stream, writer.Now, cancellationToken) > 1)
        {
            return false;
        }
        RuleTarget everybody = new(RuleScope.Referrer, "*", default);
        string[] wildcards =
        [
            RuleDraft.IdOf(everybody, RuleType.Deny, rule.Organization, rule.Stream), RuleDraft.IdOf(everybody, RuleType.Deny, null, rule.Stream),
            RuleDraft.IdOf(everybody, RuleType.Deny, rule.Organization), RuleDraft.IdOf(everybody, RuleType.Deny, null),
        ];
        return (await RuleQueries.ReadAsync(writer.Connection, writer.Transaction, wildcards, cancellationToken)).Any(r => r.IsActive(writer.Now));
    }

    private static Rule AsRule(AllowlistTarget entry) => new()
    {
        Id = HeldRule.ConfigurationPrefix + RuleDraft.IdOf(entry.Target, RuleType.Allow, null),
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
