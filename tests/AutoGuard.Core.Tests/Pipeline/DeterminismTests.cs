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
        Assert.Contains(straight.Decisions, d => d.Organization == "red");
        Assert.Contains(straight.Decisions, d => d.Organization == "blue");
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
        return Crowded(Crowded(traffic, "red", 0), "blue", 7);
    }

    /// <summary>
    /// A tenant with all that is compared with others: tokens bound and unbound by turns, two protocols of one line, relays, tools,
    /// tokenless sessions, phones that move, a carrier's address, a trouble of everybody's, and who misuses each.
    /// </summary>
    private static TestTraffic Crowded(TestTraffic traffic, string organization, int shift)
    {
        for (int i = 0; i < 250; i++)
        {
            string address = i % 5 == 0 ? $"2001:db8:{i:x}:1::9" : $"84.{shift + (i % 40)}.{i / 40}.9";
            traffic.Session(
                (i % 200) + shift, (i % 200) + 420, $"c{i}", address, $"t{i}", i % 3 == 0 ? $"u{i}" : null, asn: 64500 + (uint)(i % 3),
                organization: organization, agent: i % 4 == 0 ? null : $"Browser/{i % 6}", referrer: i % 4 == 0 ? null : "www.example.com");
            // The other protocol, another agent, and a user by turns.
            traffic.Session(
                (i % 200) + 430, (i % 200) + 520, $"d{i}", $"2001:db8:{i:x}:2::9", $"t{i}", i % 2 == 0 ? $"u{i}" : null, asn: 64500 + (uint)(i % 3),
                organization: organization, agent: $"Browser/{i % 7}");
        }
        for (int i = 0; i < 20; i++)
        {
            traffic.Session(
                220 + i, 800, $"relay{i}", $"104.28.{i}.{shift + 1}", "roaming", "roamer", asn: 13335, organization: organization, traits: EventTraits.SharedEgress);
            traffic.Session(
                240 + i, 860, $"tool{i}", $"45.{shift}.{i % 4}.3", $"stolen-{i % 5}", asn: 64999, organization: organization, agent: "ffmpeg/6", dataCentre: true,
                traits: EventTraits.ToolAgent);
            traffic.Session(300 + i, 340 + (i * 10), $"none{i}", $"46.{i % 3}.1.{shift + 2}", organization: organization, agent: "script", traits: EventTraits.ToolAgent);
        }
        for (int i = 0; i < 40; i++)
        {
            // One session that is heard from two places by turns, and a phone in many cells.
            traffic.Event(400 + (i * 9), "handed", $"{85 + (i % 2)}.1.{shift}.1", "handed", "one", asn: 64500 + (uint)(i % 2), organization: organization);
            traffic.Event(400 + (i * 11), "phone", $"87.{i}.{shift}.1", "phone", "walker", asn: 64503, organization: organization);
            // Everybody's players try again.
            traffic.Session(600 + (i % 20), 603 + (i % 20), $"again{i}", $"88.{i}.1.{shift + 1}", $"t{i}", organization: organization);
        }
        return traffic;
    }

    [Fact]
    public void Who_asks_for_explanations_leaves_no_trace()
    {
        TestTraffic quiet = World(new TestTraffic(s_settings)).InOrder().Run(batchSize: 64);
        TestTraffic asked = World(new TestTraffic(s_settings)).InOrder();
        List<string> names = [.. Enumerable.Range(0, 5).Select(i => $"stolen-{i}"), "shared-token", "handed", "phone", "roaming"];
        foreach (EventBatch batch in asked.Batches(64))
        {
            asked.Pipeline.Process(batch, asked.Output);
            foreach (string name in names)
            {
                asked.Explain(name, asked.Pipeline.Watermark);
                asked.Explain(name, asked.Pipeline.Watermark + 7_200_000, "red");
            }
            asked.Pipeline.Explainer.Address(IpAddress.From(System.Net.IPAddress.Parse("198.51.100.66")), asked.Pipeline.Watermark + 7_200_000);
        }
        asked.Pipeline.Complete(asked.Output);

        Assert.Equal(Text(quiet.Decisions), Text(asked.Decisions));
    }

    private static List<string> Text(IEnumerable<Decision> decisions) =>
        // The coordinates of an event are its place in the input, which is what the tests change.
        [.. decisions.Select(d => string.Join('|', d.Id, d.Time, d.Action, d.Subject, d.Organization, d.Score, d.Harm, d.Expires, string.Join(';', d.Reasons)))];
}
