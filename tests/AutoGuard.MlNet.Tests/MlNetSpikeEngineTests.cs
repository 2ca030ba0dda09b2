#if MLNET
using AutoGuard.Core.Spikes;
using AutoGuard.Core.Tests.Spikes;

namespace AutoGuard.MlNet.Tests;

/// <summary>Fails, with the reason, where the packages are there and the MKL library is not.</summary>
public sealed class MlNetSpikeEngineTests : SpikeEngineConformance
{
    protected override ISpikeEngine Engine() => MlNetEngine.Create();
}

public sealed class MlNetProbeTests
{
    [Fact]
    public void An_engine_with_other_numbers_is_not_used() =>
        Assert.Contains("differ", MlNetProbe.Obstacle(new Stub(predictions => predictions.Fill(new(false, 1e6, 0.5)))), StringComparison.Ordinal);

    [Fact]
    public void An_engine_without_numbers_is_not_used() =>
        Assert.Contains("differ", MlNetProbe.Obstacle(new Stub(predictions => predictions.Fill(new(false, double.NaN, 0.5)))), StringComparison.Ordinal);

    [Fact]
    public void A_missing_native_library_is_named_with_the_setting_to_change()
    {
        var text = MlNetProbe.Obstacle(new Stub(_ => throw new DllNotFoundException("Unable to load shared library 'MklImports'.")));
        Assert.Contains("MklImports", text, StringComparison.Ordinal);
        Assert.Contains("Detection:Spike:Engine to Native", text, StringComparison.Ordinal);
    }

    private delegate void Fill(Span<SpikePrediction> predictions);

    private sealed class Stub(Fill fill) : ISpikeEngine
    {
        public string Name => "stub";

        public void Recheck(ReadOnlySpan<float> blocks, RecheckSettings settings, Span<SpikePrediction> predictions) => fill(predictions);

        public void ScoreSeasonal(ReadOnlySpan<float> series, SeasonalSettings settings, Span<SpikePrediction> predictions) =>
            fill(predictions);
    }
}
#endif
