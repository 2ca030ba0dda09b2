using System.Text.Unicode;

namespace AutoGuard.Core.Events;

/// <summary>Decides whether an event that is JSON is also a playback event, and fills in what needs no memory.</summary>
internal static class EventChecks
{
    /// <summary>The fields without which there is no event, and the token; the first wrong one in the order of the contract counts.</summary>
    public static EventRejection Required(in RawEvent raw, EventDefaults defaults, ref PlaybackEvent parsed)
    {
        EventRejection rejection = Type(raw, defaults.Type, out parsed.Type);
        if (rejection == EventRejection.None)
        {
            rejection = Timestamp(raw, defaults.Timestamp, out parsed.Timestamp);
        }
        if (rejection == EventRejection.None)
        {
            rejection = SessionId(raw);
        }
        if (rejection == EventRejection.None)
        {
            rejection = Address(raw, out parsed.Address);
        }
        return rejection == EventRejection.None ? Token(raw) : rejection;
    }

    /// <summary>All other fields. <paramref name="allValid"/>: the whole event is known to be UTF-8.</summary>
    public static EventRejection Optional(in RawEvent raw, bool allValid, ref PlaybackEvent parsed)
    {
        if (!IsText(raw, EventField.UserId) || !IsText(raw, EventField.Country) || !IsText(raw, EventField.Provider)
            || !IsText(raw, EventField.Referrer) || !IsText(raw, EventField.UserAgent) || !IsText(raw, EventField.Stream)
            || !IsText(raw, EventField.Organization) || raw.Kind(EventField.TokenScope) is not (RawKind.Absent or RawKind.Object))
        {
            return EventRejection.InvalidField;
        }
        parsed.Country = CountryCode.Pack(raw.Bytes(EventField.Country));
        parsed.Duration = Duration(raw);
        switch (raw.Kind(EventField.Asn))
        {
            case RawKind.Absent:
                break;
            case RawKind.Number:
                long number = JsonText.Floor(raw.Bytes(EventField.Asn));
                parsed.Asn = number is >= 0 and <= uint.MaxValue ? (uint)number : 0;
                break;
            case RawKind.Text:
                parsed.Asn = AsnText(raw.Bytes(EventField.Asn));
                break;
            default:
                return EventRejection.InvalidField;
        }
        return allValid || KeptTextsAreUtf8(raw) ? EventRejection.None : EventRejection.InvalidJson;
    }

    private static EventRejection Type(in RawEvent raw, PlaybackEventType? assumed, out PlaybackEventType type)
    {
        type = assumed.GetValueOrDefault();
        if (raw.Kind(EventField.Type) == RawKind.Absent)
        {
            return assumed is null ? EventRejection.MissingType : EventRejection.None;
        }
        ReadOnlySpan<byte> text = raw.Bytes(EventField.Type);
        if (raw.Kind(EventField.Type) != RawKind.Text)
        {
            return EventRejection.InvalidType;
        }
        if (text.SequenceEqual("heartbeat"u8))
        {
            type = PlaybackEventType.Heartbeat;
        }
        else if (text.SequenceEqual("start"u8))
        {
            type = PlaybackEventType.Start;
        }
        else if (text.SequenceEqual("end"u8))
        {
            type = PlaybackEventType.End;
        }
        else
        {
            return EventRejection.InvalidType;
        }
        return EventRejection.None;
    }

    private static EventRejection Timestamp(in RawEvent raw, long? assumed, out long milliseconds)
    {
        milliseconds = assumed.GetValueOrDefault();
        ReadOnlySpan<byte> value = raw.Bytes(EventField.Timestamp);
        bool valid = raw.Kind(EventField.Timestamp) switch
        {
            RawKind.Absent => true,
            RawKind.Text => EventTime.TryParseText(value, out milliseconds),
            RawKind.Number => EventTime.TryParseNumber(value, out milliseconds),
            _ => false,
        };
        return !valid ? EventRejection.InvalidTimestamp
            : raw.Kind(EventField.Timestamp) == RawKind.Absent && assumed is null ? EventRejection.MissingTimestamp
            : EventRejection.None;
    }

    private static EventRejection SessionId(in RawEvent raw) => raw.Kind(EventField.SessionId) switch
    {
        RawKind.Absent => EventRejection.MissingSessionId,
        RawKind.Text when raw.Bytes(EventField.SessionId).IsEmpty => EventRejection.MissingSessionId,
        RawKind.Text when raw.Bytes(EventField.SessionId).Length <= EventParser.LongestSessionId => EventRejection.None,
        _ => EventRejection.InvalidSessionId,
    };

    /// <summary>The unspecified address <c>::</c> stands for "none" everywhere, so it is no viewer's.</summary>
    private static EventRejection Address(in RawEvent raw, out IpAddress address)
    {
        address = default;
        return raw.Kind(EventField.Address) switch
        {
            RawKind.Absent => EventRejection.MissingAddress,
            RawKind.Text when IpAddressText.TryParse(raw.Bytes(EventField.Address), out address) && !address.IsAbsent => EventRejection.None,
            _ => EventRejection.InvalidAddress,
        };
    }

    private static EventRejection Token(in RawEvent raw) => raw.Kind(EventField.Token) switch
    {
        RawKind.Absent => EventRejection.None,
        RawKind.Text when raw.Bytes(EventField.Token).Length <= EventParser.LongestToken => EventRejection.None,
        _ => EventRejection.InvalidToken,
    };

    private static bool IsText(in RawEvent raw, EventField field) => raw.Kind(field) is RawKind.Text or RawKind.Absent;

    private static int Duration(in RawEvent raw)
    {
        if (raw.Kind(EventField.Duration) != RawKind.Number)
        {
            return -1;
        }
        long seconds = JsonText.Floor(raw.Bytes(EventField.Duration));
        return seconds < 0 ? -1 : (int)Math.Min(seconds, int.MaxValue);
    }

    /// <summary>Reads <c>AS64500</c> or <c>64500</c>, blanks around it allowed; anything else is unknown.</summary>
    private static uint AsnText(ReadOnlySpan<byte> text)
    {
        text = text.Trim((byte)' ');
        if (text.Length > 2 && (text[0] | 0x20) == 'a' && (text[1] | 0x20) == 's')
        {
            text = text[2..];
        }
        return uint.TryParse(text, System.Globalization.NumberStyles.None, null, out uint number) ? number : 0;
    }

    private static bool KeptTextsAreUtf8(in RawEvent raw) =>
        Utf8.IsValid(raw.Bytes(EventField.SessionId)) && Utf8.IsValid(raw.Bytes(EventField.Token))
        && Utf8.IsValid(raw.Bytes(EventField.UserId)) && Utf8.IsValid(raw.Bytes(EventField.Provider))
        && Utf8.IsValid(raw.Bytes(EventField.Referrer)) && Utf8.IsValid(raw.Bytes(EventField.UserAgent))
        && Utf8.IsValid(raw.Bytes(EventField.Stream)) && Utf8.IsValid(raw.Bytes(EventField.Organization))
        && Utf8.IsValid(raw.Bytes(EventField.TokenScope));
}
