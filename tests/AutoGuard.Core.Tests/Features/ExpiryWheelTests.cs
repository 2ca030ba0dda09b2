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
                wheel.Remove(sessions, ref sessions[gone]);
                twin.Remove(gone);
                sessions.Remove(gone);
            }
            int added = sessions.GetOrAdd(new Key128(1, (ulong)step + 1), out _);
            long dueAt = now + random.Next(1_000, 3_600_000);
            wheel.Add(added, ref sessions[added], dueAt, now);
            twin.Add(added, (dueAt + 999) / 1000);
        }
        Assert.NotEmpty(twin);
    }

    /// <summary>Whoever writes the events may file all sessions under one second, and take most of them out again.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(29)]
    [InlineData(31)]
    [InlineData(64)]
    [InlineData(1_000)]
    [InlineData(5_000)]
    public void Sessions_of_one_second_come_out_the_latest_first_however_many_were_taken_out(int count)
    {
        StateTable<Key128, SessionState, Key128Hash> sessions = new(10_000, default);
        ExpiryWheel wheel = new();
        const long Due = TestTraffic.Noon + 20_000;
        Random random = new(count);
        List<int> kept = [];
        for (int i = 0; i < count; i++)
        {
            int session = sessions.GetOrAdd(new Key128(1, (ulong)i + 1), out _);
            wheel.Add(session, ref sessions[session], Due, TestTraffic.Noon);
            kept.Add(session);
            while (kept.Count > 1 && random.Next(10) < 7)
            {
                int taken = random.Next(kept.Count);
                wheel.Remove(sessions, ref sessions[kept[taken]]);
                kept.RemoveAt(taken);
            }
        }
        List<int> due = [];
        while (wheel.TryTake(sessions, Due + 1_000, out int session))
        {
            Assert.Equal(0, sessions[session].WheelPlace);
            due.Add(session);
        }
        kept.Reverse();
        Assert.Equal(kept, due);
    }
}
