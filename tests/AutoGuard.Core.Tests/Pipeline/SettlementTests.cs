using AutoGuard.Core.Configuration;
using AutoGuard.Core.Events;
using AutoGuard.Core.Features;
using AutoGuard.Core.Pipeline;
using AutoGuard.Core.Policy;

namespace AutoGuard.Core.Tests.Pipeline;

public sealed class SettlementTests
{
    private const long T = TestTraffic.Noon;

    private readonly PolicyOptions _policy = new() { BlocksPerMinute = 2, FlagsPerMinute = 2, BreakerAudienceShare = 1 };

    [Fact]
    public void The_highest_scores_get_the_blocks_and_flags_of_a_minute_and_the_rest_waits()
    {
        List<(string Subject, Verdict Verdict)> decided = [];
        Settlement settlement = New(out PolicyLedger ledger, out PipelineCounters counters);
        double[] scores = [0.91, 0.99, 0.93, 0.95, 0.98, 0.92];
        Settle(settlement, decided, [.. scores.Select((score, i) => Proposal($"10.0.0.{i}", score, Verdict.Block))]);

        Assert.Equal(
            [("10.0.0.1", Verdict.Block), ("10.0.0.4", Verdict.Block), ("10.0.0.3", Verdict.Flag), ("10.0.0.2", Verdict.Flag)], decided);
        Assert.Equal(["10.0.0.5", "10.0.0.0"], settlement.PutOff.Select(p => p.Proposal.Subject.Value));
        Assert.Equal((4, 2), (ledger.BlocksOverLimit, ledger.FlagsOverLimit));
        Assert.Equal(4, counters.BlocksRefused);
    }

    [Fact]
    public void Equal_scores_go_by_subject_whatever_the_order_of_judging()
    {
        Proposal[] proposals = [.. Enumerable.Range(0, 9).Select(i => Proposal($"10.0.0.{i}", 0.95, Verdict.Block))];
        List<(string, Verdict)> forward = [];
        List<(string, Verdict)> backward = [];
        Settle(New(out _, out _), forward, proposals);
        Settle(New(out _, out _), backward, [.. proposals.Reverse()]);

        Assert.Equal(forward, backward);
        Assert.Equal(4, forward.Count);
    }

    [Fact]
    public void A_block_refused_to_a_subject_that_is_flagged_already_is_no_news_and_takes_no_flag()
    {
        List<(string Subject, Verdict Verdict)> decided = [];
        Settlement settlement = New(out PolicyLedger ledger, out _);
        Proposal known = Proposal("10.0.0.9", 0.9, Verdict.Block);
        ledger.Record(known.Key, Verdict.Flag, T - 1_000);
        Settle(settlement, decided, [Proposal("10.0.0.1", 0.95, Verdict.Block), Proposal("10.0.0.2", 0.95, Verdict.Block), known, Proposal("10.0.0.3", 0.7, Verdict.Flag)]);

        Assert.Equal(["10.0.0.1", "10.0.0.2", "10.0.0.3"], decided.Select(d => d.Subject));
        Assert.Empty(settlement.PutOff);
    }

    [Fact]
    public void Flags_that_were_put_off_are_made_in_a_later_minute_though_what_led_to_them_is_over()
    {
        TestTraffic traffic = new(new PipelineSettings { Policy = new PolicyOptions { FlagScore = 0.3, BlockScore = 1, FlagsPerMinute = 5 } });
        for (int token = 0; token < 30; token++)
        {
            for (int i = 0; i < 4; i++)
            {
                traffic.Session(i, 61, $"s{token}-{i}", $"{60 + i}.1.{token}.9", $"t{token}", $"u{token}", heartbeat: 20);
            }
        }
        for (int minute = 0; minute < 15; minute++)
        {
            traffic.Event(minute * 60, "other", "99.1.2.3", "other");
        }
        traffic.InOrder().Run();

        Decision[] flags = [.. traffic.Decisions.Where(d => d.Subject.Type == SubjectType.Token)];
        Assert.Equal(30, flags.Select(d => d.Subject).Distinct().Count());
        Assert.All(flags.GroupBy(d => d.Time / 60_000), minute => Assert.InRange(minute.Count(), 1, 5));
    }

    private Settlement New(out PolicyLedger ledger, out PipelineCounters counters)
    {
        ledger = new PolicyLedger(_policy);
        counters = new PipelineCounters();
        CircuitBreaker breaker = new(_policy, new StringPool(new KeyedHasher(1, 2)));
        breaker.Pass(T, 100);
        return new Settlement(ledger, breaker, counters);
    }

    private static void Settle(Settlement settlement, List<(string Subject, Verdict Verdict)> decided, Proposal[] proposals) => settlement.Settle(
        [.. proposals.Select(p => (p, StateHandle.None))], T, (proposal, _, verdict, _) => decided.Add((proposal.Subject.Value, verdict)));

    private static Proposal Proposal(string address, double score, Verdict verdict)
    {
        Assert.True(IpAddress.TryParse(address, out IpAddress value));
        return new Proposal(
            new LedgerKey(SubjectType.Ip, value.High, value.Low), Subject.Of(value), 0, verdict, score, [], HarmEstimator.Nobody, 1);
    }
}
