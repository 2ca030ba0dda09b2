using System.Buffers;
using System.IO.Compression;
using AutoGuard.Simulation.Labels;

namespace AutoGuard.Simulation;

/// <summary>Writes simulations to files.</summary>
public static class SimulationFolder
{
    private const int FlushAt = 128 * 1024;
    private const string EventsName = "events.jsonl";
    private const string TruthName = "truth.json";
    private const string SettingsName = "settings.json";

    /// <summary>The names of the files that are written when the events are not compressed.</summary>
    public static IReadOnlyList<string> Names { get; } = [EventsName, TruthName, SettingsName];

    /// <summary>
    /// Writes <c>events.jsonl</c> (or <c>events.jsonl.gz</c>), <c>truth.json</c> and <c>settings.json</c> into a folder,
    /// which is made if need be; what was there is replaced when all of it is written. <paramref name="progress"/> hears the share written, 0 to 1, by event time.
    /// </summary>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public static TrafficCounts Write(
        TrafficSimulator simulator, string directory, bool compress, IProgress<double>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(simulator);
        Directory.CreateDirectory(directory);
        string[] names = [compress ? "events.jsonl.gz" : EventsName, TruthName, SettingsName];
        try
        {
            using (FileStream file = File.Create(Unfinished(directory, names[0])))
            {
                if (compress)
                {
                    using GZipStream zip = new(file, CompressionLevel.Optimal);
                    WriteEvents(simulator, zip, progress, cancellationToken);
                }
                else
                {
                    WriteEvents(simulator, file, progress, cancellationToken);
                }
            }

            File.WriteAllBytes(Unfinished(directory, TruthName), SimulationJson.Write(simulator.Truth));
            File.WriteAllBytes(Unfinished(directory, SettingsName), SimulationJson.WriteSettings(simulator.Truth));
            foreach (string name in names)
            {
                File.Move(Unfinished(directory, name), Path.Combine(directory, name), overwrite: true);
            }
        }
        finally
        {
            foreach (string name in names)
            {
                File.Delete(Unfinished(directory, name));
            }
        }

        return simulator.Counts;
    }

    private static string Unfinished(string directory, string name) => Path.Combine(directory, $".{name}.tmp");

    /// <summary>Writes all lines that are left, each with its line end, to a stream.</summary>
    public static void WriteEvents(
        TrafficSimulator simulator, Stream output, IProgress<double>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(simulator);
        ArgumentNullException.ThrowIfNull(output);
        ArrayBufferWriter<byte> buffer = new(FlushAt + (16 * 1024));
        bool carriageReturns = simulator.Profile.Transport.CarriageReturns;
        double from = simulator.Truth.From.ToUnixTimeMilliseconds();
        double length = simulator.Profile.Duration.TotalMilliseconds;
        while (simulator.TryNext(buffer, out var line))
        {
            buffer.Write(carriageReturns ? "\r\n"u8 : "\n"u8);
            if (buffer.WrittenCount >= FlushAt)
            {
                cancellationToken.ThrowIfCancellationRequested();
                output.Write(buffer.WrittenSpan);
                buffer.ResetWrittenCount();
                progress?.Report(Math.Clamp((line.ArrivalTime - from) / length, 0, 1));
            }
        }

        output.Write(buffer.WrittenSpan);
        progress?.Report(1);
    }
}
