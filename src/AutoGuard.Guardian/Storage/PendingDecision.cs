using AutoGuard.Core.Guardian;
using AutoGuard.Core.Policy;

namespace AutoGuard.Guardian.Storage;

/// <summary>A decision that a guardian has not taken for good yet.</summary>
/// <param name="Decision">What to enforce.</param>
/// <param name="Attempts">How often it was tried.</param>
/// <param name="SupersededBy">A later decision on the subject that says otherwise; null when there is none.</param>
public sealed record PendingDecision(Decision Decision, int Attempts, string? SupersededBy = null);

/// <summary>What became of a decision at one guardian.</summary>
/// <param name="DecisionId">The decision.</param>
/// <param name="Guardian">Name of the guardian.</param>
/// <param name="Outcome">Its latest answer.</param>
/// <param name="Attempts">How often it was tried.</param>
/// <param name="AttemptedAt">When it was tried last.</param>
public sealed record RecordedOutcome(string DecisionId, string Guardian, GuardianOutcome Outcome, int Attempts, DateTimeOffset AttemptedAt);
