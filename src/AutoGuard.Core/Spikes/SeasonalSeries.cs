namespace AutoGuard.Core.Spikes;

/// <summary>What every engine asks of a series for <see cref="ISpikeEngine.ScoreSeasonal"/>.</summary>
public static class SeasonalSeries
{
    /// <summary>Checks a series, the settings and the room for results before any of it is judged.</summary>
    /// <param name="series">Finite values, or NaN where one is missing.</param>
    /// <param name="settings">How it is to be judged.</param>
    /// <param name="predictions">Room for results.</param>
    /// <exception cref="ArgumentException">The lengths differ, or a value is infinite (one would make every later p-value NaN).</exception>
    /// <exception cref="ArgumentOutOfRangeException">A setting is out of range.</exception>
    public static void Check(ReadOnlySpan<float> series, SeasonalSettings settings, int predictions)
    {
        _ = KernelPValue.Threshold(settings.Confidence);
        ArgumentOutOfRangeException.ThrowIfLessThan(settings.History, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(settings.Seasonality, 2);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(settings.Training, 2L * settings.Seasonality);
        if (series.Length != predictions)
        {
            throw new ArgumentException($"{series.Length} values do not fit {predictions} predictions.", nameof(series));
        }

        foreach (var value in series)
        {
            if (float.IsInfinity(value))
            {
                throw new ArgumentException($"A seasonal series may not hold {value}.", nameof(series));
            }
        }
    }
}
