using System.Buffers;
using AutoGuard.CommandLine;
using AutoGuard.Kafka;
using AutoGuard.Simulation;
using AutoGuard.Simulation.Labels;
using AutoGuard.Simulation.Profiles;
using AutoGuard.Simulation.Transport;

namespace AutoGuard.Verbs;

/// <summary>Plays the demo's simulation into the events topic, faster than real time, in order of arrival.</summary>
internal sealed class DemoTraffic(TrafficSimulator simulator, KafkaEventProducer producer, double speed, TimeProvider time)
{
    private const int MostAhead = 2_000;
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(20);
    private long _arrival;

    /// <summary>The labels.</summary>
    public SimulationTruth Truth => simulator.Truth;

    /// <summary>Event time the play has come to, Unix milliseconds.</summary>
    public long Arrival => Volatile.Read(ref _arrival);

    /// <summary>
    /// Makes the demo's world so that it ends about now: events are a matter of the last hours, never of the future.
    /// </summary>
    public static TrafficSimulator World(ulong seed, TimeProvider time)
    {
        SimulationProfile profile = SimulationProfiles.Demo;
        DateTimeOffset now = time.GetUtcNow();
        DateTimeOffset start = now - profile.Duration - TimeSpan.FromHours(1);
        return new TrafficSimulator(profile with { Start = new DateTimeOffset(start.Ticks - (start.Ticks % TimeSpan.TicksPerMinute), TimeSpan.Zero) }, seed);
    }

    /// <summary>Plays until the world is over or the token is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        ArrayBufferWriter<byte> line = new(4096);
        long started = time.GetTimestamp();
        long first = simulator.Truth.From.ToUnixTimeMilliseconds();
        int sinceWait = 0;
        try
        {
            while (simulator.TryNext(line, out SimulatedLine written))
            {
                while (written.ArrivalTime - first > time.GetElapsedTime(started).TotalMilliseconds * speed)
                {
                    sinceWait = 0;
                    await Task.Delay(Step, time, cancellation);
                }
                producer.Produce(written.Key.Span, line.WrittenSpan, cancellation);
                line.ResetWrittenCount();
                Volatile.Write(ref _arrival, Math.Max(_arrival, written.ArrivalTime));
                if (++sinceWait % MostAhead == 0)
                {
                    await Task.Yield();
                    cancellation.ThrowIfCancellationRequested();
                }
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The demo's time is up.
        }
        producer.Flush(CancellationToken.None);
        if (producer.Failed > 0)
        {
            throw new VerbException($"{producer.Failed} simulated events were not taken by the broker: {producer.FirstError}");
        }
    }
}
