using AutoGuard.Core.Events;
using AutoGuard.Core.Pipeline;
using AutoGuard.Core.Tests.Features;

namespace AutoGuard.Core.Tests.Pipeline;

/// <summary>Events whose times were chosen to do harm.</summary>
[Collection(nameof(MemoryGroup))]
public sealed class HostileTimeTests
{
    [Fact]
    public void Any_number_of_events_of_one_session_at_one_instant_is_sorted_in_time()
    {
        // Two hundred thousand events that differ in their offsets only, the last first: sorted one by one, twenty billion steps.
        ReorderBuffer buffer = new(600_000, 10_000);
        for (int i = 200_000; i > 0; i--)
        {
            PlaybackEvent e = new() { Timestamp = TestTraffic.Noon, OrderKey = 7, Offset = i };
            buffer.Add(in e, [], []);
        }
        Assert.True(buffer.TryTake(TestTraffic.Noon + 1_000, out ReorderBuffer.Slot slot));

        Assert.Equal(200_000, slot.Count);
        for (int i = 0; i < slot.Count; i++)
        {
            Assert.Equal(i + 1, slot[i].Offset);
        }
    }

    [Fact]
    public void A_flood_of_events_dated_ahead_does_not_make_the_others_late()
    {
        TestTraffic traffic = new();
        EventBatch batch = new(4096);
        Run(traffic, batch, TestTraffic.Noon, 1, session: 0);
        int fed = 1;
        int honest = 1;
        for (int second = 1; second <= 60; second++)
        {
            traffic.Pipeline.Process(batch, traffic.Output);
            batch.Clear();
            traffic.Pipeline.SetRealTime(TestTraffic.Noon + ((second + 1) * 1_000L));
            for (int i = 0; i < 20_000; i++)
            {
                // Between three and four minutes ahead of everybody.
                Run(traffic, batch, TestTraffic.Noon + (second * 1_000L) + 180_000 + (i * 3), 2, (ulong)i);
                fed++;
                if (i % 2_000 == 0)
                {
                    Run(traffic, batch, TestTraffic.Noon + (second * 1_000L) + (i / 20), 3, (ulong)i);
                    fed++;
                    honest++;
                }
            }
        }
        traffic.Pipeline.Process(batch, traffic.Output);
        PipelineCounters counters = traffic.Pipeline.Counters;

        Assert.Equal(0, counters.Late);
        Assert.InRange(traffic.Pipeline.Watermark, TestTraffic.Noon + 45_000, TestTraffic.Noon + 61_000);
        Assert.True(counters.Accepted > honest * 3 / 4, $"{counters.Accepted} of {honest}");
        Assert.Equal(fed, counters.Accepted + counters.Future + counters.Duplicates + traffic.Pipeline.Waiting);
    }

    [Fact]
    public void One_event_of_another_year_does_not_ride_along_when_time_jumps()
    {
        TestTraffic traffic = new();
        traffic.Event(0, "a", "81.1.1.1", type: PlaybackEventType.Start);
        const double night = 30_000;
        for (int i = 0; i < 4; i++)
        {
            traffic.Event(night + i, $"b{i}", "81.1.1.1", type: PlaybackEventType.Start);
        }
        traffic.Event(2e9, "year 2089", "81.1.1.1", type: PlaybackEventType.Start);
        for (int i = 4; i < 40; i++)
        {
            traffic.Event(night + i, $"b{i}", "81.1.1.1", type: PlaybackEventType.Start);
        }
        traffic.Run();

        Assert.Equal(1, traffic.Pipeline.Counters.Future);
        Assert.Equal(0, traffic.Pipeline.Counters.Late);
        Assert.Equal(41, traffic.Pipeline.Counters.Accepted);
    }

    [Fact]
    public void A_partition_days_behind_another_is_late_and_mixes_nothing_up()
    {
        TestTraffic traffic = new();
        traffic.Pipeline.Expect(0);
        traffic.Pipeline.Expect(1);
        EventBatch batch = new(8);
        Add(batch, TestTraffic.Noon, 0, 1);
        Add(batch, TestTraffic.Noon - (3 * 86_400_000L), 1, 2);
        Add(batch, TestTraffic.Noon - (2 * 86_400_000L), 1, 3);
        traffic.Pipeline.Process(batch, traffic.Output);
        traffic.Pipeline.MarkIdle(1, traffic.Output);
        traffic.Pipeline.Complete(traffic.Output);

        Assert.Equal(1, traffic.Pipeline.Counters.Accepted);
        Assert.Equal(3, traffic.Pipeline.Counters.Accepted + traffic.Pipeline.Counters.Late + traffic.Pipeline.Counters.Future);
    }

    [Fact]
    public void A_burst_in_one_slot_does_not_stay_in_memory()
    {
        ReorderBuffer buffer = new(600_000, 10_000);
        for (int i = 0; i < 200_000; i++)
        {
            PlaybackEvent e = new() { Timestamp = TestTraffic.Noon + (i % 400), OrderKey = (ulong)i << 12 };
            buffer.Add(in e, [], []);
        }
        Assert.True(buffer.TryTake(TestTraffic.Noon + 1_000, out ReorderBuffer.Slot slot));
        Assert.True(slot.Room >= 200_000);
        buffer.Return(slot);

        Assert.InRange(slot.Room, 1, 65_536);
    }

    private static void Run(TestTraffic traffic, EventBatch batch, long time, ulong kind, ulong session)
    {
        if (batch.IsFull)
        {
            traffic.Pipeline.Process(batch, traffic.Output);
            batch.Clear();
        }
        Add(batch, time, 0, (kind << 40) | session);
    }

    private static void Add(EventBatch batch, long time, int partition, ulong session)
    {
        ref PlaybackEvent e = ref batch.Next();
        e.Timestamp = time;
        e.Partition = partition;
        e.Session = new Key128(session + 1, session * 0x9E37_79B9_7F4A_7C15);
        e.OrderKey = session << 10;
        e.Address = IpAddress.FromV4(0x51010101);
        batch.Commit();
    }
}
