using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Json;

namespace AutoGuard.Core.Events;

/// <summary>How a Kafka record carries an event.</summary>
public enum CloudEventMode
{
    /// <summary>Bare: the value is the event.</summary>
    None,

    /// <summary>CloudEvents binary mode: attributes are headers, the value is the event.</summary>
    Binary,

    /// <summary>CloudEvents structured mode: the value is an envelope in JSON.</summary>
    Structured,
}

/// <summary>
/// Opens CloudEvents 1.0 as the Kafka protocol binding lays them out. For each record: <see cref="Reset"/>,
/// <see cref="AddHeader(ReadOnlySpan{byte}, ReadOnlySpan{byte})"/> for every header, then <see cref="Read"/>. Never
/// throws on a record's content; not safe to share between threads.
/// </summary>
/// <remarks>
/// A <c>content-type</c> that starts with <c>application/cloudevents</c> (any case) means structured mode; else a header
/// named as one of the required attributes means binary mode; a record without either is a bare event, so that a stray
/// <c>ce_traceparent</c> does no harm. In structured mode the headers' attributes are ignored. The attribute
/// <c>type</c> stands in for an event's own missing <c>type</c> if its last word between dots, a version as <c>.v2</c>
/// aside, is <c>start</c>, <c>started</c>, <c>heartbeat</c>, <c>end</c> or <c>ended</c>; the attribute <c>time</c>
/// stands in for a missing <c>timestamp</c> if it is RFC 3339.
/// </remarks>
public sealed class CloudEventReader
{
    /// <summary>Most bytes of an envelope: an event of the largest size in base64, and room for the attributes.</summary>
    public const int LongestEnvelope = 2 * EventParser.LongestEvent;

    private const int LongestHeaderName = 32;

    private readonly byte[] _buffer = new byte[LongestEnvelope];
    private CloudEventAttributes _attributes;

    /// <summary>How the record at hand carries its event, by the headers so far.</summary>
    public CloudEventMode Mode { get; private set; }

    /// <summary>Begins a record.</summary>
    public void Reset()
    {
        _attributes = default;
        Mode = CloudEventMode.None;
    }

    /// <summary>Takes a header of the record; those that mean nothing here are passed over.</summary>
    /// <param name="name">The header's name in UTF-8.</param>
    /// <param name="value">The header's value; empty for a null one.</param>
    public void AddHeader(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (Ascii.EqualsIgnoreCase(name, "content-type"u8))
        {
            ReadOnlySpan<byte> prefix = "application/cloudevents"u8;
            if (value.Length >= prefix.Length && Ascii.EqualsIgnoreCase(value[..prefix.Length], prefix))
            {
                Mode = CloudEventMode.Structured;
                _attributes.IsUnreadable = !IsJson(value[prefix.Length..]);
            }
        }
        else if (name.StartsWith("ce_"u8) && Mode != CloudEventMode.Structured && _attributes.Set(name[3..], value))
        {
            Mode = CloudEventMode.Binary;
        }
    }

    /// <summary>As the other overload, for a name that is already decoded.</summary>
    /// <param name="name">The header's name.</param>
    /// <param name="value">The header's value; empty for a null one.</param>
    public void AddHeader(ReadOnlySpan<char> name, ReadOnlySpan<byte> value)
    {
        Span<byte> utf8 = stackalloc byte[LongestHeaderName];
        if (Ascii.FromUtf16(name, utf8, out int written) == OperationStatus.Done)
        {
            AddHeader(utf8[..written], value);
        }
    }

    /// <summary>Finds the event in the record.</summary>
    /// <param name="value">The record's value; empty for a null one.</param>
    /// <param name="data">The event's JSON, to be parsed before the next record.</param>
    /// <param name="defaults">What the attributes say in place of fields the event leaves out.</param>
    /// <returns>
    /// <see cref="EventRejection.None"/>, or why there is no event: <see cref="EventRejection.Empty"/>,
    /// <see cref="EventRejection.TooLarge"/>, <see cref="EventRejection.InvalidJson"/> (of the envelope) or
    /// <see cref="EventRejection.InvalidEnvelope"/>.
    /// </returns>
    public EventRejection Read(ReadOnlySpan<byte> value, out ReadOnlySpan<byte> data, out EventDefaults defaults)
    {
        data = value;
        defaults = default;
        EventRejection rejection = EventRejection.None;
        if (Mode == CloudEventMode.Structured)
        {
            rejection = Open(value, out data);
        }
        if (rejection == EventRejection.None && Mode != CloudEventMode.None)
        {
            rejection = _attributes.AreComplete ? EventRejection.None : EventRejection.InvalidEnvelope;
            defaults = new EventDefaults(_attributes.Type, _attributes.Time);
        }
        return rejection == EventRejection.None && data.IsEmpty ? EventRejection.Empty : rejection;
    }

    private EventRejection Open(ReadOnlySpan<byte> envelope, out ReadOnlySpan<byte> data)
    {
        data = default;
        if (envelope.IsEmpty)
        {
            return EventRejection.Empty;
        }
        if (envelope.Length > LongestEnvelope)
        {
            return EventRejection.TooLarge;
        }
        if (_attributes.IsUnreadable)
        {
            return EventRejection.InvalidEnvelope;
        }
        _attributes = default;
        try
        {
            return ReadEnvelope(envelope, out data);
        }
        catch (JsonException)
        {
            return EventRejection.InvalidJson;
        }
    }

    private EventRejection ReadEnvelope(ReadOnlySpan<byte> envelope, out ReadOnlySpan<byte> data)
    {
        data = default;
        ReadOnlySpan<byte> plain = default;
        ReadOnlySpan<byte> encoded = default;
        bool isEncoded = false;
        bool isEscaped = false;
        Utf8JsonReader reader = new(envelope);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            return EventRejection.InvalidJson;
        }
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            CloudEventAttribute attribute = CloudEventAttributes.Of(JsonText.Value(reader, _buffer));
            reader.Read();
            switch (attribute)
            {
                case CloudEventAttribute.Data:
                    int start = (int)reader.TokenStartIndex;
                    bool isNull = reader.TokenType == JsonTokenType.Null;
                    reader.Skip();
                    plain = isNull ? default : envelope[start..(int)reader.BytesConsumed];
                    break;
                case CloudEventAttribute.EncodedData when reader.TokenType != JsonTokenType.Null:
                    isEncoded = true;
                    isEscaped = reader.ValueIsEscaped;
                    // anything but a text is not base64 either
                    encoded = reader.TokenType == JsonTokenType.String ? reader.ValueSpan : "?"u8;
                    reader.Skip();
                    break;
                case CloudEventAttribute.Unknown or CloudEventAttribute.EncodedData:
                    reader.Skip();
                    break;
                default:
                    bool isText = reader.TokenType == JsonTokenType.String;
                    _attributes.Set(attribute, isText ? JsonText.Value(reader, _buffer) : default);
                    reader.Skip();
                    break;
            }
        }
        // Reads the blanks after the envelope, and throws if there is anything else.
        reader.Read();
        if (!isEncoded)
        {
            data = plain;
            return EventRejection.None;
        }
        int length = isEscaped ? JsonText.Unescape(encoded, _buffer) : encoded.Length;
        if (!isEscaped)
        {
            encoded.CopyTo(_buffer);
        }
        bool decoded = Base64.DecodeFromUtf8InPlace(_buffer.AsSpan(0, length), out int written) == OperationStatus.Done;
        data = _buffer.AsSpan(0, written);
        return decoded && plain.IsEmpty ? EventRejection.None : EventRejection.InvalidEnvelope;
    }

    /// <summary>Whether what follows <c>application/cloudevents</c> names the JSON format; the batch format is not for Kafka.</summary>
    private static bool IsJson(ReadOnlySpan<byte> format)
    {
        int end = format.IndexOf((byte)';');
        format = (end < 0 ? format : format[..end]).TrimEnd((byte)' ');
        return format.IsEmpty || Ascii.EqualsIgnoreCase(format, "+json"u8);
    }
}
