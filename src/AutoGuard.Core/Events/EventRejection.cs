namespace AutoGuard.Core.Events;

/// <summary>
/// Why a line or record is not a playback event. The names are the keys of the <c>malformed</c> object of a replay
/// summary (in camel case) and the values of the <c>reason</c> attribute of the counters.
/// </summary>
public enum EventRejection : byte
{
    /// <summary>It is one.</summary>
    None = 0,

    /// <summary>Not a JSON object, or not UTF-8, or trailing text after the object.</summary>
    InvalidJson,

    /// <summary>Longer than the limit for one event (64 KiB).</summary>
    TooLarge,

    /// <summary><c>type</c> is missing.</summary>
    MissingType,

    /// <summary><c>type</c> is not <c>start</c>, <c>heartbeat</c> or <c>end</c>.</summary>
    InvalidType,

    /// <summary><c>timestamp</c> is missing.</summary>
    MissingTimestamp,

    /// <summary><c>timestamp</c> is neither RFC 3339 nor Unix milliseconds, or not between the years 2000 and 2100.</summary>
    InvalidTimestamp,

    /// <summary><c>sessionId</c> is missing or empty.</summary>
    MissingSessionId,

    /// <summary><c>sessionId</c> is not a text, or longer than 128 bytes.</summary>
    InvalidSessionId,

    /// <summary><c>ip</c> is missing.</summary>
    MissingAddress,

    /// <summary><c>ip</c> is not an IPv4 or IPv6 address.</summary>
    InvalidAddress,

    /// <summary><c>token</c> is not a text, or longer than 8 KiB.</summary>
    InvalidToken,

    /// <summary>Another known field has the wrong type.</summary>
    InvalidField,

    /// <summary>A Kafka record without a value, or a CloudEvent without data.</summary>
    Empty,

    /// <summary>A CloudEvents envelope that lacks a required attribute or has an unsupported version.</summary>
    InvalidEnvelope,

    /// <summary>More than five minutes ahead of the watermark's clock.</summary>
    Future,
}
