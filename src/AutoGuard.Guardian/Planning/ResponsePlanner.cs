using AutoGuard.Core.Events;
using AutoGuard.Core.Guardian;
using AutoGuard.Core.Policy;
using AutoGuard.Guardian.Rules;

namespace AutoGuard.Guardian.Planning;

/// <summary>What is done with a decision at one engine.</summary>
public enum PlannedStep
{
    /// <summary>The engine is called.</summary>
    Send,

    /// <summary>The engine is not called; the outcome is final.</summary>
    HoldBack,

    /// <summary>Something is missing that will probably come soon.</summary>
    Wait,
}

/// <summary>The plan for one decision at one engine.</summary>
/// <param name="Step">What to do.</param>
/// <param name="Outcome">What to record when the engine is not called.</param>
/// <param name="Caveat">What the engine will do beside or beyond what was decided, a sentence to record with its success; null: nothing.</param>
public sealed record PlannedCall(PlannedStep Step, GuardianOutcome? Outcome = null, string? Caveat = null)
{
    /// <summary>The engine is called.</summary>
    public static PlannedCall Send { get; } = new(PlannedStep.Send);

    /// <summary>The engine is called, and revokes more than was decided.</summary>
    public static PlannedCall SendWithoutExceptions { get; } =
        new(PlannedStep.Send, Caveat: "It revokes the token everywhere, at its owner's home as well: this engine knows no exceptions.");

    internal static PlannedCall HoldBack(GuardianResult result, string why) => new(PlannedStep.HoldBack, new GuardianOutcome(result, why));
}

/// <summary>What an engine can be judged by before it is called.</summary>
/// <param name="Now">The time.</param>
/// <param name="Facts">What is known beside the decision.</param>
/// <param name="HoldsEncodedToken">Whether the token's encoded form is kept.</param>
public sealed record PlanContext(DateTimeOffset Now, ResponseFacts Facts, bool HoldsEncodedToken);

/// <summary>
/// Chooses what each engine is asked for by what it can really do. Pure: the same decision, capabilities and context give the
/// same plan.
/// </summary>
/// <param name="rails">The guard rails.</param>
/// <param name="tokenWait">How long a revocation waits for the encoded form of its token.</param>
/// <param name="revokesExpired">Whether tokens that expire before a revocation bites are revoked all the same.</param>
public sealed class ResponsePlanner(RuleRails rails, TimeSpan tokenWait, bool revokesExpired)
{
    /// <summary>The plan for a decision at an engine.</summary>
    public PlannedCall Plan(Decision decision, GuardianCapabilities capabilities, PlanContext context)
    {
        ArgumentNullException.ThrowIfNull(decision);
        ArgumentNullException.ThrowIfNull(capabilities);
        ArgumentNullException.ThrowIfNull(context);
        Subject subject = decision.Subject;
        if (!ActsFor(capabilities, decision.Organization))
        {
            return PlannedCall.HoldBack(GuardianResult.NotNeeded, "The engine acts for other tenants.");
        }
        if (!capabilities.Subjects.Contains(subject.Type))
        {
            return PlannedCall.HoldBack(GuardianResult.Unsupported, $"The engine has no rules for a {subject.TypeName}.");
        }
        if (decision.Action == DecisionAction.Release)
        {
            return capabilities.Undoable ? PlannedCall.Send : PlannedCall.HoldBack(GuardianResult.Unsupported, "The engine has no way to take it back.");
        }
        if (!RuleTarget.TryFrom(subject, out RuleTarget target, out string why))
        {
            return PlannedCall.HoldBack(GuardianResult.Rejected, $"The subject cannot be made a rule: {why}.");
        }
        if (!rails.Permits(target, RuleType.Deny, hasAllowedReferrers: false, context.Now, out string spared))
        {
            return PlannedCall.HoldBack(GuardianResult.NotNeeded, $"Nothing was sent: {spared}");
        }
        if (capabilities.IsV4Only && target.Scope is RuleScope.Ip or RuleScope.Cidr && !target.Network.Address.IsV4)
        {
            return PlannedCall.HoldBack(GuardianResult.Unsupported, "The engine sees viewers by IPv4 only.");
        }
        DateTimeOffset bites = context.Now + TimeSpan.FromSeconds(capabilities.DelaySeconds);
        if (decision.Expires is long expires && DateTimeOffset.FromUnixTimeMilliseconds(expires) <= bites)
        {
            return PlannedCall.HoldBack(GuardianResult.NotNeeded, "Nothing was sent: the block would lapse before it takes effect.");
        }
        PlannedCall plan = subject.Type == SubjectType.Token ? PlanToken(capabilities, context, bites) : PlannedCall.Send;
        return plan.Step == PlannedStep.Send && !decision.Except.IsEmpty && !capabilities.KnowsExceptions ? PlannedCall.SendWithoutExceptions : plan;
    }

    /// <summary>Whether an engine acts for a tenant.</summary>
    public static bool ActsFor(GuardianCapabilities capabilities, string? organization)
    {
        ArgumentNullException.ThrowIfNull(capabilities);
        return capabilities.Organizations.Count == 0 || (organization is not null && capabilities.Organizations.Contains(organization));
    }

    /// <summary>
    /// Whether a revocation has failed where it counts, so that something else must take its place: at an engine that ends running
    /// sessions, if there is one, else at the only engine that takes tokens, or because no engine takes any.
    /// </summary>
    /// <param name="decision">The revocation.</param>
    /// <param name="guardian">The engine that answered.</param>
    /// <param name="outcome">Its answer.</param>
    /// <param name="guardians">All engines.</param>
    public static bool NeedsSubstitute(Decision decision, IGuardian guardian, GuardianOutcome outcome, IReadOnlyList<IGuardian> guardians)
    {
        ArgumentNullException.ThrowIfNull(decision);
        ArgumentNullException.ThrowIfNull(outcome);
        if (decision.Action != DecisionAction.Revoke || outcome.Result is not (GuardianResult.Unsupported or GuardianResult.Rejected))
        {
            return false;
        }
        IGuardian[] revokers = [.. guardians.Where(g => g.Capabilities.Subjects.Contains(SubjectType.Token) && ActsFor(g.Capabilities, decision.Organization))];
        if (revokers.Length == 0)
        {
            return true;
        }
        return Array.Exists(revokers, static g => g.Capabilities.EndsRunningSessions)
            ? guardian.Capabilities.EndsRunningSessions && revokers.Contains(guardian)
            : revokers.Length == 1 && revokers[0] == guardian;
    }

    private PlannedCall PlanToken(GuardianCapabilities capabilities, PlanContext context, DateTimeOffset bites)
    {
        TokenClaims? claims = context.Facts.Claims;
        if (claims?.Expires is long expires && IsOver(expires, bites) && !(revokesExpired && capabilities.EndsRunningSessions))
        {
            return PlannedCall.HoldBack(GuardianResult.NotNeeded, "Nothing was sent: the token expires before it would take effect.");
        }
        if (!capabilities.NeedsEncodedToken)
        {
            return PlannedCall.Send;
        }
        if (claims?.Revocable == false)
        {
            return PlannedCall.HoldBack(GuardianResult.Unsupported, "The token says that it cannot be revoked.");
        }
        if (context.HoldsEncodedToken)
        {
            return PlannedCall.Send;
        }
        return context.Now - context.Facts.RecordedAt < tokenWait
            ? new PlannedCall(PlannedStep.Wait, new GuardianOutcome(GuardianResult.Unavailable, "It waits for the token's next event, which brings the encoded form."))
            : PlannedCall.HoldBack(GuardianResult.Unsupported, "Its encoded form is not known, and the engine revokes by nothing else.");
    }

    // Claims are written by strangers: a number beyond the calendar is no expiry.
    private static bool IsOver(long unixSeconds, DateTimeOffset at) => unixSeconds > 0 && unixSeconds <= at.ToUnixTimeSeconds();
}
