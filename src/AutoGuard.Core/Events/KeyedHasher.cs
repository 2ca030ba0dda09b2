using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace AutoGuard.Core.Events;

/// <summary>
/// SipHash-1-3 (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012; the reduced-round variant that hash
/// tables use) with 64- and 128-bit results. The secret makes it impossible for the writers of events to find texts
/// that share a place or an identity.
/// </summary>
/// <remarks>The four words of the state are locals throughout, so that they stay in registers: as fields of a struct they went through memory at every step.</remarks>
/// <param name="secret0">First half of the 128-bit secret.</param>
/// <param name="secret1">Second half.</param>
public sealed class KeyedHasher(ulong secret0, ulong secret1)
{
    private const ulong Initial0 = 0x736f6d6570736575;
    private const ulong Initial1 = 0x646f72616e646f6d;
    private const ulong Initial2 = 0x6c7967656e657261;
    private const ulong Initial3 = 0x7465646279746573;

    /// <summary>Hashes <paramref name="text"/> to 64 bits.</summary>
    public ulong Hash64(ReadOnlySpan<byte> text)
    {
        ulong v0 = secret0 ^ Initial0;
        ulong v1 = secret1 ^ Initial1;
        ulong v2 = secret0 ^ Initial2;
        ulong v3 = secret1 ^ Initial3;
        Absorb(text, ref v0, ref v1, ref v2, ref v3);
        v2 ^= 0xff;
        Rounds3(ref v0, ref v1, ref v2, ref v3);
        return v0 ^ v1 ^ v2 ^ v3;
    }

    /// <summary>
    /// Hashes <paramref name="text"/> to 128 bits within a <paramref name="scope"/>: the same text in another scope (kind
    /// of identity and tenant) has an unrelated key. Never the absent key.
    /// </summary>
    public Key128 Hash128(ReadOnlySpan<byte> text, ulong scope)
    {
        ulong v0 = secret0 ^ Initial0;
        ulong v1 = secret1 ^ Initial1 ^ 0xee;
        ulong v2 = secret0 ^ Initial2;
        ulong v3 = secret1 ^ Initial3;
        Word(scope, ref v0, ref v1, ref v2, ref v3);
        Absorb(text, ref v0, ref v1, ref v2, ref v3);
        v2 ^= 0xee;
        Rounds3(ref v0, ref v1, ref v2, ref v3);
        ulong low = v0 ^ v1 ^ v2 ^ v3;
        v1 ^= 0xdd;
        Rounds3(ref v0, ref v1, ref v2, ref v3);
        Key128 key = new(v0 ^ v1 ^ v2 ^ v3, low);
        return key.IsAbsent ? new Key128(0, 1) : key;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Absorb(ReadOnlySpan<byte> text, ref ulong v0, ref ulong v1, ref ulong v2, ref ulong v3)
    {
        ulong length = (ulong)text.Length;
        while (text.Length >= 8)
        {
            Word(BinaryPrimitives.ReadUInt64LittleEndian(text), ref v0, ref v1, ref v2, ref v3);
            text = text[8..];
        }
        Word((length << 56) | Rest(text), ref v0, ref v1, ref v2, ref v3);
    }

    /// <summary>The last 0 to 7 bytes, little-endian.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Rest(ReadOnlySpan<byte> text)
    {
        ulong rest = 0;
        int at = 0;
        if ((text.Length & 4) != 0)
        {
            rest = BinaryPrimitives.ReadUInt32LittleEndian(text);
            at = 4;
        }
        if ((text.Length & 2) != 0)
        {
            rest |= (ulong)BinaryPrimitives.ReadUInt16LittleEndian(text[at..]) << (8 * at);
            at += 2;
        }
        return (text.Length & 1) != 0 ? rest | ((ulong)text[at] << (8 * at)) : rest;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Word(ulong word, ref ulong v0, ref ulong v1, ref ulong v2, ref ulong v3)
    {
        v3 ^= word;
        Round(ref v0, ref v1, ref v2, ref v3);
        v0 ^= word;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Rounds3(ref ulong v0, ref ulong v1, ref ulong v2, ref ulong v3)
    {
        Round(ref v0, ref v1, ref v2, ref v3);
        Round(ref v0, ref v1, ref v2, ref v3);
        Round(ref v0, ref v1, ref v2, ref v3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Round(ref ulong v0, ref ulong v1, ref ulong v2, ref ulong v3)
    {
        v0 += v1;
        v1 = BitOperations.RotateLeft(v1, 13) ^ v0;
        v0 = BitOperations.RotateLeft(v0, 32);
        v2 += v3;
        v3 = BitOperations.RotateLeft(v3, 16) ^ v2;
        v0 += v3;
        v3 = BitOperations.RotateLeft(v3, 21) ^ v0;
        v2 += v1;
        v1 = BitOperations.RotateLeft(v1, 17) ^ v2;
        v2 = BitOperations.RotateLeft(v2, 32);
    }
}
