using System.Buffers;
using System.Globalization;
using AutoGuard.CommandLine;
using AutoGuard.Kafka;
using AutoGuard.Live;
using AutoGuard.Simulation;
using AutoGuard.Simulation.Labels;
using AutoGuard.Simulation.Profiles;
using AutoGuard.Simulation.Transport;

namespace AutoGuard.Verbs;

/// <summary><c>simulate</c>: labelled synthetic traffic into a folder or into the configured topic.</summary>
internal static class SimulateVerb
{
    public static async Task<int> RunAsync(SimulateArguments arguments, VerbContext context, CancellationToken cancellation)
    {
        TrafficSimulator simulator = new(ProfileOf(arguments, TimeProvider.System), arguments.Seed);
        ShareProgress share = new();
        Task<TrafficCounts> job = Task.Factory.StartNew(
            () => arguments.Out is { } folder
                ? SimulationFolder.Write(simulator, folder, compress: false, share, cancellation)
                : Produce(simulator, context, share, cancellation),
            cancellation, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        TrafficCounts counts = await Terminal.Progress(TimeProvider.System).WhileAsync("Simulate", () => share.Reading, job);
        string where = arguments.Out is { } written
            ? $"{Path.Combine(written, "events.jsonl")}, truth.json, settings.json"
            : $"topic {context.Settings.Values.Kafka.EventsTopic} at {context.Settings.Values.Kafka.BootstrapServers}";
        FormattableString line =
            $"{counts.Lines:N0} lines, {simulator.Truth.Incidents.Length:N0} incidents, seed {arguments.Seed}: {where}";
        await context.Output.WriteLineAsync(line.ToString(CultureInfo.InvariantCulture));
        return ExitStatus.Done;
    }

    /// <summary>
    /// What is asked for. For Kafka the recording is moved so that it ends now: a worker that runs takes older events for
    /// late and later ones for malformed.
    /// </summary>
    internal static SimulationProfile ProfileOf(SimulateArguments arguments, TimeProvider time)
    {
        string name = arguments.Profile ?? "standard";
        if (!SimulationProfiles.TryMake(name, arguments.Viewers, arguments.Duration.TotalHours, out SimulationProfile? profile))
        {
            throw new VerbException($"There is no profile {name} of any size.", ExitStatus.Usage);
        }
        return arguments.ToKafka ? profile with { Start = WholeSecond(time.GetUtcNow() - profile.Duration) } : profile;
    }

    private static DateTimeOffset WholeSecond(DateTimeOffset instant) => new(instant.Ticks - (instant.Ticks % TimeSpan.TicksPerSecond), TimeSpan.Zero);

    private static TrafficCounts Produce(TrafficSimulator simulator, VerbContext context, ShareProgress share, CancellationToken cancellation)
    {
        KafkaOptions options = context.Settings.Values.Kafka;
        if (options.BootstrapServers.Length == 0)
        {
            throw new VerbException(
                "--to-kafka needs Kafka:BootstrapServers; for the embedded broker of a running worker give the address it printed, "
                + "such as --set Kafka:BootstrapServers=127.0.0.1:19092.", ExitStatus.Usage);
        }
        using KafkaEventProducer producer = new(new KafkaSettings(options, options.BootstrapServers, isEmbedded: false));
        ArrayBufferWriter<byte> line = new();
        SimulationTruth truth = simulator.Truth;
        double from = truth.From.ToUnixTimeMilliseconds();
        double length = (truth.To - truth.From).TotalMilliseconds;
        while (simulator.TryNext(line, out SimulatedLine written))
        {
            producer.Produce(written.Key.Span, line.WrittenSpan, cancellation);
            line.ResetWrittenCount();
            share.Report(Math.Clamp((written.ArrivalTime - from) / length, 0, 1));
        }
        producer.Flush(cancellation);
        return producer.Failed == 0
            ? simulator.Counts
            : throw new VerbException($"{producer.Failed} events were not taken by Kafka: {producer.FirstError}");
    }

    /// <summary>Progress as a share of the simulated time.</summary>
    private sealed class ShareProgress : IProgress<double>
    {
        private double _share;

        public ProgressReading Reading => new((long)(Volatile.Read(ref _share) * 1_000_000_000), 1_000_000_000, 0);

        public void Report(double value) => Volatile.Write(ref _share, value);
    }
}
