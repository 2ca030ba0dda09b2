using AutoGuard.Core.Spikes;
using AutoGuard.Testing;

namespace AutoGuard.Core.Tests.Spikes;

[Collection(AllocationCollection.Name)]
public sealed class SpikeBankTests
{
    [Theory]
    [InlineData(SpikeMode.Exact, 0)]
    [InlineData(SpikeMode.Stable, 1e-12)]
    public void Keys_of_a_bank_score_as_detectors_of_their_own(SpikeMode mode, double tolerance)
    {
        foreach (var seed in Seeds.Some)
        {
            var random = new Random(seed);
            var history = random.Next(1, 70);
            var side = (SpikeSide)random.Next(3);
            var bank = new SpikeBank(history, 95, side, mode, 8);
            var twins = Enumerable.Range(0, 8).Select(_ => new IidSpikeDetector(95, history, side, mode)).ToArray();
            var slots = twins.Select(_ => bank.Rent()).ToArray();
            for (var step = 0; step < 2_000; step++)
            {
                var key = random.Next(8);
                var value = SeriesOf.Any(random);
                var expected = twins[key].Score(value);
                var peeked = bank.Peek(slots[key], value);
                var scored = bank.Score(slots[key], value);
                Assert.Equal(peeked, scored);
                Assert.Equal(expected.Score, scored.Score);
                AssertSame(expected.PValue, scored.PValue, tolerance, $"seed {seed}, W={history}, {side}, step {step}, value {value:R}");
                if (Math.Abs(expected.PValue - 0.05) > 1e-9)
                {
                    Assert.Equal(expected.Alert, scored.Alert);
                }
            }
        }
    }

    [Fact]
    public void Stable_equals_a_naive_list_and_is_always_a_number()
    {
        foreach (var seed in Seeds.Some)
        {
            var random = new Random(seed);
            var history = random.Next(1, 130);
            var bank = new SpikeBank(history, 99, SpikeSide.Positive, SpikeMode.Stable, 1);
            var slot = bank.Rent();
            var list = new List<float>();
            for (var step = 0; step < 1_500; step++)
            {
                var value = SeriesOf.Any(random);
                var expected = float.IsFinite(value) ? NaiveUpperTail(list, value) : 0.5;
                var actual = bank.Score(slot, value);
                AssertSame(
                    Math.Clamp(expected, 1e-8, 1 - 1e-8), actual.PValue, 1e-12, $"seed {seed}, W={history}, step {step}, value {value:R}");
                if (float.IsFinite(value))
                {
                    list.Add(value);
                    if (list.Count > history)
                    {
                        list.RemoveAt(0);
                    }
                }

                Assert.Equal(list.Count, bank.Count(slot));
            }

            var window = new float[history];
            Assert.Equal(list.Count, bank.CopyWindow(slot, window));
            Assert.Equal(list, window[..list.Count]);
            Assert.Equal(list.Average(held => (double)held), bank.Moments(slot).Mean, Math.Abs(bank.Moments(slot).Mean) * 1e-12 + 1e-30);
        }
    }

    [Fact]
    public void Kernels_of_every_width_agree()
    {
        foreach (var seed in Seeds.Some)
        {
            var random = new Random(seed);
            var count = random.Next(1, 100);
            var window = new float[count + WindowKernel.Overread];
            Array.Fill(window, float.NaN);
            for (var i = 0; i < count; i++)
            {
                window[i] = (float)(random.NextDouble() * 100);
            }

            var value = random.NextDouble() * 200;
            var sums = WindowKernel.SumsScalar(in window[0], count);
            AssertNear(sums.Sum, WindowKernel.Sums256(in window[0], count).Sum, seed);
            AssertNear(sums.Sum, WindowKernel.Sums512(in window[0], count).Sum, seed);
            AssertNear(sums.Squares, WindowKernel.Sums256(in window[0], count).Squares, seed);
            AssertNear(sums.Squares, WindowKernel.Sums512(in window[0], count).Squares, seed);
            foreach (var width in new[] { 1e-6, 0.5, 30, 1e6 })
            {
                var kernel = WindowKernel.KernelScalar(in window[0], count, value, width);
                AssertNear(kernel, WindowKernel.Kernel256(in window[0], count, value, 1 / width), seed);
                AssertNear(kernel, WindowKernel.Kernel512(in window[0], count, value, 1 / width), seed);
            }
        }
    }

    [Fact]
    public void A_burst_masks_what_follows_unless_it_is_admitted_clipped()
    {
        SpikePrediction AfterBurst(float admitAtMost)
        {
            var random = new Random(4);
            var bank = new SpikeBank(30, 99.9, SpikeSide.Positive, SpikeMode.Stable, 1);
            var slot = bank.Rent();
            for (var i = 0; i < 30; i++)
            {
                bank.Score(slot, SeriesOf.Normal(random));
            }

            Assert.True(bank.Score(slot, 50, admitAtMost).Alert);
            return bank.Score(slot, 7, admitAtMost);
        }

        Assert.False(AfterBurst(float.PositiveInfinity).Alert);
        Assert.True(AfterBurst(3).Alert);
    }

    [Theory]
    [InlineData(SpikeMode.Exact)]
    [InlineData(SpikeMode.Stable)]
    public void Clipped_values_enter_as_their_bounds(SpikeMode mode)
    {
        var clipped = new SpikeBank(4, 95, SpikeSide.TwoSided, mode, 1);
        var plain = new SpikeBank(4, 95, SpikeSide.TwoSided, mode, 1);
        var (a, b) = (clipped.Rent(), plain.Rent());
        float[] values = [1, 2, 90, -40, 3, 5, 2, 1, 60, -7, 4];
        foreach (var value in values)
        {
            Assert.Equal(plain.Peek(b, value), clipped.Score(a, value, -10, 10));
            plain.Score(b, Math.Clamp(value, -10, 10));
        }

        Assert.Equal(Window(plain, b), Window(clipped, a));
    }

    [Fact]
    public void A_bound_that_is_no_number_is_refused_before_anything_changes()
    {
        var bank = new SpikeBank(4, 95, SpikeSide.Positive, SpikeMode.Stable, 1);
        var slot = bank.Rent();
        Assert.Throws<ArgumentOutOfRangeException>(() => bank.Score(slot, 1, float.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => bank.Score(slot, 1, float.NegativeInfinity));
        Assert.Equal(0, bank.Count(slot));
    }

    [Fact]
    public void Stable_never_takes_in_what_is_not_finite()
    {
        var bank = new SpikeBank(3, 95, SpikeSide.TwoSided, SpikeMode.Stable, 1);
        var slot = bank.Rent();
        foreach (var value in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity })
        {
            Assert.Equal(new SpikePrediction(false, value, 0.5), bank.Score(slot, value, 1));
            Assert.Throws<ArgumentException>(() => bank.Seed(slot, [1, value]));
        }

        Assert.Equal(0, bank.Count(slot));
    }

    [Theory]
    [InlineData(SpikeMode.Exact)]
    [InlineData(SpikeMode.Stable)]
    public void A_prior_is_the_same_as_values_scored_before(SpikeMode mode)
    {
        foreach (var count in new[] { 0, 1, 7, 8, 9, 40 })
        {
            var values = SeriesOf.Normals(count, 11 + count);
            var bank = new SpikeBank(8, 95, SpikeSide.Positive, mode, 2);
            var (seeded, scored) = (bank.Rent(), bank.Rent());
            bank.Seed(seeded, values);
            foreach (var value in values)
            {
                bank.Score(scored, value);
            }

            Assert.Equal(bank.Peek(scored, 3.3f), bank.Peek(seeded, 3.3f));
            Assert.Equal(Window(bank, scored), Window(bank, seeded));
        }
    }

    [Theory]
    [InlineData(SpikeMode.Exact, 132)]
    [InlineData(SpikeMode.Stable, 124)]
    public void A_key_takes_the_documented_bytes_and_survives_being_written_and_read(SpikeMode mode, int bytes)
    {
        var bank = new SpikeBank(30, 95, SpikeSide.Positive, mode, 2);
        Assert.Equal(bytes, bank.SlotBytes);
        foreach (var count in new[] { 0, 12, 30, 47 })
        {
            var (from, to) = (bank.Rent(), bank.Rent());
            bank.Seed(from, SeriesOf.Normals(count, count));
            bank.Seed(to, [7, 7, 7]);
            var state = new byte[bank.SlotBytes];
            bank.WriteState(from, state);
            bank.ReadState(to, state);
            foreach (var value in SeriesOf.Normals(70, 3))
            {
                Assert.Equal(bank.Score(from, value), bank.Score(to, value));
            }

            bank.Return(from);
            bank.Return(to);
        }
    }

    [Fact]
    public void Bytes_that_are_no_state_are_refused_and_change_nothing()
    {
        var bank = new SpikeBank(4, 95, SpikeSide.Positive, SpikeMode.Stable, 1);
        var slot = bank.Rent();
        bank.Seed(slot, [1, 2, 3]);
        var state = new byte[bank.SlotBytes];
        bank.WriteState(slot, state);
        byte[][] broken = [[5, 0, 3], [0, 0, 5], [0, 0, 4, 0, 0, 0, 0xC0, 0x7F], [1, 0, 3], [4, 0, 4]];
        foreach (var head in broken)
        {
            var bytes = state.ToArray();
            head.CopyTo(bytes, 0);
            Assert.Throws<InvalidDataException>(() => bank.ReadState(slot, bytes));
        }

        Assert.Throws<ArgumentException>(() => bank.ReadState(slot, state.AsSpan(1)));
        Assert.Throws<ArgumentException>(() => bank.WriteState(slot, state.AsSpan(1)));
        Assert.Equal([1f, 2f, 3f], Window(bank, slot));
    }

    [Theory]
    [InlineData(SpikeMode.Exact)]
    [InlineData(SpikeMode.Stable)]
    public void Scoring_allocates_nothing(SpikeMode mode)
    {
        var bank = new SpikeBank(30, 99.9, SpikeSide.Positive, mode, 64);
        for (var i = 0; i < 64; i++)
        {
            bank.Rent();
        }

        var values = SeriesOf.Normals(4_096, 1);
        var alerts = Pass(2_000);
        Assert.Equal(0, Allocations.LeastOf(() => alerts += Pass(100_000)));
        Assert.True(alerts > 0);

        int Pass(int points)
        {
            var count = 0;
            for (var i = 0; i < points; i++)
            {
                count += bank.Score(i & 63, values[i & 4_095] * (i % 997 == 0 ? 20 : 1), 3).Alert ? 1 : 0;
            }

            bank.Return(5);
            bank.Rent();
            return count;
        }
    }

    private static float[] Window(SpikeBank bank, int slot)
    {
        var window = new float[bank.Count(slot)];
        bank.CopyWindow(slot, window);
        return window;
    }

    private static double NaiveUpperTail(List<float> window, double value)
    {
        if (window.Count == 0)
        {
            return 0.5;
        }

        var mean = window.Average(held => (double)held);
        var deviation = window.Count == 1 ? 1 : Math.Sqrt(window.Average(held => (held - mean) * (held - mean)));
        var width = Math.Max(Math.Sqrt(2) * deviation, 1e-6);
        return window.Average(held => 0.5 * (1 - KernelPValue.Erf((value - held) / width)));
    }

    private static void AssertSame(double expected, double actual, double tolerance, string what)
    {
        var same = double.IsNaN(expected) ? double.IsNaN(actual)
            : tolerance == 0 ? BitConverter.DoubleToInt64Bits(expected) == BitConverter.DoubleToInt64Bits(actual)
            : Math.Abs(expected - actual) <= tolerance;
        Assert.True(same, $"{what}: {expected:R} expected, {actual:R} computed.");
    }

    private static void AssertNear(double expected, double actual, int seed) =>
        Assert.True(Math.Abs(expected - actual) <= 1e-12 * (1 + Math.Abs(expected)), $"seed {seed}: {expected:R} expected, {actual:R} computed.");
}
