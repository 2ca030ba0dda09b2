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

    [Theory]
    [InlineData(0)]
    [InlineData(7.25f)]
    [InlineData(-3e30f)]
    public void A_constant_series_is_forecast_by_its_own_mean_and_its_first_change_alerts(float level)
    {
        var series = Enumerable.Repeat(level, 100).ToArray();
        var detector = new SsaSpikeDetector(SsaModel.Train(series, 80, 12), 99.9, 20, SpikeSide.Positive, SpikeMode.Stable);
        var slack = Math.Abs(level) * 1e-5;
        foreach (var value in series)
        {
            Assert.InRange(detector.Score(value).Score, -slack, slack);
        }

        Assert.True(detector.Score((Math.Abs(level) * 3) + 1).Alert);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void The_shortest_seasons_train(int seasonality)
    {
        var model = SsaModel.Train(SeriesOf.Normals(50, 1).Select(value => 10 + value).ToArray(), 40, seasonality);
        Assert.Equal((1, seasonality), (model.Rank, model.Seasonality));
    }

    [Fact]
    public void Each_error_is_what_it_says_and_its_proportion_is_nothing_of_a_forecast_of_nothing()
    {
        var untrained = SsaModel.Train([1, 2, 3], 50, 10);
        Assert.False(untrained.IsTrained);
        Assert.Equal(0.0, Of(ForecastError.SignedProportion, untrained, -5).Score);
        Assert.Equal(0.0, Of(ForecastError.AbsoluteProportion, untrained, -5).Score);

        var model = SsaModel.Train(Enumerable.Repeat(8f, 60).ToArray(), 50, 10);
        Assert.Equal(-4.0, Of(ForecastError.SignedDifference, model, 4).Score, 4);
        Assert.Equal(4.0, Of(ForecastError.AbsoluteDifference, model, 4).Score, 4);
        Assert.Equal(-0.5, Of(ForecastError.SignedProportion, model, 4).Score, 4);
        Assert.Equal(0.5, Of(ForecastError.AbsoluteProportion, model, 4).Score, 4);
        Assert.Equal(16.0, Of(ForecastError.SquaredDifference, model, 4).Score, 4);

        static SpikePrediction Of(ForecastError error, SsaModel model, float value) =>
            new SsaSpikeDetector(model, 95, 5, SpikeSide.Positive, SpikeMode.Stable, error).Score(value);
    }

    [Fact]
    public void What_is_not_finite_is_passed_over_and_changes_nothing()
    {
        var series = SeriesOf.Normals(120, 2);
        var model = SsaModel.Train(series, 100, 12);
        var detector = new SsaSpikeDetector(model, 95, 20, SpikeSide.Positive, SpikeMode.Exact);
        foreach (var value in series)
        {
            detector.Score(value);
        }

        var forecast = detector.NextForecast;
        foreach (var value in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity })
        {
            Assert.Equal(new SpikePrediction(false, double.NaN, double.NaN), detector.Score(value));
        }

        Assert.Equal(forecast, detector.NextForecast);
    }

    [Fact]
    public void Values_whose_squares_overflow_leave_a_model_that_still_forecasts_a_number()
    {
        var series = Enumerable.Range(0, 100).Select(i => i % 2 == 0 ? 3e38f : -3e38f).ToArray();
        var model = SsaModel.Train(series, 80, 12);
        Assert.Equal(1, model.Rank);
        Assert.True(double.IsFinite(new SsaSpikeDetector(model, 95, 20, SpikeSide.Positive, SpikeMode.Stable).NextForecast));
    }

    private static double Deviation(float[] series)
    {
        var mean = series.Average(value => (double)value);
        return Math.Sqrt(series.Average(value => (value - mean) * (value - mean)));
    }
}
