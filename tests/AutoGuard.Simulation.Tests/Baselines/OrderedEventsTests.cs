using AutoGuard.Core.Events;
using AutoGuard.Simulation.Baselines;

namespace AutoGuard.Simulation.Tests.Baselines;

public sealed class OrderedEventsTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Events_that_come_within_the_lateness_are_delivered_in_order_and_once(int seed)
    {
        Random random = new(seed);
        HandMadeEvents events = new();
        List<(double Time, string Session)> all = [.. Enumerable.Range(0, 5_000).Select(i => (i * 0.1, $"s{random.Next(300)}")).Distinct()];
        IEnumerable<(double Time, string Session)> arrived = all.SelectMany(e => Enumerable.Repeat(e, random.Next(10) == 0 ? 2 : 1))
            .OrderBy(e => e.Time + (random.NextDouble() * 9));
        foreach ((double time, string session) in arrived)
        {
            events.Add(time, session, "token of " + session);
        }
        List<(long, string)> delivered = Deliver(events);

        Assert.Equal(all.Select(e => (HandMadeEvents.At(e.Time), "token of " + e.Session)), delivered);
    }

    [Fact]
    public void A_date_far_ahead_moves_nothing_and_what_comes_too_late_is_left_out()
    {
        HandMadeEvents events = new HandMadeEvents()
            .Add(0, "a", "t").Add(7_200, "ahead", "t").Add(20, "b", "t").Add(5, "late", "t").Add(30, "c", "t");

        Assert.Equal([0, 20, 30], Deliver(events).Select(e => (e.Item1 - HandMadeEvents.Midnight) / 1000));
    }

    private static List<(long Time, string Token)> Deliver(HandMadeEvents events)
    {
        List<(long, string)> delivered = [];
        OrderedEvents ordered = new(TimeSpan.FromSeconds(10), batch =>
        {
            foreach (ref readonly PlaybackEvent e in batch.Events)
            {
                delivered.Add((e.Timestamp, events.Context.TokenOf(in e, batch)));
            }
        });
        ordered.Add(events.Batch);
        ordered.Complete();
        return delivered;
    }
}
