using AutoGuard.Core.Configuration;
using AutoGuard.Core.Pipeline;
using AutoGuard.Core.Policy;

namespace AutoGuard.Core.Tests.Pipeline;

/// <summary>What is flagged and stays as it is for <c>Policy:BlockAfter</c>.</summary>
public sealed class LastingSuspicionTests
{
    private const string Relay = "192.0.2.9";

    [Theory]
    [InlineData(10)]
    [InlineData(31)]
    [InlineData(47)]
    [InlineData(60)]
    [InlineData(110)]
    public void An_address_that_stays_flagged_is_blocked_however_seldom_its_few_sessions_are_heard(double heartbeat)
    {
        TestTraffic traffic = new TestTraffic(new PipelineSettings { Policy = new PolicyOptions { BlockScore = 0.99 } }).Audience();
        for (int i = 0; i < 6; i++)
        {
            traffic.Session(
                1_000, 4_000, $"r{i}", Relay, $"relay{i % 2}", $"ru{i % 2}", heartbeat, country: "DE", referrer: null, dataCentre: true, asn: 64999, agent: "Browser");
        }
        traffic.InOrder().Run();

        Decision[] decisions = [.. traffic.Decisions.Where(d => d.Subject.Value == Relay)];
        Assert.Equal([DecisionAction.Flag, DecisionAction.Block], decisions.Select(d => d.Action));
        Assert.InRange(decisions[1].Score, 0.6, 0.9899);
        Assert.InRange(decisions[1].Time - decisions[0].Time, 600_000, 900_000);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(29)]
    [InlineData(61)]
    public void A_suspect_with_one_session_is_flagged_as_soon_as_it_has_played_for_as_long_as_two_more(double heartbeat)
    {
        TestTraffic traffic = new TestTraffic().Audience();
        traffic.Session(1_003, 2_000, "relay", Relay, "relay", "ru", heartbeat, country: "DE", referrer: null, dataCentre: true, asn: 64999, agent: "Lavf/60", tool: true);
        traffic.InOrder().Run();

        Decision flag = traffic.Of("relay").First();
        Assert.Equal(DecisionAction.Flag, flag.Action);
        Assert.InRange(flag.Time - (TestTraffic.Noon + 1_003_000), 235_000, 240_000 + (heartbeat * 1000) + 5_000);
    }
}
