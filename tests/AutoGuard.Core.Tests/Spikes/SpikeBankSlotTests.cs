using AutoGuard.Core.Spikes;

namespace AutoGuard.Core.Tests.Spikes;

public sealed class SpikeBankSlotTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Slots_are_rented_and_returned_as_from_a_naive_set(bool growable)
    {
        foreach (var seed in Seeds.Some)
        {
            var random = new Random(seed);
            var bank = new SpikeBank(random.Next(1, 5), 95, SpikeSide.Positive, (SpikeMode)random.Next(2), 5, growable);
            var held = new Dictionary<int, List<float>>();
            for (var step = 0; step < 1_000; step++)
            {
                var what = $"seed {seed}, step {step}";
                if (random.Next(100) < 45)
                {
                    var rented = bank.TryRent(out var slot);
                    Assert.True(rented == (growable || held.Count < 5), what);
                    if (rented)
                    {
                        Assert.True(slot >= 0 && slot < bank.Capacity && held.TryAdd(slot, []), $"{what}: slot {slot} was given twice.");
                        Assert.Equal(0, bank.Count(slot));
                        Assert.Equal(0.5, bank.Peek(slot, 123).PValue);
                    }
                }
                else if (held.Count > 0)
                {
                    var slot = held.Keys.ElementAt(random.Next(held.Count));
                    if (random.Next(2) == 0)
                    {
                        bank.Return(slot);
                        held.Remove(slot);
                        Assert.Throws<InvalidOperationException>(() => bank.Return(slot));
                        Assert.Throws<InvalidOperationException>(() => bank.Score(slot, 1));
                    }
                    else
                    {
                        var value = random.Next(1000);
                        bank.Score(slot, value);
                        held[slot].Add(value);
                    }
                }

                Assert.Equal(held.Count, bank.Rented);
            }

            foreach (var (slot, values) in held)
            {
                var window = new float[bank.Count(slot)];
                bank.CopyWindow(slot, window);
                Assert.Equal(values.TakeLast(bank.History), window);
            }
        }
    }

    [Theory]
    [InlineData(SpikeMode.Exact)]
    [InlineData(SpikeMode.Stable)]
    public void A_slot_used_again_or_reset_remembers_nothing(SpikeMode mode)
    {
        var bank = new SpikeBank(6, 95, SpikeSide.TwoSided, mode, 1);
        var first = Run(bank.Rent());
        Run(0, 1e6f);
        bank.Return(0);
        Assert.Equal(first, Run(bank.Rent()));
        bank.Reset(0);
        Assert.Equal(first, Run(0));

        List<SpikePrediction> Run(int slot, float factor = 1) =>
            [.. SeriesOf.Normals(20, 8).Select(value => bank.Score(slot, value * factor))];
    }

    [Fact]
    public void A_full_bank_of_fixed_capacity_refuses()
    {
        var bank = new SpikeBank(6, 95, SpikeSide.TwoSided, SpikeMode.Stable, 1);
        bank.Rent();
        Assert.False(bank.TryRent(out var slot));
        Assert.Equal(-1, slot);
        Assert.Throws<InvalidOperationException>(() => bank.Rent());
    }

    [Fact]
    public void Growth_doubles_and_keeps_what_is_held()
    {
        var bank = new SpikeBank(3, 95, SpikeSide.Positive, SpikeMode.Exact, 1, growable: true);
        for (var i = 0; i < 9; i++)
        {
            bank.Score(bank.Rent(), i);
        }

        Assert.Equal(16, bank.Capacity);
        var window = new float[1];
        for (var i = 0; i < 9; i++)
        {
            bank.CopyWindow(i, window);
            Assert.Equal(i, window[0]);
        }
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(65_535, 1)]
    [InlineData(30, 0)]
    [InlineData(1_000, 3_000_000)]
    public void Sizes_out_of_range_are_refused(int history, int capacity) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new SpikeBank(history, 95, SpikeSide.Positive, SpikeMode.Stable, capacity));

    [Theory]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(7)]
    public void Slots_never_rented_are_refused(int slot)
    {
        var bank = new SpikeBank(4, 95, SpikeSide.Positive, SpikeMode.Stable, 2);
        Assert.Throws<InvalidOperationException>(() => bank.Score(slot, 1));
        Assert.Throws<InvalidOperationException>(() => bank.Return(slot));
    }
}
