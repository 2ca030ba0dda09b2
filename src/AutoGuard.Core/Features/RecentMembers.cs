using System.Runtime.InteropServices;
using AutoGuard.Core.Events;

namespace AutoGuard.Core.Features;

/// <summary>An address as a token sees it. 48 bytes.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
public struct AddressMember : IRecentMember
{
    /// <inheritdoc/>
    public ulong Identity { get; set; }

    /// <inheritdoc/>
    public uint LastSeen { get; set; }

    /// <summary>The address.</summary>
    public IpAddress Address;

    /// <summary>Hash of its network, so that counting networks computes nothing.</summary>
    public ulong Network;

    /// <summary>Autonomous system.</summary>
    public uint Asn;

    /// <summary>Interned user agent that was last seen there.</summary>
    public int Agent;

    /// <summary>Packed country.</summary>
    public ushort Country;

    private byte _kind;

    /// <summary>With how many networks of its operator the token is counted among the operator's habits.</summary>
    public byte Habit;

    /// <summary>Whether it belongs to a data centre.</summary>
    public bool DataCentre
    {
        readonly get => Is(1);
        set => Mark(1, value);
    }

    /// <summary>Whether it belongs to a privacy relay or web gateway.</summary>
    public bool SharedEgress
    {
        readonly get => Is(2);
        set => Mark(2, value);
    }

    /// <summary>Whether the account's last token was there, and this one was not.</summary>
    public bool TakenOver
    {
        readonly get => Is(4);
        set => Mark(4, value);
    }

    /// <summary>Whether it is of the account's home: the line at which the first of the tokens that go on from one another was first of all.</summary>
    public bool Home
    {
        readonly get => Is(8);
        set => Mark(8, value);
    }

    /// <summary>Whether it is of the line at which the token was first, while the account's home is another one.</summary>
    public bool First
    {
        readonly get => Is(16);
        set => Mark(16, value);
    }

    /// <summary>Whether the session that was last looked at there had run for a minute by then.</summary>
    public bool Stayed
    {
        readonly get => Is(32);
        set => Mark(32, value);
    }

    /// <summary>Whether the token came back to its network from elsewhere.</summary>
    public bool Returned
    {
        readonly get => Is(64);
        set => Mark(64, value);
    }

    /// <summary>Whether it is the one that the token came to last, with a session that began or moved.</summary>
    public bool Latest
    {
        readonly get => Is(128);
        set => Mark(128, value);
    }

    private readonly bool Is(int bit) => (_kind & bit) != 0;

    private void Mark(int bit, bool value) => _kind = (byte)(value ? _kind | bit : _kind & ~bit);
}

/// <summary>A token as an address, network or referrer sees it. 20 bytes.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
public struct TokenMember : IRecentMember
{
    /// <inheritdoc/>
    public ulong Identity { get; set; }

    /// <inheritdoc/>
    public uint LastSeen { get; set; }

    /// <summary>Part of the user key; 0 when the token is not bound.</summary>
    public uint User;

    /// <summary>
    /// Event time (Unix seconds) at which it was last seen in a session that had run for a while; 0 for never. Among suspects: at which it was seen revoked.
    /// </summary>
    public uint Settled;
}

/// <summary>An address as a network or referrer sees it. 24 bytes.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
public struct PlainMember : IRecentMember
{
    /// <summary>What it says against a page.</summary>
    public Witness Witness;

    /// <inheritdoc/>
    public ulong Identity { get; set; }

    /// <inheritdoc/>
    public uint LastSeen { get; set; }
}
