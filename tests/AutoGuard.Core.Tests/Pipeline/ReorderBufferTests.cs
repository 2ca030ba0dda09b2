using System.Text;
using AutoGuard.Core.Events;
using AutoGuard.Core.Pipeline;

namespace AutoGuard.Core.Tests.Pipeline;

public sealed class ReorderBufferTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Events_come_out_sorted_complete_and_with_their_own_texts(int seed)
    {
        Random random = new(seed);
        ReorderBuffer buffer = new(600_000, 10_000);
        const long start = TestTraffic.Noon;
        List<long> added = [];
        List<long> taken = [];
        long clock = start;
        for (int i = 0; i < 20_000; i++)
        {
            clock += random.Next(0, 40);
            long time = clock + random.Next(0, 9_000);
            PlaybackEvent e = new() { Timestamp = time, OrderKey = (ulong)random.NextInt64(), Offset = i };
            buffer.Add(in e, Encoding.UTF8.GetBytes($"token-{i}"), Encoding.UTF8.GetBytes($"user-{i}"));
            added.Add(time);
            if (i % 500 == 0)
            {
                Take(buffer, clock, taken);
            }
        }
        Take(buffer, clock + 60_000, taken);

        Assert.Equal(0, buffer.Count);
        Assert.Equal(added.Order(), taken);
    }

    [Fact]
    public void Nothing_comes_out_before_the_watermark_has_passed_it()
    {
        ReorderBuffer buffer = new(600_000, 10_000);
        PlaybackEvent e = new() { Timestamp = TestTraffic.Noon + 499 };
        buffer.Add(in e, [], []);

        Assert.False(buffer.TryTake(TestTraffic.Noon + 499, out _));
        Assert.True(buffer.TryTake(TestTraffic.Noon + 500, out _));
    }

    [Fact]
    public void A_silence_of_days_is_crossed()
    {
        ReorderBuffer buffer = new(600_000, 10_000);
        List<long> taken = [];
        foreach (long day in (long[])[0, 1, 5])
        {
            PlaybackEvent e = new() { Timestamp = TestTraffic.Noon + (day * 86_400_000) };
            Take(buffer, e.Timestamp - 1000, taken);
            buffer.Add(in e, [], []);
        }
        Take(buffer, TestTraffic.Noon + (6 * 86_400_000L), taken);

        Assert.Equal(3, taken.Count);
    }

    private static void Take(ReorderBuffer buffer, long watermark, List<long> taken)
    {
        while (buffer.TryTake(watermark, out ReorderBuffer.Slot slot))
        {
            for (int i = 0; i < slot.Count; i++)
            {
                ref readonly PlaybackEvent e = ref slot[i];
                taken.Add(e.Timestamp);
                if (e.TokenText.Length > 0)
                {
                    Assert.Equal($"token-{e.Offset}", Encoding.UTF8.GetString(slot.Text(e.TokenText)));
                    Assert.Equal($"user-{e.Offset}", Encoding.UTF8.GetString(slot.Text(e.UserText)));
                }
            }
            buffer.Return(slot);
        }
    }
}
