using System.Collections.Immutable;
using System.Globalization;
using AutoGuard.Configuration;
using AutoGuard.Core.Configuration;
using AutoGuard.Core.Indicators;
using AutoGuard.Core.Pipeline;

namespace AutoGuard.Backtest;

/// <summary>A change of the configuration that by the recorded judgements keeps a subject below a level.</summary>
/// <param name="Goal">What it is to be spared.</param>
/// <param name="Name">Indicator, or <c>FlagScore</c> or <c>BlockScore</c>.</param>
/// <param name="Settings">The settings changed.</param>
/// <param name="Relative">Size relative to the present value; null when the indicator is only observed.</param>
internal sealed record ChangeProposal(SparingGoal Goal, string Name, ImmutableArray<SettingChange> Settings, double? Relative)
{
    /// <summary>The change as texts of <c>--set</c>.</summary>
    public IReadOnlyList<string> Sets => [.. Settings.Select(setting => $"{setting.Key}={setting.To}")];
}

/// <summary>
/// Finds, for each indicator that speaks against a subject, the smallest higher threshold that takes all its recorded
/// scores below a level. Grades fall as thresholds rise, so halving the interval finds it.
/// </summary>
internal sealed class ThresholdSearch
{
    /// <summary>Names of the levels of the score, as in section <c>Policy</c>.</summary>
    public const string FlagScore = nameof(PolicyOptions.FlagScore);

    /// <inheritdoc cref="FlagScore"/>
    public const string BlockScore = nameof(PolicyOptions.BlockScore);

    private const int Halvings = 60;

    /// <summary>A proposed number is rounded up by at most this share of the change: nobody wants to write sixteen digits.</summary>
    private const double RoundingShare = 0.01;

    private readonly AutoGuardSettings _values;
    private readonly SparingGoal _goal;
    private readonly double _level;
    private readonly ImmutableArray<Judgement> _above;

    /// <summary>Makes it for the judgements of one subject under the given settings.</summary>
    public ThresholdSearch(AutoGuardSettings values, SparingGoal goal, IEnumerable<Judgement> judgements)
    {
        _values = values;
        _goal = goal;
        _level = goal == SparingGoal.NotBlocked ? values.Policy.BlockScore : values.Policy.FlagScore;
        _above = [.. judgements.Where(judgement => judgement.Score >= _level)];
    }

    /// <summary>Indicators with a part in a score above the level, in the order of their names.</summary>
    public IEnumerable<string> Contributing => _above
        .SelectMany(judgement => judgement.Readings)
        .Where(reading => reading.Grade > 0 && reading.Weight > 0)
        .Select(reading => reading.Indicator.ToString())
        .Distinct()
        .Order(StringComparer.Ordinal);

    /// <summary>
    /// The smallest change of an indicator's threshold; null when even without the indicator the score would have been
    /// above the level. Where the threshold alone would have to pass the saturation, the two move in proportion.
    /// </summary>
    public ChangeProposal? Threshold(string indicator)
    {
        if (!IsBelow(indicator, options => options.ObserveOnly = true))
        {
            return null;
        }
        IndicatorOptions present = Rescoring.Of(_values.Detection.Indicators, indicator);
        double highest = _above.SelectMany(judgement => judgement.Readings).Where(reading => reading.Indicator.ToString() == indicator).Max(reading => reading.Value * reading.Strictness);
        double most = Math.Min(highest, Math.BitDecrement(present.Saturation));
        if (Smallest(indicator, present.Threshold, most, (options, threshold) => options.Threshold = threshold) is { } alone && alone < present.Saturation)
        {
            return Proposal(indicator, present, alone, present.Saturation);
        }
        double Scaled(double threshold) => present.Threshold > 0
            ? present.Saturation / present.Threshold * threshold
            : present.Saturation + threshold;
        double both = Smallest(indicator, present.Threshold, highest, (options, threshold) => (options.Threshold, options.Saturation) = (threshold, Scaled(threshold))) ?? highest;
        return Proposal(indicator, present, both, RoundUp(Scaled(both), present.Saturation));
    }

    /// <summary>Leaving an indicator out of the score, for where its threshold cannot be raised far enough.</summary>
    public ChangeProposal Observing(string indicator) =>
        new(_goal, indicator, [new SettingChange($"Detection:Indicators:{indicator}:ObserveOnly", "false", "true")], null);

    /// <summary>The smallest higher level of the score itself; null when there is no score above it to spare.</summary>
    public ChangeProposal? Level()
    {
        if (_above.IsEmpty)
        {
            return null;
        }
        const double step = 10_000;
        double level = Math.Min(1, (Math.Floor(_above.Max(judgement => judgement.Score) * step) + 1) / step);
        string name = _goal == SparingGoal.NotBlocked ? BlockScore : FlagScore;
        List<SettingChange> settings = [new SettingChange($"Policy:{name}", Text(_level), Text(level))];
        if (_goal == SparingGoal.NotDecided && level > _values.Policy.BlockScore)
        {
            settings.Add(new SettingChange("Policy:BlockScore", Text(_values.Policy.BlockScore), Text(level)));
        }
        return new ChangeProposal(_goal, name, [.. settings], (level - _level) / Math.Max(_level, 1e-9));
    }

    private bool IsBelow(string indicator, Action<IndicatorOptions> change)
    {
        Rescoring rescoring = new(_values.Detection.Indicators, indicator, change);
        return _above.All(judgement => rescoring.Score(judgement) < _level);
    }

    /// <summary>The smallest value of a setting that keeps all scores below the level, rounded up; null when <paramref name="high"/> does not.</summary>
    private double? Smallest(string indicator, double low, double high, Action<IndicatorOptions, double> change)
    {
        if (!IsBelow(indicator, options => change(options, high)))
        {
            return null;
        }
        double from = low;
        for (int i = 0; i < Halvings; i++)
        {
            double middle = low + ((high - low) / 2);
            if (IsBelow(indicator, options => change(options, middle)))
            {
                high = middle;
            }
            else
            {
                low = middle;
            }
        }
        return RoundUp(high, from);
    }

    private ChangeProposal Proposal(string indicator, IndicatorOptions present, double threshold, double saturation)
    {
        List<SettingChange> settings = [Change(indicator, nameof(IndicatorOptions.Threshold), present.Threshold, threshold)];
        if (saturation != present.Saturation)
        {
            settings.Add(Change(indicator, nameof(IndicatorOptions.Saturation), present.Saturation, saturation));
        }
        return new ChangeProposal(_goal, indicator, [.. settings], (threshold - present.Threshold) / Math.Max(present.Threshold, 1e-9));
    }

    private static double RoundUp(double value, double from)
    {
        for (double scale = 1; scale < 1e9; scale *= 10)
        {
            double rounded = Math.Ceiling(value * scale) / scale;
            if (rounded - value <= RoundingShare * (value - from))
            {
                return rounded;
            }
        }
        return value;
    }

    private static SettingChange Change(string indicator, string key, double from, double to) =>
        new($"Detection:Indicators:{indicator}:{key}", Text(from), Text(to));

    private static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
