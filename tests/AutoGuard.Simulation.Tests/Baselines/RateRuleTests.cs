using AutoGuard.Core.Policy;
using AutoGuard.Simulation.Baselines;
using AutoGuard.Simulation.Labels;

namespace AutoGuard.Simulation.Tests.Baselines;

public sealed class RateRuleTests
{
    [Theory]
    [InlineData(22, false)]
    [InlineData(23, true)]
    public void A_rate_alone_must_exceed_2_2_of_the_median(int events, bool revoked)
    {
        IReadOnlyList<JudgedDecision> decisions = Ordinary(5).Spread("busy", events, 10, 290).Decisions(c => new RateRule(c));

        Assert.Equal(revoked ? ["busy"] : [], decisions.Select(d => d.Subject.Value));
    }

    [Fact]
    public void The_first_run_is_due_at_the_full_five_minutes_and_revokes_until_further_notice()
    {
        JudgedDecision decision = Assert.Single(Ordinary(5).Spread("busy", 30, 10, 290).Spread("busy", 30, 310, 590).Decisions(c => new RateRule(c)));

        Assert.Equal(
            (new Subject(SubjectType.Token, "busy"), DecisionAction.Revoke, HandMadeEvents.At(300), null), (decision.Subject, decision.Action, decision.Time, decision.Expires));
    }

    [Theory]
    [InlineData("203.0.113.1", "tv.example", "Firefox", 0, false)]
    [InlineData("203.0.113.2", "tv.example", "Firefox", 1, false)]
    [InlineData("203.0.113.2", "pub.example", "Firefox", 2, true)]
    [InlineData("203.0.113.1", "pub.example", "Safari", 2, true)]
    [InlineData("203.0.113.1", null, null, 0, false)]
    public void Each_second_value_is_a_penalty_of_one(string address, string? referrer, string? agent, int penalties, bool revoked)
    {
        IReadOnlyList<JudgedDecision> decisions = Ordinary(5).Spread("mixed", 5, 10, 140).Spread("mixed", 5, 150, 290, address, referrer, agent).Decisions(c => new RateRule(c));

        Assert.Equal(revoked ? [$"rate 1.00 of the median, {penalties} penalties"] : [], decisions.Select(d => d.Reason));
    }

    [Fact]
    public void What_was_seen_for_less_than_30_seconds_is_left_out_of_the_median_too()
    {
        HandMadeEvents events = Ordinary(3).Spread("busy", 25, 10, 290);
        for (int i = 0; i < 20; i++)
        {
            events.Spread($"brief-{i}", 40, 100, 129);
        }

        Assert.Equal(["busy"], events.Decisions(c => new RateRule(c)).Select(d => d.Subject.Value));
    }

    [Fact]
    public void A_run_covers_the_ten_minutes_before_it_and_no_more()
    {
        // 12 and 12 events in the two halves of a window make 24 against the 10 of the others.
        HandMadeEvents events = Ordinary(5).Spread("late", 12, 10, 290).Spread("late", 12, 310, 590);
        Assert.Equal([HandMadeEvents.At(600)], events.Decisions(c => new RateRule(c)).Select(d => d.Time));

        // The same two dozen, but a quarter of an hour apart.
        HandMadeEvents apart = Ordinary(5).Spread("late", 12, 10, 290).Spread("late", 12, 910, 1190);
        for (int i = 0; i < 5; i++)
        {
            apart.Spread($"later-{i}", 10, 910, 1190);
        }
        Assert.Empty(apart.Decisions(c => new RateRule(c)));
    }

    private static HandMadeEvents Ordinary(int tokens)
    {
        HandMadeEvents events = new();
        for (int i = 0; i < tokens; i++)
        {
            events.Spread($"ordinary-{i}", 10, 10, 290);
        }
        return events;
    }
}
