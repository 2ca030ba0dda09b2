using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using AutoGuard.Core.Configuration;
using AutoGuard.Core.Policy;
using AutoGuard.Core.Reporting;
using AutoGuard.Reports;

namespace AutoGuard.Tests.Reports;

public sealed class HtmlReportTests
{
    [Fact]
    public async Task The_top_says_what_was_flagged_when_and_under_which_policy()
    {
        var page = await ParsedReport.OfAsync(new ReportFixture().Report());

        Assert.Equal("4 tokens, 1 address, 1 network and 1 referrer were flagged", page.All("h1").Single().Value);
        var header = page.All("header").Single();
        Assert.Contains("13 Nov 2025, 07:00 to 14 Nov 2025, 07:00 · Europe/Berlin (UTC+01:00)", header.Value, StringComparison.Ordinal);
        Assert.Equal(
            ["18,402,771 events", "412,960 sessions", "7 flagged", "3 blocked", "2 revoked", "1 released"],
            page.All("div", "tile").Select(tile => string.Join(' ', tile.Elements().Select(part => part.Value))));
        var terms = ParsedReport.Terms(header);
        Assert.Equal("playback.events", terms["Source"]);
        Assert.Equal(ReportFixture.Policy[..12], terms["Policy"]);
        Assert.Equal(ReportFixture.Policy, (string?)ParsedReport.Find(header, "code").Single().Attribute("title"));
    }

    [Fact]
    public async Task Observe_mode_says_that_nothing_was_enforced_and_what_would_have_been()
    {
        var page = await ParsedReport.OfAsync(new ReportFixture().Report(EnforcementMode.Observe));

        Assert.Contains("Observe mode: nothing was enforced.", page.Visible, StringComparison.Ordinal);
        Assert.Contains(page.All("div", "tile"), tile => tile.Value == "5would be cut off");
        Assert.DoesNotContain(page.All("span", "chip"), chip => chip.Value.StartsWith("Blocked", StringComparison.Ordinal) || chip.Value.StartsWith("Revoked", StringComparison.Ordinal));
        Assert.Contains(page.All("span", "observed"), chip => chip.Value == "Would revoke 13 Nov, 19:31");
        Assert.DoesNotContain("Observe mode", (await ParsedReport.OfAsync(new ReportFixture().Report())).Visible, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_top_shows_the_latest_notices_and_a_strangers_tenant_as_text()
    {
        long time = new DateTimeOffset(2025, 11, 13, 18, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();
        FlaggedReport report = new ReportFixture().Report() with
        {
            Notices = [.. Enumerable.Range(0, 7).Select(i => new Notice(time + i, NoticeKind.BreakerOpened, i == 6 ? "<b>arena" : null, $"Blocks become flags: cause {i}."))],
        };
        var page = await ParsedReport.OfAsync(report);

        Assert.Equal(
            ["2", "3", "4", "5", "6"],
            page.All("p", "notice").Select(notice => notice.Value.Split("cause ")[1].TrimEnd('.')));
        Assert.Contains("13 Nov 2025, 19:00 · <b>arena: Blocks become flags: cause 6.", page.All("p", "notice").Last().Value, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tokens_come_first_then_addresses_networks_and_referrers_each_highest_score_first()
    {
        var page = await ParsedReport.OfAsync(new ReportFixture().Report());

        Assert.Equal(["Tokens4", "Addresses1", "Networks1", "Referrers1"], page.All("section").Select(section => ParsedReport.Find(section, "h2").Single().Value));
        Assert.Equal(
            ["0.97", "0.92", "0.86", "0.62", "0.94", "0.91", "0.95"],
            page.All("details").Select(card => ParsedReport.Find(card, "div", "score").Single().Elements().First().Value));
    }

    [Fact]
    public async Task A_card_shows_action_reason_columns_scope_harm_and_coordinates()
    {
        var page = await ParsedReport.OfAsync(new ReportFixture().Report());
        var card = page.Card("jti-7e32b1c0-4d55-4f0a-9a61-2f8c0d9e11a7");

        Assert.Equal("10 countries within an hour (limit 2)", ParsedReport.Find(card, "p", "why").Single().Value);
        Assert.Equal(["Flagged 13 Nov, 18:42", "Revoked 13 Nov, 19:31"], ParsedReport.Find(card, "span", "chip").Select(chip => chip.Value));
        var rows = ParsedReport.Find(card, "tr").Select(row => row.Elements().Select(cell => cell.Value).ToArray()).ToList();
        Assert.Equal(["DSeveral countries", "10 countries", "2 countries", "1.00", "0.42", "10 countries within an hour (limit 2)"], rows[1]);
        Assert.Equal(["AMany networks", "19 networks", "6 networks", "0.91", "0.33", "Used from 19 networks within 3 hours (limit 6)"], rows[2]);
        Assert.Equal(["CUnknown referrer", "58 % of sessions", "50 % of sessions", "0.64"], rows[3][..4]);
        Assert.Equal(["Sudden rise of starts", "1 in 19,953", "1 in 1,000"], rows[4][..3]);
        Assert.Equal(["2Revoked", "13 Nov 2025, 19:31:05", "–", "0.97", "9f2c41b7", "playback.events [2] @ 91745", "01JCKX00017V3Q9ZB2M4T8WAR"], rows[7]);
        string[] columns =
        [
            "JTI", "User", "Duration/Sum", "Duration/Avg", "Sessions", "Streams", "IPs", "Top Providers", "Top Countries", "Top Referrers",
            "First stream start", "Last stream end", "Max Concurrency",
        ];
        var lists = ParsedReport.Find(card, "dl", "grid").ToList();
        Assert.Equal(columns, ParsedReport.Find(lists[0], "dt").Select(term => term.Value));
        var scope = ParsedReport.Terms(lists[1]);
        Assert.Equal("league-main, league-second", scope["Streams"]);
        Assert.Equal("yes", scope["Revocable"]);
        Assert.Equal("14 Nov 2025, 06:00", scope["Expires"]);
        Assert.Contains("Nobody else was cut off.", card.Value, StringComparison.Ordinal);
        var pirate = page.Card("free-sports.example");
        Assert.Contains("Also cut off: 12 other tokens, 5 other users and 61 running sessions.", pirate.Value, StringComparison.Ordinal);
        Assert.Contains("Our own probes (ticket OPS-1180)", page.Card("partner-monitoring").Value, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_subject_that_goes_on_for_a_revoked_token_names_that_decision_as_text()
    {
        FlaggedReport report = new ReportFixture().Report();
        FlaggedSubject first = SubjectEvidence.Ordered(report).First();
        FlaggedSubject successor = first with { Decisions = [.. first.Decisions.Select(d => d with { Follows = "01<b>J</b>" })] };

        var page = await ParsedReport.OfAsync(report with { Subjects = [successor] });

        Assert.Contains(page.All("p", "soft"), line => line.Value == "It goes on where a revoked token left off; that was decision 01<b>J</b>.");
        Assert.DoesNotContain("goes on where", (await ParsedReport.OfAsync(report)).Visible, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(EnforcementMode.Enforce, "Its user goes on watching where the token was first: it stays good at 203.0.113.0/24 and 2001:db8:1:2::/64. Engines that know no exceptions refuse it there too.")]
    [InlineData(EnforcementMode.Observe, "Its user would go on watching where the token was first: it would stay good at 203.0.113.0/24 and 2001:db8:1:2::/64.")]
    public async Task A_revocation_says_where_the_token_stays_good(EnforcementMode mode, string sentence)
    {
        FlaggedReport report = new ReportFixture().Report();
        FlaggedSubject first = SubjectEvidence.Ordered(report).First();
        FlaggedSubject spared = first with { Decisions = [.. first.Decisions.Select(d => d with { Mode = mode, Except = ReportFixture.Home })] };

        var page = await ParsedReport.OfAsync(report with { Subjects = [spared] });

        Assert.Contains(page.All("p", "soft"), line => line.Value == sentence);
        Assert.DoesNotContain("good at", (await ParsedReport.OfAsync(report)).Visible, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_configured_indicator_has_words()
    {
        var configured = typeof(IndicatorsOptions).GetProperties().Select(property => property.Name).Order(StringComparer.Ordinal);

        Assert.Equal(configured, IndicatorWords.Names.Order(StringComparer.Ordinal));
        Assert.Equal("14 h 48 min", IndicatorWords.Of("LongPlayback").Format(14.8));
        Assert.Equal("∞", IndicatorWords.Of("TokenSpike").Format(double.PositiveInfinity));
        Assert.Equal("New<One>", IndicatorWords.Of("New<One>").Title);
    }

    [Fact]
    public async Task An_empty_report_says_that_nothing_was_flagged_and_what_was_watched()
    {
        var page = await ParsedReport.OfAsync(ReportFixture.Empty());

        Assert.Equal("Nothing was flagged", page.All("h1").Single().Value);
        Assert.Contains("AutoGuard watched 18,402,771 events in 412,960 sessions from playback.events between", Squeeze(page.Visible), StringComparison.Ordinal);
        Assert.Empty(page.All("details"));
        Assert.DoesNotContain("Not a single event arrived", page.Visible, StringComparison.Ordinal);
        Assert.Contains("Not a single event arrived", (await ParsedReport.OfAsync(ReportFixture.Empty(0, 0))).Visible, StringComparison.Ordinal);
        Assert.Contains("their number is not known", (await ParsedReport.OfAsync(ReportFixture.Empty(null, null))).Visible, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_vendors_cautions_and_left_out_subjects_are_stated()
    {
        var page = await ParsedReport.OfAsync(new ReportFixture().Report() with { LeftOut = 12 });

        foreach (var caution in (string[])["starting points, not proof", "reused by design", "shared networks", "own monitoring", "partners"])
        {
            Assert.Contains(caution, page.Visible, StringComparison.Ordinal);
        }

        Assert.Contains("12 more subjects were flagged with lower scores", page.Visible, StringComparison.Ordinal);
        Assert.Contains("autoguard report --from ", page.Visible, StringComparison.Ordinal);
        Assert.Contains(page.All("div", "tile"), tile => tile.Value == "19flagged");
    }

    [Fact]
    public async Task A_subject_known_only_by_decisions_shows_no_invented_figures()
    {
        var decision = new ReportFixture().Report().Subjects[0].Decisions[0];
        var builder = new FlaggedReportBuilder(DateTimeOffset.FromUnixTimeMilliseconds(ReportFixture.From), DateTimeOffset.FromUnixTimeMilliseconds(ReportFixture.To), "UTC");
        builder.Add(decision);

        var page = await ParsedReport.OfAsync(builder.Build("s", "p", EnforcementMode.Enforce));

        Assert.Contains("Details of the sessions were not kept.", page.Visible, StringComparison.Ordinal);
        Assert.DoesNotContain("Token Guardian View", page.Card(decision.Subject.Value).Value, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_security_policy_admits_exactly_the_pages_own_style_and_script()
    {
        var page = await ParsedReport.OfAsync(new ReportFixture().Report());

        var policy = (string?)page.All("meta").Single(meta => (string?)meta.Attribute("http-equiv") == "Content-Security-Policy").Attribute("content");
        Assert.StartsWith("default-src 'none';", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.Contains($"style-src '{Digest(page.All("style").Single().Value)}'", policy, StringComparison.Ordinal);
        Assert.Contains($"script-src '{Digest(page.All("script").Single().Value)}'", policy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Many_subjects_with_long_timelines_stay_below_ten_megabytes()
    {
        var template = new ReportFixture().Report();
        var report = template with { Subjects = [.. Enumerable.Range(0, 500).Select(_ => template.Subjects[6] with { Timeline = [.. template.Subjects[6].Timeline, .. template.Subjects[4].Timeline] })] };

        var page = await ParsedReport.OfAsync(report);

        Assert.InRange(page.Text.Length, 1_000_000, 10_000_000);
        Assert.Equal(HtmlReportWriter.MostTimelines, page.All("figure").Count());
        Assert.All(page.All("figure"), figure => Assert.Equal(Timeline.MostSpans, ParsedReport.Find(figure, "rect", "bar").Count()));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(0)]
    public async Task Hostile_texts_neither_break_the_page_nor_become_markup(int seed)
    {
        seed = seed == 0 ? RandomNumberGenerator.GetInt32(int.MaxValue) : seed;
        var random = new Random(seed);
        string[] elements =
        [
            "html", "head", "meta", "link", "title", "style", "body", "main", "header", "div", "span", "h1", "p", "time", "b", "dl", "dt", "dd", "code", "bdi",
            "input", "select", "option", "button", "section", "h2", "details", "summary", "svg", "rect", "h3", "h4", "table", "thead", "tr", "th", "tbody", "td",
            "figure", "desc", "defs", "pattern", "line", "text", "path", "g", "circle", "tspan", "figcaption", "i", "ol", "li", "footer", "ul", "script", "a",
        ];
        for (var step = 0; step < 60; step++)
        {
            var where = $"seed {seed}, step {step}";
            ParsedReport page;
            try
            {
                page = await ParsedReport.OfAsync(HostileText.Report(random, () => HostileText.Next(random)));
            }
            catch (Exception error) when (error is not Xunit.Sdk.XunitException)
            {
                throw new Xunit.Sdk.XunitException($"{where}: {error}");
            }

            Assert.True(page.Root.Descendants().All(element => elements.Contains(element.Name.LocalName)), where);
            Assert.True(page.Root.Descendants().Attributes().All(attribute => !attribute.Name.LocalName.StartsWith("on", StringComparison.OrdinalIgnoreCase) && attribute.Name.LocalName != "style"), where);
            Assert.True(page.All("script").Count() == 1 && page.All("style").Count() == 1, where);
            Assert.True(!page.Text.AsSpan().ContainsAny("\u202E\u200B\0\u001B\uFEFF"), where);
            Assert.True(page.Root.Descendants().Attributes("href").All(href => href.Value is "data:," or "#reading"), where);
        }
    }

    [Fact]
    public async Task Hostile_samples_are_shown_for_what_they_are()
    {
        var report = new ReportFixture().Report();
        var hostile = report.Subjects[0] with
        {
            User = "a\u202Egnp.exe",
            Recommendation = "\"><img src=x onerror=alert(1)>",
            UserAgents = [new(new string('x', 10_240), 3)],
        };

        var page = await ParsedReport.OfAsync(report with { Subjects = [hostile] });

        Assert.Contains("a⟨U+202E⟩gnp.exe", page.Visible, StringComparison.Ordinal);
        Assert.Contains("\"><img src=x onerror=alert(1)>", page.Visible, StringComparison.Ordinal);
        Assert.Contains("x… (+9,940 characters)", page.Visible, StringComparison.Ordinal);
        Assert.Empty(page.All("img"));
    }

    private static string Digest(string text) => $"sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(text)))}";

    private static string Squeeze(string text) => string.Join(' ', text.Split(' ', StringSplitOptions.RemoveEmptyEntries));
}
