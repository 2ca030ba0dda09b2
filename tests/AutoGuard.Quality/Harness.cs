using System.Collections.Concurrent;
using System.Diagnostics;

namespace AutoGuard.Quality;

/// <summary>Judges all recordings, a few at a time, and prints and writes what came of them.</summary>
internal sealed class Harness(HarnessOptions options, TextWriter output, TextWriter error)
{
    public void Run()
    {
        long start = Stopwatch.GetTimestamp();
        ConcurrentDictionary<int, RecordingResult> results = [];
        ParallelOptions parallel = new() { MaxDegreeOfParallelism = options.Parallel };
        Parallel.ForEach(Enumerable.Range(0, options.Recordings.Count), parallel, i =>
        {
            RecordingResult result = new RecordingRun(options.Recordings[i], options).Run(measureMemory: options.Parallel == 1 && !options.Tune);
            results[i] = options.Probe && result.Missed.Count > 0 ? Probed(result) : result;
            lock (error)
            {
                error.WriteLine(FormattableString.Invariant($"{result.Recording}: {result.Events:N0} events in {result.WallSeconds:0.0} s"));
            }
        });
        Report report = new([.. results.OrderBy(pair => pair.Key).Select(pair => pair.Value)], options);
        output.Write(options.Tune ? report.Summary() : report.Markdown());
        error.WriteLine(FormattableString.Invariant(
            $"{options.Recordings.Count} recordings in {Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s, at most {Process.GetCurrentProcess().PeakWorkingSet64 >> 20} MiB"));
        foreach (string path in options.Outputs)
        {
            if (path.EndsWith(".json", StringComparison.OrdinalIgnoreCase))
            {
                File.WriteAllBytes(path, report.Json());
            }
            else
            {
                File.WriteAllText(path, report.Markdown());
            }
        }
    }

    private RecordingResult Probed(RecordingResult result)
    {
        IReadOnlyDictionary<string, (double Score, string Text)> best = new RecordingRun(result.Recording, options, probing: true).Probe();
        return result with
        {
            Missed = [.. result.Missed.Select(m => best.TryGetValue(m.Incident.Id, out (double Score, string Text) found)
                ? m with { BestScore = found.Score, Best = found.Text }
                : m)],
        };
    }
}
