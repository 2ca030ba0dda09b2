using AutoGuard.CommandLine;
using AutoGuard.Configuration;
using AutoGuard.Core.Policy;
using AutoGuard.Core.Reporting;
using AutoGuard.Guardian.Storage;
using AutoGuard.Kafka;
using AutoGuard.Live;
using AutoGuard.Reports;
using AutoGuard.Simulation.Labels;
using AutoGuard.Simulation.Profiles;
using AutoGuard.Worker;

namespace AutoGuard.Verbs;

/// <summary>
/// <c>demo</c>: the whole service on its embedded servers, with simulated viewers and attackers produced to the topic, a
/// live view, and a report at the end.
/// </summary>
internal static class DemoVerb
{
    private const ulong Seed = 7;

    /// <summary>What a demo sets otherwise than the configuration: it enforces, and keeps its data apart.</summary>
    public static IReadOnlyList<string> Presets { get; } =
    [
        "Policy:Mode=Enforce",
        "DataDirectory=data/demo",
        "Web:Address=http://127.0.0.1:0",
        .. Overlay(),
    ];

    public static async Task<int> RunAsync(DemoArguments arguments, VerbContext context, CancellationToken cancellation)
    {
        TimeProvider time = TimeProvider.System;
        long started = time.GetTimestamp();
        DateTimeOffset startedAt = time.GetUtcNow();
        using DemoTurn turn = DemoTurn.Take(context.Settings.Values.DataDirectory);
        using LogFile log = LogFile.Open(context.Settings, "demo.log", always: true);
        DemoSummary summary;
        await using (WorkerHost host = await WorkerHost.StartAsync(context.Settings, WorkerLogging.To(context.Settings, log.Writer), time, cancellation, anew: true))
        {
            RunVerb.Announce(host, context);
            turn.Announce(host.WebAddress);
            using KafkaEventProducer producer = new(host.Kafka);
            DemoTraffic traffic = new(DemoTraffic.World(Seed, time), producer, SimulationProfiles.Demo.SuggestedSpeed, time);
            using CancellationTokenSource playing = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            if (arguments.For is { } length)
            {
                playing.CancelAfter(length - time.GetElapsedTime(started) > TimeSpan.Zero ? length - time.GetElapsedTime(started) : TimeSpan.Zero);
            }
            LiveFigures live = new("demo", host, context.Settings.Values.Policy.Mode, started, time);
            ILiveView view = Terminal.LiveView(time);
            using CancellationTokenSource viewing = new();
            Task showing = view.RunAsync(live.Read, viewing.Token);
            Task play = traffic.RunAsync(playing.Token);
            await Task.WhenAny(play, host.Ended);
            await playing.CancelAsync();
            await play;
            await UntilQuietAsync(host, producer, time);
            await viewing.CancelAsync();
            await showing;
            summary = await ConcludeAsync(host, traffic, context.Settings, started, startedAt, time);
            view.Conclude(summary);
        }
        return ExitStatus.Done;
    }

    /// <summary>Waits, for a few seconds at most, until what was produced has been decided and stored.</summary>
    private static async Task UntilQuietAsync(WorkerHost host, KafkaEventProducer producer, TimeProvider time)
    {
        long since = time.GetTimestamp();
        while (time.GetElapsedTime(since) < TimeSpan.FromSeconds(5) && !host.Ended.IsCompleted)
        {
            bool read = host.Figures.Source.Consumed >= producer.Delivered;
            if (read && host.Figures.Stored == host.Figures.Worker.DecisionCount)
            {
                return;
            }
            await Task.Delay(TimeSpan.FromMilliseconds(50), time);
        }
    }

    private static async Task<DemoSummary> ConcludeAsync(
        WorkerHost host, DemoTraffic traffic, EffectiveSettings settings, long started, DateTimeOffset startedAt, TimeProvider time)
    {
        DateTimeOffset from = traffic.Truth.From;
        DateTimeOffset to = DateTimeOffset.FromUnixTimeMilliseconds(Math.Max(traffic.Arrival, from.ToUnixTimeMilliseconds())).AddMinutes(1);
        FlaggedReport report = await host.Reports.ReadAsync(from, to, CancellationToken.None);
        report = report with { Events = host.Figures.Worker.Counters.Accepted, Sessions = host.Figures.Worker.TotalSessions };
        string folder = Path.Combine(settings.Values.DataDirectory, "reports");
        Directory.CreateDirectory(folder);
        string path = Path.Combine(folder, $"demo-{startedAt.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", System.Globalization.CultureInfo.InvariantCulture)}.html");
        await FlaggedReports.WriteAsync(report, path, CancellationToken.None);

        // Incidents that have been going on for as long as the lateness and a minute: younger ones cannot be known yet.
        DateTimeOffset known = to.AddMinutes(-2) - settings.Values.Detection.AllowedLateness;
        SimulationTruth begun = traffic.Truth with { Incidents = [.. traffic.Truth.Incidents.Where(incident => incident.Start < known)] };
        IEnumerable<JudgedDecision> decisions = report.Subjects.SelectMany(subject => subject.Decisions).Select(JudgedDecision.Of);
        EvaluationResult result = Evaluation.Judge(decisions, begun);
        DetectionWorker worker = host.Figures.Worker;
        return new DemoSummary
        {
            Events = worker.Counters.Accepted,
            Sessions = worker.TotalSessions,
            Flagged = worker.Counters.Flags,
            Blocked = worker.Counters.Blocks,
            Revoked = worker.Counters.Revocations,
            IncidentsCaught = result.Flags.Caught,
            IncidentsKnown = result.Flags.Incidents,
            Malformed = host.Figures.Malformed,
            ReportPath = path,
            StartUp = worker.FirstEventAt == 0 ? TimeSpan.Zero : time.GetElapsedTime(started, worker.FirstEventAt),
            Running = time.GetElapsedTime(started),
        };
    }

    /// <summary>The official pages and the allowlist that the simulated platform's operator would have configured.</summary>
    private static IEnumerable<string> Overlay()
    {
        SimulationTruth truth = new Simulation.TrafficSimulator(SimulationProfiles.Demo, Seed).Truth;
        for (int i = 0; i < truth.OfficialReferrers.Length; i++)
        {
            yield return $"Referrers:Official:{i}={truth.OfficialReferrers[i]}";
        }
        foreach (IGrouping<SubjectType, AllowedSubject> group in truth.Allowlist.GroupBy(allowed => allowed.Subject.Type))
        {
            string list = group.Key switch
            {
                SubjectType.Token => "Tokens",
                SubjectType.Referrer => "Referrers",
                _ => "Addresses",
            };
            int i = 0;
            foreach (AllowedSubject allowed in group)
            {
                yield return $"Allowlist:{list}:{i}:Value={allowed.Subject.Value}";
                yield return $"Allowlist:{list}:{i}:Reason={allowed.Reason}";
                i++;
            }
        }
    }
}
