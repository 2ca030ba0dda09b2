using AutoGuard.Core.Spikes;

namespace AutoGuard.Core.Tests.Spikes;

public sealed class IidSpikeDetectorTests
{
    [Fact]
    public void Exact_equals_every_recorded_output_of_ML_NET()
    {
        var rows = 0;
        var nans = 0;
        foreach (var golden in GoldenVectors.Iid())
        {
            var detector = new IidSpikeDetector(golden.Confidence, golden.History, golden.Side, SpikeMode.Exact);
            var series = GoldenVectors.Series[golden.Series];
            Assert.Equal(series.Length, golden.P.Length);
            for (var i = 0; i < series.Length; i++, rows++)
            {
                var prediction = detector.Score(series[i]);
                GoldenVectors.AssertPoint(
                    golden.ToString(), i, golden.Alerts.Contains(i), golden.P[i], prediction, GoldenVectors.PTolerance);
                Assert.Equal(series[i], prediction.Score);
                nans += double.IsNaN(golden.P[i]) ? 1 : 0;
            }
        }

        Assert.True(rows > 60_000, $"Only {rows} rows were compared.");
        Assert.True(nans > 500, $"Only {nans} recorded NaN were met.");
    }

    [Theory]
    [InlineData("s01", 1e-6)]
    [InlineData("s02", 1e-6)]
    [InlineData("s03", 1e-6)]
    [InlineData("s17", 1e-6)]
    [InlineData("s34", 1e-6)]
    [InlineData("s06", 1e-9)]
    [InlineData("s07", 1e-9)]
    [InlineData("s08", 1e-9)]
    [InlineData("s24", 1e-9)]
    [InlineData("s27", 1e-9)]
    public void Stable_and_exact_agree_on_tame_series_and_best_on_counts_whose_differences_round_nowhere(string name, double tolerance)
    {
        foreach (var golden in GoldenVectors.Iid().Where(row => row.Series == name))
        {
            var stable = new IidSpikeDetector(golden.Confidence, golden.History, golden.Side, SpikeMode.Stable);
            var series = GoldenVectors.Series[name];
            for (var i = 0; i < series.Length; i++)
            {
                var p = stable.Score(series[i]).PValue;
                Assert.True(Math.Abs(p - golden.P[i]) <= tolerance, $"{golden}, row {i}: {golden.P[i]:R} recorded, {p:R} computed.");
            }
        }
    }

    [Theory]
    [InlineData("s10")]
    [InlineData("s11")]
    public void Jumps_that_leave_ML_NET_without_a_p_value_do_not_disturb_stable(string name)
    {
        var rows = GoldenVectors.Iid().Where(row => row.Series == name).ToList();
        Assert.Contains(rows, row => row.P.Any(double.IsNaN));
        foreach (var golden in rows)
        {
            var stable = new IidSpikeDetector(golden.Confidence, golden.History, golden.Side, SpikeMode.Stable);
            Assert.All(GoldenVectors.Series[name], value => Assert.InRange(stable.Score(value).PValue, 1e-8, 1 - 1e-8));
        }
    }

    [Theory]
    [InlineData(SpikeMode.Exact)]
    [InlineData(SpikeMode.Stable)]
    public void A_constant_series_stays_at_one_half_and_its_first_change_alerts(SpikeMode mode)
    {
        var detector = new IidSpikeDetector(99.9, 30, SpikeSide.Positive, mode);
        for (var i = 0; i < 100; i++)
        {
            var prediction = detector.Score(40.672134f);
            Assert.False(prediction.Alert);
            Assert.InRange(prediction.PValue, 0.4999999994, 0.5);
        }

        Assert.Equal(new SpikePrediction(true, 41f, 1e-8), detector.Score(41f));
    }

    [Fact]
    public void Nothing_alerts_before_the_history_is_full()
    {
        var detector = new IidSpikeDetector(50, 5, SpikeSide.TwoSided, SpikeMode.Exact);
        bool[] alerts = [.. new[] { 1f, 100f, -100f, 1e6f, -1e7f, 1e9f }.Select(value => detector.Score(value).Alert)];
        Assert.Equal([false, false, false, false], alerts[..4]);
        Assert.True(alerts[4]);
    }

    [Fact]
    public void Stable_turns_away_what_is_not_finite_and_exact_does_as_ML_NET()
    {
        foreach (var poison in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity })
        {
            var stable = new IidSpikeDetector(95, 3, SpikeSide.TwoSided, SpikeMode.Stable);
            stable.Score(1);
            var prediction = stable.Score(poison);
            Assert.False(prediction.Alert);
            Assert.Equal(0.5, prediction.PValue);
            Assert.Equal(1, stable.Count);
        }

        var exact = new IidSpikeDetector(95, 3, SpikeSide.TwoSided, SpikeMode.Exact);
        exact.Score(1);
        Assert.True(double.IsNaN(exact.Score(float.NaN).PValue));
        Assert.Equal(1, exact.Count);
        exact.Score(float.PositiveInfinity);
        Assert.Equal(2, exact.Count);
        Assert.True(double.IsNaN(exact.Score(1).PValue));
    }

    [Theory]
    [InlineData(-0.001)]
    [InlineData(100.001)]
    [InlineData(double.NaN)]
    public void A_confidence_that_is_no_percentage_is_refused(double confidence) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new IidSpikeDetector(confidence, 3, SpikeSide.Positive, SpikeMode.Exact));

    [Fact]
    public void A_history_of_nothing_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new IidSpikeDetector(95, 0, SpikeSide.Positive, SpikeMode.Exact));

    [Fact]
    public void The_error_function_is_the_approximation_ML_NET_uses()
    {
        Assert.Equal(1e-9, KernelPValue.Erf(0), 1e-16);
        Assert.Equal(1, KernelPValue.Erf(double.PositiveInfinity));
        Assert.Equal(-1, KernelPValue.Erf(double.NegativeInfinity));
        Assert.True(double.IsNaN(KernelPValue.Erf(double.NaN)));
        Assert.Equal(0.8427007929497149, KernelPValue.Erf(1), 1.5e-7);
        Assert.Equal(-KernelPValue.Erf(0.3), KernelPValue.Erf(-0.3));
        Assert.Equal(0.050000000000000044, KernelPValue.Threshold(95));
    }
}
