using AutoGuard.Core.Configuration;
using AutoGuard.Core.Pipeline;
using AutoGuard.Core.Policy;

namespace AutoGuard.Core.Tests.Policy;

public sealed class EscalationTests
{
    private const long T = TestTraffic.Noon;
    private const long Day = 86_400_000;
    private static readonly LedgerKey s_key = new(SubjectType.Ip, 0, 5);

    private readonly Escalation _escalation = new(new PolicyOptions());

    [Fact]
    public void Every_repeat_lasts_twice_as_long_up_to_the_longest()
    {
        long now = T;
        List<long> days = [];
        for (int i = 0; i < 6; i++)
        {
            long lasts = Block(now);
            days.Add(lasts / Day);
            now += lasts;
        }

        Assert.Equal([1, 2, 4, 7, 7, 7], days);
    }

    [Theory]
    [InlineData(0, 4)]
    [InlineData(6.99, 4)]
    [InlineData(7, 2)]
    [InlineData(14, 1)]
    [InlineData(700, 1)]
    public void One_repeat_is_forgiven_for_every_week_since_the_block_lapsed(double quietDays, int expectedDays)
    {
        long lapses = T + Block(T);
        lapses += Block(lapses);

        Assert.Equal(expectedDays * Day, _escalation.DurationOf(s_key, lapses + (long)(quietDays * Day)));
    }

    [Fact]
    public void A_block_made_while_another_runs_is_no_repeat()
    {
        Block(T);
        for (int hour = 6; hour < 24; hour += 6)
        {
            Assert.Equal(Day, Block(T + (hour * 3_600_000)));
        }

        Assert.Equal(2 * Day, Block(T + (18 * 3_600_000) + Day));
    }

    [Fact]
    public void What_is_forgiven_is_forgotten_and_not_before()
    {
        Block(T);
        _escalation.Prune(T + (8 * Day) - 1);
        Assert.Equal(1, _escalation.Count);

        _escalation.Prune(T + (8 * Day));
        Assert.Equal(0, _escalation.Count);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void The_decision_log_of_its_memory_restores_it(int seed)
    {
        Random random = new(seed);
        PolicyOptions options = new();
        List<(long At, long Lapses)> log = [];
        long now = T;
        for (int i = 0; i < 200; i++)
        {
            now += (long)(random.NextDouble() * random.NextDouble() * 40 * Day);
            long restored = Restored(options, log, now);
            Assert.True(_escalation.DurationOf(s_key, now) == restored, $"seed {seed}, block {i}");
            log.Add((now, now + Block(now)));
        }
    }

    [Fact]
    public void A_longest_block_below_the_first_is_taken_for_the_first()
    {
        Escalation escalation = new(new PolicyOptions { BlockDuration = TimeSpan.FromDays(2), LongestBlock = TimeSpan.FromDays(1) });
        escalation.Record(s_key, T, T + 1);
        Assert.Equal(2 * Day, escalation.DurationOf(s_key, T + 2));
    }

    [Fact]
    public void Too_many_are_cut_down_to_those_whose_blocks_lapse_last()
    {
        for (int i = 0; i < Escalation.MostSubjects + 10; i++)
        {
            _escalation.Record(new LedgerKey(SubjectType.Ip, 1, (ulong)i), T, T + Day + i);
        }
        _escalation.Prune(T);

        Assert.Equal(Escalation.MostSubjects * 3 / 4, _escalation.Count);
        Assert.Equal(0, _escalation.RepeatsOf(new LedgerKey(SubjectType.Ip, 1, 0), T + (2 * Day)));
        Assert.Equal(1, _escalation.RepeatsOf(new LedgerKey(SubjectType.Ip, 1, Escalation.MostSubjects), T + (2 * Day)));
    }

    [Fact]
    public void An_address_that_floods_again_after_its_block_is_blocked_for_longer_and_a_restart_remembers()
    {
        PipelineSettings settings = new()
        {
            Policy = new PolicyOptions { BlockDuration = TimeSpan.FromMinutes(30), LongestBlock = TimeSpan.FromHours(10), HoldOff = TimeSpan.FromHours(6) },
        };
        TestTraffic first = Flood(new TestTraffic(settings), 0).Run();
        Decision block = Assert.Single(first.Decisions, d => d.Action == DecisionAction.Block);
        Assert.Equal(30 * 60_000, block.Expires - block.Time);

        TestTraffic second = new(settings);
        second.Pipeline.Remember(first.Decisions, (_, _) => default);
        Flood(second, 3_600).Run();
        Decision again = Assert.Single(second.Decisions, d => d.Action == DecisionAction.Block);
        Assert.Equal(block.Subject, again.Subject);
        Assert.Equal(60 * 60_000, again.Expires - again.Time);
    }

    private static TestTraffic Flood(TestTraffic traffic, int from)
    {
        for (int i = 0; i < 1_200; i++)
        {
            traffic.Session(from + (i * 0.4), from + (i * 0.4) + 4, $"f{from}-{i}", "185.9.8.7", heartbeat: 60, referrer: null, dataCentre: true);
        }
        return traffic.InOrder();
    }

    private long Block(long now)
    {
        long lasts = _escalation.DurationOf(s_key, now);
        _escalation.Record(s_key, now, now + lasts);
        return lasts;
    }

    private static long Restored(PolicyOptions options, List<(long At, long Lapses)> log, long now)
    {
        Escalation restored = new(options);
        foreach ((long at, long lapses) in log.Where(block => block.At > now - Escalation.Memory(options).TotalMilliseconds))
        {
            restored.Record(s_key, at, lapses);
        }
        return restored.DurationOf(s_key, now);
    }
}
