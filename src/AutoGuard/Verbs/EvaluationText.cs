using System.Globalization;
using System.Text;
using AutoGuard.Live;
using AutoGuard.Simulation.Labels;
using AutoGuard.Simulation.Profiles;

namespace AutoGuard.Verbs;

/// <summary>An evaluation against labels as plain text.</summary>
internal static class EvaluationText
{
    private const int MostFalse = 20;

    /// <summary>Precision and recall, time to detection, what blocks would have meant for sessions, families, and whom wrong decisions hit.</summary>
    public static string Of(EvaluationResult result)
    {
        StringBuilder text = new();
        Line(text, $"flags:  precision {result.Flags.Precision:P1}, recall {result.Flags.Recall:P1} ({result.Flags.Caught} of {result.Flags.Incidents} incidents)");
        Line(text, $"blocks: precision {result.Blocks.Precision:P1}, recall {result.Blocks.Recall:P1} ({result.Blocks.Caught} of {result.Blocks.Incidents} incidents)");
        Line(text, $"caught at the expected level: easy {Rate(result, Difficulty.Easy)}, slow {Rate(result, Difficulty.Slow)}, hard {Rate(result, Difficulty.Hard)}");
        Line(text, $"time to detection: median {Span(result.MedianTimeToDetection)}, 90 % within {Span(result.P90TimeToDetection)}");
        foreach (PartResult part in result.Difficulties.Concat(result.Levels).Where(d => d.Incidents > 0))
        {
            string prevented = part.Sessions == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"; {part.Prevented:N0} of {part.Sessions:N0} sessions prevented");
            Line(text, $"  {part.Name,-20} median {Span(part.MedianTimeToDetection)}, 90 % within {Span(part.P90TimeToDetection)}{prevented}");
        }
        Sessions(text, result.Impact);
        foreach (FamilyResult family in result.Families)
        {
            Line(text, $"  {family.Kind,-20} {family.Difficulty,-6} caught {family.Caught} of {family.Incidents}, as expected {family.CaughtAsExpected}, flags right {Share(family.Flags)}, blocks right {Share(family.Blocks)}, within {Span(family.MedianTimeToDetection)}");
        }
        foreach (FalseSubject subject in result.FalseSubjects.Take(MostFalse))
        {
            string value = TerminalText.Visible(subject.Subject.Value, 100);
            Line(text, $"  wrong: {SummaryText.Name(subject.Action)} {subject.Subject.TypeName} {value}{(subject.NeverTouch ? " (must never be touched)" : "")}{Hit(subject)}");
        }
        if (result.FalseSubjects.Length > MostFalse)
        {
            Line(text, $"  and {result.FalseSubjects.Length - MostFalse} more");
        }
        return text.ToString();
    }

    private static void Sessions(StringBuilder text, SessionImpact? impact)
    {
        if (impact is null)
        {
            return;
        }
        Line(text, $"sessions, were the blocks enforced: {impact.Prevention:P1} of misuse prevented ({impact.MisusePrevented:N0} of {impact.MisuseSessions:N0}), {impact.HonestRefusedPerMillion:N0} honest ones refused per million ({impact.HonestRefused:N0} of {impact.HonestSessions:N0})");
        foreach (HonestImpact honest in impact.Honest.Where(h => h.Refused > 0))
        {
            Line(text, $"  {honest.Kind,-20} refused {honest.Refused:N0} of {honest.Sessions:N0} sessions");
        }
    }

    private static string Hit(FalseSubject subject)
    {
        IEnumerable<string> whose = subject.Honest.Select(h => string.Create(CultureInfo.InvariantCulture, $"{h.Sessions} sessions of {h.Kind}"));
        if (subject.MisuseSessions > 0)
        {
            whose = whose.Append(string.Create(CultureInfo.InvariantCulture, $"{subject.MisuseSessions} of misuse{(subject.Incident is { } incident ? $", mostly {incident}" : "")}"));
        }
        string text = string.Join(", ", whose);
        return text.Length == 0 ? "" : $": {text}";
    }

    private static string Rate(EvaluationResult result, Difficulty difficulty)
    {
        (int caught, int incidents) = result.Expected(difficulty);
        return string.Create(CultureInfo.InvariantCulture, $"{caught} of {incidents}");
    }

    private static string Share(DecisionQuality quality) =>
        string.Create(CultureInfo.InvariantCulture, $"{quality.TrueSubjects} of {quality.TrueSubjects + quality.FalseSubjects}");

    private static void Line(StringBuilder text, FormattableString line) =>
        text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');

    private static string Span(TimeSpan? span) =>
        span is { } known ? string.Create(CultureInfo.InvariantCulture, $"{known.TotalSeconds:0} s") : "-";
}
