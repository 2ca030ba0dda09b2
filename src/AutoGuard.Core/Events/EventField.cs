namespace AutoGuard.Core.Events;

/// <summary>The fields of an event that mean something; the values index <see cref="RawEvent"/>.</summary>
internal enum EventField
{
    Unknown = -1,
    Type = 0,
    Timestamp,
    SessionId,
    Address,
    Token,
    UserId,
    Country,
    Asn,
    Provider,
    Referrer,
    UserAgent,
    Stream,
    Duration,
    TokenScope,
    Organization,
}

/// <summary>Names of the known fields, as in the JSON.</summary>
internal static class EventFields
{
    /// <summary>Number of known fields.</summary>
    public const int Count = (int)EventField.Organization + 1;

    /// <summary>The field of a name; names are case-sensitive.</summary>
    public static EventField Of(ReadOnlySpan<byte> name) => name.Length switch
    {
        2 => name.SequenceEqual("ip"u8) ? EventField.Address : EventField.Unknown,
        3 => name.SequenceEqual("asn"u8) ? EventField.Asn : EventField.Unknown,
        4 => name.SequenceEqual("type"u8) ? EventField.Type : EventField.Unknown,
        5 => name.SequenceEqual("token"u8) ? EventField.Token : EventField.Unknown,
        6 => name.SequenceEqual("stream"u8) ? EventField.Stream
            : name.SequenceEqual("userId"u8) ? EventField.UserId : EventField.Unknown,
        7 => name.SequenceEqual("country"u8) ? EventField.Country : EventField.Unknown,
        8 => name.SequenceEqual("referrer"u8) ? EventField.Referrer
            : name.SequenceEqual("duration"u8) ? EventField.Duration
            : name.SequenceEqual("provider"u8) ? EventField.Provider : EventField.Unknown,
        9 => name.SequenceEqual("sessionId"u8) ? EventField.SessionId
            : name.SequenceEqual("timestamp"u8) ? EventField.Timestamp
            : name.SequenceEqual("userAgent"u8) ? EventField.UserAgent : EventField.Unknown,
        10 => name.SequenceEqual("tokenScope"u8) ? EventField.TokenScope : EventField.Unknown,
        12 => name.SequenceEqual("organization"u8) ? EventField.Organization : EventField.Unknown,
        _ => EventField.Unknown,
    };
}
