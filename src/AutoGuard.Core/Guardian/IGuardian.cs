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
}

/// <summary>The outcome of one call to a guardian.</summary>
/// <param name="Result">How it went.</param>
/// <param name="Detail">A sentence for the operator, without secrets; null when there is nothing to add.</param>
/// <param name="RuleId">The engine's id of the rule, when it gave one.</param>
public sealed record GuardianOutcome(GuardianResult Result, string? Detail = null, string? RuleId = null);

/// <summary>What an enforcement engine can really do.</summary>
/// <param name="Subjects">Kinds of subject it can act on.</param>
/// <param name="EndsRunningSessions">Whether running playback stops.</param>
/// <param name="Undoable">Whether a rule can be taken back.</param>
/// <param name="DelaySeconds">Longest time until a rule takes effect, seconds.</param>
public sealed record GuardianCapabilities(IReadOnlySet<SubjectType> Subjects, bool EndsRunningSessions, bool Undoable, int DelaySeconds);

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
