using AutoGuard.Core.Guardian;
using AutoGuard.Core.Policy;
using AutoGuard.Guardian.Rules;
using Microsoft.Extensions.Logging;

namespace AutoGuard.Guardian.Remote;

/// <summary>
/// What all clients of remote engines have in common: the guard rails before every call, and an engine that refuses the
/// credentials is not called again until they change.
/// </summary>
public abstract partial class RemoteGuardian(RuleRails rails, ILogger logger, TimeProvider time) : IGuardian
{
    // Compared, never shown: the credential that was refused.
    private string? _refusedCredential;

    /// <inheritdoc/>
    public abstract string Name { get; }

    /// <inheritdoc/>
    public abstract GuardianCapabilities Capabilities { get; }

    /// <summary>The clock.</summary>
    protected TimeProvider Time => time;

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
                return await ReleaseAsync(decision.Subject, decision.Organization, "released by decision " + decision.Id, cancellationToken);
            case DecisionAction.Flag:
                return new GuardianOutcome(GuardianResult.Unsupported, "A flag is for people to look at; there is nothing to enforce.");
        }
        if (Refusal(decision.Subject, out RuleTarget target) is { } refusal)
        {
            return refusal;
        }
        DateTimeOffset now = time.GetUtcNow();
        if (decision.Expires is long expires && DateTimeOffset.FromUnixTimeMilliseconds(expires) <= now)
        {
            return new GuardianOutcome(GuardianResult.Rejected, "The decision has lapsed.");
        }
        // A wildcard is never a decision's own: it would shut out every page but those that somebody listed at the engine.
        if (target is { Scope: RuleScope.Referrer, Value: "*" })
        {
            return new GuardianOutcome(GuardianResult.Rejected, "A rule for every referrer is not made by a decision.");
        }
        return !rails.Permits(target, RuleType.Deny, hasAllowedReferrers: false, now, out string why)
            ? new GuardianOutcome(GuardianResult.Rejected, why)
            : await GuardedAsync((self: this, decision, target), static (call, credential, token) => call.self.PutAsync(call.decision, call.target, credential, token), cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask<GuardianOutcome> ReleaseAsync(Subject subject, string? organization, string reason, CancellationToken cancellationToken)
    {
        if (Refusal(subject, out RuleTarget target) is { } refusal)
        {
            return refusal;
        }
        return Capabilities.Undoable
            ? await GuardedAsync((self: this, target, organization, reason), static (call, credential, token) => call.self.TakeBackAsync(call.target, call.organization, call.reason, credential, token), cancellationToken)
            : new GuardianOutcome(GuardianResult.Unsupported, $"{Name} has no way to take it back.");
    }

    /// <summary>The credential as of now, in the form that is sent.</summary>
    /// <exception cref="EngineSecretsException">There is none.</exception>
    protected abstract string Credential();

    /// <summary>Puts a rule in force that passed the rails.</summary>
    protected abstract ValueTask<GuardianOutcome> PutAsync(Decision decision, RuleTarget target, string credential, CancellationToken cancellationToken);

    /// <summary>Takes a rule back; called only where the capabilities say that it can be done.</summary>
    protected abstract ValueTask<GuardianOutcome> TakeBackAsync(RuleTarget target, string? organization, string reason, string credential, CancellationToken cancellationToken);

    /// <summary>Runs a call with the credential, unless the engine has refused that very credential before.</summary>
    protected async ValueTask<GuardianOutcome> GuardedAsync<TState>(
        TState state, Func<TState, string, CancellationToken, ValueTask<GuardianOutcome>> call, CancellationToken cancellationToken)
    {
        string credential;
        try
        {
            credential = Credential();
        }
        catch (EngineSecretsException error)
        {
            return new GuardianOutcome(GuardianResult.Unavailable, error.Message) { NeedsOperator = true };
        }
        if (string.Equals(credential, Volatile.Read(ref _refusedCredential), StringComparison.Ordinal))
        {
            return new GuardianOutcome(GuardianResult.Unavailable, "It refused the credentials; nothing is sent until they change.") { NeedsOperator = true };
        }
        GuardianOutcome outcome = await call(state, credential, cancellationToken);
        if (outcome.NeedsOperator)
        {
            Volatile.Write(ref _refusedCredential, credential);
            Log.Refused(logger, Name);
        }
        return outcome;
    }

    /// <summary>The outcome of an answer that is no success, by the rules that hold for every engine.</summary>
    internal static GuardianOutcome Unsuccessful(EngineAnswer answer)
    {
        if (answer.IsRefusedCredential)
        {
            return new GuardianOutcome(GuardianResult.Unavailable, $"It refuses the credentials ({answer.Words}).") { NeedsOperator = true };
        }
        if (answer.IsTransient)
        {
            return new GuardianOutcome(GuardianResult.Unavailable, $"It could not be used: {answer.Words}.") { RetryAfter = answer.RetryAfter };
        }
        string code = answer.ErrorCode is var number and not 0 ? FormattableString.Invariant($", error code {number}") : "";
        return new GuardianOutcome(GuardianResult.Rejected, $"It refused the call for good ({answer.Words}{code}).");
    }

    private GuardianOutcome? Refusal(Subject subject, out RuleTarget target)
    {
        target = default;
        if (!Capabilities.Subjects.Contains(subject.Type))
        {
            return new GuardianOutcome(GuardianResult.Unsupported, $"{Name} has no rules for a {subject.TypeName}.");
        }
        if (!RuleTarget.TryFrom(subject, out target, out string why))
        {
            return new GuardianOutcome(GuardianResult.Rejected, $"The subject cannot be made a rule: {why}.");
        }
        return Capabilities.IsV4Only && target.Scope is RuleScope.Ip or RuleScope.Cidr && !target.Network.Address.IsV4
            ? new GuardianOutcome(GuardianResult.Unsupported, $"{Name} sees viewers by IPv4 only.")
            : null;
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 4101, Level = LogLevel.Error, Message = "Guardian {Guardian} refuses the credentials. Nothing more is sent to it until they change: give it valid ones.")]
        public static partial void Refused(ILogger logger, string guardian);
    }
}
