using AutoGuard.Core.Events;
using AutoGuard.Core.Policy;
using AutoGuard.Core.Tests.Features;

namespace AutoGuard.Core.Tests.Pipeline;

/// <summary>Who would be cut off without having done anything.</summary>
[Collection(nameof(MemoryGroup))]
public sealed class HarmTests
{
    [Fact]
    public void A_network_of_shared_addresses_is_not_blocked_for_what_goes_through_them()
    {
        TestTraffic traffic = new(TestTraffic.Enforcing);
        for (int host = 1; host <= 8; host++)
        {
            Flood(traffic, $"198.51.100.{host}", $"h{host}");
            for (int i = 0; i < 10; i++)
            {
                traffic.Session(0, 900, $"n{host}-{i}", $"198.51.100.{host}", $"n{host}-{i}", $"nu{host}-{i}");
            }
        }
        traffic.InOrder().Run();

        Assert.DoesNotContain(traffic.Decisions, d => d.Action == DecisionAction.Block);
        Assert.Contains(traffic.Decisions, d => d.Subject.Type == SubjectType.Cidr && d.Harm.OtherTokens >= 80);
    }

    [Fact]
    public void Viewers_without_tokens_behind_one_address_are_not_cut_off()
    {
        TestTraffic traffic = new(TestTraffic.Enforcing);
        for (int i = 0; i < 400; i++)
        {
            traffic.Session(i % 120, 900, $"c{i}", "203.0.113.5");
        }
        traffic.InOrder().Run();

        Decision decision = Assert.Single(traffic.Decisions);
        Assert.Equal(DecisionAction.Flag, decision.Action);
        Assert.True(traffic.Pipeline.Counters.BlocksRefused > 0);
    }

    [Fact]
    public void Connections_without_tokens_from_a_data_centre_are_blocked()
    {
        TestTraffic traffic = new(TestTraffic.Enforcing);
        for (int i = 0; i < 400; i++)
        {
            traffic.Session(i % 120, 900, $"c{i}", "203.0.113.5", dataCentre: true);
        }
        traffic.InOrder().Run();

        Assert.Contains(traffic.Decisions, d => d.Action == DecisionAction.Block && d.Subject.Type == SubjectType.Ip);
    }

    [Fact]
    public void Tools_without_tokens_are_no_viewers_that_a_block_would_cut_off()
    {
        TestTraffic traffic = new(TestTraffic.Enforcing);
        for (int i = 0; i < 400; i++)
        {
            traffic.Session(i % 120, 900, $"c{i}", "203.0.113.5", tool: true);
        }
        traffic.InOrder().Run();

        Decision block = Assert.Single(traffic.Decisions, d => d.Action == DecisionAction.Block);
        Assert.Equal(new Subject(SubjectType.Ip, "203.0.113.5"), block.Subject);
        Assert.Equal(0, block.Harm.OtherTokens);
        Assert.Equal(0, traffic.Pipeline.Breaker.Touched);
    }

    [Fact]
    public void A_network_with_viewers_who_carry_no_tokens_is_not_blocked_for_its_offenders()
    {
        TestTraffic traffic = new(TestTraffic.Enforcing);
        for (int host = 1; host <= 8; host++)
        {
            Flood(traffic, $"198.51.100.{host}", $"h{host}");
        }
        for (int i = 0; i < 30; i++)
        {
            traffic.Session(0, 900, $"quiet{i}", $"198.51.100.{100 + i}");
        }
        traffic.InOrder().Run();

        Assert.DoesNotContain(traffic.Decisions, d => d.Subject.Type == SubjectType.Cidr && d.Action == DecisionAction.Block);
    }

    [Fact]
    public void One_event_with_a_user_id_does_not_turn_a_token_that_everybody_gets_into_one_users()
    {
        TestTraffic traffic = new(TestTraffic.Enforcing);
        traffic.Event(0, "forged", "198.51.100.9", "public", "somebody", PlaybackEventType.Start);
        for (int i = 0; i < 100; i++)
        {
            traffic.Session(1 + (i * 2), 900, $"s{i}", $"81.{i}.2.3", "public", country: i % 2 == 0 ? "DE" : "FR");
            traffic.Session(1 + (i * 2), 900, $"o{i}", $"82.{i}.2.3", $"other{i}", $"ou{i}", country: "DE");
        }
        traffic.InOrder().Run();

        Assert.DoesNotContain(traffic.Decisions, d => d.Subject.Type == SubjectType.Token && d.Action == DecisionAction.Revoke);
    }

    [Fact]
    public void Honest_players_that_beat_fast_at_first_are_no_reconnecting_attack()
    {
        // A beat after one, two and four seconds, then every thirty: none of these sessions ended within seconds.
        TestTraffic traffic = new(TestTraffic.Enforcing);
        for (int i = 0; i < 120; i++)
        {
            double from = i * 5;
            string session = $"s{i}";
            traffic.Event(from, session, "203.0.113.5", $"t{i}", $"u{i}", PlaybackEventType.Start);
            foreach (double beat in (double[])[1, 2, 4, 34, 64, 94, 124, 154])
            {
                traffic.Event(from + beat, session, "203.0.113.5", $"t{i}", $"u{i}");
            }
        }
        traffic.InOrder().Run();

        Assert.Empty(traffic.Decisions);
    }

    [Fact]
    public void One_address_cannot_bring_a_page_into_disrepute_by_naming_it()
    {
        TestTraffic traffic = new(TestTraffic.Enforcing);
        for (int i = 0; i < 200; i++)
        {
            traffic.Session(i * 3, (i * 3) + 60, $"s{i}", "198.51.100.7", $"t{i}", referrer: "rival.example");
        }
        traffic.InOrder().Run();

        Assert.DoesNotContain(traffic.Decisions, d => d.Subject.Type == SubjectType.Referrer);
    }

    private static void Flood(TestTraffic traffic, string address, string prefix)
    {
        for (int i = 0; i < 400; i++)
        {
            traffic.Session(100 + (i * 1.5), 104 + (i * 1.5), $"{prefix}-{i}", address, $"{prefix}-token");
        }
    }
}
