using AutoGuard.Core.Configuration;
using AutoGuard.Core.Events;
using AutoGuard.Core.Features;

namespace AutoGuard.Core.Tests.Features;

/// <summary>What is measured of one token: handovers, places at once, relays, agents.</summary>
public sealed class TokenFeatureTests
{
    [Fact]
    public void A_session_heard_from_two_networks_by_turns_is_handed_over_every_time()
    {
        TestTraffic traffic = new();
        for (int i = 0; i < 10; i++)
        {
            traffic.Event(i * 20, "s", i % 2 == 0 ? "81.1.1.1" : "82.1.1.1", "t", "u", asn: 64500 + (uint)(i % 2));
        }

        Assert.Equal(9, Measure(traffic, 200).Handovers);
    }

    [Theory]
    [InlineData("Browser B", 18)]
    [InlineData("Browser A", 9)]
    [InlineData(null, 9)]
    public void A_session_that_is_handed_to_another_player_is_handed_over_twice(string? other, int handovers)
    {
        TestTraffic traffic = new();
        for (int i = 0; i < 10; i++)
        {
            traffic.Event(
                i * 20, "s", i % 2 == 0 ? "81.1.1.1" : "82.1.1.1", "t", "u", asn: 64500 + (uint)(i % 2), agent: i % 2 == 0 ? "Browser A" : other);
        }

        Assert.Equal(handovers, Measure(traffic, 200).Handovers);
    }

    [Fact]
    public void The_other_protocol_of_a_line_another_host_of_its_network_and_another_exit_of_a_relay_are_no_handovers()
    {
        TestTraffic traffic = new();
        traffic.Event(0, "s", "81.1.1.1", "t", "u", asn: 64500);
        traffic.Event(20, "s", "2001:db8::1", "t", "u", asn: 64500);
        traffic.Event(40, "s", "2001:db8::2", "t", "u", asn: 64500);
        traffic.Event(60, "s", "104.28.1.1", "t", "u", asn: 13335, traits: EventTraits.SharedEgress);
        traffic.Event(80, "s", "104.28.2.1", "t", "u", asn: 13335, traits: EventTraits.SharedEgress);
        traffic.Event(100, "s", "81.1.1.1", "t", "u", asn: 64500);

        Assert.Equal(0, Measure(traffic, 200).Handovers);
    }

    [Theory]
    [InlineData("81.1.1.1 82.1.1.1 81.1.1.1", true)]
    [InlineData("81.1.1.1 81.2.1.1 81.1.1.1", true)]
    [InlineData("81.1.1.1 82.1.1.1 83.1.1.1 84.1.1.1", false)]
    [InlineData("81.1.1.1 81.1.1.1 81.1.1.1", false)]
    [InlineData("81.1.1.1 82.1.1.1 81.1.1.2", true)]
    [InlineData("81.1.1.1 81.1.1.2 81.1.1.1", false)] // another host of its network
    [InlineData("81.1.1.1 2001:db8::1 81.1.1.1", false)] // the other family of its line
    [InlineData("104.28.1.1 82.1.1.1 104.28.1.1", false)] // an exit that people share
    [InlineData("198.51.100.1 82.1.1.1 198.51.100.1", false)] // a server
    public void Whoever_comes_back_to_where_he_was_has_returned(string addresses, bool returned)
    {
        TestTraffic traffic = new();
        double second = 0;
        foreach (string ip in addresses.Split(' '))
        {
            uint asn = ip[..2] is "81" or "20" ? 64500 : ip.StartsWith("82", StringComparison.Ordinal) ? 64501 : 64502u;
            EventTraits traits = ip.StartsWith("104", StringComparison.Ordinal) ? EventTraits.SharedEgress : EventTraits.None;
            traffic.Session(second, second + 80, $"s{second}", ip, "t", "u", asn: asn, traits: traits, dataCentre: ip.StartsWith("198", StringComparison.Ordinal));
            second += 90;
        }

        Assert.Equal(returned, Measure(traffic, 500).Returned);
    }

    [Theory]
    [InlineData("81.1.1.1", "t", true)]
    [InlineData("81.1.1.9", "t", true)] // another host of that network
    [InlineData("81.1.1.1", "t2", true)] // with the account's next token
    [InlineData("83.1.1.1", "t", false)]
    public void Where_a_player_came_to_last_is_what_it_leaves_however_long_the_place_before_is_heard(string ip, string token, bool returned)
    {
        TestTraffic traffic = new TestTraffic()
            .Session(0, 125, "a", "81.1.1.1", "t", "u", asn: 64500, end: false)
            .Session(100, 110, "b", "82.1.1.1", "t", "u", asn: 64501)
            .Session(300, 390, "c", ip, token, "u", asn: 64500)
            .InOrder();

        Assert.Equal(returned, traffic.Measure(token, 350).Returned);
    }

    [Fact]
    public void All_exits_of_relays_are_one_place_at_once_and_over_time()
    {
        TestTraffic traffic = new();
        for (int i = 0; i < 6; i++)
        {
            traffic.Session(i, 600, $"s{i}", $"104.28.{i}.1", "t", "u", asn: 13335, traits: EventTraits.SharedEgress);
        }

        TokenFeatures at = Measure(traffic, 300);

        Assert.Equal(6, at.Concurrent);
        Assert.Equal(6, at.ConcurrentNetworks);
        Assert.Equal(1, at.PlacesAtOnce);
        Assert.Equal(1, at.Places);
        Assert.Equal(0, at.Operators);
    }

    [Fact]
    public void Sessions_that_were_not_heard_again_yet_are_presumed_to_run_until_their_next_sign_is_overdue()
    {
        TestTraffic traffic = new();
        for (int i = 0; i < 4; i++)
        {
            traffic.Event(100 + i, $"s{i}", $"81.{i}.1.1", "t", "u", PlaybackEventType.Start, asn: 64500 + (uint)i);
        }

        TokenFeatures soon = Measure(traffic, 120);
        Assert.Equal(1, soon.PlacesAtOnce);
        Assert.Equal(4, soon.PresumedPlaces);

        TokenFeatures later = Measure(traffic, 160);
        Assert.Equal(1, later.PlacesAtOnce);
        Assert.True(later.PresumedPlaces <= 1, $"{later.PresumedPlaces} are overdue");
    }

    [Fact]
    public void Places_that_play_at_once_are_presumed_too()
    {
        TestTraffic traffic = new();
        for (int i = 0; i < 3; i++)
        {
            traffic.Session(i, 600, $"s{i}", $"81.{i}.1.1", "t", "u", asn: 64500 + (uint)i);
        }

        TokenFeatures at = Measure(traffic, 300);

        Assert.Equal(3, at.PlacesAtOnce);
        Assert.Equal(3, at.PresumedPlaces);
    }

    [Theory]
    [InlineData(40)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(200)]
    public void Many_sessions_are_measured_alike_compared_each_with_each_or_sorted(int sessions)
    {
        TestTraffic traffic = new();
        for (int i = 0; i < sessions; i++)
        {
            traffic.Session(i * 0.1, 600, $"s{i}", $"81.{i % 8}.1.{i / 8}", "t", "u", asn: 64500, agent: $"Player/{i % 3}", traits: i % 4 == 0 ? EventTraits.ToolAgent : 0);
        }

        TokenFeatures at = Measure(traffic, 300);

        Assert.Equal(sessions, at.Concurrent);
        Assert.Equal(8, at.ConcurrentNetworks);
        Assert.Equal(8, at.PlacesAtOnce);
        Assert.InRange(at.ToolShare, 0.25, 0.27);
    }

    [Fact]
    public void Agents_are_counted_once_and_the_nameless_not_at_all()
    {
        TestTraffic traffic = new();
        for (int i = 0; i < 12; i++)
        {
            traffic.Session(i * 50, (i * 50) + 40, $"s{i}", $"81.1.{i}.1", "t", "u", agent: i % 4 == 3 ? null : $"Player/{i % 4}");
        }

        Assert.Equal(3, Measure(traffic, 700).Agents);
    }

    [Fact]
    public void The_same_token_address_and_session_of_another_tenant_are_others()
    {
        TestTraffic traffic = new();
        traffic.Session(0, 600, "s", "81.1.1.1", "t", "u");
        for (int i = 0; i < 9; i++)
        {
            traffic.Session(1, 600, $"s{(i == 0 ? "" : i)}", $"82.{i}.1.1", "t", "u", organization: "red");
            traffic.Session(1, 600, $"a{i}", "81.1.1.1", $"r{i}", organization: "red");
        }

        TokenFeatures nameless = Measure(traffic, 300);
        TokenFeatures red = Measure(traffic, 300, "red");
        FeatureState state = traffic.Pipeline.State;

        Assert.Equal((1, 1), (nameless.Concurrent, nameless.Places));
        Assert.Equal(9, red.Concurrent);
        Assert.Equal(1, state.Addresses[state.Addresses.Find(new(Ip("81.1.1.1"), 0))].Open);
        Assert.Equal(9, state.Addresses[state.Addresses.Find(new(Ip("81.1.1.1"), traffic.Strings.Intern("red")))].Open);
    }

    private static IpAddress Ip(string text) => IpAddress.From(System.Net.IPAddress.Parse(text));

    /// <summary>Runs the events added so far and measures the token "t" at <paramref name="second"/>.</summary>
    private static TokenFeatures Measure(TestTraffic traffic, double second, string? organization = null)
    {
        long now = TestTraffic.Noon + (long)(second * 1000);
        foreach (EventBatch batch in traffic.InOrder().Batches(1))
        {
            if (batch.Events[0].Timestamp < now)
            {
                traffic.Pipeline.Process(batch, traffic.Output);
            }
        }
        traffic.Pipeline.AdvanceTo(now, traffic.Output);
        FeatureState state = traffic.Pipeline.State;
        int index = state.Tokens.Find(traffic.TokenKey("t", organization));
        new FeatureMeter(state, FeatureWindows.From(traffic.Settings.Detection), traffic.Referrers, TokenWorkflow.Auto, new Population())
            .Measure(index, now, out TokenFeatures features);
        return features;
    }
}
