using AutoGuard.Core.Policy;
using AutoGuard.Simulation.Baselines;
using AutoGuard.Simulation.Labels;

namespace AutoGuard.Simulation.Tests.Baselines;

public sealed class MinuteRuleTests
{
    [Theory]
    [InlineData(50, 3, 2, 1, false)]
    [InlineData(51, 1, 1, 1, true)]
    [InlineData(10, 4, 1, 1, true)]
    [InlineData(10, 1, 3, 1, true)]
    [InlineData(10, 1, 1, 2, true)]
    [InlineData(9, 9, 9, 9, false)]
    public void A_minute_is_judged_by_its_counts(int count, int addresses, int agents, int countries, bool revoked)
    {
        HandMadeEvents events = new();
        for (int i = 0; i < count; i++)
        {
            events.Add(60 + (i * 59.0 / count), $"s{i}", "token", $"203.0.113.{i % addresses}", agent: $"agent {i % agents}", country: "D" + (char)('A' + (i % countries)));
        }
        IReadOnlyList<JudgedDecision> decisions = events.Decisions(c => new MinuteRule(c));

        Assert.Equal(revoked ? [(new Subject(SubjectType.Token, "token"), HandMadeEvents.At(120))] : [], decisions.Select(d => (d.Subject, d.Time)));
    }

    [Fact]
    public void Nothing_is_remembered_from_one_minute_to_the_next()
    {
        HandMadeEvents events = new();
        for (int minute = 0; minute < 5; minute++)
        {
            for (int i = 0; i < 9; i++)
            {
                events.Add((minute * 60) + i, $"s{i}", "token", $"203.0.113.{i}");
            }
        }

        Assert.Empty(events.Decisions(c => new MinuteRule(c)));
    }

    [Fact]
    public void Equal_names_of_two_tenants_are_two_tokens()
    {
        HandMadeEvents events = new();
        for (int i = 0; i < 12; i++)
        {
            events.Add(i, $"s{i}", "token", $"203.0.113.{i}", organization: "north");
            events.Add(i, $"s{i}", "token", "203.0.113.99", organization: "south");
        }

        Assert.Equal(["north"], events.Decisions(c => new MinuteRule(c)).Select(d => d.Organization));
    }
}
