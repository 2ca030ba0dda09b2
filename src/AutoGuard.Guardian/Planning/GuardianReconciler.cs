using AutoGuard.Core.Guardian;
using AutoGuard.Core.Policy;
using AutoGuard.Guardian.Remote;
using AutoGuard.Guardian.Rules;
using AutoGuard.Guardian.Storage;
using Microsoft.Extensions.Logging;

namespace AutoGuard.Guardian.Planning;

/// <summary>What one comparison found and did.</summary>
/// <param name="Restored">Rules that the engine had lost and was given again.</param>
/// <param name="Renewed">Rules that had lapsed there before their time and were sent again.</param>
/// <param name="Removed">Rules taken back because they had expired or are allowlisted now.</param>
/// <param name="Failed">Repairs that did not succeed; they are due again next time.</param>
public sealed record ReconcileResult(int Restored, int Renewed, int Removed, int Failed);

/// <summary>
/// Compares what AutoGuard has in an engine with what it should have there, and repairs: takes back what expired where rules never do,
/// sends again what lapsed early or was lost, and releases what is allowlisted by now. Other people's rules are not touched.
/// </summary>
public sealed partial class GuardianReconciler(
    RuleLedger ledger, PostgresDecisionStore log, RuleRails rails, IEngineLocks locks, ILogger<GuardianReconciler> logger, TimeProvider time)
{
    /// <summary>Compares one engine. Several processes take turns.</summary>
    /// <exception cref="Npgsql.NpgsqlException">The store does not answer.</exception>
    public async Task<ReconcileResult> ReconcileAsync(IGuardian guardian, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(guardian);
        await using IAsyncDisposable turn = await locks.TakeAsync("reconcile " + guardian.Name, cancellationToken);
        DateTimeOffset now = time.GetUtcNow();
        IReadOnlySet<Subject>? listed = null;
        IReadOnlyList<EnforcedRule> rules = await ledger.ReadAsync(guardian.Name, cancellationToken);
        if (guardian is IListingGuardian listing && rules.Any(rule => IsSettled(rule, now)))
        {
            GuardianListing found = await listing.ListAsync(cancellationToken);
            listed = found.Result == GuardianResult.Applied ? found.Everywhere : null;
        }
        int[] done = new int[Enum.GetValues<Repair>().Length];
        foreach (EnforcedRule rule in rules)
        {
            if (rule.ExpiresAt <= now || IsSpared(rule, now))
            {
                bool isShared = guardian is IListingGuardian && rules.Any(other => IsWantedBesides(rule, other, now));
                done[(int)await RemoveAsync(guardian, rule, isShared, now, cancellationToken)]++;
            }
            else if (rule.Subject.Type == SubjectType.Token && !guardian.Capabilities.Undoable && IsSettled(rule, now))
            {
                // A revocation is done once it is done: there is nothing to compare, to renew or to take back.
                await ledger.ForgetAsync(guardian.Name, rule.Subject, rule.Organization, cancellationToken);
            }
            else if (rule.IsActive && rule.LapsesAt <= now)
            {
                done[(int)await SendAsync(guardian, rule, Repair.Renewed, cancellationToken)]++;
            }
            else if (listed is not null && IsSettled(rule, now) && !listed.Contains(rule.Subject))
            {
                Log.Lost(logger, guardian.Name, rule.DecisionId);
                done[(int)await SendAsync(guardian, rule, Repair.Restored, cancellationToken)]++;
            }
        }
        var result = new ReconcileResult(done[(int)Repair.Restored], done[(int)Repair.Renewed], done[(int)Repair.Removed], done[(int)Repair.Failed]);
        if (result != new ReconcileResult(0, 0, 0, 0))
        {
            Log.Reconciled(logger, guardian.Name, result.Restored, result.Renewed, result.Removed, result.Failed);
        }
        return result;
    }

    /// <summary>Whether the engine must show it: it took it, and has had the time that it needs.</summary>
    private static bool IsSettled(EnforcedRule rule, DateTimeOffset now) => rule.IsActive && rule.EffectiveAt <= now;

    /// <summary>Whether another tenant wants the same of an engine whose list knows none: then the rule stays when one of them is done with it.</summary>
    private bool IsWantedBesides(EnforcedRule rule, EnforcedRule other, DateTimeOffset now) =>
        other.Subject == rule.Subject && other.Organization != rule.Organization && !(other.ExpiresAt <= now || IsSpared(other, now));

    private bool IsSpared(EnforcedRule rule, DateTimeOffset now) =>
        RuleTarget.TryFrom(rule.Subject, out RuleTarget target, out _) && !rails.Permits(target, RuleType.Deny, hasAllowedReferrers: true, now, out _);

    private async Task<Repair> RemoveAsync(IGuardian guardian, EnforcedRule rule, bool isShared, DateTimeOffset now, CancellationToken cancellationToken)
    {
        bool isExpired = rule.ExpiresAt <= now;
        if (!isExpired)
        {
            await ledger.UnwantAsync(guardian.Name, rule.Subject, rule.Organization, cancellationToken);
        }
        bool isAsked = !isShared && guardian.Capabilities.Undoable && (guardian.Capabilities.NeedsRemoval || !isExpired);
        if (isAsked)
        {
            string why = isExpired ? $"the block of decision {rule.DecisionId} has expired" : $"it is on the allowlist now, and was blocked by decision {rule.DecisionId}";
            GuardianOutcome outcome = await guardian.ReleaseAsync(rule.Subject, rule.Organization, why, cancellationToken);
            if (outcome.Result == GuardianResult.Unavailable)
            {
                return Repair.Failed;
            }
            if (outcome.Result is not (GuardianResult.Applied or GuardianResult.AlreadyApplied))
            {
                Log.Kept(logger, guardian.Name, rule.DecisionId, outcome.Detail ?? "no reason given");
            }
        }
        else if (!isExpired)
        {
            Log.CannotRelease(logger, guardian.Name, rule.DecisionId);
        }
        if (await ledger.ForgetUnwantedAsync(guardian.Name, rule.Subject, rule.Organization, cancellationToken))
        {
            return Repair.Removed;
        }
        // The subject was blocked again while the engine was asked to take the old block back, and lost the new one with it.
        return isAsked ? await SendAgainAsync(guardian, rule, cancellationToken) : Repair.None;
    }

    private async Task<Repair> SendAsync(IGuardian guardian, EnforcedRule rule, Repair repair, CancellationToken cancellationToken)
    {
        IReadOnlyList<Decision> stored = await log.ReadDecisionsAsync(TimeOf(rule.DecisionId), TimeOf(rule.DecisionId).AddMilliseconds(1), cancellationToken);
        Decision decision = (stored.FirstOrDefault(d => d.Id == rule.DecisionId) ?? Rebuilt(rule)) with
        {
            // Later decisions may have moved the expiry.
            Expires = rule.ExpiresAt?.ToUnixTimeMilliseconds(),
        };
        GuardianOutcome outcome = await guardian.ApplyAsync(decision, cancellationToken);
        if (outcome.Result is GuardianResult.Applied or GuardianResult.AlreadyApplied)
        {
            if (await ledger.ConfirmAsync(guardian, decision, outcome.RuleId, isNew: true, cancellationToken))
            {
                return repair;
            }
            // It was missing because somebody released it while the engine was asked: that counts, not what was read before.
            (GuardianResult undone, bool isWantedAgain) = await LateRelease.TakeBackAsync(guardian, ledger, decision, cancellationToken);
            Log.Released(logger, guardian.Name, rule.DecisionId, undone);
            return isWantedAgain ? await SendAgainAsync(guardian, rule, cancellationToken) : Repair.Failed;
        }
        if (outcome.Result != GuardianResult.Unavailable)
        {
            Log.NotRestored(logger, guardian.Name, rule.DecisionId, outcome.Detail ?? "no reason given");
            await ledger.ForgetAsync(guardian.Name, rule.Subject, rule.Organization, cancellationToken);
        }
        return Repair.Failed;
    }

    /// <summary>Sends what is entered now; each further turn of this would take a further decision on the subject in between.</summary>
    private async Task<Repair> SendAgainAsync(IGuardian guardian, EnforcedRule rule, CancellationToken cancellationToken) =>
        await ledger.FindAsync(guardian.Name, rule.Subject, rule.Organization, cancellationToken) is { } wanted
            ? await SendAsync(guardian, wanted, Repair.Restored, cancellationToken)
            : Repair.Removed;

    /// <summary>A decision that outlived its row in the log.</summary>
    private static Decision Rebuilt(EnforcedRule rule) => new()
    {
        Id = rule.DecisionId,
        Time = rule.SentAt.ToUnixTimeMilliseconds(),
        Action = rule.Subject.Type == SubjectType.Token ? DecisionAction.Revoke : DecisionAction.Block,
        Mode = EnforcementMode.Enforce,
        Subject = rule.Subject,
        Organization = rule.Organization,
        Score = 0,
        Reasons = [],
        Harm = new HarmPreview(0, 0, 0),
        Except = rule.Except,
        Policy = "",
        Source = new SourcePosition("", 0, 0),
    };

    /// <summary>A decision's id begins with its time (48 bits in Crockford's base 32); anything else gives the epoch.</summary>
    private static DateTimeOffset TimeOf(string id)
    {
        const string Alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        long time = 0;
        foreach (char c in id.Length >= 10 ? id.AsSpan(0, 10) : [])
        {
            int digit = Alphabet.IndexOf(c, StringComparison.Ordinal);
            time = digit < 0 || time < 0 ? -1 : (time << 5) | (uint)digit;
        }
        return time is > 0 and < 253_402_300_799_000 ? DateTimeOffset.FromUnixTimeMilliseconds(time) : DateTimeOffset.UnixEpoch;
    }

    private enum Repair
    {
        None,
        Restored,
        Renewed,
        Removed,
        Failed,
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 4211, Level = LogLevel.Warning, Message = "Guardian {Guardian} no longer has the rule of decision {DecisionId}; it is given again.")]
        public static partial void Lost(ILogger logger, string guardian, string decisionId);

        [LoggerMessage(EventId = 4212, Level = LogLevel.Information,
            Message = "Guardian {Guardian} was compared with what was decided: {Restored} rules restored, {Renewed} renewed, {Removed} taken back, {Failed} repairs failed.")]
        public static partial void Reconciled(ILogger logger, string guardian, int restored, int renewed, int removed, int failed);

        [LoggerMessage(EventId = 4213, Level = LogLevel.Warning, Message = "Guardian {Guardian} keeps the rule of decision {DecisionId}, which is no longer wanted: {Reason}")]
        public static partial void Kept(ILogger logger, string guardian, string decisionId, string reason);

        [LoggerMessage(EventId = 4214, Level = LogLevel.Warning,
            Message = "What decision {DecisionId} blocked is on the allowlist now, but guardian {Guardian} has no way to take it back: do it by hand, or wait until it lapses.")]
        public static partial void CannotRelease(ILogger logger, string guardian, string decisionId);

        [LoggerMessage(EventId = 4216, Level = LogLevel.Information,
            Message = "The rule of decision {DecisionId} was released while guardian {Guardian} was compared; it was taken back again: {Result}.")]
        public static partial void Released(ILogger logger, string guardian, string decisionId, GuardianResult result);

        [LoggerMessage(EventId = 4215, Level = LogLevel.Warning, Message = "Guardian {Guardian} refuses to take the rule of decision {DecisionId} again: {Reason}")]
        public static partial void NotRestored(ILogger logger, string guardian, string decisionId, string reason);
    }
}
