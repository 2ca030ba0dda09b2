using AutoGuard.Core.Spikes;

namespace AutoGuard.Core.Tests.Spikes;

public sealed class SuspectBlockTests
{
    [Fact]
    public void A_block_is_measured_from_its_median_in_median_deviations()
    {
        var normalised = new float[6];
        SuspectBlock.Normalise([10, 12, 14, 16, 18, 40], normalised);
        Assert.Equal([-2f, -1f, 0f, 1f, 2f, 13f], normalised);
    }

    [Fact]
    public void A_window_that_is_mostly_constant_is_measured_by_its_largest_deviation()
    {
        var normalised = new float[6];
        SuspectBlock.Normalise([5, 5, 5, 5, 6, 7], normalised);
        Assert.Equal([0f, 0f, 0f, 0f, 32f, 64f], normalised);
    }

    [Fact]
    public void Blocks_run_through_one_detector_leave_nothing_behind()
    {
        foreach (var seed in Seeds.Some)
        {
            var random = new Random(seed);
            var history = random.Next(2, 60);
            var running = new IidSpikeDetector(99, history, SpikeSide.TwoSided, SpikeMode.Exact);
            for (var i = 0; i < 200; i++)
            {
                var scale = (float)Math.Pow(10, random.Next(-20, 20));
                var block = Enumerable.Range(0, history + 1)
                    .Select(_ => scale * SeriesOf.Normal(random) * (random.Next(9) == 0 ? 1_000 : 1)).ToArray();
                SuspectBlock.Normalise(block, block);
                var fresh = new IidSpikeDetector(99, history, SpikeSide.TwoSided, SpikeMode.Exact);
                var (expected, actual) = (Array.ConvertAll(block, fresh.Score)[^1], Array.ConvertAll(block, running.Score)[^1]);
                Assert.True(expected == actual, $"seed {seed}, block {i}: {expected} alone, {actual} in a row.");
            }
        }
    }

    [Fact]
    public void The_longest_history_still_rounds_nothing()
    {
        var random = new Random(3);
        var running = new IidSpikeDetector(99, SuspectBlock.MaximumHistory, SpikeSide.TwoSided, SpikeMode.Exact);
        var block = new float[SuspectBlock.MaximumHistory + 1];
        for (var i = 0; i < 6; i++)
        {
            var ordinary = Enumerable.Range(0, block.Length).Select(j => (j % 2 * 100) + SeriesOf.Normal(random)).ToArray();
            ordinary[^1] = 1e9f;
            SuspectBlock.Normalise(ordinary, block);
            var fresh = new IidSpikeDetector(99, SuspectBlock.MaximumHistory, SpikeSide.TwoSided, SpikeMode.Exact);
            Assert.Equal(Array.ConvertAll(block, fresh.Score)[^1], Array.ConvertAll(block, running.Score)[^1]);
        }
    }

    [Fact]
    public void Blocks_that_do_not_fit_are_refused()
    {
        Assert.Throws<ArgumentException>(() => SuspectBlock.Normalise([1], new float[1]));
        Assert.Throws<ArgumentException>(() => SuspectBlock.Normalise([1, 2], new float[3]));
        Assert.Throws<ArgumentException>(() => SuspectBlock.Normalise([1, float.NaN], new float[2]));
    }
}
