using AutoGuard.Core.Events;
using AutoGuard.Core.Features;

namespace AutoGuard.Core.Tests.Features;

public sealed class ExpiryWheelTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Sessions_come_out_like_out_of_a_sorted_list(int seed)
    {
        Random random = new(seed);
        StateTable<Key128, SessionState, Key128Hash> sessions = new(10_000, default);
        ExpiryWheel wheel = new();
        Dictionary<int, long> twin = [];
        long now = TestTraffic.Noon;
        for (int step = 0; step < 20_000; step++)
        {
            now += random.Next(20) == 0 ? random.Next(0, 900_000) : random.Next(0, 700);
            List<int> taken = [];
            while (wheel.TryTake(sessions, now, out int due))
            {
                taken.Add(due);
            }
            List<int> expected = [.. twin.Where(pair => pair.Value < now / 1000).Select(pair => pair.Key).Order()];
            Assert.True(expected.SequenceEqual(taken.Order()), $"seed {seed}, step {step}: {string.Join(',', expected)} and not {string.Join(',', taken)}");
            foreach (int index in taken)
            {
                twin.Remove(index);
                sessions.Remove(index);
            }
            if (twin.Count > 0 && random.Next(4) == 0)
            {
                int gone = twin.Keys.ElementAt(random.Next(twin.Count));
                wheel.Remove(sessions, gone, ref sessions[gone]);
                twin.Remove(gone);
                sessions.Remove(gone);
            }
            int added = sessions.GetOrAdd(new Key128(1, (ulong)step + 1), out _);
            long dueAt = now + random.Next(1_000, 3_600_000);
            wheel.Add(sessions, added, ref sessions[added], dueAt, now);
            twin.Add(added, (dueAt + 999) / 1000);
        }
        Assert.NotEmpty(twin);
    }
}
