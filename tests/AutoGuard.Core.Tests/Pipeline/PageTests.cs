using System.Globalization;
using AutoGuard.Core.Configuration;
using AutoGuard.Core.Events;
using AutoGuard.Core.Features;
using AutoGuard.Core.Pipeline;
using AutoGuard.Core.Policy;

namespace AutoGuard.Core.Tests.Pipeline;

/// <summary>Pages that embed the streams: which are acted on, and as what.</summary>
public sealed class PageTests
{
    private static readonly PipelineSettings s_settings = new()
    {
        Referrers = new ReferrersOptions { Official = ["www.example.com"] },
        Policy = new PolicyOptions { Mode = EnforcementMode.Enforce, BreakerAudienceFloor = 80 },
    };

    [Theory]
    [InlineData(EventParser.InvalidReferrer)]
    [InlineData("file:")]
    [InlineData("data:")]
    [InlineData("android-app://com.pirate.tv")]
    [InlineData("[2001:db8::1]")]
    [InlineData("a b.example")]
    public void A_page_that_no_rule_can_name_is_flagged_and_costs_the_breaker_nothing(string page)
    {
        TestTraffic traffic = Crowd(new TestTraffic(s_settings));
        Viewers(traffic, 50, _ => page, "q");
        Viewers(traffic, 50, _ => "pirate.example", "p", from: 600);
        traffic.InOrder().Run();

        Assert.Equal([DecisionAction.Flag], Of(traffic, page));
        Assert.Equal(DecisionAction.Block, Of(traffic, "pirate.example")[^1]);
        Assert.Equal(0, traffic.Pipeline.Breaker.Openings);
    }

    [Theory]
    [InlineData(60, 1)]
    [InlineData(250, 1)]
    public void One_line_cannot_have_a_page_blocked_whatever_it_has_of_IPv6(int networks, int heartbeats)
    {
        TestTraffic traffic = Crowd(new TestTraffic(s_settings));
        for (int i = 0; i < networks; i++)
        {
            traffic.Session(600, 3_000, $"a{i}", $"2a02:908:1234:50{i:x2}::5", $"attacker{i / 10}", asn: 6_830, referrer: "www.google.com", heartbeat: 30 * heartbeats);
        }
        traffic.InOrder().Run();

        Assert.Empty(Of(traffic, "www.google.com"));
    }

    [Fact]
    public void Who_has_no_token_where_everybody_has_says_nothing_against_a_page()
    {
        TestTraffic traffic = Crowd(new TestTraffic(s_settings), 800);
        Viewers(traffic, 60, _ => "www.google.com", "v", from: 1_200, tokens: false);
        traffic.InOrder().Run();

        Assert.Empty(Of(traffic, "www.google.com"));
    }

    [Fact]
    public void Who_has_no_token_where_nobody_has_is_heard()
    {
        TestTraffic traffic = new(s_settings);
        Viewers(traffic, 60, _ => "pirate.example", "v", tokens: false);
        traffic.InOrder().Run();

        Assert.Equal(DecisionAction.Block, Of(traffic, "pirate.example")[^1]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_few_tokens_do_not_silence_those_who_have_none_where_nobody_has(int tokens)
    {
        TestTraffic traffic = new(s_settings);
        Viewers(traffic, 40, _ => "pirate.example", "v", tokens: false);
        Viewers(traffic, tokens, _ => "pirate.example", "a");
        traffic.InOrder().Run();

        Assert.Contains(DecisionAction.Block, Of(traffic, "pirate.example"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Where_everybody_has_the_same_token_each_line_is_heard(int streams)
    {
        TestTraffic traffic = new(s_settings);
        for (int i = 0; i < 200; i++)
        {
            string referrer = i < 40 ? "pirate.example" : "www.example.com";
            traffic.Session(i % 60, 3_600, $"s{i}", $"{30 + (i % 50)}.{i / 50}.{i}.1", $"stream{i % streams}", asn: 64_500 + (uint)(i % 7), referrer: referrer);
        }
        traffic.InOrder().Run();

        Assert.Contains(DecisionAction.Block, Of(traffic, "pirate.example"));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(10)]
    public void A_page_that_hands_a_few_tokens_to_all_of_its_viewers_is_blocked(int tokens)
    {
        TestTraffic traffic = Crowd(new TestTraffic(s_settings));
        for (int i = 0; i < 40; i++)
        {
            traffic.Session(600 + i, 4_200, $"p{i}", $"{100 + i}.9.{i}.1", $"harvested{i % tokens}", asn: 64_600 + (uint)(i % 5), referrer: "pirate.example");
        }
        traffic.InOrder().Run();

        Assert.Contains(DecisionAction.Block, Of(traffic, "pirate.example"));
    }

    [Fact]
    public void Viewers_that_name_the_page_only_after_their_line_was_dialled_anew_are_heard()
    {
        TestTraffic traffic = Crowd(new TestTraffic(s_settings));
        for (int i = 0; i < 40; i++)
        {
            uint asn = 64_600 + (uint)(i % 5);
            traffic.Event(600 + i, $"m{i}", $"{100 + i}.9.{i}.1", $"m{i}", type: PlaybackEventType.Start, asn: asn, referrer: null);
            for (int second = 630; second < 4_200; second += 30)
            {
                traffic.Event(second + i, $"m{i}", $"{100 + i}.8.{i}.1", $"m{i}", asn: asn, referrer: second < 690 ? null : "pirate.example");
            }
        }
        traffic.InOrder().Run();

        Assert.Contains(DecisionAction.Block, Of(traffic, "pirate.example"));
    }

    [Theory]
    [InlineData(0u, 9)]
    [InlineData(1u, 18)]
    public void Who_comes_back_from_another_operator_after_a_silence_speaks_anew(uint other, int witnesses)
    {
        TestTraffic traffic = Crowd(new TestTraffic(s_settings));
        for (int i = 0; i < 9; i++)
        {
            uint asn = 64_600 + (uint)(i % 3);
            traffic.Session(600, 800, $"b{i}", $"{100 + i}.9.{i}.1", $"b{i}", asn: asn, referrer: "forum.example", end: false);
            traffic.Event(810, $"b{i}", $"{100 + i}.8.{i}.1", $"b{i}", asn: asn, referrer: "forum.example");
            traffic.Event(1_050, $"b{i}", $"{100 + i}.7.{i}.1", $"b{i}", asn: asn + (other * 100), referrer: "forum.example");
        }
        traffic.InOrder().Run(complete: false);
        int index = traffic.Pipeline.State.Referrers.Find((uint)traffic.Strings.Intern("forum.example", StringKind.Referrer));
        FeatureMeter meter = new(traffic.Pipeline.State, FeatureWindows.From(s_settings.Detection), traffic.Referrers, TokenWorkflow.Auto, new Population());
        meter.Measure(index, TestTraffic.Noon + 1_051_000, out ReferrerFeatures features);

        Assert.Equal(witnesses, features.Witnesses);
    }

    [Fact]
    public void A_token_that_is_everywhere_says_nothing_against_a_page()
    {
        TestTraffic traffic = Crowd(new TestTraffic(s_settings));
        traffic.Session(0, 3_600, "sharer", "203.0.113.1", "shared", "sharer", asn: 64_900);
        for (int i = 0; i < 40; i++)
        {
            traffic.Session(900 + (i * 10), 3_600, $"s{i}", $"{100 + i}.9.{i}.1", "shared", "sharer", asn: 64_600 + (uint)(i % 9), referrer: "www.google.com");
        }
        traffic.InOrder().Run();

        Assert.Contains(traffic.Decisions, static d => d.Subject == new Subject(SubjectType.Token, "shared"));
        Assert.DoesNotContain(DecisionAction.Block, Of(traffic, "www.google.com"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Few_visitors_on_lines_that_are_dialled_anew_do_not_become_many(bool playOn)
    {
        // Whose player takes a token is known by it again; whose does not is heard where nobody has one.
        TestTraffic New() => playOn ? new TestTraffic(s_settings) : Crowd(new TestTraffic(s_settings));
        TestTraffic traffic = New();
        for (int visitor = 0; visitor < 4; visitor++)
        {
            for (int minute = 0; minute < 50; minute++)
            {
                // Every five minutes another address; half a day's worth of breaks within the hour.
                int dialled = minute / 5;
                string session = playOn ? $"visit{visitor}" : $"visit{visitor}-{dialled}";
                traffic.Event(
                    600 + (minute * 60), session, $"{150 + visitor}.{dialled}.7.9", playOn ? null : $"visitor{visitor}", playOn ? null : $"visitor{visitor}",
                    asn: 64_600 + (uint)visitor, referrer: "intranet.example", stream: "match");
            }
        }
        TestTraffic many = New();
        Viewers(many, 40, _ => "intranet.example", "v", tokens: !playOn);

        Assert.Empty(Of(traffic.InOrder().Run(), "intranet.example"));
        Assert.Equal(DecisionAction.Block, Of(many.InOrder().Run(), "intranet.example")[^1]);
    }

    [Fact]
    public void A_page_whose_visitors_hand_one_token_around_is_no_line_that_is_dialled_anew()
    {
        TestTraffic traffic = Crowd(new TestTraffic(s_settings));
        for (int i = 0; i < 40; i++)
        {
            traffic.Session(900 + i, 3_600, $"s{i}", $"{100 + i}.9.{i}.1", "public", asn: 64_600 + (uint)(i % 9), referrer: "pirate.example");
        }

        Assert.Equal(DecisionAction.Block, Of(traffic.InOrder().Run(), "pirate.example")[^1]);
    }

    [Fact]
    public void A_page_that_those_come_from_who_watch_the_official_one_is_only_flagged()
    {
        TestTraffic traffic = Crowd(new TestTraffic(s_settings));
        for (int i = 0; i < 60; i++)
        {
            string address = $"{100 + (i % 50)}.7.{i}.1";
            traffic.Session(i, 1_200, $"o{i}", address, $"own{i}", $"own{i}", asn: 64_600 + (uint)(i % 5));
            traffic.Session(1_800 + i, 3_600, $"f{i}", address, $"own{i}", $"own{i}", asn: 64_600 + (uint)(i % 5), referrer: "forum.example");
        }
        traffic.InOrder().Run();

        Decision flag = Assert.Single(traffic.Decisions, static d => d.Subject == new Subject(SubjectType.Referrer, "forum.example"));
        Assert.Equal(DecisionAction.Flag, flag.Action);
        Assert.Equal(1, traffic.Pipeline.Counters.BlocksRefused);
        int index = traffic.Pipeline.State.Referrers.Find((uint)traffic.Strings.Intern("forum.example", StringKind.Referrer));
        HarmPreview? harm = traffic.Pipeline.Explainer.At(SubjectType.Referrer, index, TestTraffic.Noon + 3_600_000).Harm;
        Assert.Equal((60, 60), (harm?.OtherTokens, harm?.OtherUsers));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    public void A_site_that_makes_hosts_for_its_viewers_is_flagged_as_a_whole_and_never_blocked(int viewersOfHost)
    {
        TestTraffic traffic = Crowd(new TestTraffic(s_settings));
        Viewers(traffic, 150, i => $"u{i / viewersOfHost}.pirate.example", "w");
        traffic.InOrder().Run();

        Assert.Equal([DecisionAction.Flag], Of(traffic, "*.pirate.example"));
        Assert.All(traffic.Decisions, static d => Assert.Equal("*.pirate.example", d.Subject.Value));
    }

    [Theory]
    [InlineData("u{0}.pirate.example", 0, "*.pirate.example")]
    [InlineData("u{0}.pirate.example", 60_000, null)]
    [InlineData("pirate.example", 60_000, "pirate.example")]
    public void Of_a_large_audience_more_come_through_translators_and_archives(string hosts, int others, string? flagged)
    {
        TestTraffic traffic = Crowd(new TestTraffic(s_settings));
        for (int i = 0; i < others; i++)
        {
            traffic.Event(i * 0.01, $"other{i}", $"85.{i / 250}.{i % 250}.1", $"other{i}", $"other{i}", PlaybackEventType.Start);
        }
        Viewers(traffic, 24, i => string.Format(CultureInfo.InvariantCulture, hosts, i), "few", from: 700);
        traffic.InOrder().Run();

        Assert.Equal(flagged is null ? [] : [flagged], traffic.Decisions.Select(static d => d.Subject.Value).Distinct());
    }

    [Theory]
    [InlineData("www.pirate.example")]
    [InlineData("pirate.example")]
    public void A_site_of_one_host_is_blocked_by_that_host(string host)
    {
        TestTraffic traffic = Crowd(new TestTraffic(s_settings));
        Viewers(traffic, 60, _ => host, "o");
        traffic.InOrder().Run();

        Assert.Equal(DecisionAction.Block, Of(traffic, host)[^1]);
        Assert.Empty(Of(traffic, "*.pirate.example"));
    }

    [Theory]
    [InlineData("u{0}.example.com", "www.example.com")]
    [InlineData("u{0}.example.com", "*.example.com")]
    [InlineData("u{0}.example.com", "player.live.example.com")]
    [InlineData("u{0}.github.io", "www.example.com")]
    [InlineData("u{0}.co.uk", "www.example.com")]
    public void Nothing_above_an_official_page_is_hit_nor_what_strangers_share(string hosts, string official)
    {
        TestTraffic traffic = Crowd(new TestTraffic(s_settings with { Referrers = new ReferrersOptions { Official = ["www.example.com", official] } }));
        Viewers(traffic, 150, i => string.Format(CultureInfo.InvariantCulture, hosts, i), "n");
        traffic.InOrder().Run();

        Assert.Empty(traffic.Decisions);
    }

    [Fact]
    public void A_site_of_which_one_host_is_allowed_is_spared()
    {
        AllowlistOptions allowlist = new() { Referrers = [new AllowlistEntry { Value = "partner.pirate.example" }] };
        TestTraffic traffic = Crowd(new TestTraffic(s_settings with { Allowlist = allowlist }));
        Viewers(traffic, 150, static i => $"u{i}.pirate.example", "w");
        traffic.InOrder().Run();

        Assert.Empty(traffic.Decisions);
    }

    [Fact]
    public void What_is_open_of_a_site_is_what_is_open_of_its_hosts_whatever_a_full_table_gave_away()
    {
        TestTraffic traffic = new(s_settings with { Detection = new DetectionOptions { Capacity = new CapacityOptions { Strings = 1_000 } } });
        for (int i = 0; i < 3_000; i++)
        {
            traffic.Session(i % 600, 900, $"s{i}", $"{20 + (i % 60)}.{i / 250}.{i % 250}.1", $"t{i}", referrer: $"u{i}.d{i % 700}.example", end: i % 3 != 0);
        }
        traffic.InOrder().Run(complete: false);
        FeatureState state = traffic.Pipeline.State;
        Assert.True(state.Referrers.Evictions > 0);
        Dictionary<int, int> open = [];
        for (int i = 0; i < state.Referrers.HighWater; i++)
        {
            if (state.Referrers.IsLive(i) && state.Referrers.Holds(state.Referrers[i].Site))
            {
                open[state.Referrers[i].Site.Index] = open.GetValueOrDefault(state.Referrers[i].Site.Index) + state.Referrers[i].Open;
            }
        }
        Assert.NotEmpty(open);
        Assert.All(open, pair => Assert.Equal(pair.Value, state.Referrers[pair.Key].Open));
    }

    private static DecisionAction[] Of(TestTraffic traffic, string page) =>
        [.. traffic.Decisions.Where(d => d.Subject == new Subject(SubjectType.Referrer, page)).Select(static d => d.Action)];

    /// <summary>Viewers of the official page, each with a line and a token of their own.</summary>
    private static TestTraffic Crowd(TestTraffic traffic, int count = 200)
    {
        for (int i = 0; i < count; i++)
        {
            traffic.Session(i, 3_600, $"crowd{i}", $"{30 + (i % 50)}.{i / 50}.{i % 250}.1", $"crowd{i}", $"crowd{i}", asn: 64_500 + (uint)(i % 7));
        }
        return traffic;
    }

    /// <summary>Viewers of other pages, each with a line of their own and a token that is nobody's.</summary>
    private static void Viewers(TestTraffic traffic, int count, Func<int, string> page, string prefix, double from = 0, bool tokens = true, int operators = 5)
    {
        for (int i = 0; i < count; i++)
        {
            traffic.Session(
                from + i, 3_600, $"{prefix}{i}", $"{100 + (i % 50)}.{(int)prefix[0]}.{i % 250}.1",
                tokens ? $"{prefix}{i}" : null, referrer: page(i), asn: 64_600 + (uint)(i % operators));
        }
    }
}
