using AutoGuard.Core.Events;
using AutoGuard.Core.Features;
using AutoGuard.Core.Policy;

namespace AutoGuard.Core.Tests.Features;

/// <summary>Ids of sessions are no secret: what names one without its token is not the token's doing.</summary>
public sealed class SessionOwnersTests
{
    private static readonly string[] s_countries = ["NL", "DE", "FR", "ES", "IT", "PL"];

    [Theory]
    [InlineData(null, PlaybackEventType.Heartbeat)]
    [InlineData(null, PlaybackEventType.Start)]
    [InlineData(null, PlaybackEventType.End)]
    [InlineData("stranger's", PlaybackEventType.Heartbeat)]
    public void Whoever_knows_the_id_of_a_session_cannot_speak_against_its_token(string? token, PlaybackEventType type)
    {
        TestTraffic traffic = new TestTraffic().Audience().Session(600, 9_010, "s", "90.1.1.1", "victim", "u", agent: "Browser", country: "DE", end: false);
        for (int i = 0; i < 120; i++)
        {
            traffic.Event(900 + (i * 30) + 7, "s", $"91.{i % 6}.1.1", token, token, type, s_countries[i % 6], asn: 64600 + (uint)(i % 6), agent: $"Player {i % 6}");
        }
        traffic.InOrder().Run(complete: false);

        TokenState victim = traffic.Pipeline.State.Tokens[traffic.Pipeline.State.Tokens.Find(traffic.TokenKey("victim"))];
        Assert.Equal((1, 1u), (victim.Open, victim.TotalSessions));
        Assert.Equal(1, traffic.Pipeline.State.AddressSets.Count(victim.Addresses, 0));
        Assert.All(traffic.Explain("victim", traffic.Pipeline.Watermark)!.Indicators, indicator => Assert.Equal(0, indicator.Grade));
        Assert.Empty(traffic.Of("victim"));
    }

    [Fact]
    public void Who_shows_the_token_from_many_places_under_one_session_is_found()
    {
        TestTraffic traffic = new TestTraffic().Audience().Session(600, 9_010, "s", "90.1.1.1", "shared", "u", agent: "Browser", country: "DE", end: false);
        for (int i = 0; i < 120; i++)
        {
            traffic.Event(900 + (i * 30) + 7, "s", $"91.{i % 6}.1.1", "shared", "u", country: s_countries[i % 6], asn: 64600 + (uint)(i % 6), agent: $"Player {i % 6}");
        }

        Assert.Contains(traffic.InOrder().Run().Of("shared"), decision => decision.Action == DecisionAction.Revoke);
    }

    [Theory]
    [InlineData("91.1.1.1", "t", EventTraits.None, true)]
    [InlineData("90.1.1.77", null, EventTraits.None, true)]
    [InlineData("90.1.1.77", "renewed", EventTraits.None, true)]
    [InlineData("91.1.1.1", null, EventTraits.SharedEgress, true)]
    [InlineData("91.1.1.1", null, EventTraits.None, false)]
    [InlineData("91.1.1.1", "renewed", EventTraits.None, false)]
    public void A_session_goes_on_where_its_token_is_named_or_its_network_is_the_same(string address, string? token, EventTraits traits, bool goesOn)
    {
        TestTraffic traffic = new();
        traffic.Event(0, "s", "90.1.1.1", "t", "u", PlaybackEventType.Start, traits: traits);
        for (int beat = 1; beat <= 6; beat++)
        {
            traffic.Event(beat * 10, "s", address, token, token is null ? null : "u", traits: traits);
        }
        traffic.Run(complete: false);
        traffic.Pipeline.AdvanceTo(TestTraffic.Noon + 60_000, traffic.Output);

        Assert.Equal(goesOn ? 1 : 2, traffic.Pipeline.State.OpenSessions);
    }

    [Fact]
    public void A_session_that_has_its_token_elsewhere_is_open_where_it_is_and_not_without_right_to_watch()
    {
        TestTraffic traffic = new();
        for (int i = 0; i < 5; i++)
        {
            traffic.Event(i, $"s{i}", $"90.{i}.1.1", $"t{i}", $"u{i}", PlaybackEventType.Start);
            traffic.Event(20 + i, $"s{i}", "91.1.1.1");
        }
        traffic.Event(30, "none", "91.1.1.1", type: PlaybackEventType.Start);
        traffic.InOrder().Run(complete: false);
        traffic.Pipeline.AdvanceTo(TestTraffic.Noon + 35_000, traffic.Output);

        FeatureState state = traffic.Pipeline.State;
        AddressState address = state.Addresses[state.Addresses.Find(new(IpAddress.From(System.Net.IPAddress.Parse("91.1.1.1")), traffic.Strings.Intern("")))];
        Assert.Equal((6, 1), (address.Open, address.Anonymous));
    }
}
