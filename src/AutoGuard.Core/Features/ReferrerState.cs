namespace AutoGuard.Core.Features;

/// <summary>One referrer host of one tenant, or all sub-domains of a site that are small.</summary>
public struct ReferrerState
{
    /// <summary>First event, Unix milliseconds.</summary>
    public long FirstSeen;

    /// <summary>Last event, Unix milliseconds.</summary>
    public long LastSeen;

    /// <summary>Slot the ring stands at.</summary>
    public long Slot;

    /// <summary>Sessions first seen, by slot of the window.</summary>
    public CountSlots Sessions;

    /// <summary>Sessions open now.</summary>
    public int Open;

    /// <summary>Set of tokens seen in the window.</summary>
    public int Tokens;

    /// <summary>Set of addresses seen in the window.</summary>
    public int Addresses;

    /// <summary>The site that a host belongs to; none of an official one, and of a site.</summary>
    public StateHandle Site;

    /// <summary>Set of the site's hosts seen in the window.</summary>
    public int Hosts;

    /// <summary>Number of the dossier kept on it, or 0.</summary>
    public int Dossier;

    /// <summary>Sessions since the host was first seen.</summary>
    public uint TotalSessions;

    /// <summary>Most sessions open at once since then.</summary>
    public int MostOpen;

    /// <summary>Playback time observed since then, seconds.</summary>
    public double TotalWatched;

    /// <summary>Whether it is a site.</summary>
    public bool IsSite;

    /// <summary>Whether so many came from the host that it is judged for itself, and no longer with its site.</summary>
    public bool IsLarge;

    /// <summary>Whether it waits to be judged at the next tick.</summary>
    public bool Dirty;
}
