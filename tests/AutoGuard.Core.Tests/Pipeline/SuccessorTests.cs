using AutoGuard.Core.Configuration;
using AutoGuard.Core.Pipeline;
using AutoGuard.Core.Policy;

namespace AutoGuard.Core.Tests.Pipeline;

public sealed class SuccessorTests
{
    private const string Server = "198.51.100.66";
    private const double Later = 1_200;

    private static readonly PipelineSettings s_observe = new()
    {
        Referrers = new ReferrersOptions { Official = ["www.example.com"] },
        Fingerprint = "f00d",
    };

    [Theory]
    [InlineData(EnforcementMode.Observe)]
    [InlineData(EnforcementMode.Enforce)]
    public void A_relay_that_takes_a_new_token_is_flagged_at_once_and_names_the_revocation_it_follows(EnforcementMode mode)
    {
        PipelineSettings settings = s_observe with { Policy = new PolicyOptions { Mode = mode } };
        TestTraffic traffic = Relay(new TestTraffic(settings)).Session(Later, Later + 120, "new", Server, "second", "u2", dataCentre: true, agent: "player").InOrder().Run();

        Decision revoked = Assert.Single(Of(traffic, "first"), d => d.Action == DecisionAction.Revoke);
        Assert.Null(revoked.Follows);
        Decision flag = Of(traffic, "second")[0];
        Assert.Equal(DecisionAction.Flag, flag.Action);
        Assert.Equal(revoked.Id, flag.Follows);
        Assert.InRange(flag.Time, Noon(Later), Noon(Later + 10));
        Assert.Contains(flag.Reasons, r => r.Indicator == "Successor" && r.Value == 1);
        Assert.Equal(revoked.Id, traffic.Output.Cases.Last(c => c.Subject.Value == "second").Decisions[0].Follows);
        Assert.Empty(new TestTraffic(settings).Session(Later, Later + 120, "new", Server, "second", "u2", dataCentre: true, agent: "player").InOrder().Run().Decisions);
    }

    [Fact]
    public void A_successor_is_revoked_on_evidence_that_would_not_do_for_a_stranger()
    {
        TestTraffic traffic = Relay(new TestTraffic(s_observe));
        Successor(traffic, "second", Later);
        traffic.InOrder().Run();
        TestTraffic stranger = new(s_observe);
        Successor(stranger, "second", Later);
        stranger.InOrder().Run();

        Decision first = Assert.Single(Of(traffic, "first"), d => d.Action == DecisionAction.Revoke);
        Decision second = Assert.Single(Of(traffic, "second"), d => d.Action == DecisionAction.Revoke);
        Assert.Equal(first.Id, second.Follows);
        Assert.DoesNotContain(Of(stranger, "second"), d => d.Action == DecisionAction.Revoke);
    }

    [Fact]
    public void The_third_token_follows_the_second()
    {
        TestTraffic traffic = Relay(new TestTraffic(s_observe));
        Successor(traffic, "second", Later);
        Successor(traffic, "third", Later + 900);
        traffic.InOrder().Run();

        Decision second = Assert.Single(Of(traffic, "second"), d => d.Action == DecisionAction.Revoke);
        Assert.All(Of(traffic, "third"), d => Assert.Equal(second.Id, d.Follows));
        Assert.NotEmpty(Of(traffic, "third"));
    }

    [Theory]
    [InlineData(Server, "player", "other")]
    [InlineData(Server, "browser", "match")]
    [InlineData("198.51.100.67", "player", "match")]
    [InlineData("198.51.100.67", "browser", "other")]
    public void Part_of_a_footprint_alone_flags_nobody(string address, string agent, string stream)
    {
        TestTraffic traffic = Relay(new TestTraffic(s_observe))
            .Session(Later, Later + 900, "new", address, "second", "u2", agent: agent, stream: stream).InOrder().Run();

        Assert.Contains(traffic.Decisions, d => d.Action == DecisionAction.Revoke);
        Assert.Empty(Of(traffic, "second"));
    }

    [Fact]
    public void The_household_whose_leaked_token_was_revoked_comes_back_from_home_and_is_left_alone()
    {
        TestTraffic traffic = new(s_observe);
        traffic.Session(0, 900, "home", "81.2.3.4", "leaked", "owner", agent: "player");
        for (int i = 0; i < 9; i++)
        {
            traffic.Session(60 + (i * 10), 900, $"s{i}", $"9{i}.1.2.3", "leaked", "owner", country: i % 2 == 0 ? "DE" : "FR", agent: "player", dataCentre: i > 2);
        }
        for (int i = 0; i < 3; i++)
        {
            traffic.Session(Later + i, Later + 3_000, $"back{i}", "81.2.3.4", "anew", "owner", agent: "player", end: false);
        }
        traffic.InOrder().Run(complete: false);

        Assert.Contains(Of(traffic, "leaked"), d => d.Action == DecisionAction.Revoke);
        Assert.Empty(Of(traffic, "anew"));
        Assert.Equal(0, Likeness(traffic, "anew"));
    }

    [Fact]
    public void The_home_of_an_account_that_a_server_relays_is_no_part_of_its_footprint()
    {
        TestTraffic traffic = Relay(new TestTraffic(s_observe).Session(0, 300, "home", "81.2.3.4", "first", "u1", agent: "player"));
        traffic.Session(Later, Later + 3_000, "back", "81.2.3.4", "anew", "u1", agent: "player", end: false).InOrder().Run(complete: false);

        Assert.Contains(Of(traffic, "first"), d => d.Action == DecisionAction.Revoke);
        Assert.Empty(Of(traffic, "anew"));
        Assert.Equal(0, Likeness(traffic, "anew"));
    }

    [Theory]
    [InlineData(2, 0, 1)]
    [InlineData(3, 0, 0)]
    [InlineData(2, 800, 1)]
    [InlineData(3, 800, 0)]
    public void Where_several_others_watch_nobody_is_a_successor(int neighbours, double since, double expected)
    {
        // A carrier's address or a VPN's exit: its neighbours were there when the token was revoked, or came only then.
        TestTraffic traffic = Relay(new TestTraffic(s_observe));
        for (int i = 0; i < neighbours; i++)
        {
            traffic.Session(since, since + 500, $"n{i}", Server, $"n{i}", $"nu{i}", agent: $"a{i}", stream: $"s{i}", dataCentre: true);
        }
        traffic.Session(Later, Later + 600, "new", Server, "second", "u2", dataCentre: true, agent: "player", end: false).InOrder().Run(complete: false);

        Assert.Contains(Of(traffic, "first"), d => d.Action == DecisionAction.Revoke);
        Assert.Equal(expected, Likeness(traffic, "second"));
        Assert.Equal(expected > 0, Of(traffic, "second").Count > 0);
    }

    [Fact]
    public void A_neighbour_whose_player_renews_its_token_was_there_before()
    {
        TestTraffic traffic = Neighbour(Relay(new TestTraffic(s_observe)), "then", 0, 1_000);
        Neighbour(traffic, "now", Later, Later + 1_000);
        Neighbour(traffic, "later", Later + 1_100, Later + 2_000).InOrder().Run(complete: false);

        Assert.Contains(Of(traffic, "first"), d => d.Action == DecisionAction.Revoke);
        Assert.Equal(0, Likeness(traffic, "later"));
        Assert.DoesNotContain(traffic.Decisions, d => d.Subject.Value is "now" or "later" or "198.51.100.67");
    }

    [Fact]
    public void A_neighbour_who_comes_only_then_is_no_more_than_flagged()
    {
        TestTraffic traffic = Neighbour(Relay(new TestTraffic(s_observe)), "now", Later, Later + 1_000);
        Neighbour(traffic, "later", Later + 1_100, Later + 2_000).InOrder().Run();

        Assert.Contains(Of(traffic, "first"), d => d.Action == DecisionAction.Revoke);
        Assert.NotEmpty(Of(traffic, "now"));
        Assert.All(traffic.Decisions, d => Assert.True(d.Action == DecisionAction.Flag || d.Subject.Value is "first" or Server, $"{d.Action} {d.Subject.Value}"));
    }

    [Fact]
    public void Another_tenants_token_and_one_seen_before_follow_nothing()
    {
        TestTraffic traffic = Relay(new TestTraffic(s_observe)).Session(0, 30, "early", "81.9.9.9", "known", "u3", agent: "player");
        traffic.Session(Later, Later + 900, "again", Server, "known", "u3", agent: "player");
        for (double t = Later; t < Later + 900; t += 30)
        {
            traffic.Event(t, "foreign", Server, "foreign", "u4", agent: "player", organization: "other");
        }
        traffic.InOrder().Run();

        Assert.Empty(Of(traffic, "known"));
        Assert.DoesNotContain(traffic.Decisions, d => d.Follows is not null);
    }

    [Fact]
    public void Switched_off_nothing_follows_anything()
    {
        DetectionOptions off = new();
        off.Indicators.Successor.Enabled = false;
        TestTraffic traffic = Relay(new TestTraffic(s_observe with { Detection = off }));
        Successor(traffic, "second", Later);
        traffic.InOrder().Run();

        Assert.Contains(Of(traffic, "first"), d => d.Action == DecisionAction.Revoke);
        Assert.All(traffic.Decisions, d => Assert.Null(d.Follows));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(77)]
    public void Reordered_within_the_lateness_the_decisions_are_the_same(int seed)
    {
        TestTraffic ordered = Relay(new TestTraffic(s_observe));
        Successor(ordered, "second", Later);
        ordered.InOrder().Run();
        TestTraffic shuffled = Relay(new TestTraffic(s_observe));
        Successor(shuffled, "second", Later);
        shuffled.InOrder().Disordered(seed, 9, 0.1).Run();

        Assert.Contains(ordered.Decisions, d => d.Follows is not null);
        Assert.Equal(ordered.Decisions.Select(Bytes), shuffled.Decisions.Select(Bytes));

        static string Bytes(Decision decision) => Convert.ToHexString(DecisionJson.ToUtf8(decision with { Source = new SourcePosition("", 0, 0) }));
    }

    /// <summary>Four streams at once by a recording tool on a server.</summary>
    private static TestTraffic Relay(TestTraffic traffic)
    {
        foreach (string stream in (string[])["match", "news", "film", "kids"])
        {
            traffic.Session(5, 900, $"r-{stream}", Server, "first", "u1", dataCentre: true, stream: stream, agent: "player", tool: true, referrer: null);
        }
        return traffic;
    }

    /// <summary>One stream by the same tool: suspicious, and no more than that.</summary>
    private static void Successor(TestTraffic traffic, string token, double from) => traffic.Session(
        from, from + 600, $"s-{token}", Server, token, $"u-{token}", dataCentre: true, agent: "player", tool: true);

    /// <summary>Somebody with a server of his own in the relay's network, who watches what it relayed with the same player.</summary>
    private static TestTraffic Neighbour(TestTraffic traffic, string token, double from, double to)
    {
        for (int i = 0; i < 3; i++)
        {
            double length = (to - from) / 3;
            traffic.Session(from + (i * length), from + ((i + 1) * length) - 5, $"{token}{i}", "198.51.100.67", token, "neighbour", dataCentre: true, agent: "player", end: i < 2);
        }
        return traffic;
    }

    /// <summary>Of a token whose sessions are still open.</summary>
    private static double Likeness(TestTraffic traffic, string token) =>
        traffic.Explain(token, traffic.Pipeline.Watermark)!.Indicators.Single(i => i.Indicator == "Successor").Value;

    private static List<Decision> Of(TestTraffic traffic, string token) =>
        [.. traffic.Decisions.Where(d => d.Subject.Type == SubjectType.Token && d.Subject.Value == token)];

    private static long Noon(double second) => TestTraffic.Noon + (long)(second * 1000);
}
