using System.Buffers.Binary;
using System.Numerics;
using AutoGuard.Core.Events;

namespace AutoGuard.Core.Tests.Events;

public sealed class KeyedHasherTests
{
    /// <summary>The worked example in appendix A of the paper, and the first 128-bit vector of the reference code: they prove the twin.</summary>
    [Fact]
    public void The_twin_gives_the_published_values_of_siphash_2_4()
    {
        byte[] message = [.. Enumerable.Range(0, 15).Select(i => (byte)i)];
        Assert.Equal(0xa129ca6149be45e5UL, SipHash(2, 4, 0x0706050403020100, 0x0f0e0d0c0b0a0908, message, message.Length, wide: false).First);
        (ulong first, ulong second) = SipHash(2, 4, 0x0706050403020100, 0x0f0e0d0c0b0a0908, [], 0, wide: true);
        Assert.Equal((0xe6a825ba047f81a3UL, 0x930255c71472f66dUL), (first, second));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Random_texts_have_the_hashes_of_the_twin(int seed)
    {
        Random random = new(seed);
        for (int i = 0; i < 5_000; i++)
        {
            ulong k0 = (ulong)random.NextInt64();
            ulong k1 = (ulong)random.NextInt64() << 1;
            ulong scope = (ulong)random.NextInt64();
            byte[] text = new byte[random.Next(0, 80)];
            random.NextBytes(text);
            KeyedHasher hasher = new(k0, k1);
            Assert.True(SipHash(1, 3, k0, k1, text, text.Length, wide: false).First == hasher.Hash64(text), $"seed {seed}, step {i}");
            byte[] scoped = new byte[8 + text.Length];
            BinaryPrimitives.WriteUInt64LittleEndian(scoped, scope);
            text.CopyTo(scoped, 8);
            (ulong low, ulong high) = SipHash(1, 3, k0, k1, scoped, text.Length, wide: true);
            Assert.True(new Key128(high, low) == hasher.Hash128(text, scope), $"seed {seed}, step {i}");
        }
    }

    /// <summary>SipHash-c-d by the paper's section 2, one byte at a time; the length byte is given apart.</summary>
    private static (ulong First, ulong Second) SipHash(int c, int d, ulong k0, ulong k1, byte[] message, int length, bool wide)
    {
        ulong[] v = [k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d, k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573];
        v[1] ^= wide ? 0xeeUL : 0;
        int words = (message.Length / 8) + 1;
        for (int w = 0; w < words; w++)
        {
            ulong word = w == words - 1 ? (ulong)(length & 0xFF) << 56 : 0;
            for (int b = 0; b < 8 && (w * 8) + b < message.Length; b++)
            {
                word |= (ulong)message[(w * 8) + b] << (8 * b);
            }
            v[3] ^= word;
            Rounds(v, c);
            v[0] ^= word;
        }
        v[2] ^= wide ? 0xeeUL : 0xff;
        Rounds(v, d);
        ulong first = v[0] ^ v[1] ^ v[2] ^ v[3];
        v[1] ^= 0xdd;
        Rounds(v, d);
        return (first, v[0] ^ v[1] ^ v[2] ^ v[3]);
    }

    private static void Rounds(ulong[] v, int count)
    {
        for (int i = 0; i < count; i++)
        {
            v[0] += v[1];
            v[2] += v[3];
            v[1] = BitOperations.RotateLeft(v[1], 13);
            v[3] = BitOperations.RotateLeft(v[3], 16);
            v[1] ^= v[0];
            v[3] ^= v[2];
            v[0] = BitOperations.RotateLeft(v[0], 32);
            v[2] += v[1];
            v[0] += v[3];
            v[1] = BitOperations.RotateLeft(v[1], 17);
            v[3] = BitOperations.RotateLeft(v[3], 21);
            v[1] ^= v[2];
            v[3] ^= v[0];
            v[2] = BitOperations.RotateLeft(v[2], 32);
        }
    }
}
