using System.Globalization;
using System.Text;
using AutoGuard.Core.Policy;
using AutoGuard.Core.Reporting;

namespace AutoGuard.Reports;

/// <summary>
/// The timeline picture of a subject as inline SVG: concurrency above, one lane per address below, a numbered line at each
/// decision. Horizontal positions are per cent and vertical ones pixels, so the picture fills any width without its text
/// growing or shrinking.
/// </summary>
internal sealed class Timeline(FlaggedSubject subject, ReportClock clock, string id)
{
    /// <summary>Sessions drawn; of more, the latest.</summary>
    public const int MostSpans = 200;

    /// <summary>Decisions marked; of more, the latest.</summary>
    public const int MostMarks = 12;

    private const int Colours = 6;
    private const int Head = 40;
    private const int AreaHeight = 44;
    private const int LaneHead = 16;
    private const int RowHeight = 8;
    private const int LaneGap = 7;
    private const int Axis = 22;

    private readonly List<SessionSpan> _spans =
    [
        .. subject.Timeline.OrderBy(span => span.Start).TakeLast(MostSpans)
            .Select(span => span with { Start = ReportClock.Plausible(span.Start), End = ReportClock.Plausible(span.End) }),
    ];

    private readonly List<Decision> _marks = [.. subject.Decisions.OrderBy(decision => decision.Time).TakeLast(MostMarks)];
    private readonly List<string> _countries = [];
    private long _from;
    private long _to;

    /// <summary>Number shown at a decision's mark, from 1; 0 when it is not marked.</summary>
    public int NumberOf(Decision decision) => _marks.IndexOf(decision) + 1;

    /// <summary>Writes the figure; nothing when there are no sessions to show.</summary>
    public void Write(Markup page)
    {
        if (_spans.Count == 0)
        {
            return;
        }

        _from = Math.Min(_spans.Min(span => span.Start), _marks.Select(MarkTime).DefaultIfEmpty(long.MaxValue).Min());
        _to = Math.Max(_spans.Max(End), _marks.Select(MarkTime).DefaultIfEmpty(long.MinValue).Max());
        _to = Math.Max(_to, _from + 60_000);
        _countries.AddRange(_spans
            .Where(span => span.Country.Length > 0)
            .GroupBy(span => span.Country, StringComparer.Ordinal)
            .OrderByDescending(group => group.Count())
            .ThenBy(group => group.Key, StringComparer.Ordinal)
            .Take(Colours)
            .Select(group => group.Key));

        var lanes = TimelineLanes.Of(_spans);
        var steps = Concurrency.Of(_spans);
        var peak = steps.Max(step => step.Open);
        var height = Head + AreaHeight + 10 + lanes.Sum(Height) + Axis;

        page.Open("figure", "timeline");
        page.Open("svg").With("width", "100%").With("height", height).With("role", "img").With("aria-labelledby", $"{id}-t {id}-d");
        page.Open("title").With("id", $"{id}-t").Text($"Timeline of {VisibleText.Of(subject.Subject.Value, 80)}").Close();
        page.Open("desc").With("id", $"{id}-d").Text(Description(lanes.Count, peak)).Close();
        page.Open("defs").Open("pattern").With("id", $"{id}-h").With("width", "4").With("height", "4")
            .With("patternUnits", "userSpaceOnUse").With("patternTransform", "rotate(45)")
            .Open("rect", "stripe").With("width", "1.6").With("height", "4").Close().Close().Close();
        WriteAxis(page, height);
        WriteArea(page, steps, peak);
        const int Top = Head + AreaHeight + 10;
        Each(lanes, Top, (lane, y) => WriteBars(page, lane, y));
        WriteMarks(page, height - Axis);
        page.Open("text", "lane-title").With("x", "0").With("y", Head - 4)
            .Text(string.Create(CultureInfo.InvariantCulture, $"Sessions at once, at most {peak}")).Close();
        Each(lanes, Top, (lane, y) => WriteTitle(page, lane, y));
        page.Close();
        WriteLegend(page);
        page.Close();
    }

    private static int Height(TimelineLane lane) => LaneHead + (lane.Rows * RowHeight) + LaneGap;

    private static long MarkTime(Decision mark) => ReportClock.Plausible(mark.Time);

    private static long End(SessionSpan span) => Math.Max(span.Start, span.End);

    private double Percent(long time) => (time - _from) * 100.0 / (_to - _from);

    private string Description(int lanes, int peak)
    {
        var addresses = _spans.Select(span => span.Address).Distinct(StringComparer.Ordinal).Count();
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{ReportWords.Count(_spans.Count, "session", "sessions")} from {ReportWords.Count(addresses, "address", "addresses")}");
        text.Append(CultureInfo.InvariantCulture, $" in {ReportWords.Count(lanes, "lane", "lanes")}, from {clock.Second(_from)} to {clock.Second(_to)}; at most {peak} at once.");
        foreach (var mark in _marks)
        {
            text.Append(CultureInfo.InvariantCulture, $" {ReportWords.Done(mark.Action, mark.Mode)} at {clock.Second(mark.Time)}.");
        }

        return text.ToString();
    }

    private void WriteAxis(Markup page, int height)
    {
        page.Open("line", "axis").With("x1", "0").With("x2", "100%").With("y1", height - Axis).With("y2", height - Axis).Close();
        foreach (var tick in TimelineTicks.Of(_from, _to, clock))
        {
            var x = Percent(tick.Time);
            page.Open("line", "grid").With("x1", x, "%").With("x2", x, "%").With("y1", Head).With("y2", height - Axis).Close();
            page.Open("text", "tick").With("x", x, "%").With("y", height - 6)
                .With("text-anchor", x < 4 ? "start" : x > 96 ? "end" : "middle").Text(tick.Label).Close();
        }
    }

    private void WriteArea(Markup page, IReadOnlyList<ConcurrencyStep> steps, int peak)
    {
        page.Open("svg").With("y", Head).With("width", "100%").With("height", AreaHeight)
            .With("viewBox", $"0 0 100 {AreaHeight}").With("preserveAspectRatio", "none");
        var path = new StringBuilder();
        path.Append(CultureInfo.InvariantCulture, $"M0 {AreaHeight}");
        foreach (var step in steps)
        {
            var top = AreaHeight - ((AreaHeight - 2.0) * step.Open / Math.Max(1, peak));
            path.Append(CultureInfo.InvariantCulture, $"H{Percent(step.Time):0.###}V{top:0.##}");
        }

        path.Append(CultureInfo.InvariantCulture, $"H100V{AreaHeight}");
        page.Open("path", "area").With("d", path.ToString()).With("vector-effect", "non-scaling-stroke").Close().Close();
    }

    private void WriteBars(Markup page, TimelineLane lane, int y)
    {
        page.Open("g", "lane");
        page.Open("line", "track").With("x1", "0").With("x2", "100%").With("y1", y + LaneHead + 3).With("y2", y + LaneHead + 3).Close();
        foreach (var (span, row) in lane.Bars)
        {
            WriteBar(page, span, y + LaneHead + (row * RowHeight));
        }

        page.Close();
    }

    /// <summary>Titles come last: what a decision's line crosses stays readable.</summary>
    private static void WriteTitle(Markup page, TimelineLane lane, int y)
    {
        page.Open("text", "lane-title").With("x", "0").With("y", y + 11);
        page.Open("tspan", "address").Text(lane.Title).Close();
        page.Text($"  {lane.Detail}{(lane.DataCentre ? " · data centre" : "")}").Close();
    }

    private static void Each(IReadOnlyList<TimelineLane> lanes, int y, Action<TimelineLane, int> write)
    {
        foreach (var lane in lanes)
        {
            write(lane, y);
            y += Height(lane);
        }
    }

    private void WriteBar(Markup page, SessionSpan span, int y)
    {
        var x = Percent(span.Start);
        var width = Math.Max(0.3, Percent(End(span)) - x);
        page.Open("rect", $"bar c{_countries.IndexOf(span.Country) + 1}").With("x", x, "%").With("y", y).With("width", width, "%")
            .With("height", RowHeight - 2).With("rx", "1.5").Open("title").Text(Tooltip(span)).Close().Close();
        if (span.DataCentre)
        {
            page.Open("rect", "hatch").With("x", x, "%").With("y", y).With("width", width, "%").With("height", RowHeight - 2)
                .With("rx", "1.5").With("fill", $"url(#{id}-h)").Close();
        }

        if (span.Running)
        {
            page.Open("circle", "live").With("cx", x + width, "%").With("cy", y + ((RowHeight - 2) / 2.0)).With("r", "3.5").Close();
        }
    }

    private string Tooltip(SessionSpan span)
    {
        string[] parts =
        [
            VisibleText.Of(span.Address, 45),
            $"{clock.Second(span.Start)} – {(span.Running ? "still running" : clock.Second(End(span)))}",
            ReportWords.Duration((End(span) - span.Start) / 1000.0),
            VisibleText.Of(span.Country, 8),
            VisibleText.Of(span.Provider, 48) + (span.DataCentre ? " (data centre)" : ""),
            VisibleText.Of(span.Stream, 64),
            span.Referrer.Length == 0 ? "no referrer" : VisibleText.Of(span.Referrer, 64),
            VisibleText.Of(span.UserAgent, 80),
        ];
        return string.Join("\n", parts.Where(part => part.Length > 0));
    }

    private void WriteMarks(Markup page, int bottom)
    {
        var last = double.NegativeInfinity;
        var lowered = false;
        for (var i = 0; i < _marks.Count; i++)
        {
            var x = Percent(MarkTime(_marks[i]));
            lowered = x - last < 5 && !lowered;
            last = x;
            // The number stays inside the picture at its very ends; the line is exact.
            var centre = Math.Clamp(x, 1.2, 98.8);
            var y = lowered ? 21 : 9;
            page.Open("g", $"mark {ReportWords.Name(_marks[i].Action)}");
            page.Open("title").Text($"{ReportWords.Done(_marks[i].Action, _marks[i].Mode)} at {clock.Second(_marks[i].Time)}").Close();
            page.Open("line").With("x1", x, "%").With("x2", x, "%").With("y1", y).With("y2", bottom).Close();
            page.Open("circle").With("cx", centre, "%").With("cy", y).With("r", "8").Close();
            page.Open("text").With("x", centre, "%").With("y", y + 3.5).With("text-anchor", "middle")
                .Text((i + 1).ToString(CultureInfo.InvariantCulture)).Close();
            page.Close();
        }
    }

    private void WriteLegend(Markup page)
    {
        page.Open("figcaption");
        for (var i = 0; i < _countries.Count; i++)
        {
            Entry(page, $"c{i + 1}", VisibleText.Of(_countries[i], 8));
        }

        if (_spans.Exists(span => span.Country.Length > 0 && !_countries.Contains(span.Country)))
        {
            Entry(page, "c0", "other countries");
        }

        if (_spans.Exists(span => span.Country.Length == 0))
        {
            Entry(page, "c0", "country unknown");
        }

        if (_spans.Exists(span => span.DataCentre))
        {
            Entry(page, "striped", "data centre");
        }

        if (_spans.Exists(span => span.Running))
        {
            Entry(page, "still", "still running");
        }

        page.Element("span", null, $"{Days()}, {clock.Zone.Id}");
        if (subject.Timeline.Length > MostSpans)
        {
            page.Element("span", null, $"The latest {MostSpans} of {ReportWords.Number(subject.Timeline.Length)} sessions.");
        }

        page.Close();
    }

    private string Days()
    {
        var (first, last) = (clock.Day(_from), clock.Day(_to));
        return first == last ? first : $"{first} to {last}";
    }

    private static void Entry(Markup page, string swatch, string text) =>
        page.Open("span", "key").Open("i", $"swatch {swatch}").Close().Text(text).Close();
}
