namespace AutoGuard.Core.Spikes;

/// <summary>The bulk part of spike detection by AutoGuard's own code, with ML.NET's numbers.</summary>
public sealed class NativeSpikeEngine : ISpikeEngine
{
    /// <inheritdoc/>
    public string Name => "native";

    /// <inheritdoc/>
    public void Recheck(ReadOnlySpan<float> blocks, RecheckSettings settings, Span<SpikePrediction> predictions)
    {
        var count = SuspectBlock.CountOf(blocks.Length, settings, predictions.Length);
        var block = new float[settings.History + 1];
        for (var i = 0; i < count; i++)
        {
            SuspectBlock.Normalise(blocks.Slice(i * block.Length, block.Length), block);
            var detector = new IidSpikeDetector(settings.Confidence, settings.History, settings.Side, SpikeMode.Exact);
            foreach (var value in block)
            {
                predictions[i] = detector.Score(value);
            }
        }
    }

    /// <inheritdoc/>
    public void ScoreSeasonal(ReadOnlySpan<float> series, SeasonalSettings settings, Span<SpikePrediction> predictions)
    {
        SeasonalSeries.Check(series, settings, predictions.Length);
        var model = SsaModel.Train(series, settings.Training, settings.Seasonality);
        var detector = new SsaSpikeDetector(
            model, settings.Confidence, settings.History, settings.Side, SpikeMode.Stable, settings.Error);
        for (var i = 0; i < series.Length; i++)
        {
            predictions[i] = detector.Score(series[i]);
        }
    }
}
