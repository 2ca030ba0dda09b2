using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using AutoGuard.Core.Events;

namespace AutoGuard.Core.Policy;

/// <summary>
/// The one writer and reader of decisions as JSON: for files, Kafka, the store and the reports. Equal decisions give equal
/// bytes: fixed key order, no white space, times in UTC with milliseconds, numbers with at most six decimals, everything
/// outside plain ASCII escaped, so that the text is also safe inside HTML.
/// </summary>
public static class DecisionJson
{
    private const int Decimals = 6;

    // From here on a double has no six decimals to round, and F6 would only print digits it does not hold.
    private const double LargestPlain = 1e15;

    /// <summary>Writes one decision as an object; the caller owns the writer and adds line ends.</summary>
    /// <exception cref="ArgumentException">A number is not finite.</exception>
    public static void Write(Utf8JsonWriter writer, Decision decision)
    {
        ArgumentNullException.ThrowIfNull(writer);
        ArgumentNullException.ThrowIfNull(decision);
        writer.WriteStartObject();
        writer.WriteString("id"u8, decision.Id);
        WriteTime(writer, "time"u8, decision.Time);
        writer.WriteString("action"u8, DecisionNames.Of(decision.Action));
        writer.WriteString("mode"u8, DecisionNames.Of(decision.Mode));
        writer.WritePropertyName("subject"u8);
        WriteSubject(writer, decision.Subject);
        writer.WriteString("organization"u8, decision.Organization);
        WriteNumber(writer, "score"u8, decision.Score);
        writer.WritePropertyName("reasons"u8);
        WriteReasons(writer, decision.Reasons);
        writer.WritePropertyName("harm"u8);
        WriteHarm(writer, decision.Harm);
        if (decision.Expires is long expires)
        {
            WriteTime(writer, "expires"u8, expires);
        }
        else
        {
            writer.WriteNull("expires"u8);
        }
        if (decision.Follows is { } follows)
        {
            writer.WriteString("follows"u8, follows);
        }
        if (!decision.Except.IsDefaultOrEmpty)
        {
            writer.WritePropertyName("except"u8);
            WriteNetworks(writer, decision.Except);
        }
        writer.WriteString("policy"u8, decision.Policy);
        writer.WriteStartObject("source"u8);
        writer.WriteString("topic"u8, decision.Source.Topic);
        writer.WriteNumber("partition"u8, decision.Source.Partition);
        writer.WriteNumber("offset"u8, decision.Source.Offset);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    /// <summary>Writes one decision as an object into a buffer.</summary>
    public static void Write(IBufferWriter<byte> output, Decision decision)
    {
        using var writer = new Utf8JsonWriter(output);
        Write(writer, decision);
    }

    /// <summary>The decision's JSON as UTF-8.</summary>
    public static byte[] ToUtf8(Decision decision)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        Write(buffer, decision);
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Writes the array of reasons.</summary>
    public static void WriteReasons(Utf8JsonWriter writer, ImmutableArray<DecisionReason> reasons)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.WriteStartArray();
        foreach (DecisionReason reason in reasons.IsDefault ? [] : reasons)
        {
            writer.WriteStartObject();
            writer.WriteString("indicator"u8, reason.Indicator);
            WriteNumber(writer, "grade"u8, reason.Grade);
            WriteNumber(writer, "value"u8, reason.Value);
            WriteNumber(writer, "threshold"u8, reason.Threshold);
            WriteNumber(writer, "contribution"u8, reason.Contribution);
            writer.WriteString("text"u8, reason.Text);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
    }

    /// <summary>Writes a subject as an object.</summary>
    public static void WriteSubject(Utf8JsonWriter writer, Subject subject)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.WriteStartObject();
        writer.WriteString("type"u8, subject.TypeName);
        writer.WriteString("value"u8, subject.Value);
        writer.WriteEndObject();
    }

    /// <summary>Writes the harm preview.</summary>
    public static void WriteHarm(Utf8JsonWriter writer, HarmPreview harm)
    {
        ArgumentNullException.ThrowIfNull(writer);
        ArgumentNullException.ThrowIfNull(harm);
        writer.WriteStartObject();
        writer.WriteNumber("otherTokens"u8, harm.OtherTokens);
        writer.WriteNumber("otherUsers"u8, harm.OtherUsers);
        writer.WriteNumber("otherSessions"u8, harm.OtherSessions);
        writer.WriteEndObject();
    }

    /// <summary>Writes networks as an array of texts.</summary>
    public static void WriteNetworks(Utf8JsonWriter writer, ImmutableArray<IpNetwork> networks)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.WriteStartArray();
        foreach (IpNetwork network in networks)
        {
            writer.WriteStringValue(network.ToString());
        }
        writer.WriteEndArray();
    }

    /// <summary>Reads one decision; fields that are not known are ignored.</summary>
    /// <exception cref="JsonException">The text is not a decision; the message names the field.</exception>
    public static Decision Read(ReadOnlySpan<byte> utf8)
    {
        var reader = new Utf8JsonReader(utf8);
        using JsonDocument document = JsonDocument.ParseValue(ref reader);
        return Read(document.RootElement);
    }

    /// <inheritdoc cref="Read(ReadOnlySpan{byte})"/>
    public static Decision Read(JsonElement json)
    {
        if (!DecisionNames.TryParse(Text(json, "action"), out DecisionAction action))
        {
            throw Wrong("action");
        }
        if (!DecisionNames.TryParse(Text(json, "mode"), out EnforcementMode mode))
        {
            throw Wrong("mode");
        }
        JsonElement source = Field(json, "source");
        return new Decision
        {
            Id = Text(json, "id"),
            Time = Time(json, "time") ?? throw Wrong("time"),
            Action = action,
            Mode = mode,
            Subject = ReadSubject(Field(json, "subject")),
            Organization = OptionalText(json, "organization"),
            Score = Number(json, "score"),
            Reasons = ReadReasons(Field(json, "reasons")),
            Harm = ReadHarm(Field(json, "harm")),
            Expires = Time(json, "expires"),
            Follows = OptionalText(json, "follows"),
            Except = json.TryGetProperty("except", out JsonElement except) ? ReadNetworks(except) : [],
            Policy = Text(json, "policy"),
            Source = new SourcePosition(Text(source, "topic"), Integer(source, "partition"), Long(source, "offset")),
        };
    }

    /// <summary>Reads the array of reasons.</summary>
    /// <exception cref="JsonException">The text is something else; the message names the field.</exception>
    public static ImmutableArray<DecisionReason> ReadReasons(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Array)
        {
            throw Wrong("reasons");
        }
        var reasons = ImmutableArray.CreateBuilder<DecisionReason>(json.GetArrayLength());
        foreach (JsonElement item in json.EnumerateArray())
        {
            reasons.Add(new DecisionReason(
                Text(item, "indicator"), Number(item, "grade"), Number(item, "value"), Number(item, "threshold"), Number(item, "contribution"), Text(item, "text")));
        }
        return reasons.MoveToImmutable();
    }

    /// <summary>Reads the networks that a revocation leaves alone.</summary>
    /// <exception cref="JsonException">The text is something else; the message names the field.</exception>
    public static ImmutableArray<IpNetwork> ReadNetworks(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Array)
        {
            throw Wrong("except");
        }
        var networks = ImmutableArray.CreateBuilder<IpNetwork>(json.GetArrayLength());
        foreach (JsonElement item in json.EnumerateArray())
        {
            networks.Add(item.ValueKind == JsonValueKind.String && IpNetwork.TryParse(item.GetString(), out IpNetwork network) ? network : throw Wrong("except"));
        }
        return networks.MoveToImmutable();
    }

    /// <summary>Reads a subject.</summary>
    /// <exception cref="JsonException">The text is something else; the message names the field.</exception>
    public static Subject ReadSubject(JsonElement json) =>
        DecisionNames.TryParse(Text(json, "type"), out SubjectType type) ? new Subject(type, Text(json, "value")) : throw Wrong("subject.type");

    /// <summary>Reads the harm preview.</summary>
    /// <exception cref="JsonException">The text is something else; the message names the field.</exception>
    public static HarmPreview ReadHarm(JsonElement json) =>
        new(Integer(json, "otherTokens"), Integer(json, "otherUsers"), Integer(json, "otherSessions"));

    /// <summary>
    /// The value that a number has after it was written and read: rounded to six decimals. A decision whose numbers all went
    /// through here survives writing and reading unchanged.
    /// </summary>
    /// <exception cref="ArgumentException">The number is not finite.</exception>
    public static double Round(double value)
    {
        Span<byte> text = stackalloc byte[32];
        return double.Parse(text[..Format(value, text)], NumberStyles.Float, CultureInfo.InvariantCulture);
    }

    internal static void WriteTime(Utf8JsonWriter writer, ReadOnlySpan<byte> name, long unixMilliseconds)
    {
        Span<byte> text = stackalloc byte[24];
        DateTimeOffset.FromUnixTimeMilliseconds(unixMilliseconds).UtcDateTime
            .TryFormat(text, out int written, "yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        writer.WriteString(name, text[..written]);
    }

    private static void WriteNumber(Utf8JsonWriter writer, ReadOnlySpan<byte> name, double value)
    {
        Span<byte> text = stackalloc byte[32];
        int written = Format(value, text);
        writer.WritePropertyName(name);
        writer.WriteRawValue(text[..written], skipInputValidation: true);
    }

    private static int Format(double value, Span<byte> text)
    {
        if (!double.IsFinite(value))
        {
            throw new ArgumentException("A number of a decision is not finite.", nameof(value));
        }
        int written;
        if (Math.Abs(value) >= LargestPlain)
        {
            value.TryFormat(text, out written, "R", CultureInfo.InvariantCulture);
            return written;
        }
        value.TryFormat(text, out written, "F6", CultureInfo.InvariantCulture);
        int end = written;
        while (end > written - Decimals && text[end - 1] == (byte)'0')
        {
            end--;
        }
        if (text[end - 1] == (byte)'.')
        {
            end--;
        }
        if (end == 2 && text[0] == (byte)'-' && text[1] == (byte)'0')
        {
            text[0] = (byte)'0';
            return 1;
        }
        return end;
    }

    private static JsonElement Field(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out JsonElement value) ? value : throw Wrong(name);

    private static string Text(JsonElement json, string name) => OptionalText(json, name) ?? throw Wrong(name);

    private static string? OptionalText(JsonElement json, string name)
    {
        if (json.ValueKind != JsonValueKind.Object || !json.TryGetProperty(name, out JsonElement value) || value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }
        return value.ValueKind == JsonValueKind.String ? value.GetString() : throw Wrong(name);
    }

    private static double Number(JsonElement json, string name) =>
        Field(json, name) is { ValueKind: JsonValueKind.Number } value && value.TryGetDouble(out double number) && double.IsFinite(number) ? number : throw Wrong(name);

    private static int Integer(JsonElement json, string name) =>
        Field(json, name) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt32(out int number) ? number : throw Wrong(name);

    private static long Long(JsonElement json, string name) =>
        Field(json, name) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt64(out long number) ? number : throw Wrong(name);

    private static long? Time(JsonElement json, string name)
    {
        if (!json.TryGetProperty(name, out JsonElement value) || value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }
        return value.ValueKind == JsonValueKind.String && value.TryGetDateTimeOffset(out DateTimeOffset time) ? time.ToUnixTimeMilliseconds() : throw Wrong(name);
    }

    private static JsonException Wrong(string name) =>
        new($"A decision's field '{name}' is missing or wrong.");
}
