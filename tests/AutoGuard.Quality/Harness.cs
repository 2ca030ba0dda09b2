using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;

namespace AutoGuard.Quality;

/// <summary>Judges all recordings, a few at a time, and prints and writes what came of them.</summary>
internal sealed class Harness(HarnessOptions options, TextWriter output, TextWriter error)
{
    public Results Run()
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
        Results all = new([.. results.OrderBy(pair => pair.Key).Select(pair => pair.Value)], options.Sets);
        output.Write(options.Tune ? Report.Summary(all) : Report.Markdown(all));
        error.WriteLine(FormattableString.Invariant(
            $"{options.Recordings.Count} recordings in {Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s, at most {Process.GetCurrentProcess().PeakWorkingSet64 >> 20} MiB"));
        foreach (string path in options.Outputs)
        {
            File.WriteAllBytes(path, path.EndsWith(".json", StringComparison.OrdinalIgnoreCase) ? all.ToJson() : Encoding.UTF8.GetBytes(Report.Markdown(all)));
        }
        return all;
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
