namespace AutoGuard.Core.Events;

/// <summary>The phase of a playback session that an event reports.</summary>
public enum PlaybackEventType : byte
{
    /// <summary>Playback began.</summary>
    Start = 0,

    /// <summary>Playback goes on.</summary>
    Heartbeat = 1,

    /// <summary>Playback ended.</summary>
    End = 2,
}

/// <summary>What is known of an event beyond its numbers.</summary>
[Flags]
public enum EventTraits : byte
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>The address belongs to a data centre, hoster or VPN carrier.</summary>
    DataCentre = 1,

    /// <summary>The country was not in the event but looked up.</summary>
    CountryLookedUp = 2,

    /// <summary>The network operator was not in the event but looked up.</summary>
    OperatorLookedUp = 4,

    /// <summary>The token's user comes from its claims, not from the event's own field.</summary>
    UserFromClaims = 8,

    /// <summary>
    /// The address belongs to a privacy relay or a company's web gateway: many honest people leave through few addresses there,
    /// and one of them through several.
    /// </summary>
    SharedEgress = 16,

    /// <summary>The user agent is a tool that records or relays, or a script: what no viewer watches with.</summary>
    ToolAgent = 32,
}

/// <summary>A run of UTF-8 bytes in <see cref="EventBatch.Texts"/>; length 0 means absent.</summary>
/// <param name="Offset">Index of the first byte.</param>
/// <param name="Length">Number of bytes, 0 to 256.</param>
public readonly record struct TextRange(int Offset, int Length);

/// <summary>
/// One playback event in compact form: strings of few values are interned in <see cref="StringPool"/>, identities are
/// keyed hashes, and the two texts a report must be able to show lie in the batch's text arena. Filled in place by the
/// parser and passed by reference; never boxed, never compared.
/// </summary>
public struct PlaybackEvent
{
    /// <summary>Event time, Unix milliseconds.</summary>
    public long Timestamp;

    /// <summary>Session key; of organization and session id together.</summary>
    public Key128 Session;

    /// <summary>Token key, of organization and token identity; absent when the event carries no token.</summary>
    public Key128 Token;

    /// <summary>User key, of organization and user id; absent when the token is not bound to a user.</summary>
    public Key128 User;

    /// <summary>The viewer's address as the edge saw it.</summary>
    public IpAddress Address;

    /// <summary>
    /// A hash of the session id without a secret, used for one thing only: to put events of the same millisecond in the
    /// same order in every run. It indexes nothing.
    /// </summary>
    public ulong OrderKey;

    /// <summary>Position in the source: Kafka offset, or the line number of a file (from 0).</summary>
    public long Offset;

    /// <summary>Partition in the source; 0 for a file.</summary>
    public int Partition;

    /// <summary>Topic or file name, interned.</summary>
    public int Topic;

    /// <summary>Autonomous system number; 0 when unknown.</summary>
    public uint Asn;

    /// <summary>Network operator's name, interned; 0 when unknown.</summary>
    public int Provider;

    /// <summary>Tenant, interned; 0 when the event names none.</summary>
    public int Organization;

    /// <summary>Stream name, interned; 0 when absent.</summary>
    public int Stream;

    /// <summary>Referrer host in lower case, interned; 0 when missing (absent, null, empty, <c>-</c>, <c>N/A</c>).</summary>
    public int Referrer;

    /// <summary>User agent, interned; 0 when absent.</summary>
    public int UserAgent;

    /// <summary>Claims and scope of the token, an index into <see cref="ClaimsPool"/>; 0 when unknown.</summary>
    public int Claims;

    /// <summary>Seconds since the session's start as the event says; -1 when it does not.</summary>
    public int Duration;

    /// <summary>Token identity as shown in decisions and reports; present when <see cref="Token"/> is.</summary>
    public TextRange TokenText;

    /// <summary>User id as shown in reports; present when <see cref="User"/> is.</summary>
    public TextRange UserText;

    /// <summary>Country, see <see cref="CountryCode"/>; 0 when unknown.</summary>
    public ushort Country;

    /// <summary>Phase of the session.</summary>
    public PlaybackEventType Type;

    /// <summary>What else is known.</summary>
    public EventTraits Traits;
}
