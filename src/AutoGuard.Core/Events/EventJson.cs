using System.Text.Json;

namespace AutoGuard.Core.Events;

/// <summary>Takes any event apart with the framework's strict reader: escapes, nesting, exponents, and every malformed text.</summary>
internal static class EventJson
{
    /// <summary>Most levels of nesting, the event's own object among them.</summary>
    public const int Deepest = 64;

    /// <summary>
    /// Whether <paramref name="utf8"/> is one JSON object and nothing else, at most <see cref="Deepest"/> levels deep; if so
    /// <paramref name="fields"/> holds its known fields. Texts with escapes are resolved into
    /// <paramref name="scratch"/>, which must be as long as the event; <paramref name="used"/> bytes of it are taken.
    /// </summary>
    public static bool TryRead(ReadOnlySpan<byte> utf8, Span<byte> scratch, Span<RawField> fields, out int used)
    {
        used = 0;
        fields.Clear();
        try
        {
            Utf8JsonReader reader = new(utf8, new JsonReaderOptions { MaxDepth = Deepest });
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return false;
            }
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                EventField field = EventFields.Of(JsonText.Value(reader, scratch));
                reader.Read();
                RawField value = Take(ref reader);
                if (field != EventField.Unknown)
                {
                    fields[(int)field] = value;
                }
            }
            // Reads the blanks after the object, and throws if there is anything else.
            reader.Read();
        }
        catch (JsonException)
        {
            return false;
        }
        used = Resolve(utf8, scratch, fields);
        return true;
    }

    private static RawField Take(ref Utf8JsonReader reader)
    {
        int start = (int)reader.TokenStartIndex;
        switch (reader.TokenType)
        {
            case JsonTokenType.Null:
                return default;
            case JsonTokenType.String:
                return new RawField(reader.ValueIsEscaped ? RawKind.EscapedText : RawKind.Text, start + 1, reader.ValueSpan.Length);
            case JsonTokenType.Number:
                return new RawField(RawKind.Number, start, reader.ValueSpan.Length);
            case JsonTokenType.StartObject:
                reader.Skip();
                return new RawField(RawKind.Object, start, (int)reader.BytesConsumed - start);
            default:
                reader.Skip();
                return new RawField(RawKind.Other, start, (int)reader.BytesConsumed - start);
        }
    }

    private static int Resolve(ReadOnlySpan<byte> utf8, Span<byte> scratch, Span<RawField> fields)
    {
        int used = 0;
        foreach (ref RawField field in fields)
        {
            if (field.Kind == RawKind.EscapedText)
            {
                int length = JsonText.Unescape(utf8.Slice(field.Start, field.Length), scratch[used..]);
                field = new RawField(RawKind.Text, used, length, InScratch: true);
                used += length;
            }
        }
        return used;
    }
}
