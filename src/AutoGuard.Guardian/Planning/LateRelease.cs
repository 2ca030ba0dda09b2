using AutoGuard.Core.Guardian;
using AutoGuard.Core.Policy;

namespace AutoGuard.Guardian.Planning;

/// <summary>
/// Takes back what was released while an engine was being told to put it in force: the ledger says what is wanted, and whoever changes
/// an engine looks at it afterwards.
/// </summary>
internal static class LateRelease
{
    /// <summary>Takes it back; what the engine said, and whether the rule is wanted again because of a decision made meanwhile.</summary>
    public static async Task<(GuardianResult Result, bool IsWantedAgain)> TakeBackAsync(
        IGuardian guardian, RuleLedger ledger, Decision decision, CancellationToken cancellationToken)
    {
        // Entered as one's own and expired: what is not taken back now is at the next comparison.
        await ledger.EnterUnwantedAsync(guardian.Name, decision, cancellationToken);
        GuardianOutcome undone = await guardian.ReleaseAsync(
            decision.Subject, decision.Organization, $"it was released meanwhile, after decision {decision.Id}", cancellationToken);
        bool isUndone = undone.Result is GuardianResult.Applied or GuardianResult.AlreadyApplied;
        return (undone.Result, isUndone && !await ledger.ForgetUnwantedAsync(guardian.Name, decision.Subject, decision.Organization, cancellationToken));
    }
}
