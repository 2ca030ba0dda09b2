using AutoGuard.Core.Features;

namespace AutoGuard.Core.Tests.Features;

public sealed class ReconnectsTests
{
    private const long Minute = 60_000;

    [Fact]
    public void One_network_that_reconnects_all_the_time_is_its_own_trouble()
    {
        Reconnects reconnects = new();
        NetworkState[] networks = new NetworkState[200];
        for (int minute = 0; minute < 20; minute++)
        {
            StartAll(reconnects, networks, minute);
            for (int i = 0; i < 500; i++)
            {
                reconnects.CountShort(ref networks[0], At(minute));
            }
        }

        Assert.False(reconnects.IsEverywhere(At(20)));
        Assert.Equal(0, reconnects.UsualAt(At(20)));
    }

    [Fact]
    public void Many_networks_that_reconnect_at_once_are_everybody_s_trouble_until_it_is_forgotten()
    {
        Reconnects reconnects = new();
        NetworkState[] networks = new NetworkState[200];
        StartAll(reconnects, networks, 0);
        for (int i = 0; i < 100; i++)
        {
            reconnects.CountShort(ref networks[i], At(0));
            reconnects.CountShort(ref networks[i], At(0));
        }

        Assert.True(reconnects.IsEverywhere(At(0)));
        // Two of each network, and three times as many for those whose players are quicker.
        Assert.Equal(6, reconnects.UsualAt(At(0)), 6);
        Assert.True(reconnects.IsEverywhere(At(10)));
        Assert.False(reconnects.IsEverywhere(At(12)));
        Assert.Equal(0, reconnects.UsualAt(At(12)));
    }

    [Fact]
    public void Fewer_than_fifteen_networks_are_never_everybody()
    {
        Reconnects reconnects = new();
        NetworkState[] networks = new NetworkState[14];
        StartAll(reconnects, networks, 0);
        for (int i = 0; i < 14; i++)
        {
            reconnects.CountShort(ref networks[i], At(0));
        }

        Assert.False(reconnects.IsEverywhere(At(0)));
    }

    [Fact]
    public void A_few_bad_lines_among_many_are_not_everybody()
    {
        Reconnects reconnects = new();
        NetworkState[] networks = new NetworkState[400];
        for (int minute = 0; minute < 30; minute++)
        {
            StartAll(reconnects, networks, minute);
            for (int i = 0; i < 20; i++)
            {
                reconnects.CountShort(ref networks[(minute + i) % 400], At(minute));
            }
            Assert.False(reconnects.IsEverywhere(At(minute)), $"in minute {minute}");
        }
    }

    [Fact]
    public void Four_times_as_many_bad_lines_as_ever_are_everybody_s_trouble()
    {
        Reconnects reconnects = new();
        NetworkState[] networks = new NetworkState[2_000];
        for (int minute = 0; minute < 30; minute++)
        {
            StartAll(reconnects, networks, minute);
            for (int i = 0; i < 10; i++)
            {
                reconnects.CountShort(ref networks[i], At(minute));
            }
        }
        Assert.False(reconnects.IsEverywhere(At(29)));
        StartAll(reconnects, networks, 30);
        for (int i = 0; i < 100; i++)
        {
            reconnects.CountShort(ref networks[i], At(30));
        }

        Assert.True(reconnects.IsEverywhere(At(30)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void A_kick_off_at_which_everything_is_more_is_no_trouble(int silence)
    {
        Reconnects reconnects = new();
        NetworkState[] networks = new NetworkState[2_000];
        for (int minute = 0; minute < 30; minute++)
        {
            StartAll(reconnects, networks[..200], minute);
            for (int i = 0; i < 10; i++)
            {
                reconnects.CountShort(ref networks[i], At(minute));
            }
        }
        StartAll(reconnects, networks, 30);
        // Whoever fell silent is known minutes later, when hardly anybody starts any more.
        StartAll(reconnects, networks[..10], 30 + silence);
        for (int i = 0; i < 100; i++)
        {
            reconnects.CountShort(ref networks[i], At(30 + silence));
        }

        Assert.False(reconnects.IsEverywhere(At(30 + silence)));
        // More than ever reconnect all the same: where many viewers are behind one address, many do.
        Assert.True(reconnects.IsBusy(At(30 + silence)));
        Assert.False(reconnects.IsEverybodys(At(30 + silence), tokens: 7));
        Assert.True(reconnects.IsEverybodys(At(30 + silence), tokens: 8));
        Assert.False(reconnects.IsBusy(At(42 + silence)));
    }

    [Fact]
    public void A_session_that_is_noticed_late_counts_now()
    {
        Reconnects reconnects = new();
        NetworkState[] networks = new NetworkState[30];
        StartAll(reconnects, networks, 5);
        for (int i = 0; i < 30; i++)
        {
            reconnects.CountShort(ref networks[i], At(3));
        }

        Assert.True(reconnects.IsEverywhere(At(5)));
    }

    private static void StartAll(Reconnects reconnects, NetworkState[] networks, int minute)
    {
        for (int i = 0; i < networks.Length; i++)
        {
            reconnects.CountStart(ref networks[i], At(minute));
        }
    }

    private static long At(int minute) => (TestTraffic.Noon / Minute * Minute) + (minute * Minute);
}
