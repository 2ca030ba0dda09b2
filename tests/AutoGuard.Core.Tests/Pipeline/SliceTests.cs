using AutoGuard.Core.Configuration;
using AutoGuard.Core.Features;
using AutoGuard.Core.Pipeline;
using AutoGuard.Core.Policy;

namespace AutoGuard.Core.Tests.Pipeline;

public sealed class SliceTests
{
    private const int Tokens = 400;

    [Fact]
    public void A_crowd_that_changes_at_one_instant_is_judged_evenly_over_a_tick()
    {
        Decision[] flags = Crowd(secret: 42, batchSize: 256, seconds: 60);

        Assert.Equal(Tokens, flags.Select(d => d.Subject).Distinct().Count());
        int[] bySlice = [.. flags.GroupBy(d => d.Subject).Select(one => one.Min(d => d.Time)).GroupBy(time => time).Select(slice => slice.Count())];
        Assert.Equal(10, bySlice.Length);
        Assert.All(bySlice, count => Assert.Equal(Tokens / 10, count));
    }

    [Fact]
    public void Secrets_and_batches_do_not_move_a_key_to_another_slice()
    {
        string[] expected = Told(Crowd(secret: 42, batchSize: 256, seconds: 60));
        Assert.Equal(expected, Told(Crowd(secret: 7, batchSize: 256, seconds: 60)));
        Assert.Equal(expected, Told(Crowd(secret: 42, batchSize: 3, seconds: 60)));
    }

    [Fact]
    public void A_recording_that_ends_before_the_first_tick_has_all_its_keys_judged()
    {
        Assert.Equal(Tokens, Crowd(secret: 42, batchSize: 256, seconds: 3).Select(d => d.Subject).Distinct().Count());
    }

    [Fact]
    public void A_key_is_judged_once_in_a_tick_however_often_it_changes()
    {
        TestTraffic traffic = new();
        for (double second = 0; second < 60; second += 0.25)
        {
            traffic.Event(second, "a", "81.1.1.1", "t", "u").Event(second, "b", "81.1.1.1", "t", "u");
        }
        List<long> judged = [];
        traffic.Pipeline.Watch.Add(new Subject(SubjectType.Token, "t"), judgement => judged.Add(judgement.Time));
        traffic.InOrder().Run();

        Assert.InRange(judged.Count, 11, 13);
        Assert.All(judged.Zip(judged.Skip(1)), pair => Assert.Equal(5_000, pair.Second - pair.First));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1.3)]
    [InlineData(60)]
    public void Ticks_of_any_length_judge_every_key(double seconds)
    {
        TestTraffic traffic = new(Settings(TimeSpan.FromSeconds(seconds)));
        Decision[] flags = Decide(traffic, batchSize: 256, seconds: 130);
        Assert.Equal(Tokens, flags.Select(d => d.Subject).Distinct().Count());
    }

    [Fact]
    public void Marked_keys_wait_in_the_slice_of_their_place()
    {
        MarkedKeys keys = new(3);
        for (int index = 0; index < 7; index++)
        {
            keys.Add(new StateHandle(index, 1));
        }
        Assert.Equal([1, 4], keys.Of(1).Select(handle => handle.Index));
        keys.Release(1, 1);
        Assert.Equal(6, keys.Count);
        Assert.Equal([4], keys.Of(1).Select(handle => handle.Index));
    }

    private static PipelineSettings Settings(TimeSpan tick) => new()
    {
        Detection = new DetectionOptions { TickInterval = tick },
        Policy = new PolicyOptions { FlagScore = 0.3, BlockScore = 1, FlagsPerMinute = 1_000 },
    };

    private static Decision[] Crowd(ulong secret, int batchSize, double seconds) =>
        Decide(new TestTraffic(Settings(TimeSpan.FromSeconds(5)), secret), batchSize, seconds);

    private static Decision[] Decide(TestTraffic traffic, int batchSize, double seconds)
    {
        for (int token = 0; token < Tokens; token++)
        {
            for (int i = 0; i < 4; i++)
            {
                traffic.Session(0.1, seconds, $"s{token}-{i}", $"{60 + i}.{token / 200}.{token % 200}.9", $"t{token}", $"u{token}", heartbeat: 2, end: false);
            }
        }
        traffic.InOrder().Run(batchSize);
        return [.. traffic.Decisions.Where(d => d.Subject.Type == SubjectType.Token)];
    }

    private static string[] Told(Decision[] decisions) => [.. decisions.Select(d => $"{d.Time} {d.Action} {d.Subject.Value} {d.Score}")];
}
