using System.Text.Json;
using AutoGuard.Core.Events;
using AutoGuard.Reports;
using AutoGuard.Simulation.Labels;

namespace AutoGuard.Replay;

/// <summary>What a replay came to: the object of <c>--summary</c>.</summary>
internal sealed record ReplaySummary
{
    public required long Events { get; init; }

    public required long Accepted { get; init; }

    public required IReadOnlyList<(EventRejection Reason, long Count)> Malformed { get; init; }

    public required long Late { get; init; }

    public required long Duplicates { get; init; }

    public required long Sessions { get; init; }

    public required long Tokens { get; init; }

    public required long Addresses { get; init; }

    /// <summary>Unix milliseconds; null without events.</summary>
    public required long? EventTimeFrom { get; init; }

    public required long? EventTimeTo { get; init; }

    public required double WallSeconds { get; init; }

    public required long PeakMemoryBytes { get; init; }

    public required long Flags { get; init; }

    public required long Blocks { get; init; }

    public required long Revocations { get; init; }

    /// <summary>How good the decisions were; null when the truth is not known.</summary>
    public EvaluationResult? Evaluation { get; init; }

    public double EventsPerSecond => WallSeconds > 0 ? Math.Round(Events / WallSeconds) : 0;

    /// <summary>The name of a reason in JSON: camel case.</summary>
    public static string Name(EventRejection reason)
    {
        string name = reason.ToString();
        return char.ToLowerInvariant(name[0]) + name[1..];
    }

    public Task WriteAsync(string path, CancellationToken cancellation) => AtomicFile.WriteAsync(path, WriteAsync, cancellation);

    private async Task WriteAsync(Stream file, CancellationToken cancellation)
    {
        await using Utf8JsonWriter writer = new(file, new JsonWriterOptions { Indented = true });
        writer.WriteStartObject();
        writer.WriteNumber("events", Events);
        writer.WriteNumber("accepted", Accepted);
        writer.WriteStartObject("malformed");
        foreach ((EventRejection reason, long count) in Malformed)
        {
            writer.WriteNumber(Name(reason), count);
        }
        writer.WriteEndObject();
        writer.WriteNumber("late", Late);
        writer.WriteNumber("duplicates", Duplicates);
        writer.WriteNumber("sessions", Sessions);
        writer.WriteNumber("tokens", Tokens);
        writer.WriteNumber("addresses", Addresses);
        WriteTime(writer, "eventTimeFrom", EventTimeFrom);
        WriteTime(writer, "eventTimeTo", EventTimeTo);
        writer.WriteNumber("wallSeconds", Math.Round(WallSeconds, 3));
        writer.WriteNumber("eventsPerSecond", EventsPerSecond);
        writer.WriteNumber("peakMemoryBytes", PeakMemoryBytes);
        writer.WriteStartObject("decisions");
        writer.WriteNumber("flag", Flags);
        writer.WriteNumber("block", Blocks);
        writer.WriteNumber("revoke", Revocations);
        writer.WriteEndObject();
        if (Evaluation is { } evaluation)
        {
            writer.WritePropertyName("evaluation");
            EvaluationJson.Write(writer, evaluation);
        }
        writer.WriteEndObject();
        await writer.FlushAsync(cancellation);
    }

    private static void WriteTime(Utf8JsonWriter writer, string name, long? time)
    {
        if (time is { } milliseconds)
        {
            writer.WriteString(name, EventTimeText.Of(milliseconds));
        }
        else
        {
            writer.WriteNull(name);
        }
    }
}
