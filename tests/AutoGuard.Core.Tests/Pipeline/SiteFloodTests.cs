using AutoGuard.Core.Configuration;
using AutoGuard.Core.Events;
using AutoGuard.Core.Features;
using AutoGuard.Core.Pipeline;
using AutoGuard.Core.Policy;

namespace AutoGuard.Core.Tests.Pipeline;

/// <summary>Sessions without a token, one from each network of an IPv6 /48, and those who look like it and are honest.</summary>
public sealed class SiteFloodTests
{
    private const string Site = "2a02:77:1::/48";

    private static readonly PipelineSettings s_settings = new() { Referrers = new ReferrersOptions { Official = ["www.example.com"] } };

    [Theory]
    [InlineData(1)]
    [InlineData(99)]
    public void A_flood_of_one_session_from_each_network_of_a_site_is_one_flag_of_the_site(ulong secret)
    {
        TestTraffic traffic = Flood(Platform(new TestTraffic(s_settings, secret)), 120).InOrder().Run();

        Decision decision = Assert.Single(traffic.Decisions);
        Assert.Equal((DecisionAction.Flag, SubjectType.Cidr, Site), (decision.Action, decision.Subject.Type, decision.Subject.Value));
        DecisionReason reason = Assert.Single(decision.Reasons);
        Assert.Equal(("SiteMissingToken", 20.0), (reason.Indicator, reason.Threshold));
        Assert.Matches("^[0-9]+ networks of one IPv6 /48 play without a token at once, where nearly everybody has one \\(limit 20\\)$", reason.Text);
        Assert.InRange(decision.Time - TestTraffic.Noon, 600_000, 1_000_000);
        Assert.Equal(HarmEstimator.Nobody, decision.Harm);
        Assert.Equal(Site, traffic.Output.Cases[^1].Subject.Value);
        Assert.InRange(traffic.Output.Cases[^1].Sessions, 60, 120);
        Assert.NotEmpty(traffic.Output.Cases[^1].Timeline);
        Assert.True(traffic.Output.Cases[^1].DurationSum > 3_600);
    }

    [Fact]
    public void A_site_is_blocked_where_so_wide_a_block_is_allowed_and_nothing_in_it_is_decided_after_that()
    {
        TestTraffic traffic = Flood(Platform(new TestTraffic(Wide())), 120);
        for (int i = 0; i < 12; i++)
        {
            traffic.Session(1_500, 2_400, $"late{i}", "2a02:77:1:9::7");
        }
        traffic.InOrder().Run();

        Assert.Equal([(DecisionAction.Flag, Site), (DecisionAction.Block, Site)], traffic.Decisions.Select(d => (d.Action, d.Subject.Value)));
    }

    [Theory]
    [InlineData(3, true)]
    [InlineData(4, false)]
    public void Neighbours_with_a_token_in_the_site_are_harm_that_a_block_would_do(int neighbours, bool blocked)
    {
        TestTraffic traffic = Platform(new TestTraffic(Wide()));
        for (int i = 0; i < neighbours; i++)
        {
            traffic.Session(60 + i, 2_400, $"n{i}", $"2a02:77:1:{0x4000 + i:x}::1", $"neighbour{i}", $"nu{i}");
        }
        Flood(traffic, 120).InOrder().Run();

        Assert.Equal(blocked, traffic.Decisions.Any(d => d.Action == DecisionAction.Block));
        Assert.All(traffic.Decisions, d => Assert.Equal((Site, neighbours), (d.Subject.Value, d.Harm.OtherTokens)));
        Assert.NotEmpty(traffic.Decisions);
    }

    [Fact]
    public void A_flood_larger_than_the_audience_does_not_make_itself_usual()
    {
        TestTraffic traffic = Flood(Platform(new TestTraffic(s_settings)), 900).InOrder().Run();

        Assert.Equal([Site], traffic.Decisions.Select(d => d.Subject.Value));
    }

    [Fact]
    public void Hours_of_little_do_not_make_a_flood_usual()
    {
        TestTraffic traffic = new(s_settings);
        for (int i = 0; i < 3_600; i++)
        {
            int viewer = i % 300;
            traffic.Session((i / 300 * 1_260) + (viewer % 200), (i / 300 * 1_260) + 1_200, $"h{i}", $"81.{viewer % 200}.{viewer / 200}.7", $"honest{viewer}", $"u{viewer}", heartbeat: 120);
        }
        for (int i = 0; i < 20 * 180; i++)
        {
            traffic.Session(300 + (i / 20 * 70), 300 + (i / 20 * 70) + 65, $"l{i}", Address(1_000 + (i % 20)), asn: 64999);
        }
        for (int i = 0; i < 120; i++)
        {
            traffic.Session(13_200 + i, 14_400, $"f{i}", Address(i), asn: 64999);
        }
        traffic.InOrder().Run();

        Assert.Contains(traffic.Decisions, d => d.Subject.Value == Site && d.Time > TestTraffic.Noon + 13_200_000);
    }

    [Fact]
    public void Events_that_only_claim_to_have_lasted_do_not_make_it_usual()
    {
        TestTraffic traffic = Flood(Platform(new TestTraffic(s_settings)), 120);
        for (int i = 0; i < 2_000; i++)
        {
            traffic.Event(100 + (i * 0.2), $"claimed{i}", "198.51.100.7", duration: 61, type: PlaybackEventType.End);
        }
        traffic.InOrder().Run();

        Assert.Contains(traffic.Decisions, d => d.Subject.Value == Site);
    }

    [Fact]
    public void Neighbours_who_are_seldom_heard_are_known_before_a_site_is_blocked()
    {
        TestTraffic traffic = Platform(new TestTraffic(Wide()));
        for (int i = 0; i < 6; i++)
        {
            traffic.Session(500 + (i * 20), 2_400, $"n{i}", $"2a02:77:1:{0x4000 + i:x}::1", $"neighbour{i}", $"nu{i}", heartbeat: 110);
        }
        for (int i = 0; i < 90; i++)
        {
            traffic.Session(600 + (i * 0.2), 1_500, $"f{i}", Address(i), asn: 64999);
        }
        traffic.InOrder().Run();

        Assert.All(traffic.Decisions, d => Assert.Equal((DecisionAction.Flag, Site, 6), (d.Action, d.Subject.Value, d.Harm.OtherTokens)));
        Assert.NotEmpty(traffic.Decisions);
    }

    [Fact]
    public void A_few_own_tokens_among_the_sessions_do_not_hide_it()
    {
        TestTraffic traffic = Flood(Platform(new TestTraffic(s_settings)), 120);
        for (int i = 0; i < 60; i++)
        {
            traffic.Session(600 + i, 900, $"own{i}", $"2a02:77:1:{0x5000 + (i % 2):x}::{i + 1:x}", $"own{i % 3}", $"ou{i % 3}");
        }
        traffic.InOrder().Run();

        Assert.Contains(traffic.Decisions, d => d.Subject.Value == Site);
    }

    [Fact]
    public void A_site_is_another_subject_than_its_first_network()
    {
        TestTraffic traffic = Flood(Platform(new TestTraffic(s_settings)), 120);
        for (int i = 0; i < 12; i++)
        {
            traffic.Session(600 + i, 1_500, $"first{i}", $"2a02:77:1::{i + 1:x}");
        }
        traffic.InOrder().Run();

        Assert.Contains(traffic.Decisions, d => d.Subject.Value == Site);
        Assert.Contains(traffic.Decisions, d => d.Subject.Value == "2a02:77:1::/64");
    }

    [Fact]
    public void After_a_restart_a_site_is_not_flagged_again_within_its_hold_off()
    {
        TestTraffic before = Flood(Platform(new TestTraffic(s_settings)), 120).InOrder().Run();
        TestTraffic after = Flood(Platform(new TestTraffic(s_settings)), 120);
        after.Pipeline.Remember(before.Decisions, after.TokenKey);
        after.InOrder().Run();

        Assert.Single(before.Decisions);
        Assert.Empty(after.Decisions);
    }

    [Fact]
    public void It_is_explained_by_what_it_was_judged_by()
    {
        TestTraffic traffic = Flood(Platform(new TestTraffic(s_settings)), 120).InOrder().Run(complete: false);
        Assert.True(IpAddress.TryParse("2a02:77:1::", out IpAddress first));
        int index = traffic.Pipeline.State.FindSite(first, traffic.Strings.Intern(""));
        Explanation explanation = traffic.Pipeline.Explainer.At(SubjectType.Cidr, index, traffic.Decisions[0].Time);

        Assert.Equal(Site, explanation.Subject.Value);
        Assert.Equal("SiteMissingToken", Assert.Single(explanation.Indicators, i => i.Grade > 0).Indicator);
        Assert.Equal("It was flagged.", explanation.Outcome);
        Assert.Contains(explanation.CounterEvidence, text => text.Contains("wider than /64", StringComparison.Ordinal));
    }

    [Fact]
    public void A_carrier_s_customers_with_a_network_each_are_no_flood_though_one_in_six_lost_the_token()
    {
        TestTraffic traffic = Platform(new TestTraffic(s_settings));
        for (int i = 0; i < 360; i++)
        {
            traffic.Session(300 + (i % 240), 2_400, $"c{i}", Address(i), i % 6 == 0 ? null : $"customer{i}", i % 6 == 0 ? null : $"cu{i}");
        }
        traffic.InOrder().Run();

        Assert.Empty(traffic.Decisions);
    }

    [Fact]
    public void A_crowd_of_customers_of_whom_all_reconnect_at_once_is_no_flood()
    {
        TestTraffic traffic = Platform(new TestTraffic(s_settings));
        for (int i = 0; i < 240; i++)
        {
            traffic.Session(300 + (i % 240), 1_200, $"c{i}", Address(i), $"customer{i}", $"cu{i}", end: false);
            traffic.Session(1_210 + (i % 7), 2_400, $"again{i}", Address(i + 1_000), $"customer{i}", $"cu{i}");
        }
        traffic.InOrder().Run();

        Assert.Empty(traffic.Decisions);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Where_nobody_has_a_token_no_site_is_kept(bool crowded)
    {
        TestTraffic traffic = new(s_settings);
        for (int i = 0; i < 600; i++)
        {
            traffic.Session(i % 100, 1_800, $"v{i}", crowded ? $"81.1.{i / 200}.{(i % 200) + 1}" : $"81.{i % 200}.{i / 200}.7");
            traffic.Session(i % 100, 1_800, $"c{i}", Address(i));
        }
        traffic.InOrder().Run();

        Assert.DoesNotContain(traffic.Decisions, d => d.Subject.Value == Site);
        Assert.True(IpAddress.TryParse("2a02:77:1::", out IpAddress first));
        Assert.Equal(-1, traffic.Pipeline.State.FindSite(first, traffic.Strings.Intern("")));
    }

    [Fact]
    public void Where_a_quarter_of_the_others_has_no_token_either_its_lack_says_nothing()
    {
        TestTraffic traffic = Platform(new TestTraffic(s_settings));
        for (int i = 0; i < 100; i++)
        {
            traffic.Session(i, 2_400, $"free{i}", $"83.{i}.1.7");
        }
        Flood(traffic, 120).InOrder().Run();

        Assert.Empty(traffic.Decisions);
    }

    [Fact]
    public void Players_that_name_their_token_with_the_second_event_are_no_flood_at_the_kick_off()
    {
        TestTraffic traffic = Platform(new TestTraffic(s_settings));
        for (int i = 0; i < 400; i++)
        {
            traffic.Event(900 + (i % 20), $"k{i}", Address(i), type: PlaybackEventType.Start);
            traffic.Session(930 + (i % 20), 2_400, $"k{i}", Address(i), $"kick{i}", $"ku{i}");
        }
        traffic.InOrder().Run();

        Assert.Empty(traffic.Decisions);
    }

    [Fact]
    public void Players_that_named_their_token_before_AutoGuard_was_there_are_no_flood()
    {
        TestTraffic traffic = new(s_settings);
        for (int i = 0; i < 400; i++)
        {
            for (int t = i % 30; t < 1_800; t += 30)
            {
                traffic.Event(t, $"old{i}", Address(i));
                traffic.Event(t, $"h{i}", $"81.{i % 200}.{i / 200}.7", $"honest{i}", $"u{i}");
            }
        }
        traffic.InOrder().Run();

        Assert.Empty(traffic.Decisions);
    }

    [Theory]
    [InlineData(4, false, 4)]
    [InlineData(6, false, 0)]
    [InlineData(6, true, 6)]
    public void Many_sites_at_once_are_a_carrier_s_whose_app_lost_its_tokens_but_in_data_centres(int sites, bool dataCentre, int flagged)
    {
        TestTraffic traffic = Platform(new TestTraffic(s_settings), people: 2_400);
        for (int i = 0; i < 60 * sites; i++)
        {
            traffic.Session(600 + (i / sites), 1_500, $"s{i}", $"2a02:77:{(i % sites) + 1:x}:{i / sites:x}::1", asn: 64999, dataCentre: dataCentre);
        }
        traffic.InOrder().Run();

        Assert.Equal(flagged, traffic.Decisions.Count(d => d.Subject.Value.EndsWith("/48", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_privacy_relay_s_exits_are_no_line()
    {
        TestTraffic traffic = Flood(Platform(new TestTraffic(s_settings)), 120, EventTraits.SharedEgress).InOrder().Run();

        Assert.Empty(traffic.Decisions);
    }

    [Fact]
    public void One_tenant_s_tokens_say_nothing_of_another_s_viewers()
    {
        TestTraffic traffic = Platform(new TestTraffic(s_settings), "red");
        for (int i = 0; i < 240; i++)
        {
            traffic.Session(i, 2_400, $"b{i}", $"82.{i}.1.7", organization: "blue");
            traffic.Session(300 + i, 2_400, $"c{i}", Address(i), organization: "blue");
        }
        traffic.InOrder().Run();

        Assert.Empty(traffic.Decisions);
    }

    [Fact]
    public void A_full_table_that_gives_sites_away_holds()
    {
        PipelineSettings small = s_settings with { Detection = new DetectionOptions { Capacity = new CapacityOptions { Sessions = 200, Tokens = 100, Addresses = 100, Networks = 50 } } };
        TestTraffic traffic = Flood(Platform(new TestTraffic(small)), 600).InOrder().Run();

        Assert.True(traffic.Pipeline.State.Networks.Count <= 50);
        Assert.DoesNotContain(traffic.Decisions, d => d.Subject.Value.StartsWith("81.", StringComparison.Ordinal));
    }

    /// <summary>People with tokens on lines of their own.</summary>
    private static TestTraffic Platform(TestTraffic traffic, string? organization = null, int people = 300)
    {
        for (int i = 0; i < people; i++)
        {
            string ip = i % 3 == 0 ? $"2a02:{0x100 + i:x}:1:1::7" : $"81.{i % 200}.{i / 200}.7";
            traffic.Session(i % 200, 2_400, $"h{i}", ip, $"honest{i}", $"u{i}", organization: organization, heartbeat: people > 300 ? 120 : 30);
        }
        return traffic;
    }

    private static TestTraffic Flood(TestTraffic traffic, int size, EventTraits traits = EventTraits.None)
    {
        for (int i = 0; i < size; i++)
        {
            double from = 600 + (i * 300.0 / size);
            traffic.Session(from, from + 300 + (i % 300), $"f{i}", Address(i), asn: 64999, traits: traits);
        }
        return traffic;
    }

    private static PipelineSettings Wide() => s_settings with { Policy = new PolicyOptions { WidestPrefixV6 = 48 } };

    private static string Address(int network) => $"2a02:77:1:{network + 1:x}::{network + 7:x}";
}
