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
        readonly get => (_kind & 1) != 0;
        set => _kind = (byte)(value ? _kind | 1 : _kind & ~1);
    }

    /// <summary>Whether it belongs to a privacy relay or web gateway.</summary>
    public bool SharedEgress
    {
        readonly get => (_kind & 2) != 0;
        set => _kind = (byte)(value ? _kind | 2 : _kind & ~2);
    }

    /// <summary>Whether the account's last token was there, and this one was not.</summary>
    public bool TakenOver
    {
        readonly get => (_kind & 4) != 0;
        set => _kind = (byte)(value ? _kind | 4 : _kind & ~4);
    }

    /// <summary>Whether it is of the account's home: the line at which the first of the tokens that go on from one another was first of all.</summary>
    public bool Home
    {
        readonly get => (_kind & 8) != 0;
        set => _kind = (byte)(value ? _kind | 8 : _kind & ~8);
    }

    /// <summary>Whether it is of the line at which the token was first, while the account's home is another one.</summary>
    public bool First
    {
        readonly get => (_kind & 16) != 0;
        set => _kind = (byte)(value ? _kind | 16 : _kind & ~16);
    }

    /// <summary>Whether the session that was last looked at there had run for a minute by then.</summary>
    public bool Stayed
    {
        readonly get => (_kind & 32) != 0;
        set => _kind = (byte)(value ? _kind | 32 : _kind & ~32);
    }

    /// <summary>Whether the token came back to its network from elsewhere.</summary>
    public bool Returned
    {
        readonly get => (_kind & 64) != 0;
        set => _kind = (byte)(value ? _kind | 64 : _kind & ~64);
    }

    /// <summary>Whether it is the one that the token came to last, with a session that began or moved.</summary>
    public bool Latest
    {
        readonly get => (_kind & 128) != 0;
        set => _kind = (byte)(value ? _kind | 128 : _kind & ~128);
    }
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
