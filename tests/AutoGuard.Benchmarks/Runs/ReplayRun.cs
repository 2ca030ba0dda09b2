using System.Collections;
using System.Globalization;
using AutoGuard.Configuration;
using AutoGuard.Core.Events;
using AutoGuard.Replay;
using AutoGuard.Simulation;
using AutoGuard.Simulation.Profiles;

namespace AutoGuard.Benchmarks.Runs;

/// <summary>
/// A whole replay, from the file to the last decision on two threads, against one thread that reads and parses the same
/// file into the same struct and does nothing with it.
/// </summary>
internal static class ReplayRun
{
    private const int Pairs = 7;

    public static async Task RunAsync(string? path)
    {
        string? made = null;
        if (path is null)
        {
            // A little more than five million events, 2.1 GB.
            made = Directory.CreateTempSubdirectory("autoguard-benchmark-").FullName;
            path = Path.Combine(made, "events.jsonl");
            using FileStream file = File.Create(path);
            SimulationFolder.WriteEvents(new TrafficSimulator(SimulationProfiles.Sized(30_000, 4), seed: 1), file);
        }
        try
        {
            await MeasureAsync(path);
        }
        finally
        {
            if (made is not null)
            {
                Directory.Delete(made, recursive: true);
            }
        }
    }

    private static async Task MeasureAsync(string path)
    {
        EffectiveSettings settings = SettingsLoader.Load([], [], new Hashtable());
        PairedTimes times = new("s");
        PairedTimes processor = new("s");
        ReplaySummary? summary = null;
        for (int i = 0; i <= Pairs; i++)
        {
            long lines = 0;
            double bare = 0;
            double bareProcessor = PairedTimes.ProcessorSeconds(() => bare = PairedTimes.Seconds(() => lines = ReadOnly(path)));
            TimeSpan start = Environment.CpuUsage.TotalTime;
            using ReplayRunner runner = new(settings, [path], TextWriter.Null);
            summary = await runner.RunAsync(null, TimeProvider.System, CancellationToken.None);
            if (summary.Events != lines)
            {
                throw new InvalidOperationException("The bare loop and the replay saw different files.");
            }
            if (i > 0)
            {
                times.Add(summary.WallSeconds, bare);
                processor.Add((Environment.CpuUsage.TotalTime - start).TotalSeconds, bareProcessor);
            }
        }
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"replay of {summary!.Events:N0} events: {times}; {summary.Events / times.Work:N0} events/s, {summary.Flags + summary.Blocks + summary.Revocations} decisions"));
        Console.WriteLine($"  processor time of both threads: {processor}");
    }

    private static long ReadOnly(string path)
    {
        using EventFile file = EventFile.Open(path);
        using JsonLinesReader lines = new(file.Lines);
        KeyedHasher hasher = new(1, 2);
        EventParser parser = new(hasher, new StringPool(hasher), new ClaimsPool());
        EventBatch batch = new(2048);
        long count = 0;
        while (lines.Read())
        {
            count++;
            if (batch.IsFull)
            {
                batch.Clear();
            }
            _ = parser.TryParse(lines.Line, batch, 0, 0, lines.LineNumber);
        }
        return count;
    }
}
