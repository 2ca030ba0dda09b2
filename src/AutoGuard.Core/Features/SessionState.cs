using AutoGuard.Core.Configuration;
using AutoGuard.Core.Events;

namespace AutoGuard.Core.Features;

/// <summary>What a session is known to be; set when it opens and when its address changes.</summary>
[Flags]
public enum SessionTraits : ushort
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Counted as running.</summary>
    Open = 1,

    /// <summary>Its start was seen, or lies so close before its first event that it counts as a start.</summary>
    Started = 2,

    /// <summary>From a data-centre address.</summary>
    DataCentre = 4,

    /// <summary>Ended by an end event.</summary>
    Ended = 8,

    /// <summary>Its gap between events has been measured, so it may expire before the common timeout.</summary>
    GapKnown = 16,

    /// <summary>From an address on the allowlist: not counted in its token.</summary>
    Trusted = 32,

    /// <summary>From an address of a privacy relay or web gateway.</summary>
    SharedEgress = 64,

    /// <summary>Played by a tool that records or relays, or by a script.</summary>
    ToolAgent = 128,

    /// <summary>Without a token, under the id of a session that has one elsewhere; see <see cref="SessionOwners"/>.</summary>
    Borrowed = 256,

    /// <summary>Counted among its tenant's sessions that lasted.</summary>
    Lasting = 512,

    /// <summary>Counted in its site as one without a token.</summary>
    Tokenless = 1024,

    /// <summary>It came to where it is from another address of the same operator, where it had named its page: a line dialled anew, or a phone on its way.</summary>
    Redialled = 2048,

    /// <summary>
    /// It began on another stream than the one before it, and has not stayed so far: somebody goes through the channels. Not counted
    /// as a session until it stays, or falls silent without an end, or is the fifth at its address that did neither.
    /// </summary>
    Leapt = 4096,

    /// <summary>It began where the same token was last heard with the same player, in a session that had run for a minute: a reconnection.</summary>
    Resumed = 8192,
}

/// <summary>One playback session.</summary>
public struct SessionState
{
    /// <summary>First event, or what its duration says of the start; Unix milliseconds.</summary>
    public long Start;

    /// <summary>Last event, Unix milliseconds.</summary>
    public long LastSeen;

    /// <summary>The viewer's address now.</summary>
    public IpAddress Address;

    /// <summary>Token state while open.</summary>
    public StateHandle Token;

    /// <summary>Address state while open.</summary>
    public StateHandle AddressState;

    /// <summary>Network state while open.</summary>
    public StateHandle Network;

    /// <summary>Referrer state while open.</summary>
    public StateHandle Referrer;

    /// <summary>Next refresh of the slowly changing features, Unix milliseconds.</summary>
    public long NextRefresh;

    /// <summary>Largest recent time between two events, milliseconds.</summary>
    public int Gap;

    /// <summary>Next and previous open session of the token; -1 at the ends.</summary>
    public int NextOfToken, PreviousOfToken;

    /// <summary>Next and previous open session of the address; -1 at the ends.</summary>
    public int NextOfAddress, PreviousOfAddress;

    /// <summary>Token state it was last tied to and counted in, kept after it closes.</summary>
    public StateHandle LastToken;

    /// <summary>Place in the expiry wheel; 0 when in none.</summary>
    public int WheelPlace;

    /// <summary>Interned tenant, stream, referrer host, user agent and provider.</summary>
    public int Organization;

    /// <inheritdoc cref="Organization"/>
    public int Stream;

    /// <inheritdoc cref="Organization"/>
    public int ReferrerHost;

    /// <inheritdoc cref="Organization"/>
    public int UserAgent;

    /// <inheritdoc cref="Organization"/>
    public int Provider;

    /// <summary>Autonomous system.</summary>
    public uint Asn;

    /// <summary>Packed country.</summary>
    public ushort Country;

    /// <summary>What is known.</summary>
    public SessionTraits Traits;

    /// <summary>Whether it is somebody's who shows no right to watch; a session that has its token elsewhere may be a phone's on its way.</summary>
    public readonly bool IsAnonymous => Token.IsNone && (Traits & SessionTraits.Borrowed) == 0;

    /// <summary>Silence up to which a session whose rhythm is not known is presumed to run, milliseconds.</summary>
    private const long PresumedGap = 40_000;

    /// <summary>
    /// Whether its next sign of life is not overdue at <paramref name="now"/>, Unix milliseconds: it probably runs, though nothing
    /// proves it yet. A session of somebody who reconnected stays open until it expires.
    /// </summary>
    public readonly bool IsPresumedRunning(long now) =>
        now - LastSeen <= ((Traits & SessionTraits.GapKnown) != 0 ? Gap * 5L / 4 : PresumedGap);
}
