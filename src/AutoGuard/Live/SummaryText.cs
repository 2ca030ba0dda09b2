using System.Globalization;
using AutoGuard.Core.Policy;

namespace AutoGuard.Live;

/// <summary>Figures as words, the same on a terminal and in a log.</summary>
internal static class SummaryText
{
    /// <summary>Spelling of an action, as in the decision feed.</summary>
    public static string Name(DecisionAction action) => action switch
    {
        DecisionAction.Release => "release",
        DecisionAction.Flag => "flag",
        DecisionAction.Block => "block",
        _ => "revoke",
    };

    /// <summary>What a demo came to, name and value.</summary>
    public static IEnumerable<(string Name, string Value)> Lines(DemoSummary summary)
    {
        yield return ("Events", string.Create(CultureInfo.InvariantCulture, $"{summary.Events:N0} in {summary.Sessions:N0} sessions, {summary.Malformed:N0} malformed"));
        yield return ("Decisions", string.Create(CultureInfo.InvariantCulture, $"{summary.Flagged:N0} flagged, {summary.Blocked:N0} blocked, {summary.Revoked:N0} revoked"));
        yield return ("Incidents", string.Create(CultureInfo.InvariantCulture, $"{summary.IncidentsCaught:N0} of {summary.IncidentsKnown:N0} caught"));
        yield return ("Report", summary.ReportPath ?? "none");
        yield return ("Time", string.Create(CultureInfo.InvariantCulture, $"{summary.StartUp.TotalSeconds:0.0} s to the first event, {summary.Running.TotalSeconds:0.0} s in all"));
    }
}
