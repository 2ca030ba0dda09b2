using AutoGuard.Core.Configuration;
using AutoGuard.Core.Events;
using AutoGuard.Core.Pipeline;
using AutoGuard.Core.Policy;

namespace AutoGuard.Core.Tests.Pipeline;

/// <summary>Accounts on one home line that all play on more screens than a household has.</summary>
public sealed class CrowdedLineTests
{
    private const string Line = "198.51.100.7";

    [Theory]
    [InlineData(5, 4, 0, 5)]
    [InlineData(5, 4, 4, 5)]
    [InlineData(5, 4, 5, 0)] // not most of those who play there
    [InlineData(5, 3, 0, 0)] // a household's screens
    [InlineData(4, 9, 0, 0)] // a few
    [InlineData(5, 4, 0, 0, true)]
    [InlineData(5, 4, 0, 0, false, EventTraits.SharedEgress)]
    public void Users_who_hold_as_many_sessions_are_counted_where_they_are_most(
        int users, int each, int others, int alike, bool dataCentre = false, EventTraits traits = EventTraits.None)
    {
        TestTraffic traffic = new();
        for (int i = 0; i < users * each; i++)
        {
            traffic.Session(i, 600, $"s{i}", Line, $"t{i % users}", $"u{i % users}", heartbeat: 10, dataCentre: dataCentre, traits: traits);
        }
        for (int i = 0; i < others; i++)
        {
            traffic.Session(0, 600, $"o{i}", Line, $"ot{i}", $"ou{i}", heartbeat: 10, dataCentre: dataCentre, traits: traits);
        }

        Assert.Equal(alike, traffic.InOrder().Measure("t0", 300).Alike);
        Assert.Equal(0, traffic.Measure("t0", 300, alone: true).Alike);
    }

    [Fact]
    public void What_neighbours_left_behind_at_a_reconnect_is_not_counted()
    {
        TestTraffic traffic = new();
        for (int i = 0; i < 4; i++)
        {
            traffic.Session(i, 600, $"own{i}", Line, "t0", "u0");
        }
        for (int i = 0; i < 8; i++)
        {
            traffic.Session(i, 272, $"s{i}", Line, $"t{1 + (i % 4)}", $"u{1 + (i % 4)}", end: false);
            traffic.Session(275 + i, 600, $"r{i}", Line, $"t{1 + (i % 4)}", $"u{1 + (i % 4)}");
        }

        Assert.Equal(0, traffic.InOrder().Measure("t0", 290).Alike);
    }

    [Fact]
    public void Who_also_plays_elsewhere_is_still_one_of_them()
    {
        TestTraffic traffic = new();
        for (int i = 0; i < 25; i++)
        {
            traffic.Session(i, 600, $"s{i}", Line, $"t{i % 5}", $"u{i % 5}", heartbeat: 10);
        }
        traffic.Session(100, 600, "elsewhere", "203.0.113.9", "t0", "u0", heartbeat: 10).Session(100, 600, "guest", Line, "guest", "guest", heartbeat: 10);

        Assert.Equal(5, traffic.InOrder().Measure("t0", 300).Alike);
        Assert.Equal(0, traffic.Measure("guest", 300).Alike);
    }

    [Fact]
    public void Who_has_two_tokens_is_one_user_and_who_left_is_none()
    {
        TestTraffic traffic = new();
        for (int i = 0; i < 20; i++)
        {
            // Half of each user's sessions began with the token before.
            traffic.Session(i, 600, $"s{i}", Line, $"t{i % 5}-{i / 10}", $"u{i % 5}", heartbeat: 10);
            traffic.Session(i, 200, $"gone{i}", Line, $"g{i}", $"gu{i}", heartbeat: 10);
        }
        for (int i = 0; i < 2; i++)
        {
            traffic.Session(30 + i, 600, $"more{i}", Line, "t0-0", "u0", heartbeat: 10);
        }

        Assert.Equal(5, traffic.InOrder().Measure("t0-0", 400).Alike);
    }

    [Theory]
    [InlineData(8, 6, 8)]
    [InlineData(8, 5, 8)]
    [InlineData(1, 6, 0)]
    public void They_are_flagged_together(int crowded, int each, int flagged)
    {
        TestTraffic traffic = Far(3.75);
        Crowd(traffic, crowded, each);
        for (int i = crowded; i < 8; i++)
        {
            traffic.Session(3_600, 7_200, $"one{i}", Line, $"t{i}", $"u{i}", heartbeat: 10, asn: 64500, agent: "Browser");
        }
        traffic.InOrder().Run();

        Assert.Equal(Enumerable.Range(0, flagged).Select(static i => $"t{i}"), traffic.Decisions.Select(static d => d.Subject.Value).Order());
        Assert.All(traffic.Decisions, static d => Assert.Equal(DecisionAction.Flag, d.Action));
    }

    [Theory]
    [InlineData(2, 6)]
    [InlineData(3.75, 7)]
    public void Nobody_is_revoked_for_the_company(double threshold, int each)
    {
        TestTraffic alone = Far(threshold);
        Crowd(alone, 1, each);
        alone.InOrder().Run();
        TestTraffic together = Far(threshold);
        Crowd(together, 5, each);
        together.InOrder().Run();

        Assert.Equal(DecisionAction.Flag, Assert.Single(alone.Decisions).Action);
        Assert.Equal(5, together.Decisions.Count(static d => d.Subject.Type == SubjectType.Token && d.Action == DecisionAction.Flag));
        Assert.DoesNotContain(together.Decisions, static d => d.Action == DecisionAction.Revoke);
    }

    /// <summary>A home, and so many others that those of the home do not say what is usual.</summary>
    private static TestTraffic Far(double threshold)
    {
        DetectionOptions detection = new();
        detection.Indicators.ConcurrentSessions.Threshold = threshold;
        TestTraffic traffic = new TestTraffic(TestTraffic.Enforcing with { Detection = detection }).Audience();
        for (int i = 0; i < 600; i++)
        {
            traffic.Session(i, 9_000, $"far{i}", $"82.{i / 250}.{i % 250}.1", $"far{i}", $"far{i}", asn: 64500, agent: "Browser", heartbeat: 240);
        }
        return traffic;
    }

    private static void Crowd(TestTraffic traffic, int users, int each)
    {
        for (int i = 0; i < users * each; i++)
        {
            traffic.Session(3_600 + (i * 10), 7_200, $"s{i}", Line, $"t{i % users}", $"u{i % users}", heartbeat: 10, asn: 64500, agent: "Browser");
        }
    }
}
