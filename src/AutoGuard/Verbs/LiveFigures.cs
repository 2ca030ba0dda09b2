using AutoGuard.Core.Policy;
using AutoGuard.Live;
using AutoGuard.Worker;

namespace AutoGuard.Verbs;

/// <summary>Reads the live view's snapshots off a running worker.</summary>
internal sealed class LiveFigures(string title, WorkerHost host, EnforcementMode mode, long started, TimeProvider time)
{
    private static readonly TimeSpan RateWindow = TimeSpan.FromSeconds(2);
    private long _rateAt;
    private long _rateEvents;
    private double _rate;

    public LiveSnapshot Read()
    {
        DetectionWorker worker = host.Figures.Worker;
        long events = worker.Counters.Accepted;
        TimeSpan since = time.GetElapsedTime(_rateAt == 0 ? started : _rateAt);
        if (since >= RateWindow)
        {
            _rate = (events - _rateEvents) / since.TotalSeconds;
            _rateAt = time.GetTimestamp();
            _rateEvents = events;
        }
        return new LiveSnapshot
        {
            Title = title,
            Mode = mode,
            Running = time.GetElapsedTime(started),
            EventTime = Time(worker.LatestEvent),
            Watermark = Time(worker.Watermark),
            EventsPerSecond = _rate,
            Events = events,
            Malformed = host.Figures.Malformed,
            Late = worker.Counters.Late,
            Duplicates = worker.Counters.Duplicates,
            KafkaLag = host.Figures.Lag,
            OpenSessions = worker.OpenSessions,
            Tokens = worker.Tokens,
            Addresses = worker.Addresses,
            Flagged = worker.Counters.Flags,
            Blocked = worker.Counters.Blocks,
            Revoked = worker.Counters.Revocations,
            BreakerSince = Time(worker.Breaker?.Time),
            BreakerReason = worker.Breaker?.Text ?? "",
            Dashboard = host.WebAddress,
            Kafka = host.Kafka.BootstrapServers,
            Database = host.DatabaseDescription,
            DecisionCount = worker.DecisionCount,
            Decisions = [.. worker.LatestDecisions.Take(LiveSnapshot.MostDecisions).Select(LiveDecision.Of)],
        };
    }

    private static DateTimeOffset? Time(long? milliseconds) =>
        milliseconds is { } known ? DateTimeOffset.FromUnixTimeMilliseconds(known) : null;
}
