using System.Collections.Immutable;
using AutoGuard.Core.Reporting;

namespace AutoGuard.Reports;

/// <summary>What came of decisions, in the HTML report.</summary>
internal static class HtmlAftermath
{
    /// <summary>A chip with what the traffic did.</summary>
    public static void Chip(Markup page, string effect) => page.Element("span", $"chip {Tone(effect)}", ReportWords.Effect(effect));

    /// <summary>The cell's content for one decision: the effect, the engines, and whose place it takes.</summary>
    public static void Write(Markup page, Aftermath aftermath)
    {
        if (aftermath.Effect is { } effect)
        {
            Chip(page, effect);
            if (aftermath.EffectDetail is { } detail)
            {
                page.Text(" ").Foreign("soft", detail, 300);
            }
        }
        foreach (EngineOutcome outcome in aftermath.Engines)
        {
            page.Open("div").Foreign("mono", outcome.Engine, 40).Text($": {ReportWords.Outcome(outcome)}");
            if (outcome.Detail is { Length: > 0 } why)
            {
                page.Text(" ").Foreign("soft", why, 300);
            }
            page.Close();
        }
        if (aftermath.InPlaceOf is { } parent)
        {
            page.Open("div", "soft").Text("In place of ").Foreign("mono", parent, 40).Text(": ").Foreign(null, aftermath.InPlaceBecause ?? "", 300).Close();
        }
    }

    /// <summary>The engines in the head of the report: a line of figures, and a warning for each that can do nothing.</summary>
    public static void WriteEngines(Markup page, ImmutableArray<EngineSummary> engines)
    {
        foreach (EngineSummary engine in engines.Where(static engine => engine.Problem is not null))
        {
            page.Open("p", "notice").Open("b").Foreign(null, engine.Engine, 40).Text(" ").Foreign(null, engine.Problem!, 100).Text(".").Close()
                .Text(" Decisions for it wait and are sent when it can take them.").Close();
        }
    }

    private static string Tone(string effect) => effect switch
    {
        "stopped" => "release",
        "continued" => "block",
        "moved" or "draining" => "flag",
        _ => "plain",
    };
}
