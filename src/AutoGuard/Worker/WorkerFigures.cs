using System.Diagnostics;
using System.Globalization;
using AutoGuard.Guardian.Planning;
using AutoGuard.Kafka;

namespace AutoGuard.Worker;

/// <summary>The worker's figures in one place: for the live view, the metrics and the health check.</summary>
internal sealed class WorkerFigures(
    DetectionWorker worker, DecisionDispatcher dispatcher, IReadOnlyList<DecisionEnforcer> enforcers, EffectMeter effects, KafkaEventSource source,
    KafkaDecisionPublisher publisher, TimeSpan readyWithin, TimeProvider time)
{
    private readonly long _made = time.GetTimestamp();
    private readonly TimeSpan _sinceProcess = SinceProcess(time);

    public DetectionWorker Worker => worker;

    public IReadOnlyList<DecisionEnforcer> Enforcers => enforcers;

    /// <summary>What came of actions, as measured by this process.</summary>
    public EffectMeter Effects => effects;

    public SourceCounters Source => source.Counters;

    public long Stored => dispatcher.Stored;

    /// <summary>Decisions that the decisions topic has taken.</summary>
    public long Published => publisher.Published;

    public long Applied => enforcers.Sum(enforcer => enforcer.Applied);

    public long Refused => enforcers.Sum(enforcer => enforcer.Refused);

    /// <summary>Records that are no events, those from the future among them.</summary>
    public long Malformed => source.Counters.Consumed - source.Counters.Accepted + worker.Counters.Future;

    /// <summary>Records that wait in Kafka.</summary>
    public long Lag => source.Counters.Partitions.Sum(partition => partition.Lag);

    /// <summary>Batches read that detection has not begun with.</summary>
    public int BatchesWaiting => source.Batches.Count;

    /// <summary>Most batches that may wait for detection.</summary>
    public int MostBatchesWaiting => source.MostWaiting;

    /// <summary>Results of detection that wait for the decision log: of one batch each.</summary>
    public int DecisionsWaiting => dispatcher.Waiting;

    /// <summary>From the start of this process to the first event that detection was given; null before it.</summary>
    public TimeSpan? StartUp => worker.FirstEventAt == 0 ? null : _sinceProcess + time.GetElapsedTime(_made, worker.FirstEventAt);

    /// <summary>Why the worker cannot do its job now, or null.</summary>
    public string? NotReady =>
        !source.Counters.IsConnected ? "Kafka does not answer."
        : source.Counters.Partitions.Length == 0 ? "No partition is assigned."
        : !dispatcher.IsHealthy ? "Decisions cannot be stored or published."
        : BehindTheClock(worker.Watermark, Lag, time.GetUtcNow(), readyWithin);

    /// <summary>
    /// Says that detection cannot keep up, or null. An old watermark alone says nothing: it stands while nobody watches.
    /// </summary>
    /// <param name="watermark">Event time up to which all is decided, Unix milliseconds; null before the first event.</param>
    /// <param name="lag">Records that wait.</param>
    /// <param name="now">The clock.</param>
    /// <param name="limit">Distance up to which all is well; 0: any.</param>
    internal static string? BehindTheClock(long? watermark, long lag, DateTimeOffset now, TimeSpan limit)
    {
        if (watermark is not { } reached || lag == 0 || limit == TimeSpan.Zero)
        {
            return null;
        }
        double behind = now.ToUnixTimeMilliseconds() - reached;
        return behind > limit.TotalMilliseconds
            ? string.Create(CultureInfo.InvariantCulture, $"Detection is {behind / 60_000:0.0} minutes behind the clock, and {lag} records wait.")
            : null;
    }

    private static TimeSpan SinceProcess(TimeProvider time)
    {
        using Process process = Process.GetCurrentProcess();
        return time.GetUtcNow() - process.StartTime.ToUniversalTime();
    }
}
