using AutoGuard.Core.Configuration;
using AutoGuard.Core.Policy;

namespace AutoGuard.Core.Tests.Policy;

public sealed class PolicyLedgerTests
{
    private const long T = TestTraffic.Noon;
    private const long Tick = 5_000;
    private static readonly LedgerKey s_key = new(SubjectType.Token, 1, 2);

    private readonly PolicyLedger _ledger = new(new PolicyOptions { BlockPersistence = 3, BlocksPerMinute = 2, HoldOff = TimeSpan.FromHours(1), RevokeAfter = TimeSpan.Zero });

    [Theory]
    [InlineData(0.59, 100, Verdict.Allow)]
    [InlineData(0.6, 3, Verdict.Flag)]
    [InlineData(0.6, 2, Verdict.Allow)]
    [InlineData(0.9, 3, Verdict.Flag)]
    [InlineData(1, 2, Verdict.Allow)]
    public void The_first_judgement_never_blocks(double score, int sessions, Verdict expected) =>
        Assert.Equal(expected, _ledger.Consider(s_key, score, sessions, T, out _));

    [Fact]
    public void A_block_takes_judgements_in_a_row_and_asks_for_them()
    {
        Assert.Equal(Verdict.Flag, Consider(T, out bool again));
        Assert.True(again);
        _ledger.Record(s_key, Verdict.Flag, T);
        Assert.Equal(Verdict.Allow, Consider(T + Tick, out again));
        Assert.True(again);
        Assert.Equal(Verdict.Block, Consider(T + (2 * Tick), out again));
        Assert.False(again);
    }

    [Theory]
    [InlineData(SubjectType.Token, 60_000)]
    [InlineData(SubjectType.Ip, 2 * Tick)]
    public void What_cannot_be_undone_waits_longer(SubjectType type, long earliest)
    {
        PolicyLedger ledger = new(new PolicyOptions { BlockPersistence = 3 });
        LedgerKey key = new(type, 1, 2);
        long at = T;
        while (ledger.Consider(key, 0.95, 5, at, out bool again) != Verdict.Block)
        {
            Assert.True(again);
            at += Tick;
        }

        Assert.Equal(T + earliest, at);
    }

    [Theory]
    [InlineData(SubjectType.Ip, true)]
    [InlineData(SubjectType.Cidr, true)]
    [InlineData(SubjectType.Referrer, true)]
    [InlineData(SubjectType.Token, false)]
    public void What_stays_flagged_is_blocked_in_the_end_but_no_token(SubjectType type, bool blocked)
    {
        PolicyLedger ledger = new(new PolicyOptions { BlockAfter = TimeSpan.FromMinutes(10) });
        LedgerKey key = new(type, 1, 2);
        Assert.Equal(Verdict.Flag, ledger.Consider(key, 0.7, 5, T, out _));
        ledger.Record(key, Verdict.Flag, T);
        long? at = null;
        for (long now = T + Tick; now <= T + 1_200_000 && at is null; now += Tick)
        {
            at = ledger.Consider(key, 0.7, 5, now, out _) == Verdict.Block ? now : null;
        }

        Assert.Equal(blocked ? T + Tick + 600_000 : null, at);
    }

    [Theory]
    [InlineData(0.59, 5_000)]
    [InlineData(0.7, 305_000)]
    public void A_subject_that_calms_down_or_falls_silent_begins_its_ten_minutes_anew(double score, long pause)
    {
        PolicyLedger ledger = new(new PolicyOptions { BlockAfter = TimeSpan.FromMinutes(10) });
        LedgerKey key = new(SubjectType.Ip, 1, 2);
        ledger.Record(key, Verdict.Flag, T);
        long now = T;
        for (; now < T + 590_000; now += Tick)
        {
            Assert.NotEqual(Verdict.Block, ledger.Consider(key, 0.7, 5, now, out _));
        }
        ledger.Consider(key, score, 5, now += pause, out _);

        Assert.NotEqual(Verdict.Block, ledger.Consider(key, 0.7, 5, now + Tick, out _));
        Assert.NotEqual(Verdict.Block, ledger.Consider(key, 0.7, 5, now + 60_000, out _));
    }

    [Fact]
    public void What_is_above_the_block_level_in_between_is_above_the_flag_level_too()
    {
        PolicyLedger ledger = new(new PolicyOptions { BlockAfter = TimeSpan.FromMinutes(10), BlockPersistence = 60 });
        LedgerKey key = new(SubjectType.Ip, 1, 2);
        ledger.Record(key, Verdict.Flag, T);
        Verdict last = Verdict.Allow;
        for (long now = T; now <= T + 600_000; now += Tick)
        {
            Assert.NotEqual(Verdict.Block, last);
            last = ledger.Consider(key, now - T is > 200_000 and < 400_000 ? 0.95 : 0.7, 5, now, out _);
        }

        Assert.Equal(Verdict.Block, last);
    }

    [Fact]
    public void A_block_that_is_refused_again_and_again_is_noted_once()
    {
        Assert.True(_ledger.NoteRefused(s_key));
        Assert.False(_ledger.NoteRefused(s_key));
    }

    [Fact]
    public void Without_a_time_for_it_nothing_is_blocked_for_staying_flagged()
    {
        PolicyLedger ledger = new(new PolicyOptions { BlockAfter = TimeSpan.Zero });
        LedgerKey key = new(SubjectType.Ip, 1, 2);
        ledger.Record(key, Verdict.Flag, T);

        Assert.DoesNotContain(Verdict.Block, Enumerable.Range(1, 1_000).Select(i => ledger.Consider(key, 0.7, 5, T + (i * Tick), out _)));
    }

    [Fact]
    public void Two_judgements_of_one_instant_count_once()
    {
        for (int i = 0; i < 10; i++)
        {
            Assert.NotEqual(Verdict.Block, Consider(T, out _));
        }
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.7)]
    public void A_lower_score_between_begins_the_row_anew(double between)
    {
        Consider(T, out _);
        Consider(T + Tick, out _);
        _ledger.Consider(s_key, between, 10, T + (2 * Tick), out _);

        Assert.NotEqual(Verdict.Block, Consider(T + (3 * Tick), out _));
        Assert.NotEqual(Verdict.Block, Consider(T + (4 * Tick), out _));
        Assert.Equal(Verdict.Block, Consider(T + (5 * Tick), out _));
    }

    [Fact]
    public void Judgements_hours_apart_are_not_in_a_row()
    {
        for (int i = 0; i < 3; i++)
        {
            Consider(T + (i * Tick), out _);
        }

        Assert.NotEqual(Verdict.Block, Consider(T + 7_200_000, out bool again));
        Assert.True(again);
    }

    [Fact]
    public void A_decision_is_repeated_after_the_hold_off_and_not_before()
    {
        Assert.Equal(Verdict.Flag, _ledger.Consider(s_key, 0.7, 5, T, out _));
        _ledger.Record(s_key, Verdict.Flag, T);

        Assert.Equal(Verdict.Allow, _ledger.Consider(s_key, 0.7, 5, T + 3_599_999, out _));
        Assert.False(_ledger.IsNews(s_key, Verdict.Flag, T + 3_599_999));
        Assert.True(_ledger.IsNews(s_key, Verdict.Block, T + 1));
        Assert.Equal(Verdict.Flag, _ledger.Consider(s_key, 0.7, 5, T + 3_600_000, out _));
    }

    [Fact]
    public void A_block_that_was_refused_is_due_again_at_the_next_judgement()
    {
        for (int i = 0; i < 3; i++)
        {
            Consider(T + (i * Tick), out _);
        }
        _ledger.Record(s_key, Verdict.Flag, T + (2 * Tick));

        Assert.Equal(Verdict.Block, Consider(T + (3 * Tick), out _));
        Assert.False(_ledger.IsBlocked(s_key, T));
        Assert.True(_ledger.IsDecided(s_key));
    }

    [Fact]
    public void Blocks_beyond_the_limit_of_a_minute_wait_for_the_next()
    {
        Assert.Equal([true, true, false, false], Enumerable.Range(0, 4).Select(i => _ledger.TryTakeBlock(T + i)));
        Assert.Equal(2, _ledger.BlocksOverLimit);
        Assert.True(_ledger.TryTakeBlock(T + 60_000));
    }

    [Fact]
    public void Flags_beyond_the_limit_of_a_minute_wait_for_the_next()
    {
        PolicyLedger ledger = new(new PolicyOptions { FlagsPerMinute = 2 });
        Assert.Equal([true, true, false, false], Enumerable.Range(0, 4).Select(i => ledger.TryTakeFlag(T + i)));
        Assert.Equal(2, ledger.FlagsOverLimit);
        Assert.True(ledger.TryTakeFlag(T + 60_000));
    }

    [Fact]
    public void A_subject_that_still_offends_when_its_block_lapses_is_due_at_once_though_the_hold_off_runs()
    {
        _ledger.Record(s_key, Verdict.Block, T, T + 600_000);

        Assert.True(_ledger.IsBlocked(s_key, T + 599_999));
        Assert.Equal(Verdict.Allow, Consider(T + 599_999, out _));
        Assert.False(_ledger.IsBlocked(s_key, T + 600_000));
        Assert.True(_ledger.IsNews(s_key, Verdict.Block, T + 600_000));
        Consider(T + 600_000, out _);
        Consider(T + 600_000 + Tick, out _);
        Assert.Equal(Verdict.Block, Consider(T + 600_000 + (2 * Tick), out _));
    }

    [Fact]
    public void A_running_block_is_remembered_however_short_the_hold_off_is()
    {
        _ledger.Record(s_key, Verdict.Block, T, T + (7 * 86_400_000L));
        _ledger.Prune(T + (6 * 86_400_000L));
        Assert.True(_ledger.IsBlocked(s_key, T + (6 * 86_400_000L)));

        _ledger.Prune(T + (8 * 86_400_000L));
        Assert.Equal(0, _ledger.Count);
    }

    [Fact]
    public void Subjects_are_forgotten_long_after_the_hold_off()
    {
        _ledger.Record(s_key, Verdict.Block, T);
        _ledger.Prune(T + 7_200_000);
        Assert.True(_ledger.IsBlocked(s_key, T));

        _ledger.Prune(T + 7_200_001);
        Assert.Equal(0, _ledger.Count);
    }

    [Fact]
    public void A_flood_of_subjects_is_forgotten_oldest_first()
    {
        for (int i = 0; i < PolicyLedger.MostSubjects + 1_000; i++)
        {
            _ledger.Record(new LedgerKey(SubjectType.Token, 9, (ulong)i), Verdict.Flag, T + i);
        }
        _ledger.Prune(T + 400_000);

        Assert.Equal(PolicyLedger.MostSubjects * 3 / 4, _ledger.Count);
        Assert.False(_ledger.IsDecided(new LedgerKey(SubjectType.Token, 9, 0)));
        Assert.True(_ledger.IsDecided(new LedgerKey(SubjectType.Token, 9, PolicyLedger.MostSubjects + 999)));
    }

    private Verdict Consider(long now, out bool again) => _ledger.Consider(s_key, 0.95, 10, now, out again);
}
