using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace AutoGuard.Core.Events;

/// <summary>
/// SipHash-1-3 (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012; the reduced-round variant that hash
/// tables use) with 64- and 128-bit results. The secret makes it impossible for the writers of events to find texts
/// that share a place or an identity.
/// </summary>
/// <param name="secret0">First half of the 128-bit secret.</param>
/// <param name="secret1">Second half.</param>
public sealed class KeyedHasher(ulong secret0, ulong secret1)
{
    /// <summary>Hashes <paramref name="text"/> to 64 bits.</summary>
    public ulong Hash64(ReadOnlySpan<byte> text)
    {
        State state = new(secret0, secret1, 0, wide: false);
        state.Absorb(text);
        return state.Finish64();
    }

    /// <summary>
    /// Hashes <paramref name="text"/> to 128 bits within a <paramref name="scope"/>: the same text in another scope (kind
    /// of identity and tenant) has an unrelated key. Never the absent key.
    /// </summary>
    public Key128 Hash128(ReadOnlySpan<byte> text, ulong scope)
    {
        State state = new(secret0, secret1, scope, wide: true);
        state.Absorb(text);
        Key128 key = state.Finish128();
        return key.IsAbsent ? new Key128(0, 1) : key;
    }

    private struct State
    {
        private ulong _v0;
        private ulong _v1;
        private ulong _v2;
        private ulong _v3;

        public State(ulong k0, ulong k1, ulong scope, bool wide)
        {
            _v0 = k0 ^ 0x736f6d6570736575;
            _v1 = k1 ^ 0x646f72616e646f6d ^ (wide ? 0xeeUL : 0);
            _v2 = k0 ^ 0x6c7967656e657261;
            _v3 = k1 ^ 0x7465646279746573;
            if (wide)
            {
                Word(scope);
            }
        }

        public void Absorb(ReadOnlySpan<byte> text)
        {
            ulong length = (ulong)text.Length;
            while (text.Length >= 8)
            {
                Word(BinaryPrimitives.ReadUInt64LittleEndian(text));
                text = text[8..];
            }
            ulong last = length << 56;
            for (int i = 0; i < text.Length; i++)
            {
                last |= (ulong)text[i] << (8 * i);
            }
            Word(last);
        }

        public ulong Finish64()
        {
            _v2 ^= 0xff;
            Rounds3();
            return _v0 ^ _v1 ^ _v2 ^ _v3;
        }

        public Key128 Finish128()
        {
            _v2 ^= 0xee;
            Rounds3();
            ulong low = _v0 ^ _v1 ^ _v2 ^ _v3;
            _v1 ^= 0xdd;
            Rounds3();
            return new Key128(_v0 ^ _v1 ^ _v2 ^ _v3, low);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private void Word(ulong word)
        {
            _v3 ^= word;
            Round();
            _v0 ^= word;
        }

        private void Rounds3()
        {
            Round();
            Round();
            Round();
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private void Round()
        {
            _v0 += _v1;
            _v1 = BitOperations.RotateLeft(_v1, 13) ^ _v0;
            _v0 = BitOperations.RotateLeft(_v0, 32);
            _v2 += _v3;
            _v3 = BitOperations.RotateLeft(_v3, 16) ^ _v2;
            _v0 += _v3;
            _v3 = BitOperations.RotateLeft(_v3, 21) ^ _v0;
            _v2 += _v1;
            _v1 = BitOperations.RotateLeft(_v1, 17) ^ _v2;
            _v2 = BitOperations.RotateLeft(_v2, 32);
        }
    }
}
