using System.Reflection;
using AutoGuard.Core.Configuration;
using AutoGuard.Core.Indicators;
using AutoGuard.Core.Pipeline;
using AutoGuard.Core.Scoring;

namespace AutoGuard.Backtest;

/// <summary>What recorded judgements would have scored under other settings of the indicators, by the same code that scored them.</summary>
internal sealed class Rescoring
{
    private static readonly PropertyInfo[] Indicators = typeof(IndicatorsOptions).GetProperties();

    private readonly IndicatorScale _scale;

    /// <summary>Makes it for a copy of the options, changed.</summary>
    /// <param name="options">Settings as they are.</param>
    /// <param name="indicator">Name of the indicator that is changed.</param>
    /// <param name="change">Changes its settings.</param>
    public Rescoring(IndicatorsOptions options, string indicator, Action<IndicatorOptions> change)
    {
        IndicatorsOptions copy = new();
        foreach (PropertyInfo property in Indicators)
        {
            IndicatorOptions original = (IndicatorOptions)property.GetValue(options)!;
            IndicatorOptions one = new()
            {
                Enabled = original.Enabled,
                ObserveOnly = original.ObserveOnly,
                Threshold = original.Threshold,
                Saturation = original.Saturation,
                Weight = original.Weight,
            };
            if (property.Name == indicator)
            {
                change(one);
            }
            property.SetValue(copy, one);
        }
        _scale = new IndicatorScale(copy);
    }

    /// <summary>The settings of one indicator.</summary>
    public static IndicatorOptions Of(IndicatorsOptions options, string indicator) =>
        (IndicatorOptions)Indicators.Single(property => property.Name == indicator).GetValue(options)!;

    /// <summary>The score that a judgement would have come to.</summary>
    public double Score(Judgement judgement)
    {
        Span<Reading> readings = stackalloc Reading[judgement.Readings.Length];
        for (int i = 0; i < readings.Length; i++)
        {
            Reading read = judgement.Readings[i];
            readings[i] = _scale.Read(read.Indicator, read.Value, read.Usual, read.Strictness);
        }
        return RiskScore.Of(readings);
    }
}
