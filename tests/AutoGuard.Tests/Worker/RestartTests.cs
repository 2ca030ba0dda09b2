using AutoGuard.Core.Policy;
using AutoGuard.Simulation;
using AutoGuard.Simulation.Profiles;
using AutoGuard.Testing;
using AutoGuard.Tests.Kafka;
using AutoGuard.Tests.Samples;
using AutoGuard.Worker;

namespace AutoGuard.Tests.Worker;

/// <summary>Workers that stop and start on one broker and one database.</summary>
[Collection(ServiceTests.Name)]
public sealed class RestartTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task After_a_restart_nothing_is_missing_and_nothing_is_decided_twice_within_the_hold_off(bool longAgo)
    {
        Traffic traffic = longAgo ? Traffic.Of("01-token-sharing") : Traffic.Now("01-token-sharing");
        long decided = traffic.Truth.From.AddMinutes(12).ToUnixTimeMilliseconds();
        TrafficLine[] before = [.. traffic.Lines.Where(line => line.Arrival < decided)];
        TrafficLine[] after = [.. traffic.Lines.Where(line => line.Arrival >= decided)];
        await using WorkerBench bench = await WorkerBench.OpenAsync(postgres, Sets("01-token-sharing"));
        await using (WorkerHost first = await bench.StartAsync())
        {
            Traffic.Produce(bench.Kafka, before);
            await bench.UntilSettledAsync(first, before.Length);
        }
        IReadOnlyList<Decision> decisions = await bench.DecisionsAsync();
        Traffic.Produce(bench.Kafka, after);

        await using WorkerHost second = await bench.StartAsync();
        await bench.UntilSettledAsync(second, after.Length);

        Assert.Equal([DecisionAction.Flag, DecisionAction.Revoke], decisions.Select(decision => decision.Action));
        Assert.Equal(decisions.Select(decision => decision.Id), (await bench.DecisionsAsync()).Select(decision => decision.Id));
        Assert.Equal(decisions.Count, bench.Read(bench.Options.DecisionsTopic).Count);
        Assert.Equal(after.Length, second.Figures.Source.Consumed);
        Assert.Equal(traffic.Lines.Count, bench.Committed().Values.Sum());
    }

    [Fact]
    public async Task In_Observe_mode_decisions_are_made_and_nothing_is_enforced()
    {
        Traffic traffic = Traffic.Now("01-token-sharing");
        await using WorkerBench bench = await WorkerBench.OpenAsync(postgres, Sets("01-token-sharing"));
        await using WorkerHost host = await bench.StartAsync();
        Traffic.Produce(bench.Kafka, traffic.Lines);
        await bench.UntilSettledAsync(host, traffic.Lines.Count);
        IReadOnlyList<Decision> decisions = await bench.DecisionsAsync();
        string verdict = await bench.Client(host).GetStringAsync($"/check?token={decisions[^1].Subject.Value}");

        Assert.Equal(DecisionAction.Revoke, decisions[^1].Action);
        Assert.All(decisions, decision => Assert.Equal(EnforcementMode.Observe, decision.Mode));
        Assert.Contains("\"allowed\":true", verdict, StringComparison.Ordinal);
        Assert.Equal(0, await bench.CountAsync("rules"));
        Assert.Equal(0, await bench.CountAsync("decision_outcomes"));
    }

    [Fact]
    public async Task A_busy_worker_stops_in_time_and_the_next_one_goes_on_where_it_stopped()
    {
        Traffic traffic = Traffic.Of(new TrafficSimulator(SimulationProfiles.Sized(400, 1), 11));
        await using WorkerBench bench = await WorkerBench.OpenAsync(postgres, "Detection:AllowedLateness=00:00:02", "Kafka:BatchSize=64", "Kafka:QueuedBatches=1");
        Traffic.Produce(bench.Kafka, traffic.Lines);
        WorkerHost first = await bench.StartAsync();
        await Eventually.True(() => first.Figures.Source.Consumed > 1_000, "the worker to be busy");
        Task<HttpResponseMessage> open = bench.Client(first).GetAsync("/explain/ip/1.2.3.4");
        await first.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10));
        Task answered = await Task.WhenAny(open, Task.Delay(TimeSpan.FromSeconds(5)));
        long consumed = first.Figures.Source.Consumed;
        long committed = bench.Committed().Values.Where(offset => offset > 0).Sum();

        WorkerHost second = await bench.StartAsync();
        await bench.UntilSettledAsync(second, traffic.Lines.Count - committed);

        Assert.Same(open, answered);
        Assert.True(committed <= consumed, $"{committed} positions were committed of {consumed} records read");
        Assert.True(consumed < traffic.Lines.Count, "the first worker was through before it was stopped");
        Assert.Equal(traffic.Lines.Count, committed + second.Figures.Source.Consumed);
        Assert.Equal(traffic.Lines.Count, bench.Committed().Values.Sum());
    }

    internal static string[] Sets(string sample) =>
    [
        // What is last waits for the lateness before it is settled.
        "Detection:AllowedLateness=00:00:02",
        .. new SampleFolder(sample).Truth.OfficialReferrers.Select((host, i) => $"Referrers:Official:{i}={host}"),
        .. new SampleFolder(sample).Truth.Allowlist.Where(a => a.Subject.TypeName == "ip").Select((a, i) => $"Allowlist:Addresses:{i}:Value={a.Subject.Value}"),
        .. new SampleFolder(sample).Truth.Allowlist.Where(a => a.Subject.TypeName == "token").Select((a, i) => $"Allowlist:Tokens:{i}:Value={a.Subject.Value}"),
    ];
}
