using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using AutoGuard.Core.Policy;
using AutoGuard.Simulation.Profiles;

namespace AutoGuard.Simulation.Labels;

/// <summary>Profiles, truths and settings as JSON.</summary>
public static class SimulationJson
{
    /// <summary>Reads a truth file.</summary>
    /// <exception cref="JsonException">It is none, or of another version.</exception>
    public static SimulationTruth ReadTruth(ReadOnlySpan<byte> utf8)
    {
        SimulationTruth truth = JsonSerializer.Deserialize(utf8, SimulationJsonContext.Default.SimulationTruth) ?? throw new JsonException("The truth is null.");
        return truth.Version == SimulationTruth.CurrentVersion
            ? truth
            : throw new JsonException($"The truth is of version {truth.Version}; this program knows version {SimulationTruth.CurrentVersion}.");
    }

    /// <summary>Writes a truth file, indented, ending in a line feed.</summary>
    public static byte[] Write(SimulationTruth truth) =>
        [.. JsonSerializer.SerializeToUtf8Bytes(truth, SimulationJsonContext.Default.SimulationTruth), (byte)'\n'];

    /// <summary>Reads a profile; unknown keys are errors.</summary>
    /// <exception cref="JsonException">It is none.</exception>
    public static SimulationProfile ReadProfile(ReadOnlySpan<byte> utf8) =>
        JsonSerializer.Deserialize(utf8, SimulationJsonContext.Default.SimulationProfile) ?? throw new JsonException("The profile is null.");

    /// <summary>Writes a profile, indented, ending in a line feed.</summary>
    public static byte[] Write(SimulationProfile profile) =>
        [.. JsonSerializer.SerializeToUtf8Bytes(profile, SimulationJsonContext.Default.SimulationProfile), (byte)'\n'];

    /// <summary>The configuration overlay that the scenario's operator would have: official referrers and allowlist.</summary>
    public static byte[] WriteSettings(SimulationTruth truth)
    {
        ArgumentNullException.ThrowIfNull(truth);
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
        {
            json.WriteStartObject();
            json.WriteStartObject("Referrers");
            json.WriteStartArray("Official");
            foreach (string host in truth.OfficialReferrers)
            {
                json.WriteStringValue(host);
            }

            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteStartObject("Allowlist");
            WriteEntries(json, "Addresses", truth, SubjectType.Ip);
            WriteEntries(json, "Tokens", truth, SubjectType.Token);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        stream.WriteByte((byte)'\n');
        return stream.ToArray();
    }

    private static void WriteEntries(Utf8JsonWriter json, string name, SimulationTruth truth, SubjectType type)
    {
        json.WriteStartArray(name);
        foreach (AllowedSubject entry in truth.Allowlist.Where(a => a.Subject.Type == type))
        {
            json.WriteStartObject();
            json.WriteString("Value", entry.Subject.Value);
            json.WriteString("Reason", entry.Reason);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    WriteIndented = true,
    NewLine = "\n",
    Converters = [typeof(SubjectJsonConverter), typeof(UtcJsonConverter), typeof(AttackKindConverter), typeof(DifficultyConverter), typeof(ExpectedActionConverter), typeof(HonestKindConverter), typeof(ClientMixConverter)])]
[JsonSerializable(typeof(SimulationTruth))]
[JsonSerializable(typeof(SimulationProfile))]
internal sealed partial class SimulationJsonContext : JsonSerializerContext;

internal sealed class AttackKindConverter() : JsonStringEnumConverter<AttackKind>(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false);

internal sealed class DifficultyConverter() : JsonStringEnumConverter<Difficulty>(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false);

internal sealed class ExpectedActionConverter() : JsonStringEnumConverter<ExpectedAction>(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false);

internal sealed class HonestKindConverter() : JsonStringEnumConverter<HonestKind>(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false);

internal sealed class ClientMixConverter() : JsonStringEnumConverter<ClientMix>(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false);

/// <summary>Instants as in the events: UTC, to the millisecond.</summary>
internal sealed class UtcJsonConverter : JsonConverter<DateTimeOffset>
{
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetDateTimeOffset().ToUniversalTime();

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToUniversalTime().ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture));
}

/// <summary>A subject as in decisions: <c>{"type":"ip","value":"…"}</c>.</summary>
internal sealed class SubjectJsonConverter : JsonConverter<Subject>
{
    public override Subject Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        string? type = null;
        string? value = null;
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException("A subject is an object with type and value.");
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string? name = reader.GetString();
            reader.Read();
            string? text = reader.GetString();
            (type, value) = name switch
            {
                "type" => (text, value),
                "value" => (type, text),
                _ => throw new JsonException($"A subject has no '{name}'."),
            };
        }

        SubjectType kind = type switch
        {
            "token" => SubjectType.Token,
            "ip" => SubjectType.Ip,
            "cidr" => SubjectType.Cidr,
            "referrer" => SubjectType.Referrer,
            _ => throw new JsonException($"A subject's type is token, ip, cidr or referrer, not '{type}'."),
        };
        return new Subject(kind, value ?? throw new JsonException("A subject has a value."));
    }

    public override void Write(Utf8JsonWriter writer, Subject value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        writer.WriteString("type"u8, value.TypeName);
        writer.WriteString("value"u8, value.Value);
        writer.WriteEndObject();
    }
}
