using AutoGuard.Core.Features;

namespace AutoGuard.Core.Tests.Features;

public sealed class RecentSetsTests
{
    [Theory]
    [InlineData(1, 40)]
    [InlineData(2, 200)]
    [InlineData(3, 600)]
    public void A_set_counts_like_a_dictionary_of_last_sights(int seed, int variety)
    {
        Random random = new(seed);
        RecentSets<PlainMember> sets = new();
        Dictionary<ulong, uint> twin = [];
        int set = 0;
        const uint window = 5_000;
        for (uint now = window; now < 60_000; now += 20)
        {
            ulong identity = Spread((ulong)random.Next(variety));
            sets.GetOrAdd(ref set, identity, now, now - window, out bool added);
            Assert.Equal(!twin.TryGetValue(identity, out uint last) || last < now - window, added);
            twin[identity] = now;
            if (now % 1000 == 0)
            {
                Assert.Equal(twin.Values.Count(seen => seen >= now - window), sets.Count(set, now - window));
            }
        }
    }

    [Fact]
    public void Hostile_variety_saturates_the_count_and_the_memory()
    {
        RecentSets<PlainMember> sets = new();
        int set = 0;
        for (ulong i = 1; i <= 100_000; i++)
        {
            sets.GetOrAdd(ref set, Spread(i), 1_000, 0, out _);
        }
        Assert.InRange(sets.Count(set, 0), 900, RecentSets<PlainMember>.LargestSet);
        Assert.Equal(RecentSets<PlainMember>.LargestSet, sets.Members(set).Length);
    }

    [Fact]
    public void A_released_set_is_empty_and_its_memory_is_clean_for_the_next()
    {
        RecentSets<PlainMember> sets = new();
        int set = 0;
        sets.GetOrAdd(ref set, 5, 100, 0, out _);
        sets.Release(ref set);
        Assert.Equal(0, set);

        int next = 0;
        sets.GetOrAdd(ref next, 6, 100, 0, out bool added);
        Assert.True(added);
        Assert.Equal(1, sets.Count(next, 0));
    }

    private static ulong Spread(ulong value)
    {
        value = (value + 0x9E37_79B9_7F4A_7C15) * 0xBF58_476D_1CE4_E5B9;
        return value ^ (value >> 31);
    }
}
