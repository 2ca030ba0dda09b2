using AutoGuard.Core.Configuration;
using AutoGuard.Core.Events;
using AutoGuard.Core.Pipeline;
using AutoGuard.Core.Policy;

namespace AutoGuard.Core.Tests.Pipeline;

/// <summary>Many tokens behind a server's address: staff behind a proxy, and bought accounts.</summary>
public sealed class ServerCrowdTests
{
    private const uint Cloud = 64_900;

    private static readonly PipelineSettings s_settings = new()
    {
        Policy = new PolicyOptions { Mode = EnforcementMode.Enforce },
        Referrers = new ReferrersOptions { Official = ["www.example.com"] },
    };

    [Theory]
    [InlineData(50, true)]
    [InlineData(50, false)]
    [InlineData(300, true)]
    [InlineData(300, false)]
    public void Staff_behind_one_proxy_are_flagged_at_most(int staff, bool named)
    {
        TestTraffic traffic = new TestTraffic(s_settings).Audience();
        Behind(traffic, "198.51.100.66", staff, named ? "www.example.com" : null, over: 60);
        traffic.InOrder().Run();

        Assert.DoesNotContain(traffic.Decisions, static d => d.Action != DecisionAction.Flag);
        Decision flag = Assert.Single(traffic.Decisions, static d => d.Subject.Type == SubjectType.Ip);
        Assert.Contains(flag.Reasons, static r => r.Indicator == "DataCentreTokens" && r.Grade > 0);
    }

    [Fact]
    public void It_is_said_why_a_crowd_is_not_blocked()
    {
        TestTraffic traffic = new(s_settings);
        Homes(traffic, until: 1_320, referrer: null);
        Behind(traffic, "198.51.100.66", 300, "www.example.com", over: 60, until: 1_320);
        traffic.InOrder().Run(complete: false);

        Explanation explanation = traffic.Pipeline.Explainer.Address(IpAddress.From(System.Net.IPAddress.Parse("198.51.100.66")), TestTraffic.Noon + 1_309_000)!;
        Assert.InRange(explanation.Score, 0.9, 1);
        Assert.StartsWith("It was flagged and not blocked: nothing but the number of its tokens speaks against it", explanation.Outcome, StringComparison.Ordinal);
    }

    [Fact]
    public void Several_proxies_of_one_company_are_no_network_of_offenders()
    {
        TestTraffic traffic = new TestTraffic(s_settings).Audience();
        for (int proxy = 1; proxy <= 8; proxy++)
        {
            Behind(traffic, $"198.51.100.{proxy}", 60, "www.example.com", over: 60);
        }
        traffic.InOrder().Run();

        Assert.Equal(8, traffic.Decisions.Count(static d => d.Subject.Type == SubjectType.Ip));
        Assert.All(traffic.Decisions, static d => Assert.Equal((SubjectType.Ip, DecisionAction.Flag), (d.Subject.Type, d.Action)));
    }

    [Fact]
    public void A_crowd_that_does_more_than_be_many_is_blocked()
    {
        TestTraffic traffic = new TestTraffic(s_settings).Audience();
        for (int i = 0; i < 400; i++)
        {
            traffic.Session(600 + i, 604 + i, $"z{i}", "198.51.100.66", $"t{i}", $"u{i}", asn: Cloud, dataCentre: true, agent: "Browser");
        }
        traffic.InOrder().Run();

        Assert.Contains(traffic.Decisions, static d => d.Action == DecisionAction.Block && d.Subject.Value == "198.51.100.66");
    }

    [Theory]
    [InlineData(15, false, true)]
    [InlineData(15, true, false)]
    [InlineData(12, false, false)]
    public void Few_tokens_that_come_from_nowhere_are_flagged_where_others_come_from_pages(int tokens, bool bareIsUsual, bool flagged)
    {
        TestTraffic traffic = new(s_settings);
        Homes(traffic, until: 9_000, bareIsUsual ? null : "www.example.com");
        Behind(traffic, "198.51.100.66", tokens, null, over: 300);
        traffic.InOrder().Run();

        Assert.Equal(flagged, traffic.Decisions.Any(static d => d.Subject.Value == "198.51.100.66" && d.Reasons.Any(static r => r.Indicator == "DataCentreTokens")));
    }

    [Fact]
    public void Few_tokens_that_name_the_page_as_others_do_are_left_alone()
    {
        TestTraffic traffic = new TestTraffic(s_settings).Audience();
        Behind(traffic, "198.51.100.66", 38, "www.example.com", over: 300);

        Assert.DoesNotContain(traffic.InOrder().Run().Decisions, static d => d.Subject.Type == SubjectType.Ip);
    }

    [Theory]
    [InlineData(true, 24, true)]
    [InlineData(true, 18, false)]
    [InlineData(false, 24, false)]
    public void A_server_may_try_less_often_than_a_home(bool server, int attempts, bool flagged)
    {
        TestTraffic traffic = new TestTraffic(s_settings).Audience();
        for (int i = 0; i < attempts; i++)
        {
            traffic.Session(600 + (i * 30), 605 + (i * 30), $"try{i}", "198.51.100.66", "probe", "probe", asn: Cloud, dataCentre: server, agent: "Browser");
        }
        traffic.InOrder().Run();

        Assert.Equal(flagged, traffic.Decisions.Any(static d => d.Subject.Value == "198.51.100.66" && d.Reasons.Any(static r => r.Indicator == "AddressAttempts")));
    }

    [Theory]
    [InlineData(19, false)]
    [InlineData(24, true)]
    public void A_player_that_is_stuck_is_left_alone_up_to_five_sessions_a_minute(int sessions, bool flagged)
    {
        TestTraffic traffic = new TestTraffic(s_settings).Audience();
        for (int i = 0; i < sessions; i++)
        {
            traffic.Session(600 + (i * 4), 602 + (i * 4), $"stuck{i}", "81.250.3.4", "stuck", "stuck", asn: 64500, agent: "Browser");
        }
        traffic.Session(600 + (sessions * 4), 4_000, "plays", "81.250.3.4", "stuck", "stuck", asn: 64500, agent: "Browser").InOrder().Run();

        Assert.Equal(flagged, traffic.Decisions.Any(static d => d.Subject.Value == "81.250.3.4" && d.Reasons.Any(static r => r.Indicator == "AddressReconnects")));
    }

    /// <summary>240 viewers at home, of four operators, each with a token of their own.</summary>
    private static void Homes(TestTraffic traffic, double until, string? referrer)
    {
        for (int i = 0; i < 240; i++)
        {
            traffic.Session(i, until, $"h{i}", $"81.{i}.1.1", $"h{i}", $"v{i}", asn: 64500 + (uint)(i % 4), agent: "Browser", heartbeat: 120, referrer: referrer);
        }
    }

    /// <summary>Viewers behind one server's address, each with a token of their own, who come within some seconds.</summary>
    private static void Behind(TestTraffic traffic, string address, int count, string? referrer, double over, double until = 4_000)
    {
        for (int i = 0; i < count; i++)
        {
            double from = 1_200 + (i * over / count);
            traffic.Session(from, until, $"{address}-{i}", address, $"{address}-{i}", $"{address}-{i}", asn: Cloud, dataCentre: true, agent: "Browser", referrer: referrer, heartbeat: 30);
        }
    }
}
