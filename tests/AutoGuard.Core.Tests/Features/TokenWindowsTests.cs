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
        Dictionary<int, TokenSlot> twin = [];
        int slot = 2_000_000;
        for (int step = 0; step < 2_000; step++)
        {
            slot += random.Next(longestPause);
            ref TokenSlot counts = ref windows.Advance(ref token, slot);
            if (random.Next(3) > 0)
            {
                Count(random, ref counts);
                twin[slot] = counts;
            }
            List<(int Number, TokenSlot Counts)> held = [];
            for (TokenWindows.PastSlots past = windows.PastOf(in token); past.MoveNext();)
            {
                held.Add((slot - past.Back, past.Current));
            }
            (int Number, TokenSlot Counts)[] expected = [.. twin
                .Where(one => one.Key < slot && one.Key > slot - TokenWindows.Length)
                .OrderByDescending(one => one.Key)
                .Select(one => (one.Key, one.Value))];
            Assert.Equal(expected, held);
            Assert.InRange(windows.Rented, 0, 1);
            Assert.InRange(windows.Cells, 0, expected.Length);
        }
        windows.Release(ref token);
        Assert.Equal((0, 0), (windows.Rented, windows.Cells));
    }

    [Theory]
    [InlineData(255, 254, 0)]
    [InlineData(256, 254, 1)]
    [InlineData(255, 255, 1)]
    public void Only_a_slot_that_does_not_fit_takes_a_cell(ushort sessions, ushort mostOpen, int cells)
    {
        TokenWindows windows = new();
        TokenState token = default;
        TokenSlot counts = new() { Watched = 1234.5678f, Sessions = sessions, MostOpen = mostOpen };
        windows.Advance(ref token, 100) = counts;
        windows.Advance(ref token, 101);

        TokenWindows.PastSlots past = windows.PastOf(in token);

        Assert.True(past.MoveNext());
        Assert.Equal((1, counts), (past.Back, past.Current));
        Assert.False(past.MoveNext());
        Assert.Equal(cells, windows.Cells);
    }

    [Fact]
    public void A_token_that_was_silent_for_a_window_gives_its_memory_back()
    {
        TokenWindows windows = new();
        TokenState token = default;
        for (int slot = 100; slot < 120; slot++)
        {
            windows.Advance(ref token, slot).Handovers = 60;
        }
        Assert.Equal((1, TokenWindows.Length - 1), (windows.Rented, windows.Cells));

        Assert.True(windows.Advance(ref token, 119 + TokenWindows.Length).IsEmpty);

        Assert.Equal((0, 0), (windows.Rented, windows.Cells));
        Assert.Equal(0, token.Past);
    }

    /// <summary>Counts something: often what an ordinary token shows, sometimes one of the rarer things, each of them.</summary>
    private static void Count(Random random, ref TokenSlot counts)
    {
        counts.Watched += random.NextSingle() * 100;
        counts.Sessions += (ushort)random.Next(200);
        counts.MostOpen = (ushort)random.Next(3);
        switch (random.Next(12))
        {
            case 0: counts.DataCentreWatched += 1; break;
            case 1: counts.Unexpected += 0.5f; break;
            case 2: counts.MissingReferrer++; break;
            case 3: counts.UnknownReferrer++; break;
            case 4: counts.Troubled++; break;
            case 5: counts.Handovers++; break;
            case 6: counts.MostOpen = 70; break;
        }
    }
}
