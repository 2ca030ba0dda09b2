using System.Buffers;
using System.Globalization;
using AutoGuard.Core.Configuration;
using AutoGuard.Core.Enrichment;
using AutoGuard.Core.Events;
using AutoGuard.Core.Pipeline;
using AutoGuard.Simulation;
using AutoGuard.Simulation.Profiles;

namespace AutoGuard.Benchmarks.Runs;

/// <summary>
/// Core per event: parsed events through <see cref="DetectionPipeline.Process"/>, ticks and all, against a loop that only
/// touches every event of the same batches. State is warm; what is measured is the steady flow, in
/// processor time.
/// </summary>
internal static class CoreRun
{
    private const int BatchSize = 2048;
    private const int BatchesPerPart = 128;
    private const int Pairs = 7;

    /// <summary>
    /// Event time of one pair, milliseconds: sessions that last are renewed each two minutes, and at which of their heartbeats goes with where they
    /// stand in the order. Parts of that time differ by as much as three to one for it, whole turns do not.
    /// </summary>
    private const double Cycle = 120_000;
    private const int SimulatedRuns = 7;

    /// <summary>Until sessions have shown their rhythm and the first that ended are forgotten, milliseconds of event time.</summary>
    public const double Settling = 720_000;

    /// <summary>A window of the default settings, milliseconds.</summary>
    public const double Window = 3 * 3_600_000.0;

    private static long _sink;
    private static readonly List<double> LongestBatches = [];

    public static void Run(ReadOnlySpan<string> parameters)
    {
        string which = parameters.IsEmpty ? "" : parameters[0];
        foreach (Popularity popularity in Enum.GetValues<Popularity>())
        {
            foreach (int tokens in (int[])[10_000, 1_000_000])
            {
                string name = string.Create(CultureInfo.InvariantCulture, $"{popularity}-{tokens / 1_000}k").ToLowerInvariant();
                if (which.Length == 0 || name == which)
                {
                    Steady(name, new SteadyTraffic(tokens, popularity), popularity == Popularity.Hostile ? TokenWorkflow.PerSession : TokenWorkflow.Auto);
                }
            }
        }
        if (which is "" or "simulated")
        {
            Simulated();
        }
    }

    private static void Steady(string name, SteadyTraffic traffic, TokenWorkflow workflow)
    {
        DetectionPipeline pipeline = MakePipeline(traffic.Strings, new ClaimsPool(), workflow);
        DetectionOutput output = new();
        EventBatch[] batches = [.. Enumerable.Range(0, BatchesPerPart).Select(_ => new EventBatch(BatchSize))];
        WarmWholeWindow(traffic, pipeline, output);
        PairedTimes times = new("ns");
        long allocated = 0;
        long measured = 0;
        int decisions = 0;
        LongestBatches.Clear();
        for (int i = 0; i < Pairs; i++)
        {
            double end = traffic.Elapsed + Cycle;
            long events = 0;
            (double work, double bare) = (0, 0);
            while (traffic.Elapsed < end)
            {
                (double part, double barePart, long bytes, int decided) = Part(traffic, pipeline, output, batches);
                work += part;
                bare += barePart;
                allocated += bytes;
                decisions += decided;
                events += BatchesPerPart * BatchSize;
            }
            times.Add(work * 1e9 / events, bare * 1e9 / events);
            measured += events;
        }
        Print(name, times, (double)allocated / measured, decisions);
    }

    /// <summary>Plays until every key holds all it ever will: most of a window with sessions that are heard seldom, its ends as usual.</summary>
    public static void WarmWholeWindow(SteadyTraffic traffic, DetectionPipeline pipeline, DetectionOutput output)
    {
        Play(traffic, pipeline, output, Settling);
        traffic.Slow(true);
        Play(traffic, pipeline, output, Window);
        traffic.Slow(false);
        Play(traffic, pipeline, output, Window + Settling);
    }

    /// <summary>Plays until so many milliseconds of event time have passed since the first event.</summary>
    public static void Play(SteadyTraffic traffic, DetectionPipeline pipeline, DetectionOutput output, double until)
    {
        EventBatch batch = new(BatchSize);
        while (traffic.Elapsed < until)
        {
            traffic.Fill(batch);
            pipeline.Process(batch, output);
            output.Clear();
        }
    }

    private static (double Work, double Bare, long Bytes, int Decisions) Part(
        SteadyTraffic traffic, DetectionPipeline pipeline, DetectionOutput output, EventBatch[] batches)
    {
        foreach (EventBatch batch in batches)
        {
            traffic.Fill(batch);
        }
        return Measure(pipeline, output, batches);
    }

    private static void Simulated()
    {
        KeyedHasher hasher = new(1, 2);
        StringPool strings = new(hasher);
        ClaimsPool claims = new();
        EventBatch[] batches = Parse(SimulationProfiles.Sized(5_000, 1), new EventParser(hasher, strings, claims));
        long events = batches.Sum(batch => (long)batch.Count);
        PairedTimes times = new("ns");
        long allocated = 0;
        int decisions = 0;
        LongestBatches.Clear();
        for (int i = 0; i < SimulatedRuns; i++)
        {
            DetectionPipeline pipeline = MakePipeline(strings, claims, TokenWorkflow.Auto);
            (double work, double bare, long bytes, decisions) = Measure(pipeline, new DetectionOutput(), batches);
            if (i > 0)
            {
                times.Add(work * 1e9 / events, bare * 1e9 / events);
                allocated += bytes;
            }
        }
        Print("simulated", times, (double)allocated / (events * (SimulatedRuns - 1)), decisions);
    }

    private static (double Work, double Bare, long Bytes, int Decisions) Measure(DetectionPipeline pipeline, DetectionOutput output, EventBatch[] batches)
    {
        double bare = PairedTimes.ProcessorSeconds(() =>
        {
            foreach (EventBatch batch in batches)
            {
                _sink += Touch(batch);
            }
        });
        int decisions = 0;
        double longest = 0;
        long before = GC.GetAllocatedBytesForCurrentThread();
        double work = PairedTimes.ProcessorSeconds(() =>
        {
            foreach (EventBatch batch in batches)
            {
                TimeSpan start = Environment.CpuUsage.TotalTime;
                pipeline.Process(batch, output);
                longest = Math.Max(longest, (Environment.CpuUsage.TotalTime - start).TotalMilliseconds);
                decisions += output.Decisions.Count;
                output.Clear();
            }
        });
        LongestBatches.Add(longest);
        return (work, bare, GC.GetAllocatedBytesForCurrentThread() - before, decisions);
    }

    private static long Touch(EventBatch batch)
    {
        long sum = 0;
        foreach (ref readonly PlaybackEvent e in batch.Events)
        {
            sum += e.Timestamp + (long)(e.Session.Low ^ e.Token.Low ^ e.Address.Low) + e.Offset;
        }
        return sum;
    }

    public static DetectionPipeline MakePipeline(StringPool strings, ClaimsPool claims, TokenWorkflow workflow)
    {
        PipelineSettings settings = new() { Detection = new DetectionOptions { TokenWorkflow = workflow }, Secret0 = 3, Secret1 = 4 };
        return new DetectionPipeline(settings, strings, claims, new ReferrerList(settings.Referrers, strings));
    }

    private static EventBatch[] Parse(SimulationProfile profile, EventParser parser)
    {
        TrafficSimulator simulator = new(profile, seed: 1);
        ArrayBufferWriter<byte> line = new();
        List<EventBatch> batches = [new EventBatch(BatchSize)];
        for (long number = 0; simulator.TryNext(line, out _); number++)
        {
            if (batches[^1].IsFull)
            {
                batches.Add(new EventBatch(BatchSize));
            }
            // Some lines are malformed on purpose; they never get as far as Core's detection.
            _ = parser.TryParse(line.WrittenSpan, batches[^1], 0, 0, number);
            line.ResetWrittenCount();
        }
        return [.. batches];
    }

    private static void Print(string name, PairedTimes times, double bytes, int decisions) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture, $"{name}: {times}; {bytes:0.0} bytes allocated per event, {decisions} decisions, longest batch {PairedTimes.Median(LongestBatches):0.0} ms"));
}
