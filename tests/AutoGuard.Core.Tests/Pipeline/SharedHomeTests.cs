using System.Net;
using AutoGuard.Core.Configuration;
using AutoGuard.Core.Events;
using AutoGuard.Core.Pipeline;
using AutoGuard.Core.Policy;
using AutoGuard.Core.Tests.Features;

namespace AutoGuard.Core.Tests.Pipeline;

/// <summary>Homes with suspects, and others who live there.</summary>
[Collection(nameof(MemoryGroup))]
public sealed class SharedHomeTests
{
    private const string Line = "198.51.100.1";

    [Theory]
    [InlineData(false, 9)]
    [InlineData(true, 9)]
    [InlineData(false, 20)]
    [InlineData(true, 20)] // a hundred connections more than a home's, all of suspects
    public void Who_shares_a_line_with_tokens_that_are_revoked_is_not_cut_off_with_them(bool isShared, int each)
    {
        TestTraffic traffic = Traffic();
        Crowd(traffic, Line, users: 8, each);
        Neighbour(traffic, Line, isShared);
        traffic.InOrder().Run();

        Assert.Equal(!isShared, traffic.Decisions.Any(static d => d.Subject.Value == Line && d.Action == DecisionAction.Block));
        Assert.Contains(traffic.Decisions, static d => d.Subject.Value == Line && d.Action == DecisionAction.Flag);
        Assert.Equal(
            Enumerable.Range(0, 8).Select(static i => $"{Line}-t{i}"),
            traffic.Decisions.Where(static d => d.Action == DecisionAction.Revoke).Select(static d => d.Subject.Value).Order());
    }

    [Theory]
    [InlineData(false, 10, 0, 30)]
    [InlineData(true, 10, 300, 330)]
    [InlineData(true, 0, 300, 330)]
    public void Where_tokens_are_not_revoked_within_five_minutes_the_line_is_blocked(bool isShared, int blockAfter, double earliest, double latest)
    {
        TestTraffic traffic = Traffic(TimeSpan.FromMinutes(blockAfter));
        Crowd(traffic, Line, users: 4, each: 6);
        Neighbour(traffic, Line, isShared);
        traffic.InOrder().Run();

        Decision flag = Assert.Single(traffic.Decisions, static d => d.Subject.Value == Line && d.Action == DecisionAction.Flag);
        Decision block = Assert.Single(traffic.Decisions, static d => d.Action == DecisionAction.Block);
        Assert.Equal(isShared ? 1 : 0, block.Harm.OtherTokens);
        Assert.InRange((block.Time - flag.Time) / 1000.0, earliest, latest);
        Assert.DoesNotContain(traffic.Decisions, static d => d.Action == DecisionAction.Revoke);
    }

    [Fact]
    public void Meanwhile_the_operator_is_told_why()
    {
        TestTraffic traffic = Traffic();
        Crowd(traffic, Line, users: 4, each: 6);
        Neighbour(traffic, Line, isShared: true);
        _ = traffic.InOrder().Measure($"{Line}-t0", 800);
        Explanation address = traffic.Pipeline.Explainer.Address(IpAddress.From(IPAddress.Parse(Line)), TestTraffic.Noon + 800_000)!;

        Assert.StartsWith("It was flagged and not blocked: tokens under suspicion are revoked by themselves", address.Outcome, StringComparison.Ordinal);
        Assert.Contains("1 other viewer", address.Outcome, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_has_no_suspects_is_blocked_when_it_goes_on_whoever_lives_there(bool isShared)
    {
        TestTraffic traffic = Traffic();
        for (int i = 0; i < 100; i++)
        {
            traffic.Session(1_000 + (i * 150), 1_004 + (i * 150), $"s{i}", Line, $"t{i}", heartbeat: 2, asn: 64500, agent: "Browser");
        }
        Neighbour(traffic, Line, isShared, until: 16_000);
        traffic.InOrder().Run();

        Assert.Contains(traffic.Decisions, static d => d.Subject.Value == Line && d.Action == DecisionAction.Block);
    }

    [Fact]
    public void It_does_not_help_to_have_suspects_beside_what_speaks_for_a_block()
    {
        TestTraffic traffic = Traffic();
        Crowd(traffic, Line, users: 8, each: 9);
        for (int i = 0; i < 400; i++)
        {
            // Accounts with four connections, which no token is suspected for.
            traffic.Session(900 + (i * 2), 4_000, $"four{i}", Line, $"four{i % 100}", $"four{i % 100}", heartbeat: 60, asn: 64500, agent: "Browser");
        }
        Neighbour(traffic, Line, isShared: true);
        traffic.InOrder().Run();

        Assert.Contains(traffic.Decisions, static d => d.Subject.Value == Line && d.Reasons.Any(static r => r.Indicator == "AddressConnections" && r.Grade > 0));
        Assert.Contains(traffic.Decisions, static d => d.Subject.Value == Line && d.Action == DecisionAction.Block);
    }

    [Fact]
    public void Nor_are_they_cut_off_with_their_network()
    {
        TestTraffic traffic = Traffic();
        for (int home = 1; home <= 4; home++)
        {
            string line = $"198.51.100.{home}";
            Crowd(traffic, line, users: 8, each: 9);
            Neighbour(traffic, line, isShared: home < 4);
        }
        traffic.InOrder().Run();

        Assert.Equal(
            ["198.51.100.4"], traffic.Decisions.Where(static d => d.Action == DecisionAction.Block).Select(static d => d.Subject.Value));
        Assert.Equal(32, traffic.Decisions.Count(static d => d.Action == DecisionAction.Revoke));
    }

    private static TestTraffic Traffic(TimeSpan? blockAfter = null) => new(blockAfter is not { } after
        ? TestTraffic.Enforcing
        : TestTraffic.Enforcing with { Policy = new PolicyOptions { Mode = EnforcementMode.Enforce, BlockAfter = after } });

    private static void Crowd(TestTraffic traffic, string line, int users, int each)
    {
        for (int i = 0; i < users * each; i++)
        {
            traffic.Session(600 + (i * 3), 4_000, $"{line}-s{i}", line, $"{line}-t{i % users}", $"{line}-u{i % users}", heartbeat: 10, asn: 64500, agent: "Browser");
        }
    }

    private static void Neighbour(TestTraffic traffic, string line, bool isShared, double until = 4_000)
    {
        if (isShared)
        {
            traffic.Session(0, until, $"{line}-quiet", line, $"{line}-own", $"{line}-neighbour", asn: 64500, agent: "Browser");
        }
    }
}
