using AutoGuard.Core.Spikes;
using AutoGuard.Testing;

namespace AutoGuard.Core.Tests.Spikes;

[Collection(AllocationCollection.Name)]
public sealed class FleetScoreTests
{
    private const int Day = 1_440;

    [Theory]
    [InlineData(1, 3_000)]
    [InlineData(2, 3_000)]
    [InlineData(3, 7_000)]
    public void It_agrees_with_a_plain_twin(int seed, int values)
    {
        Random random = new(seed);
        FleetScore score = new();
        FleetScoreTwin twin = new();
        for (int i = 0; i < values; i++)
        {
            // A rounded value has ties, which a sorted window must take out one by one; long windows are compared late only, for the twin is slow.
            double value = Math.Round((Math.Sin(i * 2 * Math.PI / Day) * 3) + Normal(random) + (random.Next(200) == 0 ? 12 : 0), seed);
            FleetReading actual = score.Score(value, i % Day);
            FleetReading expected = twin.Score(value, i % Day);

            Assert.True(
                Math.Abs(expected.Level - actual.Level) <= 1e-9 * Math.Max(1, expected.Level) && expected.Alert == actual.Alert,
                $"seed {seed}, value {i}: {actual} instead of {expected}");
        }
    }

    [Fact]
    public void Stationary_noise_alerts_seldom_and_less_so_as_more_is_known()
    {
        const int series = 40;
        int first = 0;
        int later = 0;
        for (int seed = 0; seed < series; seed++)
        {
            Random random = new(seed);
            FleetScore score = new();
            for (int i = 0; i < 7 * Day; i++)
            {
                bool alert = score.Score(Math.Log(1 + Math.Max(0, 200 + (Normal(random) * 14))), i % Day).Alert;
                first += alert && i < Day ? 1 : 0;
                later += alert && i >= Day ? 1 : 0;
            }
        }

        // Per series: about four on the first day, when records are still being set, and six in ten days after.
        Assert.InRange((double)first / series, 1, 5);
        Assert.InRange((double)later / series / 6, 0.2, 0.8);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_spike_a_step_and_a_ramp_on_a_daily_season_are_found_and_the_season_is_not(int seed)
    {
        Assert.True(LevelAfter(seed, static _ => 0, 1) < 1.6, $"the season alone comes to {LevelAfter(seed, static _ => 0, 1)}");
        Assert.True(LevelAfter(seed, static i => i == 0 ? 400 : 0, 1) > 2, $"a spike comes to {LevelAfter(seed, static i => i == 0 ? 400 : 0, 1)}");
        Assert.True(LevelAfter(seed, static _ => 60, 40) > 1.5, $"a step comes to {LevelAfter(seed, static _ => 60, 40)}");
        Assert.True(LevelAfter(seed, static i => i * 3, 60) > 1, $"a ramp comes to {LevelAfter(seed, static i => i * 3, 60)}");
    }

    [Fact]
    public void What_repeats_within_an_hour_alerts_once()
    {
        Random random = new(5);
        FleetScore score = new();
        Fill(score, random, 2 * Day + 600);
        List<int> alerts = [];
        for (int i = 0; i < 100; i++)
        {
            FleetReading reading = score.Score(i % 10 == 0 ? 900 + i : 100 + (Normal(random) * 10), (600 + i) % Day);
            if (reading.Alert)
            {
                alerts.Add(i);
            }
            Assert.True(i % 10 != 0 || reading.IsAbnormal, $"value {i}: {reading}");
        }

        Assert.Equal([0, 61], alerts.Select(i => i > 61 ? 61 : i));
    }

    [Fact]
    public void Nothing_alerts_before_the_tails_are_known()
    {
        FleetScore score = new();
        for (int i = 0; i < FleetScore.WarmUp; i++)
        {
            Assert.False(score.Score(i * i, i).Alert);
        }
        Assert.True(score.Score(1e6, 100).Alert);
    }

    [Fact]
    public void A_value_that_is_no_number_is_passed_over()
    {
        FleetScore score = new();
        FleetScore untouched = new();
        for (int i = 0; i < 300; i++)
        {
            Assert.Equal(default, score.Score(i % 7 == 0 ? double.NaN : double.PositiveInfinity, i));
            Assert.Equal(untouched.Score(i % 13, i), score.Score(i % 13, i));
        }
    }

    [Fact]
    public void Scoring_allocates_nothing_and_its_memory_is_what_it_says()
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        FleetScore score = new();
        long taken = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.InRange(taken, FleetScore.StateBytes * 0.98, FleetScore.StateBytes * 1.02);

        Fill(score, new Random(1), 200);
        Random random = new(2);
        Assert.Equal(0, Allocations.LeastOf(() => Fill(score, random, 7_000)));
    }

    /// <summary>The largest level over some minutes in which something is added to three weeks of a daily season.</summary>
    private static double LevelAfter(int seed, Func<int, double> added, int minutes)
    {
        Random random = new(seed);
        FleetScore score = new();
        const int begin = (21 * Day) + 1_200;
        double most = 0;
        for (int i = 0; i < begin + minutes; i++)
        {
            double season = 150 + (100 * Math.Sin(i * 2 * Math.PI / Day)) + (Normal(random) * 5);
            FleetReading reading = score.Score(season + (i >= begin ? added(i - begin) : 0), i % Day);
            most = i >= begin ? Math.Max(most, reading.Level) : 0;
        }
        return most;
    }

    private static void Fill(FleetScore score, Random random, int values)
    {
        for (int i = 0; i < values; i++)
        {
            score.Score(100 + (Normal(random) * 10), i % Day);
        }
    }

    private static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
