using AutoGuard.Simulation.World;

namespace AutoGuard.Simulation.Tests.World;

public sealed class EventScheduleTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Items_come_by_time_and_within_it_in_order_of_insertion(int seed)
    {
        Random random = new(seed);
        EventSchedule<object> schedule = new();
        List<(long Time, int Order, object Item)> oracle = [];
        for (int step = 0; step < 20_000; step++)
        {
            if (random.Next(5) < 3)
            {
                object item = new();
                long time = random.Next(400);
                schedule.Add(time, item);
                oracle.Add((time, step, item));
            }
            else if (oracle.Count > 0)
            {
                var expected = oracle.MinBy(e => (e.Time, e.Order));
                oracle.Remove(expected);
                Assert.Equal(expected.Time, schedule.NextTime);
                Assert.True(schedule.TryTake(out long time, out object item));
                Assert.True(time == expected.Time && ReferenceEquals(item, expected.Item), $"seed {seed}, step {step}");
            }

            Assert.Equal(oracle.Count, schedule.Count);
        }
    }

    [Fact]
    public void Nothing_comes_out_of_an_empty_schedule() => Assert.False(new EventSchedule<object>().TryTake(out _, out _));
}
