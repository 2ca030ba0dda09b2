using AutoGuard.Core.Guardian;
using AutoGuard.Core.Policy;
using AutoGuard.Guardian.Remote;
using AutoGuard.Guardian.Storage;
using Microsoft.Extensions.Logging;

namespace AutoGuard.Guardian.Planning;

/// <summary>
/// Carries decisions out: asks the planner, calls the engine, and records what it said, what is in force there since, and what has to
/// be watched. The outcome is recorded last: after a crash everything before it is done again, and changes nothing.
/// </summary>
public sealed partial class Responder(
    IReadOnlyList<IGuardian> guardians, ResponsePlanner planner, ResponseFactsReader facts, RuleLedger ledger, EffectLog effects, TokenSubstitute substitute,
    TokenVault? vault, ITrafficView view, PostgresDecisionStore log, Func<IReadOnlyList<Decision>, CancellationToken, Task> publish,
    ILogger<Responder> logger, TimeProvider time)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan TokenPause = TimeSpan.FromSeconds(2);

    /// <summary>The engines.</summary>
    public IReadOnlyList<IGuardian> Guardians => guardians;

    /// <summary>Carries out one decision at one engine; false as the second part when the engine was not called.</summary>
    /// <exception cref="Npgsql.NpgsqlException">The store does not answer; nothing is lost.</exception>
    public async Task<(GuardianOutcome Outcome, bool WasCalled)> RespondAsync(IGuardian guardian, PendingDecision pending, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(guardian);
        ArgumentNullException.ThrowIfNull(pending);
        Decision decision = pending.Decision;
        DateTimeOffset now = time.GetUtcNow();
        ResponseFacts known = await facts.ReadAsync(decision, now, cancellationToken);
        bool holds = guardian.Capabilities.NeedsEncodedToken && vault is not null && decision.Subject.Type == SubjectType.Token
            && await vault.HoldsAsync(decision.Subject.Value, decision.Organization, cancellationToken);
        PlannedCall plan = pending.SupersededBy is { } later
            ? PlannedCall.HoldBack(GuardianResult.NotNeeded, $"Nothing was sent: the later decision {later} says otherwise.")
            : planner.Plan(decision, guardian.Capabilities, new PlanContext(now, known, holds));
        GuardianOutcome outcome = plan.Step != PlannedStep.Send
            ? plan.Outcome!
            : decision.Action == DecisionAction.Release ? await ReleaseAsync(guardian, decision, cancellationToken)
            : WithCaveat(await ApplyAsync(guardian, decision, cancellationToken), plan.Caveat);
        if (ResponsePlanner.NeedsSubstitute(decision, guardian, outcome, guardians))
        {
            await SubstituteAsync(decision, outcome, cancellationToken);
        }
        DateTimeOffset next = plan.Step == PlannedStep.Wait ? now + TokenPause : time.GetUtcNow() + Pause(pending.Attempts, outcome.RetryAfter);
        await log.RecordOutcomeAsync(decision.Id, guardian.Name, outcome, next, cancellationToken);
        return (outcome, plan.Step == PlannedStep.Send);
    }

    private async Task<GuardianOutcome> ApplyAsync(IGuardian guardian, Decision decision, CancellationToken cancellationToken)
    {
        EarlierEntry before = await ledger.BeginAsync(guardian.Name, decision, cancellationToken);
        GuardianOutcome outcome = await guardian.ApplyAsync(decision, cancellationToken);
        switch (outcome.Result)
        {
            case GuardianResult.AlreadyApplied when before == EarlierEntry.None && guardian is IListingGuardian:
                // It was there before AutoGuard ever sent it: somebody else's, and not to be taken out at AutoGuard's expiry.
                await ledger.ForgetAsync(guardian.Name, decision.Subject, decision.Organization, cancellationToken);
                break;
            case GuardianResult.Applied or GuardianResult.AlreadyApplied:
                if (!await ledger.ConfirmAsync(guardian, decision, outcome.RuleId, isNew: outcome.Result == GuardianResult.Applied, cancellationToken))
                {
                    // Another process carried a later release out while this engine was asked.
                    await LateRelease.TakeBackAsync(guardian, ledger, decision, cancellationToken);
                }
                break;
            case GuardianResult.Unavailable:
                break;
            default:
                if (before != EarlierEntry.Own)
                {
                    await ledger.ForgetAsync(guardian.Name, decision.Subject, decision.Organization, cancellationToken);
                }
                break;
        }
        if (outcome.Result is GuardianResult.Applied or GuardianResult.AlreadyApplied)
        {
            SubjectTraffic? traffic = await view.LookAsync(decision.Subject, decision.Organization, cancellationToken);
            await effects.WatchAsync(
                decision.Id, time.GetUtcNow() + TimeSpan.FromSeconds(guardian.Capabilities.DelaySeconds), guardian.Capabilities.EndsRunningSessions,
                EffectMeter.CompanionsOf(decision.Subject, traffic, decision.Except), cancellationToken);
        }
        return outcome;
    }

    private async Task<GuardianOutcome> ReleaseAsync(IGuardian guardian, Decision decision, CancellationToken cancellationToken)
    {
        await ledger.UnwantAsync(guardian.Name, decision.Subject, decision.Organization, cancellationToken);
        GuardianOutcome outcome = await guardian.ReleaseAsync(decision.Subject, decision.Organization, "released by decision " + decision.Id, cancellationToken);
        if (outcome.Result is GuardianResult.Applied or GuardianResult.AlreadyApplied)
        {
            await ledger.ForgetUnwantedAsync(guardian.Name, decision.Subject, decision.Organization, cancellationToken);
        }
        return outcome;
    }

    private async Task SubstituteAsync(Decision revocation, GuardianOutcome outcome, CancellationToken cancellationToken)
    {
        SubjectTraffic? traffic = await view.LookAsync(revocation.Subject, revocation.Organization, cancellationToken);
        string why = outcome.Detail ?? "the engine refused";
        IReadOnlyList<Decision> followUps = substitute.DrawUp(revocation, why, traffic, time.GetUtcNow());
        await log.AppendAsync(followUps, [], cancellationToken);
        await effects.LinkAsync(revocation.Id, followUps, why, cancellationToken);
        await publish(followUps, cancellationToken);
        Log.Substituted(logger, revocation.Id, followUps.Count - 1);
    }

    private static GuardianOutcome WithCaveat(GuardianOutcome outcome, string? caveat) =>
        caveat is not null && outcome.Result is GuardianResult.Applied or GuardianResult.AlreadyApplied
            ? outcome with { Detail = outcome.Detail is { Length: > 0 } said ? $"{said} {caveat}" : caveat }
            : outcome;

    private static TimeSpan Pause(int attempts, TimeSpan? asked)
    {
        TimeSpan pause = TimeSpan.FromTicks(Math.Min(FirstPause.Ticks << Math.Min(attempts, 16), LongestPause.Ticks));
        return asked is { } wish && wish > pause ? wish : pause;
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 4201, Level = LogLevel.Information, Message = "Revocation {DecisionId} is not possible; {Addresses} addresses are blocked in its place, and the token is flagged.")]
        public static partial void Substituted(ILogger logger, string decisionId, int addresses);
    }
}
