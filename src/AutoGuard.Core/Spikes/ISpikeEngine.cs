namespace AutoGuard.Core.Spikes;

/// <summary>How suspects are judged once more.</summary>
/// <param name="Confidence">Percent, 0 to 100.</param>
/// <param name="History">Values each suspect is judged against, 1 to <see cref="SuspectBlock.MaximumHistory"/>.</param>
/// <param name="Side">Which tail alerts.</param>
public readonly record struct RecheckSettings(double Confidence, int History, SpikeSide Side);

/// <summary>How a seasonal series is judged.</summary>
/// <param name="Confidence">Percent, 0 to 100.</param>
/// <param name="History">Forecast errors each error is judged against, at least 1.</param>
/// <param name="Training">Values from the beginning to train on, more than twice the seasonality.</param>
/// <param name="Seasonality">The longest season of interest, in values, at least 2.</param>
/// <param name="Side">Which tail alerts.</param>
/// <param name="Error">What error is judged.</param>
public readonly record struct SeasonalSettings(
    double Confidence, int History, int Training, int Seasonality, SpikeSide Side, ForecastError Error = ForecastError.SignedDifference);

/// <summary>
/// The part of spike detection that is done seldom and in bulk, and so can be done by AutoGuard's own code or by ML.NET's: a second
/// look at the most suspicious keys, and the few series that stand for everybody.
/// </summary>
/// <remarks>Slow work, off the detection thread. Engines may be used by one thread at a time.</remarks>
public interface ISpikeEngine
{
    /// <summary>Whose code computes, with its version: for the start-up log and <c>autoguard check</c>.</summary>
    string Name { get; }

    /// <summary>Judges the last value of each block against the values before it, each block in its own units.</summary>
    /// <param name="blocks">
    /// Blocks of <c>History + 1</c> finite values, oldest first, one after another. Each is brought to its own median and spread by
    /// <see cref="SuspectBlock.Normalise"/>.
    /// </param>
    /// <param name="settings">How they are judged.</param>
    /// <param name="predictions">One for each block; the score is the last value in the block's own units.</param>
    /// <exception cref="ArgumentException">The lengths do not fit, or a value is not finite.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A setting is out of range.</exception>
    void Recheck(ReadOnlySpan<float> blocks, RecheckSettings settings, Span<SpikePrediction> predictions);

    /// <summary>Trains on the beginning of a seasonal series, then judges every value of it by its forecast error.</summary>
    /// <param name="series">Oldest first; NaN stands for a value that is missing and gets a NaN score and p-value. Infinities are refused.</param>
    /// <param name="settings">How it is judged.</param>
    /// <param name="predictions">One for each value; the score is the forecast error.</param>
    /// <exception cref="ArgumentException">The lengths do not fit, or a value is infinite.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A setting is out of range.</exception>
    void ScoreSeasonal(ReadOnlySpan<float> series, SeasonalSettings settings, Span<SpikePrediction> predictions);
}
