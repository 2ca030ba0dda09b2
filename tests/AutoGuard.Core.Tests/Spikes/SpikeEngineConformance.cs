using AutoGuard.Core.Spikes;

namespace AutoGuard.Core.Tests.Spikes;

/// <summary>What every <see cref="ISpikeEngine"/> must do, whoever's code computes.</summary>
public abstract class SpikeEngineConformance
{
    protected abstract ISpikeEngine Engine();

    [Fact]
    public void It_says_whose_code_it_is() => Assert.NotEmpty(Engine().Name);

    [Theory]
    [InlineData(30, SpikeSide.Positive)]
    [InlineData(30, SpikeSide.Negative)]
    [InlineData(8, SpikeSide.TwoSided)]
    [InlineData(2, SpikeSide.TwoSided)]
    public void Each_suspect_is_judged_as_by_a_fresh_detector_in_its_own_units(int history, SpikeSide side)
    {
        var settings = new RecheckSettings(99, history, side);
        var blocks = Blocks(400, history, 5);
        var predictions = Recheck(blocks, settings);
        var block = new float[history + 1];
        for (var i = 0; i < predictions.Length; i++)
        {
            SuspectBlock.Normalise(blocks.AsSpan(i * block.Length, block.Length), block);
            var twin = new IidSpikeDetector(99, history, side, SpikeMode.Exact);
            var expected = Array.ConvertAll(block, twin.Score)[^1];
            Assert.Equal(expected.Score, predictions[i].Score);
            GoldenVectors.AssertPoint("block", i, expected.Alert, expected.PValue, predictions[i], 1e-12);
        }

        Assert.Contains(predictions, prediction => prediction.Alert);
        Assert.Contains(predictions, prediction => !prediction.Alert);
    }

    [Fact]
    public void Neighbours_do_not_change_a_verdict_in_any_bit()
    {
        var settings = new RecheckSettings(99.9, 30, SpikeSide.Positive);
        var blocks = Blocks(2_000, 30, 6);
        var together = Recheck(blocks, settings);
        var reversed = new float[blocks.Length];
        for (var i = 0; i < together.Length; i++)
        {
            blocks.AsSpan(i * 31, 31).CopyTo(reversed.AsSpan((together.Length - 1 - i) * 31));
        }

        Assert.Equal(together, Recheck(reversed, settings).Reverse());
        Assert.Equal(together[7], Recheck(blocks[(7 * 31)..(8 * 31)], settings)[0]);
        Assert.All(together, prediction => Assert.InRange(prediction.PValue, 1e-8, 1 - 1e-8));
    }

    [Fact]
    public void A_suspect_after_a_constant_window_is_judged_by_whether_it_differs()
    {
        float[] blocks = [3, 3, 3, 3, 3, 3, 3, 3, 3, 3.0001f, 3, 3, 3, 3, 1];
        var predictions = Recheck(blocks, new RecheckSettings(99.9, 4, SpikeSide.Positive));
        Assert.Equal([false, true, false], predictions.Select(prediction => prediction.Alert));
        Assert.Equal([0.0, 1, -1], predictions.Select(prediction => prediction.Score));
    }

    [Fact]
    public void No_suspects_are_no_work() => Assert.Empty(Recheck([], new RecheckSettings(99, 30, SpikeSide.Positive)));

    [Fact]
    public void Seasonal_errors_equal_the_recorded_ones_of_ML_NET()
    {
        var compared = 0;
        foreach (var golden in GoldenVectors.Ssa().Where(row => row.Order == ForecastOrder.ForecastFirst && row.Seasonality < 72))
        {
            var series = GoldenVectors.Series[golden.Series];
            var mean = series.Average(value => (double)value);
            var tolerance = 2e-3 * Math.Sqrt(series.Average(value => (value - mean) * (value - mean)));
            var predictions = new SpikePrediction[series.Length];
            Engine().ScoreSeasonal(
                series,
                new SeasonalSettings(golden.Confidence, golden.History, golden.Training, golden.Seasonality, golden.Side),
                predictions);
            for (var i = 0; i < series.Length; i++, compared++)
            {
                Assert.True(
                    Math.Abs(predictions[i].Score - golden.Raw[i]) <= tolerance,
                    $"{golden}, row {i}: {golden.Raw[i]:R} recorded, {predictions[i].Score:R} computed, {tolerance:R} allowed.");
            }

            var agreed = predictions.Where((prediction, i) => prediction.Alert == golden.Alerts.Contains(i)).Count();
            Assert.True(agreed >= series.Length - 1, $"{golden}: only {agreed} of {series.Length} alerts agree.");
        }

        Assert.True(compared > 10_000, $"Only {compared} rows were compared.");
    }

    [Fact]
    public void A_burst_on_a_daily_curve_alerts_and_the_curve_does_not()
    {
        var series = Daily(96 * 6, 3);
        series[500] += 40;
        var predictions = new SpikePrediction[series.Length];
        Engine().ScoreSeasonal(series, new SeasonalSettings(99.9, 96, 96 * 4, 96, SpikeSide.Positive), predictions);
        Assert.True(predictions[500].Alert, $"The burst has p = {predictions[500].PValue:R}.");
        var others = predictions.Where((prediction, i) => i != 500 && prediction.Alert).Count();
        Assert.True(others <= 3, $"{others} ordinary points alert.");
    }

    [Fact]
    public void Missing_values_are_passed_over()
    {
        var series = Daily(300, 4);
        float[] holed = [.. series[..250], float.NaN, .. series[250..]];
        var settings = new SeasonalSettings(95, 30, 100, 24, SpikeSide.TwoSided, ForecastError.AbsoluteDifference);
        var whole = new SpikePrediction[series.Length];
        var passed = new SpikePrediction[holed.Length];
        Engine().ScoreSeasonal(series, settings, whole);
        Engine().ScoreSeasonal(holed, settings, passed);
        Assert.Equal(new SpikePrediction(false, double.NaN, double.NaN), passed[250]);
        Assert.Equal(whole, passed.Where((_, i) => i != 250));
    }

    [Fact]
    public void A_series_too_short_to_train_on_is_its_own_error()
    {
        var series = Daily(40, 1);
        var predictions = new SpikePrediction[40];
        Engine().ScoreSeasonal(series, new SeasonalSettings(95, 10, 50, 24, SpikeSide.Positive), predictions);
        Assert.Equal(series.Select(value => (double)value), predictions.Select(prediction => prediction.Score));
    }

    [Fact]
    public void What_cannot_be_judged_is_refused()
    {
        var good = new RecheckSettings(99, 3, SpikeSide.Positive);
        Assert.Throws<ArgumentException>(() => Engine().Recheck(new float[7], good, new SpikePrediction[2]));
        Assert.Throws<ArgumentException>(() => Engine().Recheck(new float[8], good, new SpikePrediction[1]));
        Assert.Throws<ArgumentException>(() => Engine().Recheck([1, 2, 3, float.NaN], good, new SpikePrediction[1]));
        Assert.Throws<ArgumentException>(() => Engine().Recheck([1, 2, float.PositiveInfinity, 3], good, new SpikePrediction[1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => Recheck([1, 2], good with { Confidence = 101 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => Engine().Recheck([], good with { History = 0 }, []));

        var seasonal = new SeasonalSettings(95, 10, 50, 24, SpikeSide.Positive);
        Assert.Throws<ArgumentException>(() => Engine().ScoreSeasonal(new float[60], seasonal, new SpikePrediction[59]));
        Assert.Throws<ArgumentException>(() => Engine().ScoreSeasonal([1, float.NegativeInfinity], seasonal, new SpikePrediction[2]));
        foreach (var bad in new[]
        {
            seasonal with { Confidence = -1 }, seasonal with { History = 0 }, seasonal with { Training = 48 }, seasonal with { Seasonality = 1 },
        })
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => Engine().ScoreSeasonal(new float[60], bad, new SpikePrediction[60]));
        }
    }

    private SpikePrediction[] Recheck(float[] blocks, RecheckSettings settings)
    {
        var predictions = new SpikePrediction[blocks.Length / (settings.History + 1)];
        Engine().Recheck(blocks, settings, predictions);
        return predictions;
    }

    /// <summary>Blocks in units of their own, some with a burst at the end, some with one in the window.</summary>
    private static float[] Blocks(int count, int history, int seed)
    {
        var random = new Random(seed);
        var blocks = new List<float>();
        for (var i = 0; i < count; i++)
        {
            var unit = (float)Math.Pow(10, random.Next(-6, 8));
            var level = random.Next(-5, 100);
            var block = Enumerable.Range(0, history + 1).Select(_ => (level + SeriesOf.Normal(random)) * unit).ToArray();
            block[^1] += (i % 3 == 0 ? random.Next(-9, 90) : 0) * unit;
            block[random.Next(history)] *= i % 5 == 0 ? 1_000 : 1;
            blocks.AddRange(block);
        }

        return [.. blocks];
    }

    private static float[] Daily(int count, int seed)
    {
        var random = new Random(seed);
        return
        [
            .. Enumerable.Range(0, count)
                .Select(i => (float)(100 + (30 * Math.Sin(i * 2 * Math.PI / 96)) + (10 * Math.Sin(i * 4 * Math.PI / 96)) + SeriesOf.Normal(random))),
        ];
    }
}
