using AutoGuard.Core.Pipeline;

namespace AutoGuard.Core.Tests.Pipeline;

public sealed class EventClockTests
{
    private const long T = 1_763_121_600_000;
    private const long Minute = 60_000;

    [Fact]
    public void The_watermark_follows_the_largest_time_less_the_lateness()
    {
        EventClock clock = new(10_000);
        clock.Admit(0, T);
        clock.Admit(0, T + 5_000);
        clock.Admit(0, T + 2_000);

        Assert.Equal(T - 5_000, clock.Watermark);
    }

    [Fact]
    public void An_event_before_the_watermark_is_late()
    {
        EventClock clock = new(10_000);
        clock.Admit(0, T);

        Assert.Equal(Admission.Accept, clock.Admit(0, T - 10_000));
        Assert.Equal(Admission.Late, clock.Admit(0, T - 10_001));
    }

    [Fact]
    public void One_event_far_ahead_does_not_move_time()
    {
        EventClock clock = new(10_000);
        clock.Admit(0, T);

        Assert.Equal(Admission.Hold, clock.Admit(0, T + (60 * Minute)));
        Assert.Equal(Admission.Accept, clock.Admit(0, T + 1_000));
        Assert.Equal(T - 9_000, clock.Watermark);
    }

    [Fact]
    public void Eight_in_a_row_move_time_to_the_earliest_of_them()
    {
        EventClock clock = new(10_000);
        clock.Admit(0, T);
        for (int i = 1; i < EventClock.Witnesses; i++)
        {
            Assert.Equal(Admission.Hold, clock.Admit(0, T + (60 * Minute) + (i * 1000)));
        }
        Assert.Equal(Admission.AcceptHeld, clock.Admit(0, T + (61 * Minute)));
        Assert.Equal(T + (60 * Minute) + 1_000 - 10_000, clock.Watermark);
    }

    [Fact]
    public void The_slowest_partition_holds_the_watermark_until_it_is_idle()
    {
        EventClock clock = new(0);
        clock.Admit(0, T);
        clock.Admit(1, T);
        clock.Admit(0, T + 30_000);
        Assert.Equal(T, clock.Watermark);

        clock.MarkIdle(1);
        Assert.Equal(T + 30_000, clock.Watermark);
    }

    [Fact]
    public void A_partition_that_wakes_does_not_take_the_watermark_back()
    {
        EventClock clock = new(0);
        clock.Admit(0, T);
        clock.Admit(1, T);
        clock.MarkIdle(1);
        clock.Admit(0, T + 30_000);

        Assert.Equal(Admission.Late, clock.Admit(1, T + 1));
        Assert.Equal(T + 30_000, clock.Watermark);
    }

    [Fact]
    public void With_real_time_no_event_moves_time_beyond_it()
    {
        EventClock clock = new(10_000) { RealTime = T };
        Assert.Equal(Admission.Accept, clock.Admit(0, T + (4 * Minute)));
        Assert.Equal(T - 10_000, clock.Watermark);
        Assert.Equal(Admission.Future, clock.Admit(0, T + (5 * Minute) + 1));
    }
}
