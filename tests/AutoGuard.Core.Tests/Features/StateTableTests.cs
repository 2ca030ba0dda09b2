using AutoGuard.Core.Events;
using AutoGuard.Core.Features;

namespace AutoGuard.Core.Tests.Features;

public sealed class StateTableTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_table_answers_like_a_dictionary(int seed)
    {
        Random random = new(seed);
        StateTable<Key128, int, Key128Hash> table = new(10_000, default);
        Dictionary<Key128, int> twin = [];
        for (int step = 0; step < 50_000; step++)
        {
            // Few low bits, so that runs of occupied places and removals out of their middle happen all the time.
            Key128 key = new(7, (ulong)random.Next(0, 3000) * 64);
            if (random.Next(3) == 0)
            {
                int found = table.Find(key);
                Assert.True(found >= 0 == twin.ContainsKey(key), $"seed {seed}, step {step}");
                if (found >= 0)
                {
                    Assert.Equal(twin[key], table[found]);
                    table.Remove(found);
                    twin.Remove(key);
                }
            }
            else
            {
                int index = table.GetOrAdd(key, out bool added);
                Assert.True(added != twin.ContainsKey(key), $"seed {seed}, step {step}");
                table[index] = step;
                twin[key] = step;
            }
        }
        Assert.Equal(twin.Count, table.Count);
        Assert.All(twin, pair => Assert.Equal(pair.Value, table[table.Find(pair.Key)]));
    }

    [Fact]
    public void A_full_table_gives_away_the_key_that_was_not_touched()
    {
        Evictions evictions = new();
        StateTable<Key128, int, Key128Hash> table = new(3, default, evictions);
        for (ulong i = 1; i <= 3; i++)
        {
            table[table.GetOrAdd(new Key128(0, i), out _)] = (int)i;
        }
        table.GetOrAdd(new Key128(0, 4), out _);
        // The first round took every mark away and gave the first key away; key 2 is now the oldest unmarked one.
        Assert.Equal([1], evictions.States);
        table.GetOrAdd(new Key128(0, 2), out _);
        table.GetOrAdd(new Key128(0, 5), out _);

        Assert.Equal([1, 3], evictions.States);
        Assert.True(table.Find(new Key128(0, 2)) >= 0);
        Assert.Equal(3, table.Count);
        Assert.Equal(2, table.Evictions);
    }

    [Fact]
    public void A_handle_notices_that_its_entry_was_given_away()
    {
        StateTable<Key128, int, Key128Hash> table = new(10, default);
        int index = table.GetOrAdd(new Key128(0, 1), out _);
        StateHandle handle = table.HandleOf(index);
        Assert.True(table.Holds(handle));

        table.Remove(index);
        int again = table.GetOrAdd(new Key128(0, 2), out _);

        Assert.Equal(index, again);
        Assert.False(table.Holds(handle));
        Assert.Equal(0, table[again]);
    }

    private sealed class Evictions : IEvictionHandler<int>
    {
        public List<int> States { get; } = [];

        public void OnEvicted(int index, ref int state) => States.Add(state);
    }
}
