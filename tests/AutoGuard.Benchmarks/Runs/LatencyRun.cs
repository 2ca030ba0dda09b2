using System.Collections;
using System.Collections.Concurrent;
using System.Globalization;
using AutoGuard.Configuration;
using AutoGuard.Core.Pipeline;
using AutoGuard.Guardian.Rules;
using AutoGuard.Worker;
using Npgsql;

namespace AutoGuard.Benchmarks.Runs;

/// <summary>
/// From the event that completes the evidence to the decision in the log and to the rule in the matcher, with the whole worker in
/// this process and the producer in another, in real time. Detection waits on purpose: a tick is judged when event time has
/// passed it by the allowed lateness and one slot of the reorder buffer. What is measured begins where that wait ends, at the
/// event time of the event that lets the tick be judged; the wait is printed beside it.
/// </summary>
internal static class LatencyRun
{
    private const int Segments = 5;
    private const int SegmentSeconds = 25;
    private static readonly TimeSpan LookAtRules = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan LookAtLog = TimeSpan.FromMilliseconds(3);

    public static async Task RunAsync()
    {
        string folder = Directory.CreateTempSubdirectory("ag-latency-").FullName;
        EffectiveSettings settings = SettingsLoader.Load(
            [], [$"DataDirectory={folder}", "Web:Address=http://127.0.0.1:0", "Policy:Mode=Enforce"], new Hashtable(), rules: Verbs.Probes.FurtherRules);
        await using WorkerHost host = await WorkerHost.StartAsync(settings, _ => { }, TimeProvider.System, CancellationToken.None);
        int seconds = LatencyTraffic.WarmUpSeconds + 40 + (Segments * SegmentSeconds);
        using ChildBenchmark traffic = new("traffic", host.Kafka.BootstrapServers, seconds.ToString(CultureInfo.InvariantCulture));
        long begun = long.Parse(await traffic.LineAsync(), CultureInfo.InvariantCulture);
        using CancellationTokenSource ended = new();
        ConcurrentDictionary<string, long> denied = new(StringComparer.Ordinal);
        Task<List<Row>> rows = Task.Run(() => WatchLogAsync(host.Services.GetRequiredService<NpgsqlDataSource>(), ended.Token));
        Task rules = Task.Run(() => WatchRulesAsync(host.Services.GetRequiredService<RuleMatcher>(), denied, begun, ended.Token));
        string sent = await traffic.LineAsync();
        await ended.CancelAsync();
        await rules;
        Console.WriteLine($"{sent} events in {seconds} s, {host.Figures.Source.Consumed} read, lag {host.Figures.Lag}, paused {host.Figures.Source.Pauses} times, {host.Figures.Worker.OpenSessions} sessions open");
        // A tick is judged once the slot of the reorder buffer that begins with it is complete.
        Print(await rows, denied, begun, settings.Values.Detection.AllowedLateness.TotalMilliseconds + ReorderBuffer.SlotLength);
    }

    private static async Task<List<Row>> WatchLogAsync(NpgsqlDataSource database, CancellationToken ended)
    {
        List<Row> rows = [];
        long last = 0;
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(CancellationToken.None);
        await using NpgsqlCommand command = new("select seq, subject_value, action, mode, time from decisions where seq > $1 order by seq", connection);
        NpgsqlParameter<long> after = new();
        command.Parameters.Add(after);
        await command.PrepareAsync(CancellationToken.None);
        while (!ended.IsCancellationRequested)
        {
            after.TypedValue = last;
            await using (NpgsqlDataReader reader = await command.ExecuteReaderAsync(CancellationToken.None))
            {
                long now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
                while (await reader.ReadAsync(CancellationToken.None))
                {
                    last = reader.GetInt64(0);
                    rows.Add(new Row(reader.GetString(1), reader.GetString(2), new DateTimeOffset(reader.GetDateTime(4), TimeSpan.Zero).ToUnixTimeMilliseconds(), now));
                }
            }
            await Task.Delay(LookAtLog, CancellationToken.None);
        }
        return rows;
    }

    private static async Task WatchRulesAsync(RuleMatcher matcher, ConcurrentDictionary<string, long> denied, long begun, CancellationToken ended)
    {
        List<string> waiting = [];
        int next = 0;
        while (!ended.IsCancellationRequested)
        {
            DateTimeOffset now = TimeProvider.System.GetUtcNow();
            for (; begun + (LatencyTraffic.Begins(next) * 1000) < now.ToUnixTimeMilliseconds(); next++)
            {
                waiting.Add(LatencyTraffic.Token(next));
            }
            waiting.RemoveAll(token => !matcher.Check(null, token, null, null, now).Allowed && denied.TryAdd(token, now.ToUnixTimeMilliseconds()));
            await Task.Delay(LookAtRules, CancellationToken.None);
        }
    }

    private static void Print(List<Row> rows, ConcurrentDictionary<string, long> denied, long begun, double wait)
    {
        long from = begun + ((LatencyTraffic.WarmUpSeconds + 40) * 1000L);
        List<Row> measured = [.. rows.Where(row => row.Seen >= from)];
        Console.WriteLine($"{measured.Count} decisions: {string.Join(", ", measured.GroupBy(row => row.Action).Select(group => $"{group.Count()} {group.Key}"))}");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"allowed lateness and reordering, not counted below: {wait:0} ms"));
        Print("event to decision in the log", [.. measured.Select(row => (row.Seen, row.Seen - row.Tick - wait))], from);
        Print("event to rule in the matcher", [.. measured.Where(row => row.Action != "flag" && denied.ContainsKey(row.Subject))
            .GroupBy(row => row.Subject).Select(group => group.First())
            .Select(row => (row.Seen, denied[row.Subject] - row.Tick - wait))], from);
        Print("for comparison: incident's first event to its first decision, all waits included", [.. measured.GroupBy(row => row.Subject)
            .Where(group => group.Key.StartsWith("shared-", StringComparison.Ordinal)).Select(group => group.First())
            .Where(row => rows.First(first => first.Subject == row.Subject) == row)
            .Select(row => (row.Seen, row.Seen - begun - (LatencyTraffic.Begins(int.Parse(row.Subject.AsSpan(7), CultureInfo.InvariantCulture)) * 1000)))], from);
    }

    private static void Print(string what, List<(long Seen, double Milliseconds)> all, long from)
    {
        double[][] segments = [.. all.GroupBy(one => Math.Min((one.Seen - from) / (SegmentSeconds * 1000), Segments - 1)).Select(group => group.Select(one => one.Milliseconds).Order().ToArray())];
        if (segments.Length == 0)
        {
            Console.WriteLine($"{what}: nothing was seen");
            return;
        }
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{what}: p50 {PairedTimes.Median(segments.Select(s => At(s, 0.50))):0} ms, p99 {PairedTimes.Median(segments.Select(s => At(s, 0.99))):0} ms (medians of {segments.Length} stretches; {all.Count} values, least {all.Min(one => one.Milliseconds):0}, most {all.Max(one => one.Milliseconds):0})"));
    }

    private static double At(double[] sorted, double share) => sorted[Math.Min(sorted.Length - 1, (int)(share * sorted.Length))];

    private sealed record Row(string Subject, string Action, long Tick, long Seen);
}
