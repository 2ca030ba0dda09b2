using AutoGuard.Core.Configuration;
using AutoGuard.Core.Events;
using AutoGuard.Core.Pipeline;
using AutoGuard.Core.Policy;

namespace AutoGuard.Core.Tests.Pipeline;

public sealed class DeterminismTests
{
    private static readonly PipelineSettings s_settings = new()
    {
        Referrers = new ReferrersOptions { Official = ["www.example.com"] },
        Fingerprint = "test",
    };

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    [InlineData(13)]
    public void The_order_of_arrival_within_the_allowed_lateness_leaves_no_trace(int seed)
    {
        TestTraffic straight = World(new TestTraffic(s_settings)).InOrder().Run();
        TestTraffic disordered = World(new TestTraffic(s_settings)).Disordered(seed, withinSeconds: 9.5, duplicateShare: 0.05).Run(batchSize: 37);

        Assert.NotEmpty(straight.Decisions);
        Assert.Equal(Text(straight.Decisions), Text(disordered.Decisions));
        Assert.Equal(0, disordered.Pipeline.Counters.Late);
    }

    [Fact]
    public void The_secret_leaves_no_trace()
    {
        TestTraffic one = World(new TestTraffic(s_settings, secret: 1)).InOrder().Run();
        TestTraffic two = World(new TestTraffic(s_settings, secret: 987654321)).InOrder().Run();

        Assert.NotEmpty(one.Decisions);
        Assert.Equal(Text(one.Decisions), Text(two.Decisions));
    }

    [Fact]
    public void The_size_of_the_batches_leaves_no_trace()
    {
        TestTraffic one = World(new TestTraffic(s_settings)).InOrder().Run(batchSize: 1);
        TestTraffic two = World(new TestTraffic(s_settings)).InOrder().Run(batchSize: 4096);

        Assert.Equal(Text(one.Decisions), Text(two.Decisions));
    }

    [Fact]
    public void A_full_table_evicts_the_same_keys_under_every_secret()
    {
        PipelineSettings small = s_settings with
        {
            Detection = new DetectionOptions { Capacity = new CapacityOptions { Tokens = 1000, Addresses = 1000, Sessions = 1000, Networks = 1000, Strings = 1000 } },
        };
        TestTraffic one = World(new TestTraffic(small, secret: 5), honest: 3000).InOrder().Run();
        TestTraffic two = World(new TestTraffic(small, secret: 6), honest: 3000).InOrder().Run();

        Assert.True(one.Pipeline.State.Evictions > 0, "the tables were to be too small");
        Assert.Equal(one.Pipeline.State.Evictions, two.Pipeline.State.Evictions);
        Assert.Equal(Text(one.Decisions), Text(two.Decisions));
    }

    /// <summary>Honest viewers, a shared token, a flooding address, and an unofficial page.</summary>
    private static TestTraffic World(TestTraffic traffic, int honest = 300)
    {
        for (int i = 0; i < honest; i++)
        {
            traffic.Session(i % 240, (i % 240) + 500, $"h{i}", $"81.{i % 200}.{i / 200}.7", $"honest-{i}", $"user-{i}", country: "DE");
        }
        for (int i = 0; i < 12; i++)
        {
            traffic.Session(200 + (i * 5), 900, $"shared{i}", $"90.{i}.3.4", "shared-token", "victim", country: i % 2 == 0 ? "DE" : "FR");
        }
        for (int i = 0; i < 400; i++)
        {
            traffic.Session(100 + (i * 1.5), 104 + (i * 1.5), $"flood{i}", "198.51.100.66", $"f{i % 3}");
        }
        for (int i = 0; i < 150; i++)
        {
            traffic.Session(50 + i, 700, $"embed{i}", $"77.{i}.1.1", $"embed-{i}", referrer: "pirate.example");
        }
        return traffic;
    }

    private static List<string> Text(IEnumerable<Decision> decisions) =>
        // The coordinates of an event are its place in the input, which is what the tests change.
        [.. decisions.Select(d => string.Join('|', d.Id, d.Time, d.Action, d.Subject, d.Score, d.Harm, d.Expires, string.Join(';', d.Reasons)))];
}
