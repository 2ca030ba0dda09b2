using System.Globalization;
using AutoGuard.Core.Configuration;
using AutoGuard.Core.Events;
using AutoGuard.Core.Pipeline;
using AutoGuard.Core.Policy;

namespace AutoGuard.Core.Tests.Pipeline;

public sealed class DetectionTests
{
    private static readonly PipelineSettings s_enforce = new()
    {
        Policy = new PolicyOptions { Mode = EnforcementMode.Enforce },
        Referrers = new ReferrersOptions { Official = ["www.example.com"] },
        Fingerprint = "f00d",
    };

    [Fact]
    public void A_shared_token_is_flagged_and_then_revoked_once()
    {
        TestTraffic traffic = Shared(new TestTraffic(s_enforce)).InOrder().Run();

        Assert.Equal([DecisionAction.Flag, DecisionAction.Revoke], traffic.Decisions.Select(d => d.Action));
        Assert.All(traffic.Decisions, d => Assert.Equal(new Subject(SubjectType.Token, "shared"), d.Subject));
        Decision last = traffic.Decisions[^1];
        Assert.Equal(EnforcementMode.Enforce, last.Mode);
        Assert.Null(last.Expires);
        Assert.Equal("f00d", last.Policy);
        Assert.Contains(last.Reasons, r => r.Indicator == "ConcurrentSessions" && r.Value > 2 && r.Threshold == 2);
        Assert.Equal(last.Score, last.Reasons.Sum(r => r.Contribution), 4);
        Assert.Equal("test", last.Source.Topic);
    }

    [Fact]
    public void Three_screens_of_one_household_are_left_alone()
    {
        TestTraffic traffic = new TestTraffic(s_enforce);
        for (int i = 0; i < 3; i++)
        {
            traffic.Session(i * 60, 7_000, $"screen{i}", "81.2.3.4", "family", "user");
        }
        Assert.Empty(traffic.InOrder().Run().Decisions);
    }

    [Fact]
    public void An_allowlisted_token_user_or_address_is_never_acted_on()
    {
        foreach (AllowlistOptions allowlist in (AllowlistOptions[])
                 [
                     new() { Tokens = [new AllowlistEntry { Value = "shared" }] },
                     new() { Users = [new AllowlistEntry { Value = "owner", Reason = "test account" }] },
                 ])
        {
            Assert.Empty(Shared(new TestTraffic(s_enforce with { Allowlist = allowlist })).InOrder().Run().Decisions);
        }
        AllowlistOptions addresses = new() { Addresses = [new AllowlistEntry { Value = "198.51.100.0/24" }] };
        Assert.Empty(Flood(new TestTraffic(s_enforce with { Allowlist = addresses })).InOrder().Run().Decisions);
    }

    [Fact]
    public void An_allowlist_entry_holds_until_its_date()
    {
        AllowlistOptions expired = new()
        {
            Tokens = [new AllowlistEntry { Value = "shared", Until = DateTimeOffset.FromUnixTimeMilliseconds(TestTraffic.Noon) }],
        };
        Assert.NotEmpty(Shared(new TestTraffic(s_enforce with { Allowlist = expired })).InOrder().Run().Decisions);
    }

    [Fact]
    public void A_flooding_address_is_blocked_for_a_day()
    {
        TestTraffic traffic = Flood(new TestTraffic(s_enforce)).InOrder().Run();

        Decision block = Assert.Single(traffic.Decisions, d => d.Action == DecisionAction.Block);
        Assert.Equal(new Subject(SubjectType.Ip, "198.51.100.66"), block.Subject);
        Assert.Equal(block.Time + 86_400_000, block.Expires);
        Assert.Contains(block.Reasons, r => r.Indicator == "AddressReconnects");
    }

    [Theory]
    [InlineData(20, true)]
    [InlineData(240, false)]
    public void Sessions_of_seconds_count_against_how_many_viewers_an_address_has(int viewers, bool flagged)
    {
        TestTraffic traffic = new(s_enforce);
        for (int i = 0; i < viewers; i++)
        {
            traffic.Session(i % 60, 1_800, $"s{i}", "198.51.100.66", $"t{i}", $"u{i}", heartbeat: 60);
        }
        for (int i = 0; i < 60; i++)
        {
            string viewer = string.Create(CultureInfo.InvariantCulture, $"{i % viewers}");
            traffic.Session(900 + (i * 10), 905 + (i * 10), $"z{i}", "198.51.100.66", "t" + viewer, "u" + viewer);
        }
        traffic.InOrder().Run();

        Assert.Equal(flagged, traffic.Decisions.Any(d => d.Subject.Value == "198.51.100.66"));
    }

    [Fact]
    public void A_flood_from_an_address_that_neighbours_share_is_flagged_with_their_number()
    {
        TestTraffic traffic = Flood(new TestTraffic(s_enforce));
        for (int i = 0; i < 20; i++)
        {
            traffic.Session(0, 900, $"neighbour{i}", "198.51.100.66", $"n{i}", $"nu{i}");
        }
        traffic.InOrder().Run();

        Decision decision = Assert.Single(traffic.Decisions, d => d.Subject.Type == SubjectType.Ip);
        Assert.Equal(DecisionAction.Flag, decision.Action);
        Assert.True(decision.Harm.OtherTokens >= 20, $"{decision.Harm}");
        Assert.True(traffic.Pipeline.Counters.BlocksRefused > 0);
    }

    [Fact]
    public void A_private_address_is_flagged_and_never_blocked()
    {
        TestTraffic traffic = Flood(new TestTraffic(s_enforce), "10.1.2.3").InOrder().Run();

        Assert.Equal([DecisionAction.Flag], traffic.Decisions.Where(d => d.Subject.Type == SubjectType.Ip).Select(d => d.Action));
    }

    [Fact]
    public void Hundreds_of_viewers_behind_a_carriers_address_are_left_alone()
    {
        TestTraffic traffic = new TestTraffic(s_enforce);
        for (int i = 0; i < 400; i++)
        {
            traffic.Session(i % 180, 1_800, $"c{i}", "203.0.113.5", $"tok{i}", $"usr{i}");
        }
        Assert.Empty(traffic.InOrder().Run().Decisions);
    }

    [Fact]
    public void Several_offenders_of_one_network_get_the_network_blocked()
    {
        TestTraffic traffic = new TestTraffic(s_enforce);
        for (int host = 1; host <= 10; host++)
        {
            Flood(traffic, $"198.51.100.{host}", $"h{host}");
        }
        traffic.InOrder().Run();

        Decision block = Assert.Single(traffic.Decisions, d => d.Subject.Type == SubjectType.Cidr && d.Action == DecisionAction.Block);
        Assert.Equal("198.51.100.0/24", block.Subject.Value);
    }

    [Fact]
    public void An_unofficial_page_is_blocked_and_the_official_one_is_not()
    {
        TestTraffic traffic = new TestTraffic(s_enforce);
        for (int i = 0; i < 150; i++)
        {
            traffic.Session(i, 900, $"e{i}", $"77.{i}.1.1", $"e{i}", referrer: "pirate.example");
            traffic.Session(i, 900, $"o{i}", $"78.{i}.1.1", $"o{i}", referrer: "www.example.com");
        }
        traffic.InOrder().Run();

        Decision block = Assert.Single(traffic.Decisions, d => d.Action == DecisionAction.Block);
        Assert.Equal(new Subject(SubjectType.Referrer, "pirate.example"), block.Subject);
        Assert.Null(block.Expires);
    }

    [Fact]
    public void Without_a_list_of_official_pages_no_page_is_unofficial()
    {
        TestTraffic traffic = new TestTraffic(s_enforce with { Referrers = new ReferrersOptions() });
        for (int i = 0; i < 150; i++)
        {
            traffic.Session(i, 900, $"e{i}", $"77.{i}.1.1", $"e{i}", referrer: "anything.example");
        }
        Assert.Empty(traffic.InOrder().Run().Decisions);
    }

    [Fact]
    public void An_indicator_that_only_observes_is_shown_and_weighs_nothing()
    {
        IndicatorsOptions indicators = new();
        foreach (IndicatorOptions each in (IndicatorOptions[])
                 [indicators.ConcurrentSessions, indicators.ConcurrentNetworks, indicators.DistinctNetworks, indicators.GeographicSpread, indicators.TokenSpike])
        {
            each.ObserveOnly = true;
        }
        PipelineSettings settings = s_enforce with { Detection = new DetectionOptions { Indicators = indicators } };

        Assert.Empty(Shared(new TestTraffic(settings)).InOrder().Run().Decisions);
    }

    [Fact]
    public void A_kick_off_flags_nobody()
    {
        TestTraffic traffic = new TestTraffic(s_enforce);
        Random random = new(3);
        for (int i = 0; i < 4_000; i++)
        {
            double from = 600 + (random.NextDouble() * 120);
            traffic.Session(from, from + 900, $"k{i}", $"{60 + (i % 100)}.{i / 100}.{random.Next(200)}.{random.Next(200)}", $"kt{i}", $"ku{i}", country: "DE");
        }
        Assert.Empty(traffic.InOrder().Run().Decisions);
    }

    [Fact]
    public void Late_events_change_nothing_and_are_counted()
    {
        TestTraffic traffic = new TestTraffic(s_enforce).Session(0, 600, "a", "81.1.1.1", "t").InOrder().Run(complete: false);
        traffic.Event(10, "late", "81.1.1.1", "t", type: PlaybackEventType.Start).Run();

        Assert.Equal(1, traffic.Pipeline.Counters.Late);
        Assert.Equal(1, traffic.Pipeline.State.TotalSessions);
    }

    [Fact]
    public void An_event_from_the_future_is_malformed_and_moves_nothing()
    {
        TestTraffic traffic = new TestTraffic(s_enforce)
            .Event(0, "a", "81.1.1.1", "t", type: PlaybackEventType.Start)
            .Event(86_400, "b", "81.1.1.1", "t", type: PlaybackEventType.Start)
            .Event(30, "a", "81.1.1.1", "t")
            .Run();

        Assert.Equal(1, traffic.Pipeline.Counters.Future);
        Assert.Equal(2, traffic.Pipeline.Counters.Accepted);
        Assert.Equal(0, traffic.Pipeline.Counters.Late);
    }

    [Fact]
    public void Recorded_events_may_have_a_night_between_them()
    {
        TestTraffic traffic = new TestTraffic(s_enforce).Session(0, 600, "a", "81.1.1.1", "t").Session(30_000, 31_000, "b", "81.1.1.1", "t").InOrder();
        int events = traffic.Count;
        traffic.Run();

        Assert.Equal(events, traffic.Pipeline.Counters.Accepted);
    }

    [Fact]
    public void Explain_says_why_a_token_was_flagged_and_why_another_was_not()
    {
        TestTraffic traffic = Shared(new TestTraffic(s_enforce)).Session(0, 900, "quiet", "81.9.9.9", "quiet", "someone").InOrder();
        traffic.Run(complete: false);
        long now = traffic.Pipeline.Watermark;

        Explanation shared = traffic.Explain("shared", now)!;
        Explanation quiet = traffic.Explain("quiet", now)!;

        Assert.Equal("It was blocked.", shared.Outcome);
        Assert.True(shared.Score >= 0.9);
        Assert.NotNull(shared.Case);
        Assert.StartsWith("Nothing was done: the score", quiet.Outcome, StringComparison.Ordinal);
        Assert.Contains(quiet.Indicators, i => i.Indicator == "ConcurrentSessions" && i.Value == 1 && i.Grade == 0);
        Assert.Null(traffic.Explain("unheard of", now));
    }

    [Fact]
    public void The_case_of_a_token_has_the_columns_of_the_token_guardian_view()
    {
        TestTraffic traffic = Shared(new TestTraffic(s_enforce)).InOrder().Run();

        var file = traffic.Output.Cases.Last(c => c.Subject.Value == "shared");
        Assert.Equal("owner", file.User);
        Assert.Equal(10, file.Sessions);
        Assert.Equal(10, file.Addresses);
        Assert.Equal(10, file.MaxConcurrency);
        Assert.Equal(10, file.Timeline.Length);
        Assert.Equal(2, file.Countries.Length);
        Assert.Equal("www.example.com", Assert.Single(file.Referrers).Name);
        Assert.Equal(TestTraffic.Noon + 60_000, file.FirstStart);
        Assert.Equal(TestTraffic.Noon + 900_000, file.LastEnd);
        Assert.Equal(Enumerable.Range(0, 10).Sum(i => 900 - 60 - (i * 10.0)), file.DurationSum, 0);
        Assert.Equal(2, file.Decisions.Length);
    }

    private static TestTraffic Shared(TestTraffic traffic)
    {
        for (int i = 0; i < 10; i++)
        {
            traffic.Session(60 + (i * 10), 900, $"s{i}", $"9{i}.1.2.3", "shared", "owner", country: i % 2 == 0 ? "DE" : "FR");
        }
        return traffic;
    }

    private static TestTraffic Flood(TestTraffic traffic, string address = "198.51.100.66", string prefix = "f")
    {
        for (int i = 0; i < 400; i++)
        {
            traffic.Session(100 + (i * 1.5), 104 + (i * 1.5), $"{prefix}{i}", address, $"{prefix}-token");
        }
        return traffic;
    }
}
