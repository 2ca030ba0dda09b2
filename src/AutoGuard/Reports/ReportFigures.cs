using AutoGuard.Core.Policy;
using AutoGuard.Core.Reporting;

namespace AutoGuard.Reports;

/// <summary>The figures on top of a report: how many subjects, by what was done to them.</summary>
/// <param name="ByType">Listed subjects by type, in the order of the enumeration; types without subjects are absent.</param>
/// <param name="Blocked">Subjects that were blocked.</param>
/// <param name="Revoked">Tokens that were revoked.</param>
/// <param name="Released">Subjects whose block was lifted.</param>
/// <param name="WouldBlock">Subjects that would have been blocked or revoked, had decisions been enforced.</param>
internal sealed record ReportFigures(
    IReadOnlyList<(SubjectType Type, int Count)> ByType, int Blocked, int Revoked, int Released, int WouldBlock)
{
    /// <summary>Counts a report's subjects.</summary>
    public static ReportFigures Of(FlaggedReport report) => new(
        [.. report.Subjects.GroupBy(subject => subject.Subject.Type).OrderBy(group => group.Key).Select(group => (group.Key, group.Count()))],
        report.Subjects.Count(subject => Has(subject, DecisionAction.Block, EnforcementMode.Enforce)),
        report.Subjects.Count(subject => Has(subject, DecisionAction.Revoke, EnforcementMode.Enforce)),
        report.Subjects.Count(subject => Has(subject, DecisionAction.Release, EnforcementMode.Enforce)),
        report.Subjects.Count(subject =>
            Has(subject, DecisionAction.Block, EnforcementMode.Observe) || Has(subject, DecisionAction.Revoke, EnforcementMode.Observe)));

    private static bool Has(FlaggedSubject subject, DecisionAction action, EnforcementMode mode) =>
        subject.Decisions.Any(decision => decision.Action == action && decision.Mode == mode);
}
