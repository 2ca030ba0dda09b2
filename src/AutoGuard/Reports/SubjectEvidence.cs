using AutoGuard.Core.Policy;
using AutoGuard.Core.Reporting;

namespace AutoGuard.Reports;

/// <summary>What all formats derive from a flagged subject in the same way.</summary>
internal static class SubjectEvidence
{
    /// <summary>Said where a decision came without reasons.</summary>
    public const string NoReason = "No reason was recorded.";

    /// <summary>Tokens first, then addresses, networks and referrers; each highest score first.</summary>
    public static IEnumerable<FlaggedSubject> Ordered(FlaggedReport report) => report.Subjects
        .OrderBy(subject => subject.Subject.Type)
        .ThenByDescending(subject => subject.Score)
        .ThenBy(subject => subject.Subject)
        .ThenBy(subject => subject.Organization, StringComparer.Ordinal);

    /// <summary>The decision that explains the subject best: the most harmful one, the latest of these; a release only if there is nothing else.</summary>
    public static Decision? Deciding(FlaggedSubject subject) => subject.Decisions
        .OrderByDescending(decision => decision.Action)
        .ThenByDescending(decision => decision.Time)
        .ThenByDescending(decision => decision.Id, StringComparer.Ordinal)
        .FirstOrDefault();

    /// <summary>The latest decision of each action, oldest first: what was done.</summary>
    public static IEnumerable<Decision> Done(FlaggedSubject subject) => subject.Decisions
        .GroupBy(decision => decision.Action)
        .Select(group => group.MaxBy(decision => decision.Time)!)
        .OrderBy(decision => decision.Time)
        .ThenBy(decision => decision.Action);

    /// <summary>The sentence of the largest contribution.</summary>
    public static string MainReason(FlaggedSubject subject) =>
        Deciding(subject) is { Reasons: [var first, ..] } && first.Text.Length > 0 ? first.Text : NoReason;

    /// <summary>The most harmful action taken, for colours and filters; a release counts only if it was the last word.</summary>
    public static DecisionAction Strongest(FlaggedSubject subject)
    {
        var strongest = Deciding(subject)?.Action ?? DecisionAction.Flag;
        var last = Done(subject).LastOrDefault()?.Action;
        return last == DecisionAction.Release ? DecisionAction.Release : strongest;
    }

    /// <summary>What the traffic did after the latest action that was watched; null when none was.</summary>
    public static string? Effect(FlaggedSubject subject) =>
        subject.Aftermath.IsDefaultOrEmpty ? null : subject.Aftermath.LastOrDefault(aftermath => aftermath.Effect is not null)?.Effect;

    /// <summary>Whether there are figures at all: a subject known only by its decisions has none.</summary>
    public static bool HasTraffic(FlaggedSubject subject) => subject.Sessions > 0;
}
