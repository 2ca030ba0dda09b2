using AutoGuard.Core.Spikes;

namespace AutoGuard.Core.Tests.Spikes;

public sealed class SsaSpikeDetectorTests
{
    [Fact]
    public void P_values_and_alerts_follow_exactly_from_the_recorded_forecast_errors()
    {
        foreach (var golden in GoldenVectors.Ssa())
        {
            var errors = new IidSpikeDetector(golden.Confidence, golden.History, golden.Side, SpikeMode.Exact);
            for (var i = 0; i < golden.Raw.Length; i++)
            {
                GoldenVectors.AssertPoint(
                    golden.ToString(), i, golden.Alerts.Contains(i), golden.P[i], errors.Score((float)golden.Raw[i]), GoldenVectors.PTolerance);
            }
        }
    }

    [Fact]
    public void Forecast_errors_equal_the_recorded_ones_within_the_stated_tolerance()
    {
        var compared = 0;
        foreach (var golden in GoldenVectors.Ssa().Where(row => row is not { Series: "s18", Seasonality: 72 }))
        {
            var series = GoldenVectors.Series[golden.Series];
            var tolerance = Deviation(series) * (golden.Seasonality == 72 ? 2e-2 : 2e-3);
            var model = SsaModel.Train(series, golden.Training, golden.Seasonality);
            var detector = new SsaSpikeDetector(
                model, golden.Confidence, golden.History, golden.Side, SpikeMode.Exact, order: golden.Order);
            Assert.Equal(series.Length, golden.Raw.Length);
            for (var i = 0; i < series.Length; i++, compared++)
            {
                var raw = detector.Score(series[i]).Score;
                Assert.True(
                    Math.Abs(raw - golden.Raw[i]) <= tolerance,
                    $"{golden} rank {model.Rank}, row {i}: {golden.Raw[i]:R} recorded, {raw:R} computed, {tolerance:R} allowed.");
            }
        }

        Assert.True(compared > 20_000, $"Only {compared} forecasts were compared.");
    }

    private static double Deviation(float[] series)
    {
        var mean = series.Average(value => (double)value);
        return Math.Sqrt(series.Average(value => (value - mean) * (value - mean)));
    }
}
