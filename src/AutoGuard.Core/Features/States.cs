using AutoGuard.Core.Configuration;
using AutoGuard.Core.Events;

namespace AutoGuard.Core.Features;

/// <summary>One token.</summary>
public struct TokenState
{
    /// <summary>User key; absent for tokens not bound to a user.</summary>
    public Key128 User;

    /// <summary>First event, Unix milliseconds.</summary>
    public long FirstSeen;

    /// <summary>Last event, Unix milliseconds.</summary>
    public long LastSeen;

    /// <summary>The slot of the window that runs now: what is counted in it.</summary>
    public TokenSlot Now;

    /// <summary>Its number, and the ring of those that have passed plus one, or 0; see <see cref="TokenWindows"/>.</summary>
    public int Slot, Past;

    /// <summary>Cell of the identity in the text slab.</summary>
    public int Text;

    /// <summary>Cell of the user id; 0 when not bound.</summary>
    public int UserText;

    /// <summary>Interned tenant.</summary>
    public int Organization;

    /// <summary>Number of the claims.</summary>
    public int Claims;

    /// <summary>Sessions open now.</summary>
    public int Open;

    /// <summary>First open session, or -1.</summary>
    public int FirstSession;

    /// <summary>Set of addresses seen in the window.</summary>
    public int Addresses;

    /// <summary>Number of the dossier kept on it, or 0.</summary>
    public int Dossier;

    /// <summary>When the first of the account's tokens that this one goes on from was first seen, Unix seconds; 0 when it follows none.</summary>
    public uint AccountSince;

    /// <summary>Sessions since the token was first seen.</summary>
    public uint TotalSessions;

    /// <summary>Those of them that named <see cref="User"/>.</summary>
    public uint UserSessions;

    /// <summary>Playback time observed since then, seconds.</summary>
    public double TotalWatched;

    /// <summary>When it was last observed to play, Unix milliseconds.</summary>
    public long LastPlayed;

    /// <summary>Since when it plays with rests of minutes at most, in whatever sessions, Unix milliseconds.</summary>
    public long PlayingSince;

    /// <summary>Where it stands in its population.</summary>
    public PopulationMark Population;

    /// <summary>Slot in the spike bank, or -1.</summary>
    public int Series;

    /// <summary>Interned stream of the last session.</summary>
    public int Stream;

    /// <summary>Grade source of the last alerting minute: -log10 p.</summary>
    public float SpikeLevel;

    /// <summary>Starts in the minute now running, for the series.</summary>
    public ushort MinuteStarts;

    /// <summary>What it was last judged to mean.</summary>
    public TokenWorkflow Workflow;

    /// <summary>Last five minutes that alerted, newest in bit 0.</summary>
    public byte SpikeAlerts;

    /// <summary>
    /// Whether it is bound to <see cref="User"/>: half its sessions say so, for one forged event must not bind everybody's token, or it was
    /// <see cref="Owned"/> before others came.
    /// </summary>
    public readonly bool IsBound => !User.IsAbsent && (Owned || UserSessions >= TotalSessions - UserSessions);

    /// <summary>Whether most of its sessions name somebody else than the first one that named a user, or nobody.</summary>
    public readonly bool IsContested => !User.IsAbsent && !IsBound;

    /// <summary>Whether it was somebody's where nearly everybody has a token of his own: whoever gets it cannot make it anybody's.</summary>
    public bool Owned;

    /// <summary>Whether several networks used it soon after it was first seen: nobody saw it become anything else.</summary>
    public bool SharedFromTheStart;

    /// <summary>Whether it scored as high as a flag when it was judged last.</summary>
    public bool Suspect;

    /// <summary>Whether it was revoked: whoever had it got out of it what there was, and the account's next one is another story.</summary>
    public bool Revoked;

    /// <summary>Whether its revocation left a line alone, which is to stay a household's.</summary>
    public bool Spared;

    /// <summary>Whether it waits to be judged at the next tick.</summary>
    public bool Dirty;
}

/// <summary>One address.</summary>
public struct AddressState
{
    /// <summary>First event, Unix milliseconds.</summary>
    public long FirstSeen;

    /// <summary>Last event, Unix milliseconds.</summary>
    public long LastSeen;

    /// <summary>Minute the ring stands at.</summary>
    public long Minute;

    /// <summary>Slot the ring of sessions stands at.</summary>
    public long Slot;

    /// <summary>Last ten minutes.</summary>
    public AddressMinutes Minutes;

    /// <summary>Sessions first seen, by slot of the window.</summary>
    public CountSlots Sessions;

    /// <summary>Sessions open now.</summary>
    public int Open;

    /// <summary>First open session, or -1.</summary>
    public int FirstSession;

    /// <summary>Those of them that count in no token, and those that a tool plays.</summary>
    public int Anonymous, Tools;

    /// <summary>Sessions since the address was first seen.</summary>
    public uint TotalSessions;

    /// <summary>Most sessions open at once since then.</summary>
    public int MostOpen;

    /// <summary>Playback time observed since then, seconds.</summary>
    public double TotalWatched;

    /// <summary>Set of tokens seen in the window.</summary>
    public int Tokens;

    /// <summary>Sessions that ended within seconds while not everybody's did, an hour ago half as many; as of <see cref="ShortsAt"/>.</summary>
    public float Shorts;

    /// <summary>Event time of <see cref="Shorts"/>, Unix seconds.</summary>
    public uint ShortsAt;

    /// <summary>Set of tokens that played here and were flagged for themselves.</summary>
    public int Suspects;

    /// <summary>Slot in the spike bank, or -1.</summary>
    public int Series;

    /// <summary>Interned stream of the last session.</summary>
    public int Stream;

    /// <summary>Starts in the minute now running, for the series.</summary>
    public ushort MinuteStarts;

    /// <summary>Last five minutes that alerted, newest in bit 0.</summary>
    public byte SpikeAlerts;

    /// <summary>Sessions that leapt and ended within seconds, since the last of them that counted.</summary>
    public byte Leaps;

    /// <summary>-log10 p of the last alerting minute.</summary>
    public float SpikeLevel;

    /// <summary>Number of the dossier kept on it, or 0.</summary>
    public int Dossier;

    /// <summary>Autonomous system.</summary>
    public uint Asn;

    /// <summary>Interned provider.</summary>
    public int Provider;

    /// <summary>Packed country.</summary>
    public ushort Country;

    /// <summary>Whether it belongs to a data centre.</summary>
    public bool DataCentre;

    /// <summary>Whether it scored as high as a flag when it was judged last.</summary>
    public bool Suspect;

    /// <summary>Whether it waits to be judged at the next tick.</summary>
    public bool Dirty;
}

/// <summary>
/// One network: /24 of IPv4, /64 of IPv6; or one site, a /48 of IPv6 from which somebody plays without a token where others have one.
/// A site counts the sessions without a token that last, and no open ones.
/// </summary>
public struct NetworkState
{
    /// <summary>Last event, Unix milliseconds.</summary>
    public long LastSeen;

    /// <summary>Autonomous system of whoever came last.</summary>
    public uint Asn;

    /// <summary>Of a site: sessions without a token, an hour ago half as many; as of <see cref="TokenlessAt"/>.</summary>
    public float Tokenless;

    /// <summary>When a session without a token was last heard in the site, Unix seconds.</summary>
    public uint TokenlessAt;

    /// <summary>Since when the site stands out, Unix seconds; 0 while it does not.</summary>
    public uint StandsOutSince;

    /// <summary>Whether it belongs to a privacy relay or web gateway.</summary>
    public bool SharedEgress;

    /// <summary>Whether it belongs to a data centre.</summary>
    public bool DataCentre;

    /// <summary>Whether it waits to be judged at the next tick.</summary>
    public bool Dirty;

    /// <summary>Last minute in which a session ended within seconds here.</summary>
    public uint ShortMinute;

    /// <summary>Last minute in which a session started here.</summary>
    public uint StartMinute;

    /// <summary>When <see cref="TokensCounted"/> was counted, Unix milliseconds.</summary>
    public long TokensCountedAt;

    /// <summary>Tokens within the window, as of a minute ago at most.</summary>
    public int TokensCounted;

    /// <summary>Sessions open now.</summary>
    public int Open;

    /// <summary>Those of them without a token: viewers that no token counts.</summary>
    public int Anonymous;

    /// <summary>Set of addresses that were found offending in the window.</summary>
    public int Offenders;

    /// <summary>Set of tokens seen in the window.</summary>
    public int Tokens;

    /// <summary>Set of addresses seen in the window; of a site, of its networks that played without a token.</summary>
    public int Addresses;

    /// <summary>Number of the dossier kept on it, or 0.</summary>
    public int Dossier;

    /// <summary>First event, Unix milliseconds.</summary>
    public long FirstSeen;

    /// <summary>Sessions since the network was first seen.</summary>
    public uint TotalSessions;

    /// <summary>Most sessions open at once since then.</summary>
    public int MostOpen;

    /// <summary>Playback time observed since then, seconds.</summary>
    public double TotalWatched;
}
