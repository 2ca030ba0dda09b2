namespace AutoGuard.Guardian.Rules;

/// <summary>Adds a batch of rules: reads once what is there, decides in order, writes once.</summary>
internal sealed class RuleAddition(RuleWriter writer, RuleRails rails, IReadOnlyList<RuleDraft> drafts)
{
    private static readonly TimeSpan DefaultBlock = TimeSpan.FromHours(24);

    private readonly DateTimeOffset _now = writer.Now;
    private Dictionary<string, Rule> _present = [];
    private List<Rule> _allows = [];
    private List<Rule> _denies = [];
    private bool _hasAllowedReferrers;

    /// <summary>Does it and appends what became of each draft, in their order.</summary>
    public async Task RunAsync(List<RuleChange> results, CancellationToken cancellationToken)
    {
        await ReadAsync(cancellationToken);
        List<(RuleChange Change, string Id)> decided = [.. drafts.Select(draft => (Decide(draft), draft.Id))];
        await writer.WriteAsync(cancellationToken);
        results.AddRange(decided.Select(one => one.Change.Result is RuleResult.Added or RuleResult.Changed && writer.Stored.TryGetValue(one.Id, out Rule? stored)
            ? one.Change with { Rule = stored }
            : one.Change));
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        string[] ids = [.. drafts.Select(static draft => draft.Id)];
        _present = (await RuleQueries.ReadAsync(writer.Connection, writer.Transaction, ids, cancellationToken)).ToDictionary(static rule => rule.Id, StringComparer.Ordinal);
        _allows = await OppositesAsync(RuleType.Deny, cancellationToken);
        _denies = await OppositesAsync(RuleType.Allow, cancellationToken);
        foreach (RuleDraft everybody in drafts.Where(static draft => draft is { Type: RuleType.Deny, Target: { Scope: RuleScope.Referrer, Value: "*" } }))
        {
            _hasAllowedReferrers |= await RuleQueries.CountAllowedReferrersAsync(
                writer.Connection, writer.Transaction, everybody.Organization, everybody.Stream, _now, cancellationToken) > 0;
        }
    }

    private async Task<List<Rule>> OppositesAsync(RuleType wanted, CancellationToken cancellationToken)
    {
        RuleTarget[] targets = [.. drafts.Where(draft => draft.Type == wanted).Select(static draft => draft.Target)];
        return targets.Length == 0
            ? []
            : await RuleOverlaps.FindAsync(writer, wanted == RuleType.Deny ? RuleType.Allow : RuleType.Deny, targets, cancellationToken);
    }

    private RuleChange Decide(RuleDraft draft)
    {
        string id = draft.Id;
        Rule? before = writer.TryGet(id, out Rule? noted) ? noted : _present.GetValueOrDefault(id);
        bool wasActive = before?.IsActive(_now) == true;
        if (!draft.Expiry.IsDefault && draft.Expiry.At <= _now)
        {
            return new RuleChange(RuleResult.Refused, null, "It would have lapsed already.");
        }
        if (!rails.Permits(draft.Target, draft.Type, _hasAllowedReferrers || AllowsReferrerBefore(draft), _now, out string why))
        {
            return new RuleChange(RuleResult.Refused, null, why);
        }
        if (!RuleExceptions.Permits(draft.Target, draft.Type, draft.Except, out why))
        {
            return new RuleChange(RuleResult.Refused, null, why);
        }
        if (draft.Type == RuleType.Deny && FindAllow(draft) is { } allow)
        {
            return new RuleChange(RuleResult.Refused, null, $"{draft.Target.Value} is allowed by the rule on {allow.Value}; remove that first.");
        }
        Rule after = wasActive ? Merge(before!, draft) : Fresh(draft);
        int released = draft.Type == RuleType.Allow ? Release(after, draft.Creator) : 0;
        if (wasActive && after == before)
        {
            return new RuleChange(RuleResult.Unchanged, before, Released: released);
        }
        writer.Put(wasActive ? before : null, after, draft.Creator, draft.Reason.Length > 0 ? draft.Reason : draft.Tag);
        (draft.Type == RuleType.Allow ? _allows : _denies).Add(after);
        return new RuleChange(wasActive ? RuleResult.Changed : RuleResult.Added, after, Released: released);
    }

    private bool AllowsReferrerBefore(RuleDraft draft) =>
        draft is { Type: RuleType.Deny, Target: { Scope: RuleScope.Referrer, Value: "*" } } && writer.Coming.Any(rule =>
            rule is { Scope: RuleScope.Referrer, Type: RuleType.Allow }
            && (rule.Organization is null || rule.Organization == draft.Organization) && (rule.Stream is null || rule.Stream == draft.Stream));

    private Rule? FindAllow(RuleDraft draft) =>
        _allows.Find(allow => allow.IsActive(_now) && RuleOverlaps.Outranks(allow, draft.Target, draft.Organization, draft.Stream));

    private int Release(Rule allow, string who)
    {
        List<Rule> released = _denies.FindAll(deny => RuleOverlaps.Outranks(allow, new RuleTarget(deny.Scope, deny.Value, deny.Network), deny.Organization, deny.Stream));
        foreach (Rule deny in released)
        {
            writer.Delete(deny, who, "release", $"{allow.Value} is allowed by a new rule.");
            _denies.Remove(deny);
        }
        return released.Count;
    }

    // What a person made stays theirs: a decision of AutoGuard on the same subject only extends it. So does an earlier decision that
    // another node carries out late: it must not bring back exceptions that a later one has taken away.
    private Rule Merge(Rule before, RuleDraft draft)
    {
        DateTimeOffset? wanted = Expiry(draft);
        DateTimeOffset? expires = before.ExpiresAt is null || wanted is null ? null : wanted > before.ExpiresAt ? wanted : before.ExpiresAt;
        if (draft.Origin == RuleOrigin.AutoGuard && (before.Origin != RuleOrigin.AutoGuard || IsOvertaken(draft, before)))
        {
            return before with { ExpiresAt = expires };
        }
        return before with
        {
            // The same array when it says the same, so that the rule is seen to be unchanged.
            Except = before.Except.SequenceEqual(draft.Except) ? before.Except : draft.Except,
            Tag = draft.Tag,
            Reason = draft.Reason,
            Origin = draft.Origin,
            Creator = draft.Creator,
            DecisionId = draft.DecisionId,
            ExpiresAt = expires,
        };
    }

    // Ids of decisions begin with their time.
    private static bool IsOvertaken(RuleDraft draft, Rule before) =>
        !before.Except.SequenceEqual(draft.Except) && string.CompareOrdinal(draft.DecisionId, before.DecisionId) < 0;

    private Rule Fresh(RuleDraft draft) => new()
    {
        Id = draft.Id,
        Scope = draft.Target.Scope,
        Value = draft.Target.Value,
        Network = draft.Target.Network,
        Type = draft.Type,
        Except = draft.Except,
        Tag = draft.Tag,
        Reason = draft.Reason,
        Origin = draft.Origin,
        Creator = draft.Creator,
        Organization = draft.Organization,
        Stream = draft.Stream,
        DecisionId = draft.DecisionId,
        CreatedAt = _now,
        ExpiresAt = Expiry(draft),
    };

    private DateTimeOffset? Expiry(RuleDraft draft)
    {
        bool isBlock = draft.Type == RuleType.Deny && draft.Target.Scope is RuleScope.Ip or RuleScope.Cidr;
        return !draft.Expiry.IsDefault ? draft.Expiry.At : isBlock ? _now + DefaultBlock : null;
    }
}
