using AutoGuard.Core.Events;
using AutoGuard.Core.Policy;
using AutoGuard.Simulation.Baselines;
using AutoGuard.Simulation.Labels;

namespace AutoGuard.Simulation.Tests.Baselines;

public sealed class FixedThresholdsTests
{
    private const string Elsewhere = "192.0.2.77";

    [Theory]
    [InlineData(2, 2, false)]
    [InlineData(3, 1, false)]
    [InlineData(3, 2, true)]
    [InlineData(4, 1, false)]
    [InlineData(5, 1, true)]
    public void Sessions_open_at_once_revoke_a_token(int sessions, int addresses, bool revoked)
    {
        HandMadeEvents events = new();
        for (int i = 0; i < sessions; i++)
        {
            events.Add(i, $"s{i}", "token", $"203.0.113.{i % addresses}", type: PlaybackEventType.Start);
        }

        Assert.Equal(revoked ? [(DecisionAction.Revoke, HandMadeEvents.At(sessions - 1))] : [], Decide(events).Select(d => (d.Action, d.Time)));
    }

    [Theory]
    [InlineData(89, true)]
    [InlineData(92, false)]
    public void A_session_that_was_not_heard_of_for_90_seconds_is_over(double seconds, bool revoked)
    {
        HandMadeEvents events = new HandMadeEvents().Add(0, "s0", "token").Add(1, "s1", "token").Add(seconds, "s2", "token", Elsewhere);

        Assert.Equal(revoked, Decide(events).Count > 0);
    }

    [Fact]
    public void A_session_that_ended_is_over_at_once()
    {
        HandMadeEvents events = new HandMadeEvents().Add(0, "s0", "token").Add(1, "s1", "token").Add(2, "s1", "token", type: PlaybackEventType.End).Add(3, "s2", "token", Elsewhere);

        Assert.Empty(Decide(events));
    }

    [Fact]
    public void Reuse_of_a_token_without_a_user_says_nothing()
    {
        HandMadeEvents events = new();
        for (int i = 0; i < 40; i++)
        {
            events.Add(i, $"s{i}", "everybody", $"203.0.113.{i}", country: "A" + (char)('A' + (i % 26)), user: null);
        }

        Assert.Empty(Decide(events));
    }

    [Theory]
    [InlineData(6, 119, true)]
    [InlineData(6, 121, false)]
    [InlineData(5, 10, false)]
    public void More_than_five_addresses_within_ten_minutes_revoke_a_token(int addresses, double apart, bool revoked)
    {
        HandMadeEvents events = new();
        for (int i = 0; i < addresses; i++)
        {
            events.Add(i * apart, "one session", "token", $"203.0.113.{i}");
        }

        Assert.Equal(revoked, Decide(events).Count > 0);
    }

    [Theory]
    [InlineData(4, 1100, true)]
    [InlineData(4, 1201, false)]
    [InlineData(3, 60, false)]
    public void More_than_three_countries_within_an_hour_revoke_a_token(int countries, double apart, bool revoked)
    {
        HandMadeEvents events = new();
        for (int i = 0; i < countries; i++)
        {
            events.Add(i * apart, "one session", "token", country: "D" + (char)('A' + i));
        }

        Assert.Equal(revoked, Decide(events).Count > 0);
    }

    [Theory]
    [InlineData(true, 7_100, "tv.example", null)]
    [InlineData(true, 7_300, "tv.example", DecisionAction.Flag)]
    [InlineData(true, 7_300, null, DecisionAction.Revoke)]
    [InlineData(false, 7_300, null, null)]
    [InlineData(false, 29_000, "tv.example", DecisionAction.Flag)]
    [InlineData(true, 29_000, "tv.example", DecisionAction.Revoke)]
    public void Long_watching_from_a_data_centre_is_flagged_and_with_a_second_sign_revoked(bool dataCentre, int seconds, string? referrer, DecisionAction? expected)
    {
        HandMadeEvents events = new();
        for (int at = 0; at <= seconds; at += 60)
        {
            events.Add(at, "one session", "token", referrer: referrer, dataCentre: dataCentre, user: null);
        }

        Assert.Equal(expected, Decide(events).Select(d => (DecisionAction?)d.Action).LastOrDefault());
    }

    [Theory]
    [InlineData(50, "203.0.113.9", false)]
    [InlineData(51, "203.0.113.9", true)]
    [InlineData(51, "198.51.100.9", false)]
    public void An_address_with_more_than_fifty_open_sessions_is_blocked_for_a_day_unless_it_is_allowed(int sessions, string address, bool blocked)
    {
        HandMadeEvents events = new();
        for (int i = 0; i < sessions; i++)
        {
            events.Add(i, $"s{i}", null, address);
        }

        Assert.Equal(
            blocked ? [new JudgedDecision(new(SubjectType.Ip, address), DecisionAction.Block, HandMadeEvents.At(50)) { Expires = HandMadeEvents.At(50 + 86_400), Reason = "51 open sessions" }] : [],
            Decide(events));
    }

    [Theory]
    [InlineData(21, 170, "pub.example", true)]
    [InlineData(21, 181, "pub.example", false)]
    [InlineData(20, 1, "pub.example", false)]
    [InlineData(21, 1, "tv.example", false)]
    public void An_unknown_page_with_more_than_twenty_starts_in_an_hour_is_blocked(int starts, double apart, string page, bool blocked)
    {
        HandMadeEvents events = new();
        for (int i = 0; i < starts; i++)
        {
            events.Add(i * apart, $"s{i}", $"t{i}", $"203.0.113.{i}", page, type: PlaybackEventType.Start);
        }

        Assert.Equal(blocked ? [new Subject(SubjectType.Referrer, page)] : [], Decide(events).Select(d => d.Subject));
    }

    private static IReadOnlyList<JudgedDecision> Decide(HandMadeEvents events) => events.Decisions(c => new FixedThresholds(c));
}
