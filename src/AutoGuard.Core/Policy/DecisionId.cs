using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace AutoGuard.Core.Policy;

/// <summary>
/// Identifiers of decisions: ULIDs (github.com/ulid/spec; 48 bits of time, 80 bits more, Crockford's base 32) whose
/// second part is a digest instead of chance, so that the same decision has the same id in every run and a repeat
/// changes nothing.
/// </summary>
public static class DecisionId
{
    private const string Alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    /// <summary>The id of a decision at <paramref name="time"/> (Unix milliseconds).</summary>
    public static string Of(long time, DecisionAction action, Subject subject, string? organization)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        // Strangers write both texts: a line break in one must not let it pass for the other's beginning.
        string value = subject.Value.Contains('\n', StringComparison.Ordinal) ? $"{subject.Value.Length}:{subject.Value}" : subject.Value;
        SHA256.HashData(Encoding.UTF8.GetBytes($"{action}\n{subject.TypeName}\n{value}\n{organization}"), digest);
        ulong high = BinaryPrimitives.ReadUInt64BigEndian(digest);
        ushort low = BinaryPrimitives.ReadUInt16BigEndian(digest[8..]);
        return string.Create(26, (time, high, low), static (text, parts) =>
        {
            UInt128 bits = ((UInt128)(ulong)parts.time << 80) | ((UInt128)parts.high << 16) | parts.low;
            for (int i = text.Length - 1; i >= 0; i--)
            {
                text[i] = Alphabet[(int)(bits & 31)];
                bits >>= 5;
            }
        });
    }
}
