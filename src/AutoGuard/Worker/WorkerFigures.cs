using AutoGuard.Kafka;

namespace AutoGuard.Worker;

/// <summary>The worker's figures in one place: for the live view, the metrics and the health check.</summary>
internal sealed class WorkerFigures(DetectionWorker worker, DecisionDispatcher dispatcher, IReadOnlyList<DecisionEnforcer> enforcers, KafkaEventSource source)
{
    public DetectionWorker Worker => worker;

    public IReadOnlyList<DecisionEnforcer> Enforcers => enforcers;

    public SourceCounters Source => source.Counters;

    public long Stored => dispatcher.Stored;

    public long Applied => enforcers.Sum(enforcer => enforcer.Applied);

    public long Refused => enforcers.Sum(enforcer => enforcer.Refused);

    /// <summary>Records that are no events, those from the future among them.</summary>
    public long Malformed => source.Counters.Consumed - source.Counters.Accepted + worker.Counters.Future;

    /// <summary>Records that wait in Kafka.</summary>
    public long Lag => source.Counters.Partitions.Sum(partition => partition.Lag);

    /// <summary>Why the worker cannot do its job now, or null.</summary>
    public string? NotReady =>
        !source.Counters.IsConnected ? "Kafka does not answer."
        : source.Counters.Partitions.Length == 0 ? "No partition is assigned."
        : !dispatcher.IsHealthy ? "Decisions cannot be stored or published."
        : null;
}
