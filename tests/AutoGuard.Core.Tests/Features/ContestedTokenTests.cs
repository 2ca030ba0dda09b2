using AutoGuard.Core.Policy;

namespace AutoGuard.Core.Tests.Features;

/// <summary>Where nearly everybody has a token of his own, naming other users, or none, does not make a leaked one everybody's.</summary>
public sealed class ContestedTokenTests
{
    [Theory]
    [InlineData(0, true)]
    [InlineData(0, false)]
    [InlineData(3, true)]
    [InlineData(3, false)]
    public void A_leak_that_names_other_users_is_found_and_cut_off_where_it_is_known_to_be_somebody_s(int before, bool named)
    {
        TestTraffic traffic = new TestTraffic().Audience();
        for (int i = 0; i < before; i++)
        {
            traffic.Session(600 + (i * 300), 800 + (i * 300), $"own{i}", "90.0.1.1", "leak", "owner");
        }
        Leak(traffic, 8, named);
        DecisionAction[] actions = [.. traffic.InOrder().Run().Of("leak").Select(d => d.Action)];

        Assert.Contains(DecisionAction.Flag, actions);
        Assert.Equal(before > 0, actions.Contains(DecisionAction.Revoke));
    }

    [Fact]
    public void Where_tokens_are_everybody_s_a_name_or_two_do_not_make_one_somebody_s()
    {
        TestTraffic traffic = new();
        for (int i = 0; i < 240; i++)
        {
            traffic.Session(i, 9_000, $"h{i}", $"81.{i}.1.1", $"public{i % 4}", i % 40 < 4 ? $"v{i}" : null, asn: 64500 + (uint)(i % 4), heartbeat: 120);
        }
        Leak(traffic, 8, named: true);

        Assert.Empty(traffic.InOrder().Run().Decisions);
    }

    [Fact]
    public void Everybody_s_token_stays_so_whatever_names_come_later()
    {
        TestTraffic traffic = new TestTraffic().Audience();
        for (int i = 0; i < 10; i++)
        {
            traffic.Session(1_500 + i, 8_000, $"p{i}", $"92.{i}.1.1", "preview", asn: 64500 + (uint)(i % 4));
        }
        for (int i = 0; i < 4; i++)
        {
            traffic.Session(3_000 + i, 8_000, $"f{i}", $"93.{i}.1.1", "preview", "forged", asn: 64500 + (uint)(i % 4));
        }

        Assert.Empty(traffic.InOrder().Run().Of("preview"));
    }

    [Fact]
    public void However_many_have_somebody_s_token_revoking_it_touches_one_viewer()
    {
        TestTraffic traffic = new TestTraffic().Audience();
        for (int i = 0; i < 3; i++)
        {
            traffic.Session(600 + (i * 300), 800 + (i * 300), $"own{i}", "90.0.1.1", "leak", "owner");
        }
        int crowd = 2 * traffic.Settings.Policy.BreakerAudienceFloor;
        for (int i = 0; i < crowd; i++)
        {
            traffic.Session(1_800 + (i / 4.0), 5_000, $"thief{i}", $"95.{i}.1.1", "leak", "owner", asn: 64500 + (uint)(i % 4), heartbeat: 60);
        }
        traffic.InOrder().Run();

        Assert.Contains(traffic.Of("leak"), decision => decision.Action == DecisionAction.Revoke);
        Assert.Empty(traffic.Output.Notices);
    }

    /// <summary>People in as many homes who share one token, each with another name, or without one but for the first.</summary>
    private static void Leak(TestTraffic traffic, int homes, bool named)
    {
        for (int i = 0; i < homes; i++)
        {
            string? user = named || i == 0 ? $"name{i}" : null;
            traffic.Session(1_800 + i, 6_000, $"leak{i}", $"94.{i}.1.1", "leak", user, asn: 64500 + (uint)(i % 4), agent: $"Player {i}");
        }
    }
}
