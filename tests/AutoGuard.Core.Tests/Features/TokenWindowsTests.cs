using AutoGuard.Core.Features;

namespace AutoGuard.Core.Tests.Features;

public sealed class TokenWindowsTests
{
    [Theory]
    [InlineData(1, 2)]
    [InlineData(2, 5)]
    [InlineData(3, 30)]
    public void The_window_holds_what_was_counted_in_its_slots(int seed, int longestPause)
    {
        Random random = new(seed);
        TokenWindows windows = new();
        TokenState token = default;
        Dictionary<int, int> twin = [];
        int slot = 2_000_000;
        for (int step = 0; step < 2_000; step++)
        {
            slot += random.Next(longestPause);
            ref TokenSlot counts = ref windows.Advance(ref token, slot);
            if (random.Next(3) > 0)
            {
                SlotRing.Increment(ref counts.Sessions);
                twin[slot] = twin.GetValueOrDefault(slot) + 1;
            }
            int sum = counts.Sessions;
            foreach (ref readonly PastSlot past in windows.PastOf(in token))
            {
                sum += past.Number >= TokenWindows.EarliestOf(in token) ? past.Counts.Sessions : 0;
            }
            Assert.Equal(twin.Where(one => one.Key > slot - TokenWindows.Length).Sum(one => one.Value), sum);
            Assert.InRange(windows.Rented, 0, 1);
        }
    }

    [Fact]
    public void A_token_that_was_silent_for_a_window_gives_its_memory_back()
    {
        TokenWindows windows = new();
        TokenState token = default;
        for (int slot = 100; slot < 120; slot++)
        {
            windows.Advance(ref token, slot).Watched = 60;
        }
        Assert.Equal(TokenWindows.Length - 1, windows.PastOf(in token).Length);

        Assert.True(windows.Advance(ref token, 119 + TokenWindows.Length).IsEmpty);

        Assert.Equal(0, windows.Rented);
        Assert.Equal(0, token.Past);
    }
}
