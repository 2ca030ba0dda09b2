using System.Globalization;
using AutoGuard.Core.Policy;
using AutoGuard.Testing;
using AutoGuard.Tests.Kafka;
using AutoGuard.Worker;

namespace AutoGuard.Tests.Worker;

/// <summary>What a worker does when detection cannot keep up, and how an operator sees it.</summary>
[Collection(ServiceTests.Name)]
public sealed class BackPressureTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const int BatchSize = 16;
    private const int QueuedBatches = 2;

    [Fact]
    public async Task A_detector_that_stands_still_pauses_partitions_holds_a_bounded_number_of_events_and_later_decides_as_ever()
    {
        Traffic traffic = Traffic.Now("01-token-sharing");
        await using WorkerBench bench = await WorkerBench.OpenAsync(
            postgres, ["Policy:Mode=Enforce", $"Kafka:BatchSize={BatchSize}", $"Kafka:QueuedBatches={QueuedBatches}", .. RestartTests.Sets("01-token-sharing")]);
        await using WorkerHost host = await bench.StartAsync();
        using HttpClient client = bench.Client(host, withKey: false);
        await Eventually.True(() => host.Figures.NotReady is null, "the worker to be ready");
        using ManualResetEventSlim gate = new();
        TaskCompletionSource stands = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<bool> standing = host.Figures.Worker.AskAsync(
            _ =>
            {
                stands.SetResult();
                return gate.Wait(Eventually.Deadline);
            },
            CancellationToken.None);
        // A batch that came before the question would be dealt with first, and one more be read.
        await stands.Task.WaitAsync(Eventually.Deadline);

        Traffic.Produce(bench.Kafka, traffic.Lines);
        await Eventually.True(() => host.Figures.Source.IsPaused && host.Figures.Lag > 0, "the partitions to be paused, and a lag");
        Dictionary<string, double> paused = await MetricsAsync(client);
        gate.Set();
        Assert.True(await standing, "detection was not held for as long as it should have been");
        await bench.UntilSettledAsync(host, traffic.Lines.Count);
        Dictionary<string, double> after = await MetricsAsync(client);

        const int Batches = QueuedBatches + 2;
        Assert.Equal(1, paused["autoguard_kafka_paused"]);
        Assert.Equal(1, paused["autoguard_kafka_paused_total"]);
        Assert.Equal(Batches, paused["autoguard_queue_length{queue=\"detection\"}"]);
        Assert.Equal(Batches, paused["autoguard_queue_limit{queue=\"detection\"}"]);
        Assert.InRange(paused["messaging_client_consumed_messages_total"], 1, Batches * BatchSize);
        Assert.InRange(paused["autoguard_kafka_lag"], 1, traffic.Lines.Count);
        Assert.Equal(0, paused["autoguard_event_processed_total"]);
        Assert.Equal(0, after["autoguard_kafka_paused"]);
        Assert.Equal(0, after["autoguard_kafka_lag"]);
        Assert.Equal(0, after["autoguard_queue_length{queue=\"detection\"}"]);
        Assert.Equal(0, after["autoguard_queue_length{queue=\"log\"}"]);
        Assert.Equal([DecisionAction.Flag, DecisionAction.Revoke], (await bench.DecisionsAsync()).Select(decision => decision.Action));
    }

    private static async Task<Dictionary<string, double>> MetricsAsync(HttpClient client) => (await client.GetStringAsync("/metrics"))
        .Split('\n').Where(line => line.Length > 0 && line[0] != '#').Select(line => line.Split(' '))
        .ToDictionary(pair => pair[0], pair => double.Parse(pair[1], CultureInfo.InvariantCulture));
}
