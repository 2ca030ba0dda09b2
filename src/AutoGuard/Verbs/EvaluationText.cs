using System.Globalization;
using System.Text;
using AutoGuard.Live;
using AutoGuard.Simulation.Labels;

namespace AutoGuard.Verbs;

/// <summary>An evaluation against labels as plain text.</summary>
internal static class EvaluationText
{
    private const int MostFalse = 20;

    /// <summary>Precision, recall, time to detection, kinds, and the subjects wrongly decided on.</summary>
    public static string Of(EvaluationResult result)
    {
        StringBuilder text = new();
        Line(text, $"flags:  precision {result.Flags.Precision:P1}, recall {result.Flags.Recall:P1} ({result.Flags.Caught} of {result.Flags.Incidents} incidents)");
        Line(text, $"blocks: precision {result.Blocks.Precision:P1}, recall {result.Blocks.Recall:P1} ({result.Blocks.Caught} of {result.Blocks.Incidents} incidents)");
        Line(text, $"time to detection: median {Span(result.MedianTimeToDetection)}, 90 % within {Span(result.P90TimeToDetection)}");
        foreach (FamilyResult group in result.Families)
        {
            Line(text, $"  {group.Kind,-20} {group.Difficulty,-6} caught {group.Caught} of {group.Incidents}, as expected {group.CaughtAsExpected}");
        }
        foreach (FalseSubject subject in result.FalseSubjects.Take(MostFalse))
        {
            Line(text, $"  wrong: {SummaryText.Name(subject.Action)} {subject.Subject.TypeName} {TerminalText.Visible(subject.Subject.Value, 100)}{(subject.NeverTouch ? " (must never be touched)" : "")}");
        }
        if (result.FalseSubjects.Length > MostFalse)
        {
            Line(text, $"  and {result.FalseSubjects.Length - MostFalse} more");
        }
        return text.ToString();
    }

    private static void Line(StringBuilder text, FormattableString line) =>
        text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');

    private static string Span(TimeSpan? span) =>
        span is { } known ? string.Create(CultureInfo.InvariantCulture, $"{known.TotalSeconds:0} s") : "-";
}
