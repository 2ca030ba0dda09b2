using System.Globalization;
using AutoGuard.Core.Policy;
using AutoGuard.Core.Reporting;

namespace AutoGuard.Reports;

/// <summary>One subject of the HTML report: what matters in the summary line, everything else unfolds below.</summary>
internal sealed class HtmlSubject(FlaggedSubject subject, ReportClock clock, int place)
{
    private readonly Decision? _deciding = SubjectEvidence.Deciding(subject);
    private readonly Timeline _timeline = new(subject, clock, $"t{place.ToString(CultureInfo.InvariantCulture)}");

    public void Write(Markup page)
    {
        var action = ReportWords.Name(SubjectEvidence.Strongest(subject));
        page.Open("details", $"card {action}")
            .With("id", $"s{place.ToString(CultureInfo.InvariantCulture)}")
            .With("data-action", action)
            .With("data-place", place)
            .With("data-score", double.IsFinite(subject.Score) ? subject.Score : 0)
            .With("data-time", subject.Decisions.Select(decision => decision.Time).DefaultIfEmpty().Max())
            .With("data-sessions", subject.Sessions)
            .With("data-concurrency", subject.MaxConcurrency);
        if (place == 1)
        {
            page.With("open", "open");
        }

        WriteSummary(page);
        page.Open("div", "body");
        WriteNext(page);
        WriteReasons(page);
        WriteTimeline(page);
        new HtmlTraffic(subject, clock).Write(page);
        WriteDecisions(page);
        page.Close().Close();
    }

    private void WriteSummary(Markup page)
    {
        page.Open("summary");
        page.Open("div", "score").Element("b", null, ReportWords.Score(subject.Score));
        Bar(page, subject.Score, "score");
        page.Close();
        page.Open("div", "text").Open("div", "who");
        page.Open("h3").Foreign("mono", subject.Subject.Value, 256).Close();
        if (subject.User is { } user)
        {
            page.Open("span", "chip plain").Text("user ").Foreign(null, user, 128).Close();
        }

        if (subject.Organization is { } organization)
        {
            page.Open("span", "chip plain").Text("organization ").Foreign(null, organization, 128).Close();
        }

        foreach (var decision in SubjectEvidence.Done(subject))
        {
            WriteChip(page, decision);
        }

        if (SubjectEvidence.Effect(subject) is { } effect)
        {
            HtmlAftermath.Chip(page, effect);
        }

        if (subject.Allowlisted is not null)
        {
            page.Element("span", "chip release", "On the allowlist");
        }

        page.Close();
        page.Open("p", "why").Foreign(null, SubjectEvidence.MainReason(subject), 400).Close();
        page.Element("div", "facts", Facts());
        page.Close();
        page.Open("span", "arrow").With("aria-hidden", "true").Close();
        page.Close();
    }

    private void WriteChip(Markup page, Decision decision)
    {
        var observed = decision.Mode == EnforcementMode.Observe && decision.Action != DecisionAction.Flag ? " observed" : "";
        page.Open("span", $"chip {ReportWords.Name(decision.Action)}{observed}");
        page.Text($"{ReportWords.Done(decision.Action, decision.Mode)} ").Time(null, decision.Time, clock.Short(decision.Time));
        if (decision.Expires is { } expires)
        {
            page.Text(" until ").Time(null, expires, clock.Short(expires));
        }

        page.Close();
    }

    private string Facts()
    {
        if (!SubjectEvidence.HasTraffic(subject))
        {
            return "Details of the sessions were not kept.";
        }

        var facts = new List<string>
        {
            ReportWords.Count(subject.Sessions, "session", "sessions"),
            $"at most {ReportWords.Number(subject.MaxConcurrency)} at once",
        };
        if (subject.Subject.Type != SubjectType.Ip)
        {
            facts.Add(ReportWords.Count(subject.Addresses, "address", "addresses"));
        }

        if (subject.Subject.Type != SubjectType.Token)
        {
            facts.Add(ReportWords.Count(subject.Tokens, "token", "tokens"));
        }

        var countries = subject.Countries.Take(4).Select(tally => VisibleText.Of(tally.Name, 8)).ToList();
        if (countries.Count > 0)
        {
            facts.Add(string.Join(", ", countries) + (subject.Countries.Length > 4 ? " …" : ""));
        }

        facts.Add($"{ReportWords.Duration(subject.DurationSum)} watched");
        return string.Join(" · ", facts);
    }

    private void WriteNext(Markup page)
    {
        page.Open("div", "next");
        page.Open("p").Element("b", null, "Suggested: ").Foreign(null, subject.Recommendation, 600).Close();
        if (subject.Allowlisted is { } allowlisted)
        {
            page.Open("p", "allow").Element("b", null, "On the allowlist, so nothing is enforced: ").Foreign(null, allowlisted, 300).Close();
        }

        if (_deciding is not null)
        {
            page.Element("p", "soft", HarmSentence(_deciding));
        }

        if (_deciding is { Except.IsDefaultOrEmpty: false })
        {
            page.Element("p", "soft", SparedSentence(_deciding));
        }

        if (_deciding?.Follows is { } follows)
        {
            page.Open("p", "soft").Text("It goes on where a revoked token left off; that was decision ").Foreign("mono", follows, 40).Text(".").Close();
        }

        page.Close();
    }

    /// <summary>Says where a revoked token stays good.</summary>
    private static string SparedSentence(Decision decision)
    {
        string networks = ReportWords.Listing([.. decision.Except.Select(network => network.ToString())]);
        return decision.Mode == EnforcementMode.Enforce
            ? $"Its user goes on watching where the token was first: it stays good at {networks}. Engines that know no exceptions refuse it there too."
            : $"Its user would go on watching where the token was first: it would stay good at {networks}.";
    }

    /// <summary>Says who else an action cuts off, in the tense and mood that fit what was done.</summary>
    private static string HarmSentence(Decision decision)
    {
        var harm = decision.Harm;
        var enforced = decision.Mode == EnforcementMode.Enforce && decision.Action is DecisionAction.Block or DecisionAction.Revoke;
        if (harm is { OtherTokens: 0, OtherUsers: 0, OtherSessions: 0 })
        {
            return enforced ? "Nobody else was cut off." : "Cutting it off would have touched nobody else.";
        }

        var others = ReportWords.Listing(
        [
            ReportWords.Count(harm.OtherTokens, "other token", "other tokens"),
            ReportWords.Count(harm.OtherUsers, "other user", "other users"),
            ReportWords.Count(harm.OtherSessions, "running session", "running sessions"),
        ]);
        return enforced ? $"Also cut off: {others}." : $"Would also have cut off: {others}.";
    }

    private void WriteReasons(Markup page)
    {
        page.Element("h4", null, "Why");
        if (_deciding is null || _deciding.Reasons.IsDefaultOrEmpty)
        {
            page.Element("p", "soft", SubjectEvidence.NoReason);
            return;
        }

        page.Open("table").Open("thead").Open("tr");
        foreach (var heading in (string[])["Indicator", "Measured", "Threshold", "Grade", "Share of score", "In words"])
        {
            page.Open("th").With("scope", "col").Text(heading).Close();
        }

        page.Close().Close().Open("tbody");
        foreach (var reason in _deciding.Reasons)
        {
            var words = IndicatorWords.Of(reason.Indicator);
            page.Open("tr").Open("td", "lead");
            page.Element("span", words.Letter.Length > 0 ? "letter" : "letter none", words.Letter);
            page.Open("span").With("title", VisibleText.Of(reason.Indicator, 64)).Text(words.Title).Close().Close();
            Cell(page, "num", "Measured").Text(words.Format(reason.Value)).Close();
            Cell(page, "num", "Threshold").Text(words.Format(reason.Threshold)).Close();
            Cell(page, "num grade", "Grade").Open("span").Text(ReportWords.Score(reason.Grade)).Close();
            Bar(page, reason.Grade, "grade");
            page.Close();
            Cell(page, "num", "Share of score").Text(ReportWords.Score(reason.Contribution)).Close();
            Cell(page, "say", "In words").Foreign(null, reason.Text, 400).Close();
            page.Close();
        }

        page.Close().Close();
    }

    private void WriteTimeline(Markup page)
    {
        if (subject.Timeline.IsDefaultOrEmpty)
        {
            return;
        }

        page.Element("h4", null, "Timeline");
        if (place <= HtmlReportWriter.MostTimelines)
        {
            _timeline.Write(page);
        }
        else
        {
            page.Element("p", "soft", "Not drawn, to keep this page small; the JSON report has every session.");
        }
    }

    private void WriteDecisions(Markup page)
    {
        if (subject.Decisions.IsDefaultOrEmpty)
        {
            return;
        }

        page.Element("h4", null, "What was done");
        page.Open("table").Open("thead").Open("tr");
        foreach (var heading in (string[])["Decision", "Time", "Until", .. subject.Aftermath.IsDefaultOrEmpty ? Array.Empty<string>() : ["What came of it"], "Score", "Policy", "Source", "Id"])
        {
            page.Open("th").With("scope", "col").Text(heading).Close();
        }

        page.Close().Close().Open("tbody");
        foreach (var decision in subject.Decisions)
        {
            var number = place <= HtmlReportWriter.MostTimelines && !subject.Timeline.IsDefaultOrEmpty ? _timeline.NumberOf(decision) : 0;
            page.Open("tr").Open("td", "lead");
            if (number > 0)
            {
                page.Element("span", "letter", number.ToString(CultureInfo.InvariantCulture));
            }

            page.Text(ReportWords.Done(decision.Action, decision.Mode)).Close();
            Cell(page, "num", "Time").Time(null, decision.Time, clock.Second(decision.Time)).Close();
            Cell(page, "num", "Until").Text(decision.Expires is { } expires ? clock.Minute(expires) : "–").Close();
            WriteAftermath(page, decision);
            Cell(page, "num", "Score").Text(ReportWords.Score(decision.Score)).Close();
            Cell(page, "num", "Policy").Open("code").With("title", VisibleText.Of(decision.Policy, 128)).Text(ReportWords.Fingerprint(decision.Policy, 8)).Close().Close();
            Cell(page, null, "Source").Open("span").Foreign("mono", decision.Source.Topic, 128)
                .Text(string.Create(CultureInfo.InvariantCulture, $" [{decision.Source.Partition}] @ {decision.Source.Offset}")).Close().Close();
            Cell(page, null, "Id").Foreign("mono", decision.Id, 40).Close();
            page.Close();
        }

        page.Close().Close();
    }

    private void WriteAftermath(Markup page, Decision decision)
    {
        if (subject.Aftermath.IsDefaultOrEmpty)
        {
            return;
        }

        Cell(page, "say", "What came of it");
        if (subject.Aftermath.FirstOrDefault(one => one.DecisionId == decision.Id) is { } aftermath)
        {
            HtmlAftermath.Write(page, aftermath);
        }
        else
        {
            page.Text("–");
        }

        page.Close();
    }

    private static Markup Cell(Markup page, string? cssClass, string label) => page.Open("td", cssClass).With("data-label", label);

    private static void Bar(Markup page, double share, string what)
    {
        var width = double.IsFinite(share) ? Math.Clamp(share, 0, 1) * 100 : 0;
        page.Open("svg").With("role", "img").With("aria-label", $"{what} {ReportWords.Score(share)}").With("width", "100%").With("height", "6");
        page.Open("rect", "rail").With("width", "100%").With("height", "6").With("rx", "3").Close();
        page.Open("rect", "fill").With("width", width, "%").With("height", "6").With("rx", "3").Close().Close();
    }
}
