using AutoGuard.Simulation.World;

namespace AutoGuard.Simulation.Tests.World;

public sealed class DeterministicRandomTests
{
    [Fact]
    public void A_domain_and_index_have_their_own_numbers()
    {
        ulong[] firsts =
        [
            .. Enumerable.Range(0, 1_000).Select(i => new DeterministicRandom(5, RandomDomain.Viewer, i).Next()),
            .. Enumerable.Range(0, 1_000).Select(i => new DeterministicRandom(5, RandomDomain.Attack, i).Next()),
            .. Enumerable.Range(6, 1_000).Select(seed => new DeterministicRandom((ulong)seed, RandomDomain.Viewer).Next()),
        ];

        Assert.Equal(firsts.Length, firsts.Distinct().Count());
    }

    [Fact]
    public void Between_is_uniform_and_includes_both_ends()
    {
        DeterministicRandom random = new(1, RandomDomain.Viewer);
        int[] counts = new int[7];
        for (int i = 0; i < 70_000; i++)
        {
            counts[random.Between(-3, 3) + 3]++;
        }

        Assert.All(counts, c => Assert.InRange(c, 9_500, 10_500));
    }

    [Fact]
    public void Chance_follows_its_probability()
    {
        DeterministicRandom random = new(2, RandomDomain.Viewer);

        Assert.InRange(Enumerable.Range(0, 100_000).Count(_ => random.Chance(0.03)), 2_800, 3_200);
        Assert.DoesNotContain(true, Enumerable.Range(0, 1_000).Select(_ => random.Chance(0)));
        Assert.DoesNotContain(false, Enumerable.Range(0, 1_000).Select(_ => random.Chance(1)));
    }

    [Fact]
    public void Quantiles_are_met()
    {
        QuantileTable table = new((0, 0), (500, 100), (900, 1_000), (1000, 10_000));
        DeterministicRandom random = new(3, RandomDomain.Viewer);
        long[] drawn = [.. Enumerable.Range(0, 50_000).Select(_ => table.Draw(random)).Order()];

        Assert.InRange(drawn[25_000], 95, 115);
        Assert.InRange(drawn[45_000], 950, 1_150);
        Assert.InRange(drawn[^1], 9_000, 10_000);
    }
}
