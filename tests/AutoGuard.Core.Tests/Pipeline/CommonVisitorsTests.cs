using AutoGuard.Core.Configuration;
using AutoGuard.Core.Events;
using AutoGuard.Core.Features;
using AutoGuard.Core.Pipeline;
using AutoGuard.Core.Policy;

namespace AutoGuard.Core.Tests.Pipeline;

/// <summary>Visitors of a page whom no token of their own tells apart.</summary>
public sealed class CommonVisitorsTests
{
    private static readonly PipelineSettings s_settings = new()
    {
        Referrers = new ReferrersOptions { Official = ["www.example.com"] },
        Policy = new PolicyOptions { Mode = EnforcementMode.Enforce, BreakerAudienceFloor = 80 },
    };

    [Theory]
    [InlineData(2, 10, 2)]
    [InlineData(30, 1, 30)]
    [InlineData(30, 3, 30)]
    public void Redialled_visitors_with_a_token_for_each_session_are_one_each(int visitors, int redials, int witnesses)
    {
        TestTraffic traffic = Crowd(named: false);
        for (int i = 0; i < visitors * redials; i++)
        {
            int visitor = i % visitors;
            traffic.Session(
                600 + (i * 10), 900 + (i * 10), $"s{i}", $"{120 + (i % 80)}.{i / 80}.{visitor}.1", $"once{i}", asn: 64_600 + (uint)(visitor % 5), agent: $"Browser {visitor}",
                referrer: "forum.example");
        }
        traffic.InOrder().Run(complete: false);

        Assert.Equal(witnesses, Witnesses(traffic).Witnesses);
        Assert.Equal(witnesses > 14, traffic.Decisions.Any(static d => d.Subject == new Subject(SubjectType.Referrer, "forum.example")));
    }

    [Fact]
    public void Visitors_with_accounts_are_told_apart_though_they_have_the_same_player()
    {
        TestTraffic traffic = Crowd(named: true);
        for (int i = 0; i < 30; i++)
        {
            traffic.Session(600 + i, 1_800, $"s{i}", $"{120 + i}.9.1.1", $"t{i}", $"u{i}", asn: 64_600 + (uint)(i % 5), agent: "Browser", referrer: "forum.example");
        }
        traffic.InOrder().Run(complete: false);

        Assert.Equal(30, Witnesses(traffic).Witnesses);
    }

    [Theory]
    [InlineData(3, 10, 3)]
    [InlineData(30, 2, 30)]
    public void Commuters_with_accounts_are_one_each_wherever_they_are_and_whatever_token_is_theirs(int commuters, int journeys, int witnesses)
    {
        TestTraffic traffic = Crowd(named: true);
        for (int i = 0; i < commuters * journeys; i++)
        {
            int commuter = i % commuters;
            traffic.Session(
                600 + (i * 10), 900 + (i * 10), $"s{i}", $"{120 + (i % 80)}.{i / 80}.{commuter}.1", $"renewed{i}", $"u{commuter}", asn: 64_600 + (uint)(i % 5), agent: "Phone",
                referrer: "forum.example");
        }
        traffic.InOrder().Run(complete: false);

        Assert.Equal((witnesses, witnesses), (Witnesses(traffic).Witnesses, Witnesses(traffic).Networks));
        Assert.Equal(witnesses > 14, traffic.Decisions.Any(static d => d.Subject == new Subject(SubjectType.Referrer, "forum.example")));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(10)]
    public void An_account_that_is_handed_around_on_a_page_is_many_visitors(int players)
    {
        TestTraffic traffic = Crowd(named: true);
        for (int i = 0; i < 100; i++)
        {
            traffic.Session(600 + i, 3_600, $"s{i}", $"{60 + i}.9.1.1", $"fresh{i}", "one", asn: 64_600 + (uint)(i % 5), agent: $"Browser {i % players}", referrer: "forum.example");
        }
        traffic.InOrder().Run(complete: false);

        Assert.Contains(traffic.Decisions, static d => d.Subject == new Subject(SubjectType.Referrer, "forum.example") && d.Action == DecisionAction.Block);
    }

    [Fact]
    public void Visitors_of_all_kinds_who_come_from_the_same_sites_are_counted_alike_whatever_the_secret()
    {
        List<(int Witnesses, int Networks, int SitesV4)> counts = [];
        for (ulong secret = 40; secret < 48; secret++)
        {
            TestTraffic traffic = new TestTraffic(s_settings, secret).Audience();
            for (int i = 0; i < 9; i++)
            {
                traffic.Session(600 + i, 1_200, $"n{i}", $"{120 + i}.9.1.1", $"t{i}", $"u{i}", asn: 64_600 + (uint)(i % 5), agent: $"Browser {i}", referrer: "forum.example");
                traffic.Session(620 + i, 1_200, $"c{i}", $"{120 + i}.9.1.2", $"once{i}", asn: 64_600 + (uint)(i % 5), agent: $"Browser {i}", referrer: "forum.example");
                traffic.Session(640 + i, 1_200, $"p{i}", $"{120 + i}.9.1.3", $"unknown{i}", asn: 64_600 + (uint)(i % 5), referrer: "forum.example");
            }
            traffic.InOrder().Run(complete: false);
            ReferrerFeatures features = Witnesses(traffic);
            counts.Add((features.Witnesses, features.Networks, features.SitesV4));
        }

        Assert.Equal([(27, 9, 9)], counts.Distinct());
    }

    [Fact]
    public void Neighbours_with_accounts_are_visitors_each()
    {
        TestTraffic traffic = Crowd(named: true);
        for (int i = 0; i < 30; i++)
        {
            traffic.Session(600 + i, 1_800, $"s{i}", $"{120 + (i % 10)}.9.1.{i}", $"t{i}", $"u{i}", asn: 64_600 + (uint)(i % 5), agent: "Browser", referrer: "forum.example");
        }
        traffic.InOrder().Run(complete: false);

        Assert.Equal((30, 10), (Witnesses(traffic).Witnesses, Witnesses(traffic).Networks));
    }

    [Fact]
    public void Each_player_of_an_account_is_a_visitor()
    {
        TestTraffic traffic = Crowd(named: true);
        for (int i = 0; i < 20; i++)
        {
            traffic.Session(
                600 + (i * 10), 1_800, $"s{i}", $"{120 + (i / 2)}.9.{i % 2}.1", $"t{i / 2}", $"u{i / 2}", asn: 64_600 + (uint)(i / 2 % 5), agent: $"Browser {i % 2}",
                referrer: "forum.example");
        }
        traffic.InOrder().Run(complete: false);

        Assert.Equal(20, Witnesses(traffic).Witnesses);
    }

    [Theory]
    [InlineData("forum.example", 4)]
    [InlineData("www.google.com", 3)]
    public void A_few_lines_of_IPv6_that_name_any_number_of_players_are_no_more_visitors_than_lines(string page, int lines)
    {
        TestTraffic traffic = Crowd(named: false);
        for (int i = 0; i < 200; i++)
        {
            int line = i % lines;
            traffic.Session(600 + i, 1_800, $"s{i}", $"2a02:90{line}:1234:50::{i:x}", "everybodys", asn: 64_600 + (uint)line, agent: $"Made up {i}", referrer: page);
        }
        traffic.InOrder().Run(complete: false);

        Assert.Equal(lines, Witnesses(traffic, page).Networks);
        Assert.InRange(Witnesses(traffic, page).Witnesses, 1, lines);
        Assert.DoesNotContain(traffic.Decisions, static d => d.Subject.Type == SubjectType.Referrer);
    }

    [Fact]
    public void Visitors_whose_player_nobody_knows_are_told_apart_by_their_lines()
    {
        TestTraffic traffic = Crowd(named: false);
        for (int i = 0; i < 30; i++)
        {
            traffic.Session(600 + i, 1_800, $"s{i}", $"{120 + i}.9.1.1", $"once{i}", asn: 64_600 + (uint)(i % 5), referrer: "forum.example");
        }
        traffic.InOrder().Run(complete: false);

        Assert.Equal(30, Witnesses(traffic).Witnesses);
    }

    private static TestTraffic Crowd(bool named) => new TestTraffic(s_settings).Audience(named);

    private static ReferrerFeatures Witnesses(TestTraffic traffic, string page = "forum.example")
    {
        int index = traffic.Pipeline.State.Referrers.Find((uint)traffic.Strings.Intern(page, StringKind.Referrer));
        FeatureMeter meter = new(traffic.Pipeline.State, FeatureWindows.From(s_settings.Detection), traffic.Referrers, TokenWorkflow.Auto, new Population());
        meter.Measure(index, traffic.Pipeline.Watermark, out ReferrerFeatures features);
        return features;
    }
}
