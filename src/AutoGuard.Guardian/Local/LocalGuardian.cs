using System.Collections.Frozen;
using System.Text;
using AutoGuard.Core.Guardian;
using AutoGuard.Core.Policy;
using AutoGuard.Guardian.Rules;
using AutoGuard.Guardian.Storage;
using Npgsql;

namespace AutoGuard.Guardian.Local;

/// <summary>AutoGuard's own enforcement engine: decisions become rules, which the HTTP API and the matcher answer from.</summary>
public sealed class LocalGuardian(RuleStore rules, TimeProvider time) : IGuardian
{
    private const string Creator = "AutoGuard";
    private const int BriefReason = 500;

    /// <inheritdoc/>
    public string Name => "Local";

    /// <inheritdoc/>
    public GuardianCapabilities Capabilities { get; } = new(
        new[] { SubjectType.Token, SubjectType.Ip, SubjectType.Cidr, SubjectType.Referrer }.ToFrozenSet(), EndsRunningSessions: false, Undoable: true, DelaySeconds: 1)
    {
        // Most of an answer's time is waiting for commits, which one flush of the database can serve together.
        AtOnce = 8,
        KnowsExceptions = true,
    };

    /// <inheritdoc/>
    public async ValueTask<GuardianOutcome> ApplyAsync(Decision decision, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(decision);
        if (decision.Mode != EnforcementMode.Enforce)
        {
            return new GuardianOutcome(GuardianResult.Rejected, "The decision was made in Observe mode and is not enforced.");
        }
        switch (decision.Action)
        {
            case DecisionAction.Release:
                return await ReleaseAsync(decision.Subject, decision.Organization, Brief(decision), cancellationToken);
            case DecisionAction.Flag:
                return new GuardianOutcome(GuardianResult.Unsupported, "A flag is for people to look at; there is nothing to enforce.");
        }
        if (!RuleTarget.TryFrom(decision.Subject, out RuleTarget target, out string why))
        {
            return new GuardianOutcome(GuardianResult.Rejected, $"The subject cannot be made a rule: {why}.");
        }
        if (decision.Expires is long expires && DateTimeOffset.FromUnixTimeMilliseconds(expires) <= time.GetUtcNow())
        {
            return new GuardianOutcome(GuardianResult.Rejected, "The decision has lapsed.");
        }
        var draft = new RuleDraft
        {
            Target = target,
            Type = RuleType.Deny,
            Except = target.Scope == RuleScope.Token ? decision.Except : [],
            Tag = StorableText.Of(decision.Id),
            Reason = Brief(decision),
            Origin = RuleOrigin.AutoGuard,
            Creator = Creator,
            Organization = StorableText.OrNull(decision.Organization),
            DecisionId = StorableText.Of(decision.Id),
            Expiry = decision.Expires is long at ? RuleExpiry.Until(DateTimeOffset.FromUnixTimeMilliseconds(at)) : RuleExpiry.Never,
        };
        try
        {
            RuleChange change = await rules.AddAsync(draft, cancellationToken);
            return change.Result switch
            {
                RuleResult.Added or RuleResult.Changed => new GuardianOutcome(GuardianResult.Applied, null, change.Rule!.Id),
                RuleResult.Unchanged => new GuardianOutcome(GuardianResult.AlreadyApplied, null, change.Rule!.Id),
                _ => new GuardianOutcome(GuardianResult.Rejected, change.Why),
            };
        }
        catch (NpgsqlException error)
        {
            return new GuardianOutcome(GuardianResult.Unavailable, $"The rules' database did not take it: {error.Message}");
        }
    }

    /// <inheritdoc/>
    public async ValueTask<GuardianOutcome> ReleaseAsync(Subject subject, string? organization, string reason, CancellationToken cancellationToken)
    {
        if (!RuleTarget.TryFrom(subject, out RuleTarget target, out string why))
        {
            return new GuardianOutcome(GuardianResult.Rejected, $"The subject cannot have a rule: {why}.");
        }
        string id = RuleDraft.IdOf(target, RuleType.Deny, StorableText.OrNull(organization));
        try
        {
            RuleChange change = await rules.RemoveAsync(id, Creator, StorableText.Of(reason), MayRelease, cancellationToken);
            return change.Result switch
            {
                RuleResult.Removed => new GuardianOutcome(GuardianResult.Applied, null, id),
                RuleResult.NotFound => new GuardianOutcome(GuardianResult.AlreadyApplied, "There is no rule to take back."),
                _ => new GuardianOutcome(GuardianResult.Rejected, change.Why, id),
            };
        }
        catch (NpgsqlException error)
        {
            return new GuardianOutcome(GuardianResult.Unavailable, $"The rules' database did not take it: {error.Message}");
        }
    }

    private static string? MayRelease(Rule rule) =>
        rule.Origin == RuleOrigin.AutoGuard ? null : $"{rule.Creator} made this rule, not AutoGuard; only a person takes it back.";

    private static string Brief(Decision decision)
    {
        var text = new StringBuilder();
        foreach (DecisionReason reason in decision.Reasons)
        {
            text.Append(text.Length > 0 ? "; " : "").Append(reason.Text);
        }
        if (text.Length > BriefReason)
        {
            text.Length = BriefReason - 1;
            text.Append('…');
        }
        return StorableText.Of(text.ToString());
    }
}
