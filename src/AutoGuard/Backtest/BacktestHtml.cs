using System.Collections.Immutable;
using System.Globalization;
using AutoGuard.Core.Policy;
using AutoGuard.Reports;

namespace AutoGuard.Backtest;

/// <summary>A backtest as one HTML file that needs nothing else, in the look of the other reports.</summary>
internal static class BacktestHtml
{
    private const int MostSubjects = 2_000;
    private const int ValueLimit = 200;

    /// <summary>Writes the page.</summary>
    public static void Write(BacktestReport report, Stream stream)
    {
        using Markup page = new(stream);
        page.Open("html").With("lang", "en");
        WriteHead(page);
        page.Open("body").Open("main");
        page.Open("header").Open("div", "top").Open("span").Element("span", "brand", "AutoGuard").Text(" · Backtest").Close().Close();
        page.Element("h1", null, Title(report));
        page.Open("p", "soft").Text(Say($"{report.Events:N0} events from ")).Foreign(null, string.Join(", ", report.Files), ValueLimit).Close().Close();
        WriteSides(page, report);
        WriteSettings(page, report);
        foreach (Difference kind in Enum.GetValues<Difference>())
        {
            WriteDifferences(page, kind, [.. report.Differences.Where(d => d.Kind == kind)]);
        }
        if (report.Sparing is { } sparing)
        {
            WriteSparing(page, sparing);
        }
        page.Close().Close().Close();
    }

    private static string Title(BacktestReport report) => report.Against is null
        ? "What would have spared one subject"
        : Say($"Two configurations: {report.Differences.Length:N0} subjects decided otherwise, {report.Same:N0} alike");

    private static void WriteHead(Markup page)
    {
        page.Open("head");
        page.Open("meta").With("charset", "utf-8").CloseVoid();
        page.Open("meta").With("http-equiv", "Content-Security-Policy").With("content", HtmlAssets.SecurityPolicy).CloseVoid();
        page.Open("meta").With("name", "viewport").With("content", "width=device-width, initial-scale=1").CloseVoid();
        page.Open("meta").With("name", "referrer").With("content", "no-referrer").CloseVoid();
        page.Open("meta").With("name", "robots").With("content", "noindex").CloseVoid();
        page.Open("link").With("rel", "icon").With("href", "data:,").CloseVoid();
        page.Element("title", null, "AutoGuard backtest");
        page.Open("style").Raw(HtmlAssets.Style).Close();
        page.Close();
    }

    private static void WriteSides(Markup page, BacktestReport report)
    {
        BacktestSide? against = report.Against;
        List<(string Name, string Base, string? Against)> rows =
        [
            ("subjects decided on", Say($"{report.Base.Subjects:N0}"), Number(against?.Subjects)),
            ("flags", Say($"{report.Base.Flags:N0}"), Number(against?.Flags)),
            ("blocks", Say($"{report.Base.Blocks:N0}"), Number(against?.Blocks)),
            ("revocations", Say($"{report.Base.Revocations:N0}"), Number(against?.Revocations)),
        ];
        if (report.Base.Labels is { } labels)
        {
            rows.AddRange(BacktestText.Rows().Select(row => (row.Name.Trim(), row.Value(labels), against?.Labels is { } other ? row.Value(other) : null)));
        }
        Table(page, against is null ? ["", "base"] : ["", "base", "other"], rows.Select<(string, string, string?), Action>(row => () =>
        {
            Cell(page, "lead", "", row.Item1);
            Cell(page, "num", "base", row.Item2);
            if (row.Item3 is { } other)
            {
                Cell(page, "num", "other", other);
            }
        }));
    }

    private static void WriteSettings(Markup page, BacktestReport report)
    {
        if (report.Against is null)
        {
            return;
        }
        page.Element("h2", null, "Settings that differ");
        if (report.Settings.IsEmpty)
        {
            page.Element("p", "soft", "None.");
            return;
        }
        Table(page, ["key", "base", "other"], report.Settings.Select<SettingChange, Action>(change => () =>
        {
            Foreign(page, "lead", "key", change.Key);
            Foreign(page, "", "base", change.From);
            Foreign(page, "", "other", change.To);
        }));
    }

    private static void WriteDifferences(Markup page, Difference kind, ImmutableArray<SubjectDifference> differences)
    {
        if (differences.IsEmpty)
        {
            return;
        }
        string title = kind switch
        {
            Difference.OnlyBase => "Only in the base configuration",
            Difference.OnlyAgainst => "Only in the other configuration",
            _ => "Changed",
        };
        page.Open("h2").Text(title).Element("span", null, Say($"{differences.Length:N0}")).Close();
        Table(page, ["subject", "base", "other", "why"], differences.Take(MostSubjects).Select<SubjectDifference, Action>(difference => () =>
        {
            WriteSubject(page, difference.Subject, difference.Organization);
            Cell(page, "", "base", BacktestText.Of(difference.Base));
            Cell(page, "", "other", BacktestText.Of(difference.Against));
            page.Open("td").With("data-label", "why");
            foreach (IndicatorDifference indicator in difference.Indicators)
            {
                page.Element("p", null, BacktestText.Of(indicator));
            }
            page.Foreign("soft", difference.Note, ValueLimit).Close();
        }));
        if (differences.Length > MostSubjects)
        {
            page.Element("p", "soft", Say($"and {differences.Length - MostSubjects:N0} more; the report as JSON has all."));
        }
    }

    private static void WriteSparing(Markup page, SparingReport sparing)
    {
        page.Open("h2").Text("What would have spared ").Text(sparing.Subject.TypeName + " ").Foreign("mono", sparing.Subject.Value, ValueLimit).Close();
        page.Element("p", null, sparing.Decisions.IsEmpty
            ? Say($"Nothing was decided on it; its highest score is {sparing.HighestScore:0.00}.")
            : $"Decided on it: {BacktestText.Of(sparing.Decisions)}.");
        if (!sparing.Changes.IsEmpty)
        {
            page.Element("p", "soft", "Each change was tried on the recording; the least harmful comes first.");
            Table(page, ["aim", "change", "others lost", "others weaker", "new", "incidents lost"], sparing.Changes.Select<SparingChange, Action>(change => () =>
            {
                Cell(page, "lead", "aim", BacktestText.Of(change.Goal));
                Cell(page, "mono", "change", string.Join(", ", change.Settings.Select(BacktestText.Of)));
                Cell(page, "num", "others lost", Say($"{change.Lost.Length}"));
                Cell(page, "num", "others weaker", Say($"{change.Weakened.Length}"));
                Cell(page, "num", "new", Say($"{change.Gained.Length}"));
                Foreign(page, "", "incidents lost", change.IncidentsLost is { } lost ? string.Join(", ", lost) : "no labels");
            }));
        }
        foreach (string futile in BacktestText.Futile(sparing))
        {
            page.Element("p", "soft", futile + ".");
        }
    }

    private static void Table(Markup page, string[] heads, IEnumerable<Action> rows)
    {
        page.Open("table").Open("thead").Open("tr");
        foreach (string head in heads)
        {
            page.Element("th", null, head);
        }
        page.Close().Close().Open("tbody");
        foreach (Action row in rows)
        {
            page.Open("tr");
            row();
            page.Close();
        }
        page.Close().Close();
    }

    private static void WriteSubject(Markup page, Subject subject, string? organization)
    {
        page.Open("td").With("data-label", "subject").Text(subject.TypeName + " ").Foreign("mono", subject.Value, ValueLimit);
        if (organization is not null)
        {
            page.Text(" of ").Foreign(null, organization, ValueLimit);
        }
        page.Close();
    }

    private static void Cell(Markup page, string cssClass, string label, string text) =>
        page.Open("td", cssClass).With("data-label", label).Text(text).Close();

    private static void Foreign(Markup page, string cssClass, string label, string text) =>
        page.Open("td", cssClass).With("data-label", label).Foreign(null, text, ValueLimit).Close();

    private static string? Number(int? value) => value is { } known ? Say($"{known:N0}") : null;

    private static string Say(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
