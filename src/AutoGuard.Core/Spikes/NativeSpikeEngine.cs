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
        var threshold = KernelPValue.Threshold(settings.Confidence);
        Span<float> block = stackalloc float[settings.History + 1];
        for (var i = 0; i < count; i++)
        {
            SuspectBlock.Normalise(blocks.Slice(i * block.Length, block.Length), block);
            predictions[i] = Judge(block[..^1], block[^1], threshold, settings.Side);
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

    /// <summary>What an <see cref="IidSpikeDetector"/> in <see cref="SpikeMode.Exact"/> says of a value that follows a whole window.</summary>
    private static SpikePrediction Judge(ReadOnlySpan<float> window, float value, double threshold, SpikeSide side)
    {
        double pairwise = 0;
        for (var i = 0; i < window.Length; i++)
        {
            pairwise = PairwiseSpread.Move(pairwise, window[..i], [], window[i], full: false);
        }

        var deviation = PairwiseSpread.Deviation(pairwise, window.Length);
        var p = KernelPValue.OfSide(KernelPValue.UpperTail(window, [], value, deviation), side);
        return new SpikePrediction(p <= threshold, value, p);
    }
}
