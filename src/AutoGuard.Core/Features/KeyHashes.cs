using System.Runtime.CompilerServices;
using AutoGuard.Core.Events;

namespace AutoGuard.Core.Features;

/// <summary>Keys that are keyed hashes already: their lower half serves as it is.</summary>
public readonly struct Key128Hash : IKeyHash<Key128>
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong Hash(in Key128 key) => key.Low;
}

/// <summary>
/// Addresses, which attackers choose: both halves are folded with two secrets by a 64×64→128-bit multiplication, the
/// mixing step of wyhash (Wang Yi, 2019).
/// </summary>
/// <param name="Secret0">Secret of the process.</param>
/// <param name="Secret1">Another.</param>
public readonly record struct AddressHash(ulong Secret0, ulong Secret1) : IKeyHash<IpAddress>
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong Hash(in IpAddress key)
    {
        ulong high = Math.BigMul(key.High ^ Secret0, key.Low ^ Secret1, out ulong low);
        high = Math.BigMul(high ^ low ^ Secret1, 0x9E37_79B9_7F4A_7C15, out low);
        return high ^ low;
    }
}

/// <summary>An address (or a network's first address) as one tenant sees it: what one tenant's viewers do is no evidence in another's.</summary>
/// <param name="Address">The address.</param>
/// <param name="Organization">Interned tenant; 0 is the nameless one.</param>
public readonly record struct TenantAddress(IpAddress Address, int Organization);

/// <summary>The hash of <see cref="AddressHash"/> with the tenant, a number that AutoGuard gives out, folded in.</summary>
/// <param name="Addresses">Hashes the address.</param>
public readonly record struct TenantAddressHash(AddressHash Addresses) : IKeyHash<TenantAddress>
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong Hash(in TenantAddress key)
    {
        ulong hash = Addresses.Hash(key.Address);
        return key.Organization == 0 ? hash : (hash ^ (uint)key.Organization) * 0x9E37_79B9_7F4A_7C15;
    }
}

/// <summary>Pairs of small numbers that AutoGuard itself gives out (tenant and string), mixed by Fibonacci hashing.</summary>
public readonly struct PairHash : IKeyHash<ulong>
{
    /// <inheritdoc/>
    public ulong Hash(in ulong key)
    {
        ulong high = Math.BigMul(key + 1, 0x9E37_79B9_7F4A_7C15, out ulong low);
        return high ^ low;
    }
}
