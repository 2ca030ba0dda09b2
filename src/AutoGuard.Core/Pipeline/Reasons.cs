using System.Collections.Immutable;
using AutoGuard.Core.Configuration;
using AutoGuard.Core.Indicators;
using AutoGuard.Core.Policy;
using AutoGuard.Core.Scoring;

namespace AutoGuard.Core.Pipeline;

/// <summary>Turns readings into the reasons of a decision.</summary>
internal static class Reasons
{
    /// <summary>The readings that speak against the subject, largest contribution first.</summary>
    public static ImmutableArray<DecisionReason> Of(ReadOnlySpan<Reading> readings, TokenWorkflow workflow)
    {
        Span<double> contributions = stackalloc double[IndicatorPanel.MostReadings];
        RiskScore.Contributions(readings, contributions);
        List<DecisionReason> reasons = [];
        for (int i = 0; i < readings.Length; i++)
        {
            if (readings[i].Grade > 0)
            {
                reasons.Add(new DecisionReason(
                    readings[i].Indicator.ToString(),
                    Math.Round(readings[i].Grade, 6),
                    Math.Round(readings[i].Value, 6),
                    readings[i].Threshold,
                    Math.Round(contributions[i], 6),
                    Sentences.Of(in readings[i], workflow)));
            }
        }
        return [.. reasons.OrderByDescending(reason => reason.Contribution).ThenBy(reason => reason.Indicator, StringComparer.Ordinal)];
    }
}
