namespace AutoGuard.Core.Features;

/// <summary>What one user agent does in one tenant.</summary>
public struct AgentState
{
    /// <summary>Sessions, an hour ago half as many.</summary>
    public float Sessions;

    /// <summary>Those without a referrer.</summary>
    public float Missing;

    /// <summary>When both were counted, Unix seconds.</summary>
    public uint At;
}

/// <summary>One tenant (or all traffic, when events name none): the mix that single keys are compared with.</summary>
public struct TenantState
{
    /// <summary>Slot the rings stand at.</summary>
    public long Slot;

    /// <summary>Sessions first seen, by slot of the window.</summary>
    public CountSlots Sessions;

    /// <summary>Those without a referrer.</summary>
    public CountSlots MissingReferrer;

    /// <summary>Slot the second ring stands at.</summary>
    public long MissingSlot;

    /// <summary>Set of addresses that played without a token lately, where nearly everybody has one.</summary>
    public int Campaign;

    /// <summary>Set of sites that stood out lately by what they play without a token.</summary>
    public int Sites;

    /// <summary>Sessions that lasted, and</summary>
    public CountSlots Lasting;

    /// <summary>those of them without a token, in whatever network.</summary>
    public CountSlots LastingTokenless;

    /// <summary>Slots that these two rings stand at.</summary>
    public long LastingSlot, LastingTokenlessSlot;

    /// <summary>Those without a token; of a network that sends hardly any with one, one at a time.</summary>
    public CountSlots Tokenless;

    /// <summary>Slot the third ring stands at.</summary>
    public long TokenlessSlot;

    /// <summary>Those with a token that everybody has.</summary>
    public CountSlots Shared;

    /// <summary>Slot the fourth ring stands at.</summary>
    public long SharedSlot;
}
