using AutoGuard.Core.Configuration;
using AutoGuard.Core.Events;
using AutoGuard.Core.Pipeline;
using AutoGuard.Core.Policy;

namespace AutoGuard.Core.Tests.Pipeline;

public sealed class BreakerTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void When_the_input_turns_sick_an_offender_is_flagged_and_blocked_once_it_is_well_again(int seed)
    {
        TestTraffic traffic = World(seed, 42, 0).Run();

        Decision flag = Assert.Single(traffic.Decisions, d => d.Subject.Value == "185.9.8.7" && d.Action == DecisionAction.Flag);
        Decision block = Assert.Single(traffic.Decisions, d => d.Subject.Value == "185.9.8.7" && d.Action == DecisionAction.Block);
        Assert.Equal([NoticeKind.BreakerOpened, NoticeKind.BreakerClosed], traffic.Output.Notices.Select(n => n.Kind));
        Assert.InRange(flag.Time, traffic.Output.Notices[0].Time, block.Time);
        Assert.InRange(block.Time, traffic.Output.Notices[1].Time, traffic.Output.Notices[1].Time + 60_000);
        Assert.Equal(1, traffic.Pipeline.Breaker.Openings);
        Assert.True(traffic.Pipeline.Breaker.Refused > 0, "no block was refused");
        Assert.False(traffic.Pipeline.Breaker.IsOpen);
    }

    [Theory]
    [InlineData(1, 43, 0)]
    [InlineData(1, 44, 8)]
    [InlineData(2, 45, 9)]
    public void Secrets_and_the_order_of_arrival_within_the_lateness_change_no_notice_and_no_decision(int seed, ulong secret, double within)
    {
        TestTraffic ordered = World(seed, 42, 0).Run();
        TestTraffic other = World(seed, secret, within).Run(batchSize: 77);

        Assert.NotEmpty(ordered.Output.Notices);
        Assert.Equal(ordered.Output.Notices, other.Output.Notices);
        Assert.Equal(ordered.Decisions.Select(Text), other.Decisions.Select(Text));
    }

    [Theory]
    [InlineData(64)]
    [InlineData(2_048)]
    public void Late_events_are_counted_where_event_time_stood_whatever_the_size_of_the_batches(int batchSize)
    {
        TestTraffic traffic = new();
        for (int minute = 0; minute < 90; minute++)
        {
            for (int viewer = 0; viewer < 40; viewer++)
            {
                traffic.Event((minute * 60) + viewer, $"v{viewer}", $"81.2.{viewer}.9", $"t{viewer}");
                if (minute >= 75)
                {
                    traffic.Event((minute * 60) + viewer - 300, $"v{viewer}", $"81.2.{viewer}.9", $"t{viewer}");
                }
            }
        }
        traffic.Run(batchSize);

        Notice notice = Assert.Single(traffic.Output.Notices);
        Assert.Contains("sent late events", notice.Text, StringComparison.Ordinal);
        Assert.Equal((TestTraffic.Noon / 60_000) + 76, notice.Time / 60_000);
    }

    [Fact]
    public void Records_that_the_reader_could_not_read_open_it()
    {
        TestTraffic traffic = new();
        for (int i = 0; i < 5_400; i++)
        {
            traffic.Event(i, $"v{i % 40}", $"81.2.{i % 40}.9", $"t{i % 40}");
        }
        int done = 0;
        foreach (EventBatch batch in traffic.Batches(60))
        {
            traffic.Pipeline.NoteMalformed(done++ < 75 ? 1 : 60);
            traffic.Pipeline.Process(batch, traffic.Output);
        }

        Assert.Contains("records were no events", Assert.Single(traffic.Output.Notices).Text, StringComparison.Ordinal);
        Assert.True(traffic.Pipeline.Breaker.IsOpen);
    }

    [Fact]
    public void Why_an_offender_is_not_blocked_meanwhile_is_said()
    {
        TestTraffic traffic = World(1, 42, 0, until: 5_200).Run(complete: false);

        Explanation explanation = traffic.Pipeline.Explainer.Address(IpAddress.From(System.Net.IPAddress.Parse("185.9.8.7")), traffic.Pipeline.Watermark)!;
        Assert.Contains(traffic.Decisions, static d => d.Subject.Value == "185.9.8.7" && d.Action == DecisionAction.Flag);
        Assert.Equal($"It was flagged and not blocked: blocks are held back for now, since {traffic.Pipeline.Breaker.Reason}", explanation.Outcome);
    }

    /// <summary>Viewers who lose their referrer for a quarter of an hour, and an address that floods during it and after.</summary>
    private static TestTraffic World(int seed, ulong secret, double withinSeconds, double until = double.PositiveInfinity)
    {
        Random random = new(seed);
        TestTraffic traffic = new(
            new PipelineSettings { Policy = new PolicyOptions { BreakerAudienceFloor = 10_000, HoldOff = TimeSpan.FromHours(12) } }, secret);
        for (int i = 0; i < 9_000; i++)
        {
            double from = random.NextDouble() * 9_000;
            if (from > until)
            {
                continue;
            }
            bool sick = from is >= 4_500 and < 5_400 && random.Next(10) > 0;
            traffic.Session(
                from, from + 100 + (random.NextDouble() * 300), $"s{i}", $"81.{i % 250}.{i / 250}.9", $"t{i}", $"u{i}", heartbeat: 60,
                referrer: sick ? null : "www.example.com");
        }
        for (int i = 0; i < 5_000 && 4_800 + (i * 0.8) <= until; i++)
        {
            double from = 4_800 + (i * 0.8);
            traffic.Session(from, from + 4, $"f{i}", "185.9.8.7", heartbeat: 60, referrer: null, dataCentre: true);
        }
        traffic.InOrder();
        return withinSeconds > 0 ? traffic.Disordered(seed, withinSeconds) : traffic;
    }

    private static string Text(Decision decision)
    {
        System.Buffers.ArrayBufferWriter<byte> line = new();
        DecisionJson.Write(line, decision with { Source = new SourcePosition("", 0, 0) });
        return System.Text.Encoding.UTF8.GetString(line.WrittenSpan);
    }
}
