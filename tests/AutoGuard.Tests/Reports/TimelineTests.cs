using System.Globalization;
using System.Xml.Linq;
using AutoGuard.Core.Policy;
using AutoGuard.Core.Reporting;
using AutoGuard.Reports;

namespace AutoGuard.Tests.Reports;

public sealed class TimelineTests
{
    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    public async Task Bars_marks_and_steps_stand_where_their_times_say(int seed)
    {
        var random = new Random(seed);
        var spans = Enumerable.Range(0, 40).Select(i =>
        {
            var start = ReportFixture.From + (i * 900_000L) + random.Next(800_000);
            return Span(start, start + random.Next(120_000, 9_000_000), $"192.0.2.{random.Next(8)}");
        }).OrderBy(span => span.Start).ToList();
        var subject = Subject(spans, spans[5].Start + 60_000, spans[20].Start + 1);

        var figure = (await PageOf(subject)).All("figure").Single();

        var first = spans.Min(span => span.Start);
        var last = spans.Max(span => span.End);
        double Share(long time) => (double)(time - first) / (last - first);
        var expected = spans.Select(span => (X: Share(span.Start), Width: Share(span.End) - Share(span.Start))).Order().ToList();
        var drawn = ParsedReport.Find(figure, "rect", "bar").Select(bar => (X: Fraction(bar, "x"), Width: Fraction(bar, "width"))).Order().ToList();
        Assert.Equal(expected.Count, drawn.Count);
        Assert.All(expected.Zip(drawn), pair =>
        {
            Assert.Equal(pair.First.X, pair.Second.X, 0.0001);
            Assert.Equal(pair.First.Width, pair.Second.Width, 0.0001);
        });
        var marks = ParsedReport.Find(figure, "g", "mark").Select(mark => Fraction(ParsedReport.Find(mark, "line").Single(), "x1"));
        Assert.Equal(subject.Decisions.Select(decision => Math.Round(Share(decision.Time), 4)), marks.Select(x => Math.Round(x, 4)));
        // The top of the area is reached where most sessions overlap, and nowhere else.
        var peakAt = spans.Select(span => span.Start).OrderByDescending(time => spans.Count(span => span.Start <= time && span.End > time)).ThenBy(time => time).First();
        var peak = spans.Count(span => span.Start <= peakAt && span.End > peakAt);
        var path = ((string)ParsedReport.Find(figure, "path", "area").Single().Attribute("d")!).Split('H');
        var summit = path.First(part => part.EndsWith("V2", StringComparison.Ordinal));
        Assert.Equal(Share(peakAt) * 100, double.Parse(summit.Split('V')[0], CultureInfo.InvariantCulture), 0.001);
        Assert.Contains($"at most {peak} at once", ParsedReport.Find(figure, "desc").Single().Value, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Each_of_the_twelve_most_active_addresses_has_a_lane_and_the_rest_share_one()
    {
        var spans = Enumerable.Range(1, 17).SelectMany(address => Enumerable.Range(0, address)
            .Select(i => Span(ReportFixture.From + (i * 600_000L) + address, ReportFixture.From + (i * 600_000L) + 300_000, $"192.0.2.{address}"))).ToList();

        var figure = (await PageOf(Subject(spans, ReportFixture.From + 5))).All("figure").Single();

        var titles = ParsedReport.Find(figure, "tspan", "address").Select(title => title.Value).ToList();
        Assert.Equal([.. Enumerable.Range(0, 12).Select(i => $"192.0.2.{17 - i}"), "+5 more addresses"], titles);
        var lanes = ParsedReport.Find(figure, "g", "lane").Select(lane => ParsedReport.Find(lane, "rect", "bar").Count());
        Assert.Equal([.. Enumerable.Range(0, 12).Select(i => 17 - i), 1 + 2 + 3 + 4 + 5], lanes);
    }

    [Fact]
    public async Task Bars_of_a_lane_overlap_only_when_more_than_three_sessions_do()
    {
        var random = new Random(5);
        var spans = Enumerable.Range(0, 30).Select(i => Span(ReportFixture.From + (i * 1_000_000L), ReportFixture.From + (i * 1_000_000L) + random.Next(500_000, 2_900_000), "192.0.2.1")).ToList();

        var figure = (await PageOf(Subject(spans, ReportFixture.From))).All("figure").Single();

        foreach (var row in ParsedReport.Find(figure, "rect", "bar").GroupBy(bar => (string)bar.Attribute("y")!))
        {
            var bars = row.Select(bar => (From: Fraction(bar, "x"), To: Fraction(bar, "x") + Fraction(bar, "width"))).Order().ToList();
            Assert.All(bars.Zip(bars.Skip(1)), pair => Assert.True(pair.First.To <= pair.Second.From + 0.00003, $"{pair}"));
        }
    }

    [Fact]
    public async Task A_picture_has_a_title_and_a_description_and_marks_data_centres_and_running_sessions()
    {
        var page = await ParsedReport.OfAsync(new ReportFixture().Report());
        var relay = page.Card("sha256:5f0c8a7be1d24c9930aa6e1b7f8d42c5e9613f70b2ad84c15e6f90a3d7b8c241");
        var picture = ParsedReport.Find(relay, "figure").Single().Elements().First();

        Assert.Equal("img", (string?)picture.Attribute("role"));
        var labels = ((string)picture.Attribute("aria-labelledby")!).Split(' ');
        Assert.Equal(labels, picture.Elements().Take(2).Select(label => (string)label.Attribute("id")!));
        Assert.Contains("4 sessions from 2 addresses", picture.Elements().ElementAt(1).Value, StringComparison.Ordinal);
        Assert.Equal(4, ParsedReport.Find(relay, "rect", "hatch").Count());
        Assert.Contains("data centre", ParsedReport.Find(relay, "figcaption").Single().Value, StringComparison.Ordinal);
        Assert.Equal(2, ParsedReport.Find(page.Card("sub-441902-a1"), "circle", "live").Count());
        var ids = page.Root.Descendants().Attributes("id").Select(id => id.Value).ToList();
        Assert.Equal(ids.Count, ids.Distinct().Count());
    }

    [Theory]
    [InlineData("2025-11-13T17:00:00Z", "2025-11-13T21:22:00Z", "Europe/Berlin", "18:00 19:00 20:00 21:00 22:00")]
    [InlineData("2025-11-13T17:00:00Z", "2025-11-13T17:04:30Z", "UTC", "17:00 17:01 17:02 17:03 17:04")]
    [InlineData("2025-11-12T20:00:00Z", "2025-11-14T02:00:00Z", "UTC", "13 Nov|06:00|12:00|18:00|14 Nov")]
    [InlineData("2025-11-13T17:00:00Z", "2025-11-13T21:22:00Z", "Asia/Kathmandu", "23:00|14 Nov|01:00|02:00|03:00")]
    [InlineData("2025-10-25T20:00:00Z", "2025-10-26T04:30:00Z", "Europe/Berlin", "22:00|26 Oct|02:00|04:00")]
    [InlineData("2025-03-29T23:30:00Z", "2025-03-30T04:00:00Z", "Europe/Berlin", "01:00|03:00|04:00|05:00|06:00")]
    [InlineData("2025-11-01T00:00:00Z", "2025-11-13T00:00:00Z", "UTC", "")]
    public void Axis_marks_are_round_times_of_the_reports_zone(string from, string to, string zone, string expected)
    {
        var (start, end) = (ReportFixture.Unix(from), ReportFixture.Unix(to));

        var ticks = TimelineTicks.Of(start, end, ReportClock.Of(zone));

        if (expected.Length > 0)
        {
            Assert.Equal(expected.Split(expected.Contains('|', StringComparison.Ordinal) ? '|' : ' '), ticks.Select(tick => tick.Label));
        }

        Assert.InRange(ticks.Count, 2, 6);
        Assert.All(ticks, tick =>
        {
            Assert.InRange(tick.Time, start, end);
            var wall = TimeZoneInfo.ConvertTime(DateTimeOffset.FromUnixTimeMilliseconds(tick.Time), TimeZoneInfo.FindSystemTimeZoneById(zone));
            Assert.Equal(tick.Label, wall.ToString(wall.TimeOfDay == TimeSpan.Zero ? "d MMM" : "HH:mm", CultureInfo.InvariantCulture));
        });
    }

    [Theory]
    [InlineData(21)]
    [InlineData(22)]
    [InlineData(23)]
    public void Concurrency_equals_a_count_at_every_instant(int seed)
    {
        var random = new Random(seed);
        var spans = Enumerable.Range(0, 60).Select(_ =>
        {
            var start = random.Next(0, 300);
            return Span(start, start + random.Next(1, 60), "a") with { Running = random.Next(10) == 0 };
        }).ToList();

        var steps = Concurrency.Of(spans);

        for (var instant = 0; instant < 400; instant++)
        {
            var expected = spans.Count(span => span.Start <= instant && (span.Running || span.End > instant));
            Assert.True(expected == steps.LastOrDefault(step => step.Time <= instant).Open, $"seed {seed}, instant {instant}");
        }
    }

    private static Task<ParsedReport> PageOf(FlaggedSubject subject) =>
        ParsedReport.OfAsync(new ReportFixture().Report() with { Subjects = [subject] });

    private static double Fraction(XElement element, string attribute) =>
        double.Parse(((string)element.Attribute(attribute)!).TrimEnd('%'), CultureInfo.InvariantCulture) / 100;

    private static FlaggedSubject Subject(IReadOnlyList<SessionSpan> spans, params long[] decisions)
    {
        var template = new ReportFixture().Report().Subjects[0];
        return template with
        {
            Timeline = [.. spans],
            Decisions = [.. decisions.Select((time, i) => template.Decisions[0] with { Time = time, Id = $"id{i}", Action = (DecisionAction)(1 + i) })],
        };
    }

    private static SessionSpan Span(long start, long end, string address) => new()
    {
        Start = start,
        End = end,
        Running = false,
        Address = address,
        Country = "DE",
        Provider = "Deutsche Telekom AG",
        DataCentre = false,
        Stream = "s",
        Referrer = "",
        UserAgent = "",
    };
}
