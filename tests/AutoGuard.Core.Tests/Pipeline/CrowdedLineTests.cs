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
    [InlineData(1, 9, 0, 1)]
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
    [InlineData(8, 8)]
    [InlineData(1, 0)]
    public void They_are_flagged_together_and_not_revoked_for_it(int crowded, int flagged)
    {
        DetectionOptions detection = new();
        detection.Indicators.ConcurrentSessions.Threshold = 3.75;
        detection.Indicators.ConcurrentSessions.Saturation = 8;
        TestTraffic traffic = new TestTraffic(new PipelineSettings
        {
            Detection = detection,
            Policy = new PolicyOptions { Mode = EnforcementMode.Enforce },
            Referrers = new ReferrersOptions { Official = ["www.example.com"] },
        }).Audience();
        for (int i = 0; i < 600; i++)
        {
            // So many that those of the line do not say what is usual.
            traffic.Session(i, 9_000, $"far{i}", $"82.{i / 250}.{i % 250}.1", $"far{i}", $"far{i}", asn: 64500, agent: "Browser", heartbeat: 240);
        }
        for (int i = 0; i < 48; i++)
        {
            int user = i % 8;
            if (i < 8 || user < crowded)
            {
                traffic.Session(3_600 + (i * 10), 7_200, $"s{i}", Line, $"t{user}", $"u{user}", heartbeat: 10, asn: 64500, agent: "Browser");
            }
        }
        traffic.InOrder().Run();

        Assert.Equal(Enumerable.Range(0, flagged).Select(static i => $"t{i}"), traffic.Decisions.Select(static d => d.Subject.Value).Order());
        Assert.All(traffic.Decisions, static d => Assert.Equal(DecisionAction.Flag, d.Action));
    }
}
