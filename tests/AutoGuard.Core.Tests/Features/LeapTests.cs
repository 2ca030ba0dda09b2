using AutoGuard.Core.Configuration;
using AutoGuard.Core.Events;
using AutoGuard.Core.Features;
using AutoGuard.Core.Pipeline;
using AutoGuard.Core.Policy;

namespace AutoGuard.Core.Tests.Features;

/// <summary>Sessions that begin on another stream than the one before them: what counts of those who go through the channels.</summary>
public sealed class LeapTests
{
    private const string Home = "81.2.3.4";
    private const string Server = "198.51.100.66";

    private static readonly PipelineSettings s_settings = new()
    {
        Policy = new PolicyOptions { Mode = EnforcementMode.Enforce },
        Referrers = new ReferrersOptions { Official = ["www.example.com"] },
    };

    [Fact]
    public void Who_goes_through_all_channels_is_left_alone_and_hardly_counted()
    {
        TestTraffic traffic = new(s_settings);
        Leap(traffic, 34, Home, "t");
        RunUntil(traffic.Session(300, 420, "stays", Home, "t", "u", stream: "final"), 480);

        Assert.Empty(traffic.Decisions);
        // The first is none, of the 33 leaps every fifth counts, and the last stays.
        Assert.Equal((1 + 6 + 1, 1 + 6), CountsOf(traffic, Home));
        Assert.Equal(1 + 6 + 1, SessionsOf(traffic, "t"));
        Assert.Equal(35u, Address(traffic, Home).TotalSessions);
    }

    [Theory]
    [InlineData(1, 31)]
    [InlineData(2, 167)]
    [InlineData(12, 167)]
    public void A_program_that_opens_session_after_session_is_flagged_on_whatever_streams(int streams, int after)
    {
        TestTraffic traffic = new(s_settings);
        for (int i = 0; i < 600; i++)
        {
            traffic.Session(10 + (i * 6), 14 + (i * 6), $"s{i}", Home, "t", "u", stream: $"channel{i % streams}");
        }
        traffic.InOrder().Run();

        Decision first = traffic.Decisions.First(static d => d.Subject.Value == Home);
        Assert.Contains(first.Reasons, static r => r.Indicator is "AddressAttempts" or "AddressReconnects");
        Assert.InRange((first.Time - TestTraffic.Noon) / 6_000, after - 3, after + 6);
    }

    [Fact]
    public void Letting_every_fifth_session_stay_hides_none_of_the_others()
    {
        TestTraffic traffic = new(s_settings);
        for (int i = 0; i < 600; i++)
        {
            // What had counted was every fifth session of an address: this one was let stay, and the other four were free.
            double length = i % 5 == 0 ? 30 : 4;
            traffic.Session(10 + (i * 3), 10 + (i * 3) + length, $"s{i}", Server, $"t{i % 7}", $"u{i % 7}", stream: $"channel{i % 9}", heartbeat: 16);
        }
        traffic.InOrder().Run(complete: false);

        Assert.InRange(Address(traffic, Server).Shorts, 40, 96);
        Assert.InRange(CountsOf(traffic, Server).Short, 20, 40);
    }

    [Fact]
    public void Sessions_on_changing_streams_that_fall_silent_count_fully()
    {
        TestTraffic traffic = new(s_settings);
        for (int i = 0; i < 40; i++)
        {
            traffic.Event(10 + (i * 6), $"s{i}", Home, "t", "u", PlaybackEventType.Start, stream: $"channel{i % 9}");
        }
        RunUntil(traffic, 500);

        Assert.Equal((40, 40), CountsOf(traffic, Home));
        Assert.Equal(40, SessionsOf(traffic, "t"));
    }

    [Theory]
    [InlineData(Home)]
    [InlineData("198.51.100.7")]
    public void A_leap_that_stays_counts_once_wherever_it_stays(string then)
    {
        TestTraffic traffic = new TestTraffic(s_settings)
            .Session(0, 5, "first", Home, "t", "u", stream: "a")
            .Event(10, "leap", Home, "t", "u", PlaybackEventType.Start, stream: "b")
            .Event(20, "leap", then, "t", "u", stream: "b");
        for (int beat = 0; beat < 8; beat++)
        {
            traffic.Event(30 + (beat * 10), "leap", then, "t", "u", stream: "b");
        }
        traffic.Event(105, "leap", then, "t", "u", PlaybackEventType.End, stream: "b");
        RunUntil(traffic, 150);

        Assert.Equal(2, SessionsOf(traffic, "t"));
        Assert.Equal(then == Home ? (2, 1) : (1, 0), CountsOf(traffic, then));
        Assert.Equal((then == Home ? 2 : 1, 1), CountsOf(traffic, Home));
    }

    [Fact]
    public void A_leap_that_goes_on_with_a_renewed_token_counts_in_that_one()
    {
        TestTraffic traffic = new TestTraffic(s_settings)
            .Session(0, 5, "first", Home, "old", "u", stream: "a")
            .Event(10, "leap", Home, "old", "u", PlaybackEventType.Start, stream: "b")
            .Event(20, "leap", Home, "new", "u", stream: "b")
            .Event(30, "leap", Home, "new", "u", stream: "b")
            .Event(40, "leap", Home, "new", "u", stream: "b");
        RunUntil(traffic, 60);

        Assert.Equal((1, 1), (SessionsOf(traffic, "old"), SessionsOf(traffic, "new")));
        Assert.Equal((2, 1), CountsOf(traffic, Home));
    }

    [Fact]
    public void A_session_whose_only_event_says_that_it_stayed_counts()
    {
        TestTraffic traffic = new TestTraffic(s_settings)
            .Session(0, 5, "first", Home, "t", "u", stream: "a")
            .Event(60, "lost", Home, "t", "u", PlaybackEventType.End, duration: 40, stream: "b");
        RunUntil(traffic, 120);

        Assert.Equal(2, SessionsOf(traffic, "t"));
        Assert.Equal((2, 1), CountsOf(traffic, Home));
    }

    [Fact]
    public void To_name_no_stream_is_no_leap()
    {
        TestTraffic traffic = new(s_settings);
        for (int i = 0; i < 40; i++)
        {
            traffic.Session(10 + (i * 6), 14 + (i * 6), $"s{i}", Home, "t", "u", stream: i == 0 ? "a" : null);
        }
        RunUntil(traffic, 300);

        Assert.Equal((40, 40), CountsOf(traffic, Home));
    }

    [Theory]
    [InlineData(0, 1.0)]
    [InlineData(1, 0.0)]
    [InlineData(2, 0.16)]
    public void Missing_referrers_are_a_share_of_the_sessions_that_count(int namedAtBeat, double share)
    {
        TestTraffic traffic = new(s_settings);
        for (int i = 0; i < 400; i++)
        {
            traffic.Session(i, 4_000, $"h{i}", $"82.{i % 200}.{i / 200}.1", $"h{i}", $"h{i}", agent: "Browser", heartbeat: 120);
        }
        for (int i = 0; i < 60; i++)
        {
            // Half are left at once, and half stay; the page is named never, while it is not known whether they stay, or after.
            double at = 600 + (i * 40);
            string? Referrer(int beat) => namedAtBeat > 0 && beat >= namedAtBeat ? "pirate.example" : null;
            traffic.Event(at, $"s{i}", Home, "t", "u", PlaybackEventType.Start, referrer: null, stream: $"channel{i % 5}", agent: "Browser");
            for (int beat = 1; beat <= 3; beat++)
            {
                PlaybackEventType type = beat == 3 || i % 2 == 0 ? PlaybackEventType.End : PlaybackEventType.Heartbeat;
                traffic.Event(at + (beat * 11), $"s{i}", Home, "t", "u", type, referrer: Referrer(beat), stream: $"channel{i % 5}", agent: "Browser");
            }
        }
        traffic.InOrder();
        double least = double.MaxValue;
        double most = double.MinValue;
        foreach (EventBatch batch in traffic.Batches(16))
        {
            traffic.Pipeline.Process(batch, traffic.Output);
            if (Features(traffic, "t") is { } features)
            {
                least = Math.Min(least, features.UnexpectedMissingShare);
                most = Math.Max(most, features.UnexpectedMissingShare);
                Assert.InRange(features.MissingReferrerShare + features.UnknownReferrerShare, 0, 1);
            }
        }

        Assert.InRange(least, -1e-6, 1);
        Assert.InRange(most, 0, 1 + 1e-6);
        TokenFeatures last = Features(traffic, "t")!.Value;
        Assert.InRange(last.Sessions, 31, 42);
        Assert.Equal(share, last.UnexpectedMissingShare, 0.1);
    }

    [Fact]
    public void What_leaps_counted_is_the_same_in_whatever_order_it_arrived()
    {
        ((int, int) Address, int Token, string Decisions) Result(int? seed)
        {
            TestTraffic traffic = new(s_settings);
            for (int i = 0; i < 300; i++)
            {
                traffic.Session(10 + (i * 3), 10 + (i * 3) + (i % 4 == 0 ? 40 : 4), $"s{i}", Server, $"t{i % 3}", $"u{i % 3}", stream: $"channel{i % 7}", end: i % 6 != 0);
            }
            traffic.InOrder();
            _ = seed is { } number ? traffic.Disordered(number, 5, 0.1) : traffic;
            traffic.Run(complete: false);
            traffic.Pipeline.AdvanceTo(TestTraffic.Noon + 1_000_000, traffic.Output);
            return (CountsOf(traffic, Server), SessionsOf(traffic, "t1"), string.Join(' ', traffic.Decisions.Select(static d => (d.Time, d.Action, d.Score, d.Subject))));
        }

        var inOrder = Result(null);
        Assert.True(inOrder.Token > 20);
        Assert.Equal(inOrder, Result(1));
        Assert.Equal(inOrder, Result(2));
    }

    [Fact]
    public void Leaps_whose_address_and_token_a_full_table_gave_away_are_let_go()
    {
        TestTraffic traffic = new(s_settings with { Detection = new DetectionOptions { Capacity = new CapacityOptions { Addresses = 1_000, Tokens = 1_000 } } });
        for (int i = 0; i < 4_000; i++)
        {
            string address = $"{60 + (i % 80)}.{i / 200}.{i % 200}.1";
            traffic.Session(i * 0.02, 2 + (i * 0.02), $"a{i}", address, $"t{i}", stream: "a");
            traffic.Event(3 + (i * 0.02), $"b{i}", address, $"t{i}", type: PlaybackEventType.Start, stream: "b");
            traffic.Event(90 + (i * 0.02), $"b{i}", address, $"t{i}", stream: "b");
        }
        RunUntil(traffic, 1_000);
        FeatureState state = traffic.Pipeline.State;

        Assert.True(state.Addresses.Evictions > 0 && state.Tokens.Evictions > 0);
        Assert.Equal(0, state.OpenSessions);
        for (int i = 0; i < state.Addresses.HighWater; i++)
        {
            Assert.Equal(0, state.Addresses.IsLive(i) ? state.Addresses[i].Open : 0);
        }
    }

    private static void RunUntil(TestTraffic traffic, double second)
    {
        traffic.InOrder().Run(complete: false);
        traffic.Pipeline.AdvanceTo(TestTraffic.Noon + (long)(second * 1000), traffic.Output);
    }

    /// <summary>Somebody who looks for four seconds at each of many channels.</summary>
    private static void Leap(TestTraffic traffic, int channels, string address, string token)
    {
        for (int i = 0; i < channels; i++)
        {
            traffic.Session(10 + (i * 5), 14 + (i * 5), $"{token}{i}", address, token, "u", stream: $"channel{i}");
        }
    }

    private static AddressState Address(TestTraffic traffic, string address)
    {
        FeatureState state = traffic.Pipeline.State;
        int index = state.Addresses.Find(new(IpAddress.From(System.Net.IPAddress.Parse(address)), 0));
        Assert.True(index >= 0);
        return state.Addresses[index];
    }

    private static (int Starts, int Short) CountsOf(TestTraffic traffic, string address)
    {
        int starts = 0;
        int ended = 0;
        AddressState state = Address(traffic, address);
        foreach (ref readonly AddressMinute minute in (ReadOnlySpan<AddressMinute>)state.Minutes)
        {
            starts += minute.Starts;
            ended += minute.Short;
        }
        return (starts, ended);
    }

    private static int SessionsOf(TestTraffic traffic, string token) => Features(traffic, token)!.Value.Sessions;

    private static TokenFeatures? Features(TestTraffic traffic, string token)
    {
        FeatureState state = traffic.Pipeline.State;
        int index = state.Tokens.Find(traffic.TokenKey(token));
        if (index < 0)
        {
            return null;
        }
        FeatureMeter meter = new(state, FeatureWindows.From(traffic.Settings.Detection), traffic.Referrers, TokenWorkflow.Auto, new Population());
        meter.Measure(index, traffic.Pipeline.Watermark, out TokenFeatures features);
        return features;
    }
}
