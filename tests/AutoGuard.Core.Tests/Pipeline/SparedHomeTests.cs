using AutoGuard.Core.Configuration;
using AutoGuard.Core.Events;
using AutoGuard.Core.Pipeline;
using AutoGuard.Core.Policy;

namespace AutoGuard.Core.Tests.Pipeline;

/// <summary>Where a revoked token stays good.</summary>
public sealed class SparedHomeTests
{
    private const double Leak = 3_000;

    [Fact]
    public void The_owner_of_a_leaked_token_is_left_alone_at_home()
    {
        TestTraffic traffic = Thieves(Owner(New()), "leaked").InOrder().Run();

        Assert.Equal("203.0.113.0/24", Home(traffic, "leaked"));
    }

    [Fact]
    public void Only_a_revocation_leaves_anything_alone()
    {
        TestTraffic traffic = Thieves(Owner(New()), "leaked").InOrder().Run();

        Assert.Contains(traffic.Of("leaked"), d => d.Action == DecisionAction.Flag);
        Assert.All(traffic.Decisions.Where(d => d.Action != DecisionAction.Revoke), d => Assert.Empty(d.Except));
    }

    [Theory]
    [InlineData(true, "Tell its owner that it got out")]
    [InlineData(false, "Ask its owner to sign in again")]
    public void Who_is_left_alone_need_not_sign_in_again(bool spareHome, string advice)
    {
        TestTraffic traffic = Thieves(Owner(New(new PolicyOptions { Mode = EnforcementMode.Enforce, SpareHome = spareHome })), "leaked").InOrder().Run();

        Assert.Contains(advice, traffic.Output.Cases.Last(c => c.Subject.Value == "leaked").Recommendation, StringComparison.Ordinal);
    }

    [Fact]
    public void It_can_be_switched_off()
    {
        TestTraffic traffic = Thieves(Owner(New(new PolicyOptions { SpareHome = false })), "leaked").InOrder().Run();

        Assert.Equal("", Home(traffic, "leaked"));
    }

    [Fact]
    public void A_line_has_one_network_of_each_family_and_its_neighbouring_addresses()
    {
        TestTraffic traffic = Owner(New())
            .Session(200, 2_000, "tv", "2001:db8:1:2::5", "leaked", "victim", asn: 64500)
            .Session(2_100, 2_800, "tablet", "203.0.113.99", "leaked", "victim", asn: 64500)
            .Session(2_100, 2_800, "elsewhere", "2001:db8:9:9::5", "leaked", "victim", asn: 64500);

        Assert.Equal("203.0.113.0/24 2001:db8:1:2::/64", Home(Thieves(traffic, "leaked").InOrder().Run(), "leaked"));
    }

    [Theory]
    [InlineData(true, EventTraits.None)]
    [InlineData(false, EventTraits.SharedEgress)]
    public void Neither_a_data_centre_nor_a_way_out_that_many_share_is_anybodys_home(bool dataCentre, EventTraits traits)
    {
        TestTraffic traffic = New().Session(0, 9_000, "first", "203.0.113.7", "leaked", "victim", asn: 64500, dataCentre: dataCentre, traits: traits);

        Assert.Equal("", Home(Thieves(traffic, "leaked").InOrder().Run(), "leaked"));
    }

    [Fact]
    public void More_screens_than_a_household_has_are_no_home()
    {
        TestTraffic traffic = Owner(New());
        for (int i = 0; i < 4; i++)
        {
            traffic.Session(Leak - 100, 9_000, $"screen{i}", "203.0.113.7", "leaked", "victim", asn: 64500);
        }

        Assert.Equal("", Home(Thieves(traffic, "leaked").InOrder().Run(), "leaked"));
    }

    [Theory]
    [InlineData(3, false)]
    [InlineData(20, true)]
    public void A_home_is_left_alone_only_while_it_shows_no_more_than_a_household(int screens, bool isRevoked)
    {
        TestTraffic traffic = Thieves(Owner(New()), "leaked", to: 4_000);
        for (int i = 1; i < screens; i++)
        {
            traffic.Session(4_500 + i, 9_000, $"screen{i}", "203.0.113.7", "leaked", "victim", asn: 64500);
        }
        traffic.InOrder().Run();

        Assert.Equal(
            isRevoked ? ["203.0.113.0/24", ""] : ["203.0.113.0/24"],
            traffic.Of("leaked").Where(d => d.Action == DecisionAction.Revoke).Select(d => string.Join(' ', d.Except)));
    }

    [Theory]
    [InlineData(3, false)]
    [InlineData(20, true)]
    public void So_it_is_after_a_restart(int screens, bool isRevoked)
    {
        TestTraffic before = Thieves(Owner(New()), "leaked", to: 4_000).InOrder().Run();
        TestTraffic after = New();
        after.Pipeline.Remember(before.Decisions, after.TokenKey);
        for (int i = 0; i < screens; i++)
        {
            after.Session(4_500 + i, 9_000, $"screen{i}", "203.0.113.7", "leaked", "victim", asn: 64500);
        }
        after.InOrder().Run();

        Assert.Equal("203.0.113.0/24", Home(before, "leaked"));
        Assert.Equal(isRevoked ? [""] : [], after.Of("leaked").Where(d => d.Action == DecisionAction.Revoke).Select(d => string.Join(' ', d.Except)));
    }

    [Fact]
    public void A_later_revocation_that_spares_nothing_is_what_outlives_a_restart()
    {
        TestTraffic before = Thieves(Owner(New()), "leaked", to: 4_000).InOrder().Run();
        Decision first = before.Of("leaked").Last(d => d.Action == DecisionAction.Revoke);
        TestTraffic after = New();
        after.Pipeline.Remember([first, first with { Time = first.Time + 60_000, Except = [] }], after.TokenKey);
        for (int i = 0; i < 20; i++)
        {
            after.Session(4_500 + i, 9_000, $"screen{i}", "203.0.113.7", "leaked", "victim", asn: 64500);
        }

        Assert.Empty(after.InOrder().Run().Of("leaked"));
    }

    [Fact]
    public void A_stranger_with_the_same_operator_is_not_of_the_line_because_he_uses_the_other_family()
    {
        TestTraffic traffic = Owner(New()).Session(Leak - 200, 9_000, "thief6", "2001:db8:66:6::5", "leaked", "victim", asn: 64500);

        Assert.Equal("203.0.113.0/24", Home(Thieves(traffic, "leaked").InOrder().Run(), "leaked"));
    }

    [Fact]
    public void Who_names_the_user_on_a_token_of_his_own_does_not_take_the_home_away()
    {
        TestTraffic traffic = New().Session(60, 400, "relay", "198.51.100.7", "made-up", "victim", asn: 64501);
        traffic.Session(600, 9_000, "owner", "203.0.113.7", "leaked", "victim", asn: 64500);

        Assert.Equal("198.51.100.0/24 203.0.113.0/24", Home(Thieves(traffic, "leaked").InOrder().Run(), "leaked"));
    }

    [Fact]
    public void Nor_does_who_names_the_user_late()
    {
        TestTraffic traffic = New().Session(60, 9_000, "owner", "203.0.113.7", "own", "victim", asn: 64500);
        traffic.Session(1_000, 1_200, "relay0", "198.51.100.7", "signed-in", null, asn: 64501);
        traffic.Session(1_300, 9_000, "relay1", "198.51.100.7", "signed-in", "victim", asn: 64501);
        traffic.Session(1_400, 9_000, "owner2", "203.0.113.7", "signed-in", "victim", asn: 64500);
        // The next token goes on from the account's home, and from no other line.
        traffic.Session(2_000, 9_000, "third", "192.0.2.7", "third", "victim", asn: 64502);

        Thieves(Thieves(traffic, "signed-in"), "third", from: 6_000).InOrder().Run();

        Assert.Equal("198.51.100.0/24 203.0.113.0/24", Home(traffic, "signed-in"));
        Assert.Equal("192.0.2.0/24 203.0.113.0/24", Home(traffic, "third"));
    }

    [Fact]
    public void Nor_does_who_has_a_token_revoked_that_names_the_user()
    {
        TestTraffic traffic = New().Session(60, 9_000, "relay", "198.51.100.7", "decoy", "victim", asn: 64501);
        Thieves(traffic, "decoy", from: 600).Session(2_000, 9_000, "owner", "203.0.113.7", "leaked", "victim", asn: 64500);

        Thieves(traffic, "leaked", from: 4_000).InOrder().Run();

        Assert.Equal("198.51.100.0/24 203.0.113.0/24", Home(traffic, "leaked"));
    }

    [Fact]
    public void A_phone_on_its_way_does_not_take_the_home_of_the_television_away()
    {
        TestTraffic traffic = New().Session(60, 900, "phone", "192.0.2.7", "phones", "victim", asn: 64501);
        traffic.Session(1_200, 9_000, "tv", "203.0.113.7", "leaked", "victim", asn: 64500);

        Assert.Equal("192.0.2.0/24 203.0.113.0/24", Home(Thieves(traffic, "leaked").InOrder().Run(), "leaked"));
    }

    [Fact]
    public void A_crowd_at_one_line_does_not_take_the_other_away()
    {
        TestTraffic traffic = New().Session(60, 400, "relay", "198.51.100.7", "made-up", "victim", asn: 64501);
        traffic.Session(600, 9_000, "owner", "203.0.113.7", "leaked", "victim", asn: 64500);
        for (int i = 0; i < 6; i++)
        {
            traffic.Session(Leak - 100, 9_000, $"crowd{i}", "198.51.100.7", "leaked", "victim", asn: 64501);
        }

        Assert.Equal("203.0.113.0/24", Home(Thieves(traffic, "leaked").InOrder().Run(), "leaked"));
    }

    [Fact]
    public void A_token_that_a_tool_plays_in_many_places_is_revoked_everywhere()
    {
        TestTraffic traffic = Thieves(Owner(New()), "leaked");
        for (int i = 0; i < 3; i++)
        {
            traffic.Session(Leak, 9_000, $"tool{i}", "203.0.113.7", "leaked", "victim", asn: 64500, tool: true);
        }

        Assert.Equal("", Home(traffic.InOrder().Run(), "leaked"));
    }

    [Fact]
    public void The_owner_is_left_alone_on_the_next_token_too_though_thieves_come_with_it_first()
    {
        TestTraffic traffic = Thieves(Thieves(Owner(New()), "leaked"), "next", from: 5_000);
        traffic.Session(5_600, 9_000, "owner2", "203.0.113.7", "next", "victim", asn: 64500);

        traffic.InOrder().Run();

        Assert.Equal("203.0.113.0/24", Home(traffic, "leaked"));
        Assert.Equal("82.0.7.0/24 203.0.113.0/24", Home(traffic, "next"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Reordering_within_the_allowed_lateness_changes_nothing(int seed)
    {
        string ordered = Home(Thieves(Owner(New()), "leaked").InOrder().Run(), "leaked");

        TestTraffic shuffled = Thieves(Owner(New()), "leaked").InOrder().Disordered(seed, withinSeconds: 9);

        Assert.Equal(ordered, Home(shuffled.Run(), "leaked"));
    }

    private static TestTraffic New(PolicyOptions? policy = null) =>
        new TestTraffic(new PipelineSettings { Referrers = new ReferrersOptions { Official = ["www.example.com"] }, Policy = policy ?? new PolicyOptions() }).Audience();

    private static TestTraffic Owner(TestTraffic traffic) => traffic.Session(60, 9_000, "owner", "203.0.113.7", "leaked", "victim", asn: 64500);

    /// <summary>Twelve strangers on as many lines, who come within a few minutes.</summary>
    private static TestTraffic Thieves(TestTraffic traffic, string token, double from = Leak, double to = 9_000)
    {
        for (int i = 0; i < 12; i++)
        {
            traffic.Session(from + (i * 20), to, $"{token}{i}", $"82.{i}.7.7", token, "victim", asn: 64500 + (uint)(i % 4), country: "FR");
        }
        return traffic;
    }

    private static string Home(TestTraffic traffic, string token) => string.Join(' ', Assert.Single(traffic.Of(token), d => d.Action == DecisionAction.Revoke).Except);
}
