using AutoGuard.Core.Policy;
using AutoGuard.Core.Reporting;
using AutoGuard.Replay;

namespace AutoGuard.Reports;

/// <summary>
/// A report as one HTML file that needs nothing else: no network, no script to be read, light and dark, on paper and on a
/// phone. It is well-formed XML as well.
/// </summary>
internal sealed class HtmlReportWriter : IReportWriter
{
    /// <summary>Subjects whose timeline is drawn; with more the file would grow past what opens quickly on a phone.</summary>
    public const int MostTimelines = 100;

    /// <summary>Notices shown, the latest.</summary>
    private const int MostNotices = 5;

    public async Task WriteAsync(FlaggedReport report, Stream stream, CancellationToken cancellationToken)
    {
        using var page = new MemoryStream();
        Render(report, page);
        page.Position = 0;
        await page.CopyToAsync(stream, cancellationToken);
    }

    private static void Render(FlaggedReport report, Stream stream)
    {
        var clock = ReportClock.Of(report.TimeZone);
        using var page = new Markup(stream);
        page.Open("html").With("lang", "en");
        WriteHead(page, report, clock);
        page.Open("body").Open("main");
        WriteTop(page, report, clock);
        if (report.Subjects.IsEmpty)
        {
            WriteEmpty(page, report, clock);
        }
        else
        {
            WriteTools(page);
            WriteSubjects(page, report, clock);
        }

        WriteFoot(page);
        page.Close();
        page.Open("script").Raw(HtmlAssets.Script).Close();
        page.Close().Close();
    }

    private static void WriteHead(Markup page, FlaggedReport report, ReportClock clock)
    {
        page.Open("head");
        page.Open("meta").With("charset", "utf-8").CloseVoid();
        page.Open("meta").With("http-equiv", "Content-Security-Policy").With("content", HtmlAssets.SecurityPolicy).CloseVoid();
        page.Open("meta").With("name", "viewport").With("content", "width=device-width, initial-scale=1").CloseVoid();
        page.Open("meta").With("name", "referrer").With("content", "no-referrer").CloseVoid();
        page.Open("meta").With("name", "robots").With("content", "noindex").CloseVoid();
        page.Open("link").With("rel", "icon").With("href", "data:,").CloseVoid();
        page.Element("title", null, $"AutoGuard report, {clock.Minute(report.From)} to {clock.Minute(report.To)}");
        page.Open("style").Raw(HtmlAssets.Style).Close();
        page.Close();
    }

    private static void WriteTop(Markup page, FlaggedReport report, ReportClock clock)
    {
        var figures = ReportFigures.Of(report);
        page.Open("header");
        page.Open("div", "top").Open("span").Element("span", "brand", "AutoGuard").Text(" · Flagged-token report").Close();
        page.Element("span", $"mode {ReportWords.Name(report.Mode)}", report.Mode == EnforcementMode.Observe ? "Observe" : "Enforce").Close();
        page.Element("h1", null, Headline(figures));
        WritePeriod(page, report, clock);
        if (report.Mode == EnforcementMode.Observe)
        {
            page.Open("p", "notice").Element("b", null, "Observe mode: nothing was enforced.")
                .Text(report.Subjects.IsEmpty ? "" : " Blocks and revocations below are what AutoGuard would have done.").Close();
        }

        foreach (Notice notice in report.Notices.TakeLast(MostNotices))
        {
            page.Open("p", "notice").Time(null, notice.Time, clock.Minute(notice.Time)).Text(" · ");
            if (notice.Organization is { } tenant)
            {
                page.Foreign("mono", tenant, 100).Text(": ");
            }
            page.Text(notice.Text).Close();
        }

        HtmlAftermath.WriteEngines(page, report.Engines);
        WriteTiles(page, report, figures);
        page.Open("dl", "meta");
        Meta(page, "Source").Foreign("mono", report.Source, 200).Close().Close();
        Meta(page, "Policy").Open("code").With("title", VisibleText.Of(report.Policy, 128)).Text(ReportWords.Fingerprint(report.Policy, 12)).Close().Close().Close();
        Meta(page, "Mode").Text(report.Mode == EnforcementMode.Observe ? "Observe (nothing enforced)" : "Enforce").Close().Close();
        foreach (EngineSummary engine in report.Engines)
        {
            Meta(page, "Engine").Foreign("mono", engine.Engine, 40).Text($" {ReportWords.Summary(engine)}").Close().Close();
        }

        page.Close().Close();
    }

    private static string Headline(ReportFigures figures)
    {
        if (figures.ByType.Count == 0)
        {
            return "Nothing was flagged";
        }

        var parts = figures.ByType.Select(entry => ReportWords.Count(entry.Count, entry.Type)).ToList();
        return $"{ReportWords.Listing(parts)} {(figures.ByType is [(_, 1)] ? "was" : "were")} flagged";
    }

    private static void WritePeriod(Markup page, FlaggedReport report, ReportClock clock)
    {
        var (first, last) = (clock.Offset(report.From), clock.Offset(report.To));
        page.Open("p");
        page.Time(null, report.From, clock.Minute(report.From)).Text(" to ").Time(null, report.To, clock.Minute(report.To));
        page.Open("span", "soft").Text($" · {clock.Zone.Id}");
        if (first != last)
        {
            page.Text($" ({first}, then {last})");
        }
        else if (first != clock.Zone.Id)
        {
            page.Text($" ({first})");
        }

        page.Close().Close();
    }

    private static void WriteTiles(Markup page, FlaggedReport report, ReportFigures figures)
    {
        page.Open("div", "tiles");
        Tile(page, "", report.Events is { } events ? ReportWords.Number(events) : "–", "events");
        Tile(page, "", report.Sessions is { } sessions ? ReportWords.Number(sessions) : "–", "sessions");
        Tile(page, report.Subjects.IsEmpty ? "" : " flag", ReportWords.Number(report.Subjects.Length + (long)report.LeftOut), "flagged");
        if (report.Mode == EnforcementMode.Enforce || figures.Blocked + figures.Revoked > 0)
        {
            Tile(page, figures.Blocked > 0 ? " stop" : "", ReportWords.Number(figures.Blocked), "blocked");
            Tile(page, figures.Revoked > 0 ? " stop" : "", ReportWords.Number(figures.Revoked), "revoked");
        }

        if (report.Mode == EnforcementMode.Observe || figures.WouldBlock > 0)
        {
            Tile(page, figures.WouldBlock > 0 ? " stop" : "", ReportWords.Number(figures.WouldBlock), "would be cut off");
        }

        if (figures.Released > 0)
        {
            Tile(page, " free", ReportWords.Number(figures.Released), "released");
        }

        page.Close();
    }

    private static void Tile(Markup page, string tone, string figure, string label) =>
        page.Open("div", "tile" + tone).Element("b", null, figure).Element("span", null, label).Close();

    private static Markup Meta(Markup page, string label) => page.Open("div").Element("dt", null, label).Open("dd");

    private static void WriteTools(Markup page)
    {
        page.Open("div", "tools").With("id", "tools").With("hidden", "hidden").With("role", "search");
        page.Open("input").With("id", "find").With("type", "search").With("placeholder", "Filter: token, user, address, country …")
            .With("aria-label", "Filter subjects by text").CloseVoid();
        page.Open("select").With("id", "action").With("aria-label", "Filter by action");
        Option(page, "", "All actions");
        Option(page, "flag", "Flagged only");
        Option(page, "block", "Block");
        Option(page, "revoke", "Revoke");
        Option(page, "release", "Release");
        page.Close();
        page.Open("select").With("id", "order").With("aria-label", "Order");
        Option(page, "score", "Highest score first");
        Option(page, "time", "Latest decision first");
        Option(page, "sessions", "Most sessions first");
        Option(page, "concurrency", "Most at once first");
        page.Close();
        page.Open("button").With("id", "unfold").With("type", "button").Text("Unfold all").Close();
        page.Close();
        page.Open("p", "caution").Text("Indicators are starting points, not proof. ")
            .Open("a").With("href", "#reading").Text("How to read this report").Close().Close();
    }

    private static void Option(Markup page, string value, string text) =>
        page.Open("option").With("value", value).Text(text).Close();

    private static void WriteSubjects(Markup page, FlaggedReport report, ReportClock clock)
    {
        var place = 0;
        foreach (var group in SubjectEvidence.Ordered(report).GroupBy(subject => subject.Subject.Type))
        {
            page.Open("section");
            page.Open("h2").Text(ReportWords.Heading(group.Key)).Element("span", null, ReportWords.Number(group.Count())).Close();
            foreach (var subject in group)
            {
                new HtmlSubject(subject, clock, ++place).Write(page);
            }

            page.Close();
        }

        if (report.LeftOut > 0)
        {
            page.Open("p", "notice").Text($"{ReportWords.Count(report.LeftOut, "more subject was", "more subjects were")} flagged with lower scores and left out of this report. ")
                .Text("To see them, make reports of shorter periods: ").Element("code", null, $"autoguard report --from {EventTimeText.Of(report.From)} --to {EventTimeText.Of(report.To)}").Text(".").Close();
        }
    }

    private static void WriteEmpty(Markup page, FlaggedReport report, ReportClock clock)
    {
        page.Open("div", "empty");
        page.Element("h2", null, "Nothing to review");
        var watched = report.Events is { } events
            ? ReportWords.Count(events, "event", "events") + (report.Sessions is { } sessions ? $" in {ReportWords.Count(sessions, "session", "sessions")}" : "")
            : "the events (their number is not known)";
        page.Open("p").Text($"AutoGuard watched {watched} from ").Foreign("mono", report.Source, 200)
            .Text($" between {clock.Minute(report.From)} and {clock.Minute(report.To)} and flagged no token, address, network or referrer.").Close();
        if (report.Events == 0)
        {
            page.Element("p", "notice", "Not a single event arrived. Check that the source is being written to and read.");
        }

        page.Close();
    }

    private static void WriteFoot(Markup page)
    {
        page.Open("footer").With("id", "reading").Element("h2", null, "How to read this report");
        page.Open("ul");
        page.Element("li", null, "Indicators are starting points, not proof. Look at the combination before you act; one alone is rarely enough.");
        page.Element("li", null, "Legitimate causes: tokens that are reused by design, shared networks (homes, offices, mobile carriers), your own monitoring, and partners who restream with your consent. Put these on the allowlist.");
        page.Element("li", null, "A referrer can be forged. A missing referrer is normal for apps and devices.");
        page.Element("li", null, "The score runs from 0 to 1. The shares of the indicators add up to it.");
        page.Close();
        page.Element("p", null, "Letters A to F are the indicators of the Token Guardian View. Contains personal data (addresses, user ids): keep it accordingly.");
        page.Close();
    }
}
