using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using AutoGuard.Core.Policy;
using AutoGuard.Live;
using AutoGuard.Verbs;

namespace AutoGuard.Backtest;

/// <summary>A backtest as plain text for a terminal.</summary>
internal sealed class BacktestText
{
    private const int MostSubjects = 20;
    private const int MostIndicators = 5;
    private const int LineWidth = 400;
    private const int ValueWidth = 100;

    private readonly StringBuilder _text = new();

    private BacktestText()
    {
    }

    /// <summary>The whole report; long lists are cut and say by how much.</summary>
    public static string Of(BacktestReport report)
    {
        BacktestText text = new();
        text.WriteSides(report);
        if (report.Against is not null)
        {
            text.WriteSettings(report.Settings);
            text.WriteDifferences(report, Difference.OnlyBase, "Only in the base configuration");
            text.WriteDifferences(report, Difference.OnlyAgainst, "Only in the other configuration");
            text.WriteDifferences(report, Difference.Changed, "Changed");
        }
        if (report.Sparing is { } sparing)
        {
            text.WriteSparing(sparing);
        }
        return text._text.ToString();
    }

    /// <summary>Grades of an indicator under both configurations, as words.</summary>
    public static string Of(IndicatorDifference difference)
    {
        string weights = difference is { BaseWeight: { } one, AgainstWeight: { } other } && one != other
            ? Say($", weight {one:0.##} -> {other:0.##}")
            : "";
        return $"{difference.Indicator}: grade {Grade(difference.Base)} -> {Grade(difference.Against)}{weights}";
    }

    /// <summary>Action, time and score of each decision, in a line.</summary>
    public static string Of(ImmutableArray<Decision> decisions) => decisions.IsEmpty
        ? "nothing"
        : string.Join(", ", decisions.Select(d => Say($"{SummaryText.Name(d.Action)} {Time(d.Time)} ({d.Score:0.00})")));

    /// <summary>What a goal asks for, as a heading.</summary>
    public static string Of(SparingGoal goal) => goal == SparingGoal.NotBlocked ? "To be flagged at most" : "To be left alone";

    /// <summary>The setting before and after.</summary>
    public static string Of(SettingChange change) => $"{change.Key} {change.From} -> {change.To}";

    /// <summary>Sentences on the indicators that alone are not enough.</summary>
    public static IEnumerable<string> Futile(SparingReport sparing) => sparing.Futile.GroupBy(futile => (futile.Goal, futile.Reason)).Select(group =>
        $"{Of(group.Key.Goal)}: raising {string.Join(" or ", group.Select(futile => futile.Name))} alone does not do: {group.Key.Reason}");

    private static string Grade(double? grade) => grade is { } known ? Say($"{known:0.00}") : "off";

    private void WriteSides(BacktestReport report)
    {
        Line($"{report.Events:N0} events");
        Line($"base:  {Sums(report.Base)}");
        if (report.Against is { } against)
        {
            Line($"other: {Sums(against)}");
            Line($"alike on {Subjects(report.Same)}, different on {Subjects(report.Differences.Length)}");
        }
        if (report.Base.Labels is { } labels)
        {
            WriteLabels(labels, report.Against?.Labels);
        }
    }

    private static string Sums(BacktestSide side) =>
        Say($"{Subjects(side.Subjects)}; flag {side.Flags:N0}, block {side.Blocks:N0}, revoke {side.Revocations:N0}");

    private static string Subjects(int count) => Say($"{count:N0} {(count == 1 ? "subject" : "subjects")}");

    private void WriteLabels(LabelMatrix one, LabelMatrix? other)
    {
        Line($"");
        Line($"{"Against the labels",-44}{"base",10}{(other is null ? "" : "other"),10}");
        foreach ((string name, Func<LabelMatrix, string> value) in Rows())
        {
            Line($"  {name,-42}{value(one),10}{(other is null ? "" : value(other)),10}");
        }
    }

    /// <summary>The rows of the confusion matrix.</summary>
    public static IEnumerable<(string Name, Func<LabelMatrix, string> Value)> Rows()
    {
        yield return ("incidents caught", m => Say($"{m.Caught}"));
        yield return ("  as strongly as expected", m => Say($"{m.CaughtAsExpected}"));
        yield return ("incidents missed", m => Say($"{m.Missed}"));
        yield return ("odd but honest subjects left alone", m => Say($"{m.HonestLeftAlone}"));
        yield return ("odd but honest subjects decided on", m => Say($"{m.HonestTouched}"));
        yield return ("subjects flagged or blocked rightly", m => Say($"{m.FlagsRight}"));
        yield return ("subjects flagged or blocked wrongly", m => Say($"{m.FlagsWrong}"));
        yield return ("  of the right ones blocked", m => Say($"{m.BlocksRight}"));
        yield return ("  of the wrong ones blocked", m => Say($"{m.BlocksWrong}"));
        yield return ("median time to detection", m => m.MedianSecondsToDetection is { } seconds ? Say($"{seconds:0} s") : "-");
    }

    private void WriteSettings(ImmutableArray<SettingChange> settings)
    {
        Line($"");
        Line($"Settings that differ:{(settings.IsEmpty ? " none" : "")}");
        foreach (SettingChange change in settings)
        {
            Line($"  {Of(change)}");
        }
    }

    private void WriteDifferences(BacktestReport report, Difference kind, string title)
    {
        ImmutableArray<SubjectDifference> differences = [.. report.Differences.Where(d => d.Kind == kind)];
        Line($"");
        Line($"{title}: {Subjects(differences.Length)}");
        foreach (SubjectDifference difference in differences.Take(MostSubjects))
        {
            string organization = difference.Organization is { } tenant ? $" of {TerminalText.Visible(tenant, 60)}" : "";
            string decisions = kind switch
            {
                Difference.OnlyBase => Of(difference.Base),
                Difference.OnlyAgainst => Of(difference.Against),
                _ => $"{Of(difference.Base)} -> {Of(difference.Against)}",
            };
            Line($"  {difference.Subject.TypeName,-8}  {TerminalText.Visible(difference.Subject.Value, ValueWidth)}{organization}: {decisions}");
            foreach (IndicatorDifference indicator in difference.Indicators.Take(MostIndicators))
            {
                Line($"      {Of(indicator)}");
            }
            if (difference.Note.Length > 0)
            {
                Line($"      {difference.Note}");
            }
        }
        More(differences.Length);
    }

    private void WriteSparing(SparingReport sparing)
    {
        string subject = $"{sparing.Subject.TypeName} {TerminalText.Visible(sparing.Subject.Value, ValueWidth)}";
        Line($"");
        if (sparing.Decisions.IsEmpty)
        {
            Line($"Nothing was decided on {subject}; its highest score is {sparing.HighestScore:0.00}.");
            return;
        }
        Line($"What would have spared {subject}: {Of(sparing.Decisions)}");
        foreach (IGrouping<SparingGoal, SparingChange> goal in sparing.Changes.GroupBy(change => change.Goal))
        {
            Line($"{Of(goal.Key)}, each change tried on the recording, the least harmful first:");
            Line($"  {"lost",6}{"weaker",8}{"new",6}  {(sparing.Changes[0].IncidentsLost is null ? "" : "incidents lost  ")}change");
            foreach (SparingChange change in goal)
            {
                string incidents = change.IncidentsLost is { } lost ? Say($"{lost.Length,14}  ") : "";
                Line($"  {change.Lost.Length,6}{change.Weakened.Length,8}{change.Gained.Length,6}  {incidents}{string.Join(", ", change.Settings.Select(Of))}");
            }
        }
        if (!sparing.Changes.IsEmpty)
        {
            Line($"lost: other subjects no longer decided on; weaker: flagged and no longer blocked; new: newly decided on");
        }
        foreach (string futile in Futile(sparing))
        {
            Line($"{futile}");
        }
        Line($"An entry in section Allowlist spares it whatever it does.");
    }

    private void More(int count)
    {
        if (count > MostSubjects)
        {
            Line($"  and {count - MostSubjects:N0} more; --report OUT.json has all");
        }
    }

    private void Line(FormattableString line) => _text.Append(TerminalText.Visible(Say(line).TrimEnd(), LineWidth)).Append('\n');

    private static string Time(long milliseconds) =>
        DateTimeOffset.FromUnixTimeMilliseconds(milliseconds).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    private static string Say(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
