using AutoGuard.Core.Configuration;
using AutoGuard.Core.Events;
using AutoGuard.Core.Features;
using AutoGuard.Core.Pipeline;
using AutoGuard.Core.Policy;

namespace AutoGuard.Core.Tests.Features;

[Collection(nameof(MemoryGroup))]
public sealed class SessionTrackerTests
{
    [Fact]
    public void Sessions_that_name_their_token_after_the_start_are_evidence_against_it()
    {
        TestTraffic traffic = new(new PipelineSettings { Policy = new PolicyOptions { Mode = EnforcementMode.Enforce } });
        for (int i = 0; i < 10; i++)
        {
            string ip = $"9{i}.1.2.3";
            traffic.Event(60 + (i * 10), $"s{i}", ip, type: PlaybackEventType.Start);
            for (int beat = 1; beat < 25; beat++)
            {
                traffic.Event(60 + (i * 10) + (beat * 30), $"s{i}", ip, "shared", "owner", country: i % 2 == 0 ? "DE" : "FR");
            }
        }
        traffic.InOrder().Run();

        Assert.Contains(traffic.Decisions, d => d.Subject == new Subject(SubjectType.Token, "shared") && d.Action == DecisionAction.Revoke);
        Assert.Equal(10u, Token(traffic, "shared").TotalSessions);
    }

    [Fact]
    public void A_session_that_goes_to_and_fro_between_addresses_is_counted_once_in_its_token()
    {
        TestTraffic traffic = new();
        for (int i = 0; i < 50; i++)
        {
            traffic.Event(i, "s", $"198.51.{i % 2}.1", "t", "u");
        }
        traffic.Run(complete: false);

        Assert.Equal(1u, Token(traffic, "t").TotalSessions);
    }

    [Fact]
    public void An_event_without_a_token_leaves_the_session_with_the_one_it_had()
    {
        TestTraffic traffic = new TestTraffic()
            .Event(0, "s", "198.51.100.1", "t", "u", PlaybackEventType.Start)
            .Event(30, "s", "198.51.100.99")
            .Event(60, "s", "198.51.100.99")
            .Event(300, "s", "198.51.100.99")
            .Event(320, "s", "198.51.100.99")
            .Run(complete: false);
        traffic.Pipeline.AdvanceTo(TestTraffic.Noon + 325_000, traffic.Output);

        TokenState token = Token(traffic, "t");
        Assert.Equal(1, token.Open);
        Assert.Equal(1u, token.TotalSessions);
        Assert.Equal(2, traffic.Pipeline.State.AddressSets.Count(token.Addresses, 0));
    }

    [Fact]
    public void A_session_whose_beats_slow_down_is_closed_once_and_then_kept_open()
    {
        TestTraffic traffic = new();
        traffic.Event(0, "s", "198.51.100.1", "t", "u", PlaybackEventType.Start);
        for (int beat = 1; beat <= 8; beat++)
        {
            traffic.Event(beat * 4, "s", "198.51.100.1", "t", "u");
        }
        for (int beat = 1; beat <= 10; beat++)
        {
            traffic.Event(32 + (beat * 60), "s", "198.51.100.1", "t", "u");
        }
        traffic.Run(complete: false);
        traffic.Pipeline.AdvanceTo(TestTraffic.Noon + 640_000, traffic.Output);

        // The first long interval is lost, since it looked like the end; the nine after it are playback.
        Assert.Equal(32 + (9 * 60), Token(traffic, "t").TotalWatched, 1);
    }

    [Fact]
    public void Sessions_that_share_a_second_cost_no_more_to_reopen()
    {
        // With a walk along the slot this takes hours: forty thousand sessions, all closed at one instant, opened again in
        // the order that finds each at the far end.
        const int sessions = 40_000;
        TestTraffic traffic = new();
        for (int i = 0; i < sessions; i++)
        {
            traffic.Event(0, $"s{i}", "198.51.100.1", type: PlaybackEventType.Start).Event(1, $"s{i}", "198.51.100.1", type: PlaybackEventType.End);
        }
        for (int i = 0; i < sessions; i++)
        {
            traffic.Event(40, $"s{i}", "198.51.100.1", type: PlaybackEventType.Start);
        }
        traffic.Run(complete: false);
        traffic.Pipeline.AdvanceTo(TestTraffic.Noon + 41_000, traffic.Output);

        Assert.Equal(sessions, traffic.Pipeline.State.OpenSessions);
        Assert.Equal(2 * sessions, traffic.Pipeline.State.TotalSessions);
    }

    [Fact]
    public void A_page_that_only_heartbeats_name_is_counted_like_one_named_at_the_start()
    {
        TestTraffic traffic = new(new PipelineSettings
        {
            Referrers = new ReferrersOptions { Official = ["www.example.com"] },
            Policy = new PolicyOptions { BreakerAudienceShare = 1 },
        });
        for (int i = 0; i < 100; i++)
        {
            traffic.Event(i, $"s{i}", $"81.{i}.2.3", $"t{i}", type: PlaybackEventType.Start, referrer: null);
            traffic.Event(i + 30, $"s{i}", $"81.{i}.2.3", $"t{i}", referrer: "pirate.example").Event(i + 60, $"s{i}", $"81.{i}.2.3", $"t{i}");
        }
        traffic.InOrder().Run();

        Assert.Contains(traffic.Decisions, d => d.Action == DecisionAction.Block && d.Subject == new Subject(SubjectType.Referrer, "pirate.example"));
    }

    [Fact]
    public void A_flood_of_addresses_does_not_hide_connections_that_go_on()
    {
        TestTraffic traffic = new(new PipelineSettings { Detection = new DetectionOptions { Capacity = new CapacityOptions { Addresses = 1_000, Networks = 1_000 } } });
        for (int i = 0; i < 100; i++)
        {
            traffic.Session(i * 0.1, 400, $"held{i}", "198.51.100.66", "few", end: false);
        }
        for (int i = 0; i < 5_000; i++)
        {
            traffic.Event(30 + (i * 0.02), $"f{i}", $"2001:db8:{i:x}::1", type: PlaybackEventType.Start);
        }
        traffic.InOrder().Run(complete: false);

        FeatureState state = traffic.Pipeline.State;
        int index = state.Addresses.Find(new(IpAddress.FromV4(0xC6336442), 0));
        Assert.True(state.Addresses.Evictions > 1_000, "the table was to be too small");
        Assert.True(index >= 0);
        Assert.Equal(100, state.Addresses[index].Open);
    }

    [Fact]
    public void Hundreds_of_reconnects_without_an_end_are_one_viewer_and_hundreds_at_once_are_not()
    {
        TestTraffic reconnecting = new();
        TestTraffic sharing = new();
        for (int i = 0; i < 300; i++)
        {
            reconnecting.Event(i * 0.5, $"s{i}", "198.51.100.1", "t", "u", PlaybackEventType.Start);
            sharing.Session(i * 0.1, 140, $"s{i}", $"198.51.{i % 50}.1", "t", "u", heartbeat: 20, end: false);
            // Who hides them behind sessions that are never heard again hides nothing.
            sharing.Event(100 + (i * 0.1), $"decoy{i}", "203.0.113.1", "t", "u", PlaybackEventType.Start);
        }
        TokenFeatures one = Measure(reconnecting, 149);
        TokenFeatures many = Measure(sharing, 139);

        Assert.True(one.Open > 250, $"{one.Open}");
        Assert.Equal(1, one.Concurrent);
        Assert.InRange(many.Concurrent, 300, 302);
        Assert.InRange(many.ConcurrentNetworks, 50, 51);
    }

    [Fact]
    public void Explaining_a_token_changes_nothing_about_it()
    {
        TestTraffic traffic = new TestTraffic()
            .Event(0, "a", "198.51.100.1", "t", type: PlaybackEventType.Start)
            .Event(596, "b", "203.0.113.1", "t", type: PlaybackEventType.Start)
            .Session(0, 610, "c", "203.0.113.1", "x");
        traffic.InOrder().Run(complete: false);
        traffic.Pipeline.AdvanceTo(TestTraffic.Noon + 597_000, traffic.Output);

        Assert.Equal(TokenWorkflow.Shared, traffic.Explain("t", TestTraffic.Noon + 597_000)!.Workflow);
        Assert.False(Token(traffic, "t").SharedFromTheStart, "only the judge may say so");
    }

    private static TokenFeatures Measure(TestTraffic traffic, double second)
    {
        long now = TestTraffic.Noon + (long)(second * 1000);
        traffic.InOrder().Run(complete: false);
        traffic.Pipeline.AdvanceTo(now, traffic.Output);
        FeatureState state = traffic.Pipeline.State;
        FeatureMeter meter = new(state, FeatureWindows.From(traffic.Settings.Detection), traffic.Referrers, TokenWorkflow.UserBound, new Population());
        meter.Measure(Enumerable.Range(0, state.Tokens.HighWater).Single(state.Tokens.IsLive), now, out TokenFeatures features);
        return features;
    }

    private static TokenState Token(TestTraffic traffic, string text)
    {
        FeatureState state = traffic.Pipeline.State;
        return state.Tokens[Enumerable.Range(0, state.Tokens.HighWater)
            .Single(i => state.Tokens.IsLive(i) && state.Texts.Text(state.Tokens[i].Text) == text)];
    }
}
