using System.Text.Json;
using System.Text.Json.Serialization;

namespace AutoGuard.Core.Policy;

/// <summary>Lets serializer contexts write decisions inside larger documents exactly as <see cref="DecisionJson"/> does.</summary>
public sealed class DecisionJsonConverter : JsonConverter<Decision>
{
    /// <inheritdoc/>
    public override Decision Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using JsonDocument document = JsonDocument.ParseValue(ref reader);
        return DecisionJson.Read(document.RootElement);
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, Decision value, JsonSerializerOptions options) => DecisionJson.Write(writer, value);
}

/// <summary>Writes a subject as <c>{"type":"token","value":"…"}</c>.</summary>
public sealed class SubjectJsonConverter : JsonConverter<Subject>
{
    /// <inheritdoc/>
    public override Subject Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using JsonDocument document = JsonDocument.ParseValue(ref reader);
        return DecisionJson.ReadSubject(document.RootElement);
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, Subject value, JsonSerializerOptions options) => DecisionJson.WriteSubject(writer, value);
}
