using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace AutoGuard.Core.Events;

/// <summary>
/// Places of what was lately found for a text, by a quick hash of a few of its bytes. The hash is no secret, and anybody can
/// make texts that share a place: a place is only a guess, which its user checks against the text and otherwise searches.
/// </summary>
internal sealed class RecentTexts
{
    private const int Places = 1 << 11;

    private readonly int[] _numbers = new int[Places];

    /// <summary>The number last remembered for a text like this one; 0: none.</summary>
    /// <param name="text">Not empty.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref int Place(ReadOnlySpan<byte> text) => ref _numbers[Hash(text) & (Places - 1)];

    /// <summary>
    /// The length, both ends and, of long texts such as user agents, words on the way: their platform stands in the first half,
    /// their version shortly before the end.
    /// </summary>
    private static int Hash(ReadOnlySpan<byte> text)
    {
        const ulong Multiplier = 0x9E37_79B9_7F4A_7C15;
        ulong hash = (ulong)text.Length * Multiplier;
        if (text.Length < 8)
        {
            foreach (byte unit in text)
            {
                hash = (hash << 8) ^ unit ^ (hash >> 56);
            }
            return Fold(hash * Multiplier);
        }
        hash ^= Word(text, 0) + (Word(text, text.Length - 8) * 0xD6E8_FEB8_6659_FD93);
        if (text.Length > 32)
        {
            // One product each, which the processor works out side by side.
            hash += (Word(text, text.Length - 16) * 0xA076_1D64_78BD_642F) ^ (Word(text, text.Length - 24) * 0xE703_7ED1_A0B4_28DB)
                ^ (Word(text, text.Length - 32) * 0x8EBC_6AF0_9C88_C6E3) ^ (Word(text, text.Length / 4) * 0x5899_65CC_7537_4CC3)
                ^ (Word(text, text.Length / 2) * 0x1D8E_4E27_C47D_124F);
        }
        return Fold((hash ^ (hash >> 31)) * Multiplier);
    }

    private static ulong Word(ReadOnlySpan<byte> text, int at) => BinaryPrimitives.ReadUInt64LittleEndian(text[at..]);

    private static int Fold(ulong hash) => (int)(hash >> 40);
}
