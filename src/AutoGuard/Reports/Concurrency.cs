using AutoGuard.Core.Reporting;

namespace AutoGuard.Reports;

/// <summary>From <paramref name="Time"/> on, <paramref name="Open"/> sessions are open at once.</summary>
internal readonly record struct ConcurrencyStep(long Time, int Open);

/// <summary>Counts sessions open at once, as steps over time.</summary>
internal static class Concurrency
{
    /// <summary>
    /// Steps in order of time, at most two per session. Sessions are half-open, so one that starts as another ends is not
    /// concurrent with it; one that lasted no time still counts for a millisecond. Running sessions stay open.
    /// </summary>
    public static IReadOnlyList<ConcurrencyStep> Of(IReadOnlyCollection<SessionSpan> spans)
    {
        var changes = new List<(long Time, int Change)>(spans.Count * 2);
        foreach (var span in spans)
        {
            changes.Add((span.Start, 1));
            if (!span.Running)
            {
                changes.Add((Math.Max(span.Start + 1, span.End), -1));
            }
        }

        var steps = new List<ConcurrencyStep>(changes.Count);
        var open = 0;
        foreach (var instant in changes.GroupBy(change => change.Time).OrderBy(group => group.Key))
        {
            open += instant.Sum(change => change.Change);
            steps.Add(new ConcurrencyStep(instant.Key, open));
        }

        return steps;
    }
}
