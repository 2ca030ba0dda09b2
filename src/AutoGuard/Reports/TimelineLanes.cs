using AutoGuard.Core.Reporting;

namespace AutoGuard.Reports;

/// <summary>One lane of the timeline: the sessions of an address, stacked in rows where they overlap.</summary>
/// <param name="Title">Address, or the number of addresses folded together.</param>
/// <param name="Detail">Country, provider and number of sessions.</param>
/// <param name="DataCentre">Whether a session came from a data centre.</param>
/// <param name="Bars">Sessions and the row each is drawn in.</param>
/// <param name="Rows">Rows used.</param>
internal sealed record TimelineLane(string Title, string Detail, bool DataCentre, IReadOnlyList<(SessionSpan Span, int Row)> Bars, int Rows);

/// <summary>Arranges sessions in lanes: one per address, most active first, and what does not fit folded into the last.</summary>
internal static class TimelineLanes
{
    /// <summary>Lanes with an address of their own.</summary>
    public const int Most = 12;

    private const int RowsPerLane = 3;

    public static IReadOnlyList<TimelineLane> Of(IReadOnlyList<SessionSpan> spans)
    {
        var byAddress = spans
            .GroupBy(span => span.Address, StringComparer.Ordinal)
            .OrderByDescending(group => group.Count())
            .ThenByDescending(group => group.Sum(span => Math.Max(0, (double)span.End - span.Start)))
            .ThenBy(group => group.Key, StringComparer.Ordinal)
            .ToList();
        var lanes = byAddress.Take(Most).Select(group => Lane(VisibleText.Of(group.Key, 45), Detail([.. group]), [.. group])).ToList();
        if (byAddress.Count > Most)
        {
            var rest = byAddress.Skip(Most).SelectMany(group => group).ToList();
            lanes.Add(Lane(
                $"+{ReportWords.Count(byAddress.Count - Most, "more address", "more addresses")}",
                ReportWords.Count(rest.Count, "session", "sessions"),
                rest));
        }

        return lanes;
    }

    private static TimelineLane Lane(string title, string detail, List<SessionSpan> spans)
    {
        var bars = new List<(SessionSpan, int)>(spans.Count);
        var ends = new List<long>(RowsPerLane);
        foreach (var span in spans.OrderBy(span => span.Start).ThenBy(span => span.End))
        {
            var row = ends.FindIndex(end => end <= span.Start);
            if (row < 0 && ends.Count < RowsPerLane)
            {
                row = ends.Count;
                ends.Add(span.End);
            }
            else if (row < 0)
            {
                row = ends.IndexOf(ends.Min());
            }

            ends[row] = Math.Max(ends[row], Math.Max(span.Start, span.End));
            bars.Add((span, row));
        }

        return new TimelineLane(title, detail, spans.Exists(span => span.DataCentre), bars, ends.Count);
    }

    private static string Detail(List<SessionSpan> spans)
    {
        var latest = spans.MaxBy(span => span.Start)!;
        string[] parts =
        [
            VisibleText.Of(latest.Country, 8),
            VisibleText.Of(latest.Provider, 28),
            ReportWords.Count(spans.Count, "session", "sessions"),
        ];
        return string.Join(" · ", parts.Where(part => part.Length > 0));
    }
}
