using AutoGuard.Core.Configuration;
using AutoGuard.Core.Events;
using AutoGuard.Core.Features;
using AutoGuard.Core.Pipeline;
using AutoGuard.Core.Spikes;
using AutoGuard.Testing;

namespace AutoGuard.Core.Tests.Pipeline;

[Collection(AllocationCollection.Name)]
public sealed class AllocationTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Core_allocates_nothing_per_event_once_it_is_warm(bool sites)
    {
        // Two hundred thousand events of a thousand viewers who start, are heard, and leave; the same tokens come back
        // with new sessions all the time. The first twelve visits warm the tables (and earn
        // the tokens their series); the rest must not allocate a byte. In sites of IPv6, one in ten has no token.
        TestTraffic traffic = new();
        for (int viewer = 0; viewer < 1_000; viewer++)
        {
            for (int visit = 0; visit < 20; visit++)
            {
                double from = (viewer % 100) + (visit * 300);
                string ip = sites ? $"2a02:77:{viewer % 5:x}:{viewer:x}::9" : $"81.{viewer % 200}.{viewer / 200}.9";
                bool named = !sites || viewer % 10 != 0;
                traffic.Session(from, from + 270, $"v{viewer}-{visit}", ip, named ? $"t{viewer}" : null, named ? $"u{viewer}" : null, country: "DE");
            }
        }
        AssertAllocatesNothing(traffic, 75_000);
    }

    [Fact]
    public void Suspects_that_go_on_for_hours_cost_nothing_once_it_is_warm()
    {
        // Each of ten tokens is used from five countries at once, all day, by sessions of five minutes: hundreds come into each dossier.
        // Only a full score is flagged here, so that they stay suspects: decisions and their evidence are output, and take memory.
        TestTraffic traffic = new(new PipelineSettings { Policy = new PolicyOptions { FlagScore = 1, BlockScore = 1 } });
        for (int token = 0; token < 10; token++)
        {
            for (int place = 0; place < 5; place++)
            {
                for (int visit = 0; visit < 120; visit++)
                {
                    double from = token + (place * 40) + (visit * 300);
                    traffic.Session(from, from + 290, $"s{token}-{place}-{visit}", $"{60 + place}.{token}.1.9", $"t{token}", $"u{token}", country: s_countries[place], heartbeat: 60);
                }
            }
        }
        AssertAllocatesNothing(traffic, 10_000);
        int number = traffic.Pipeline.State.Tokens[traffic.Pipeline.State.Tokens.Find(traffic.TokenKey("t7"))].Dossier;
        Assert.Equal(Dossier.Capacity, traffic.Pipeline.State.Dossiers.Get(number)?.Count);
    }

    private static readonly string[] s_countries = ["DE", "FR", "GB", "US", "PL"];

    private static void AssertAllocatesNothing(TestTraffic traffic, int atLeast)
    {
        List<EventBatch> batches = traffic.InOrder().Batches(512);
        int warm = batches.Count * 3 / 5;
        foreach (EventBatch batch in batches.Take(warm))
        {
            traffic.Pipeline.Process(batch, traffic.Output);
        }
        long events = batches.Skip(warm).Sum(b => (long)b.Count);
        int allocating = 0;
        for (int i = warm; i < batches.Count; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            traffic.Pipeline.Process(batches[i], traffic.Output);
            allocating += GC.GetAllocatedBytesForCurrentThread() == before ? 0 : 1;
        }

        Assert.True(events >= atLeast, $"only {events} events were measured");
        Assert.Empty(traffic.Decisions);
        // Code that allocates does so in every batch; one may meet a collection that another thread causes, whose retired
        // allocation context is counted.
        Assert.InRange(allocating, 0, 1);
    }

    [Fact]
    public void The_second_look_at_spikes_allocates_nothing()
    {
        // Of a hundred thousand series some hundred look suspicious in any minute.
        NativeSpikeEngine engine = new();
        RecheckSettings settings = new(99.9, 30, SpikeSide.Positive);
        Random random = new(1);
        float[] blocks = [.. Enumerable.Range(0, 100 * 31).Select(_ => random.NextSingle())];
        SpikePrediction[] predictions = new SpikePrediction[100];

        Assert.Equal(0, Allocations.LeastOf(() => engine.Recheck(blocks, settings, predictions)));
    }
}
