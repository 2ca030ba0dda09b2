namespace AutoGuard.Core.Features;

/// <summary>One referrer host of one tenant.</summary>
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

    /// <summary>Number of the dossier kept on it, or 0.</summary>
    public int Dossier;

    /// <summary>Sessions since the host was first seen.</summary>
    public uint TotalSessions;

    /// <summary>Most sessions open at once since then.</summary>
    public int MostOpen;

    /// <summary>Playback time observed since then, seconds.</summary>
    public double TotalWatched;

    /// <summary>Whether it waits to be judged at the next tick.</summary>
    public bool Dirty;
}
