using AutoGuard.Core.Policy;

namespace AutoGuard.Core.Guardian;

/// <summary>How a guardian took a decision.</summary>
public enum GuardianResult
{
    /// <summary>The rule is in force (or on its way, for engines that take minutes).</summary>
    Applied,

    /// <summary>It was in force already; nothing changed.</summary>
    AlreadyApplied,

    /// <summary>The engine cannot act on such a subject.</summary>
    Unsupported,

    /// <summary>The engine refused for good: trying again gives the same answer.</summary>
    Rejected,

    /// <summary>The engine could not be reached or was overloaded: worth trying again.</summary>
    Unavailable,

    /// <summary>Nothing was sent, because it would have had no effect.</summary>
    NotNeeded,
}

/// <summary>The outcome of one call to a guardian.</summary>
/// <param name="Result">How it went.</param>
/// <param name="Detail">A sentence for the operator, without secrets; null when there is nothing to add.</param>
/// <param name="RuleId">The engine's id of the rule, when it gave one.</param>
public sealed record GuardianOutcome(GuardianResult Result, string? Detail = null, string? RuleId = null)
{
    /// <summary>How long the engine asks to be left alone; null when it does not say.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Whether the engine refuses the credentials: nothing is sent until they change, and a person has to look.</summary>
    public bool NeedsOperator { get; init; }
}

/// <summary>What an enforcement engine can really do.</summary>
/// <param name="Subjects">Kinds of subject it can act on.</param>
/// <param name="EndsRunningSessions">Whether running playback stops.</param>
/// <param name="Undoable">Whether a rule can be taken back.</param>
/// <param name="DelaySeconds">Longest time until a rule takes effect, seconds.</param>
public sealed record GuardianCapabilities(IReadOnlySet<SubjectType> Subjects, bool EndsRunningSessions, bool Undoable, int DelaySeconds)
{
    /// <summary>How many decisions on different subjects it may be handed at once, from 1.</summary>
    public int AtOnce { get; init; } = 1;

    /// <summary>Whether a token is acted on by its encoded form, which AutoGuard must have kept; by its identity otherwise.</summary>
    public bool NeedsEncodedToken { get; init; }

    /// <summary>Whether rules stay until removed, whatever the decision says: AutoGuard takes them back at their expiry.</summary>
    public bool NeedsRemoval { get; init; }

    /// <summary>After how long rules for addresses and networks lapse in the engine by themselves, seconds; null: when the decision says.</summary>
    public int? AddressLapseSeconds { get; init; }

    /// <summary>Whether it knows IPv4 only.</summary>
    public bool IsV4Only { get; init; }

    /// <summary>Whether it can leave a revoked token good in the networks that the decision excepts; else it revokes it everywhere.</summary>
    public bool KnowsExceptions { get; init; }

    /// <summary>Tenants that it acts for; empty: all.</summary>
    public IReadOnlySet<string> Organizations { get; init; } = System.Collections.Frozen.FrozenSet<string>.Empty;
}

/// <summary>The port to an enforcement engine. All calls are idempotent; none throws for an engine's refusal or absence.</summary>
public interface IGuardian
{
    /// <summary>Stable name, as in the configuration.</summary>
    string Name { get; }

    /// <summary>What it can do.</summary>
    GuardianCapabilities Capabilities { get; }

    /// <summary>Puts a block or revocation in force.</summary>
    ValueTask<GuardianOutcome> ApplyAsync(Decision decision, CancellationToken cancellationToken);

    /// <summary>Takes it back.</summary>
    ValueTask<GuardianOutcome> ReleaseAsync(Subject subject, string? organization, string reason, CancellationToken cancellationToken);
}

/// <summary>What an engine enforces now, of the kinds of subject that it can act on.</summary>
/// <param name="Result"><see cref="GuardianResult.Applied"/> when the list was read; else why not.</param>
/// <param name="Everywhere">In force on all channels that the engine was configured for.</param>
/// <param name="Somewhere">In force on at least one of them.</param>
/// <param name="Detail">A sentence for the operator, without secrets.</param>
public sealed record GuardianListing(
    GuardianResult Result, IReadOnlySet<Subject> Everywhere, IReadOnlySet<Subject> Somewhere, string? Detail = null);

/// <summary>A guardian that can tell what it enforces, so that drift is found and repaired.</summary>
public interface IListingGuardian : IGuardian
{
    /// <summary>Lists deny rules, AutoGuard's and other people's; does not throw for an engine's refusal or absence.</summary>
    ValueTask<GuardianListing> ListAsync(CancellationToken cancellationToken);
}
