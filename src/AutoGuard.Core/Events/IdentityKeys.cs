using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace AutoGuard.Core.Events;

/// <summary>
/// How texts become identities. The key of a session, token or user is the keyed 128-bit hash of its text within a
/// scope, and the scope is the kind of identity (a constant) exclusive-or the keyed 64-bit hash of the tenant's text (0
/// when the event names no tenant): equal ids of different tenants, or of different kinds, have unrelated keys.
/// </summary>
/// <param name="hasher">Holder of the secret; equal secrets give equal keys.</param>
public sealed class IdentityKeys(KeyedHasher hasher)
{
    /// <summary>Most characters (Unicode scalar values) of a token identity or user id that are kept as they are.</summary>
    public const int LongestPlain = 64;

    /// <summary>Most bytes of an identity: <see cref="LongestPlain"/> characters of four bytes.</summary>
    public const int LongestIdentity = LongestPlain * 4;

    private const int DigestText = 7 + (2 * SHA256.HashSizeInBytes);

    private const ulong SessionKind = 0x73657373696f6e01;
    private const ulong TokenKind = 0x746f6b656e000002;
    private const ulong UserKind = 0x7573657200000003;

    /// <summary>The tenant's part of a scope.</summary>
    /// <param name="organization">The tenant's name in UTF-8; empty when the event names none.</param>
    public ulong Tenant(ReadOnlySpan<byte> organization) => organization.IsEmpty ? 0 : hasher.Hash64(organization);

    /// <summary>Key of a session id.</summary>
    public Key128 Session(ReadOnlySpan<byte> sessionId, ulong tenant) => hasher.Hash128(sessionId, SessionKind ^ tenant);

    /// <summary>Key of a token, by its identity (not its encoded form).</summary>
    public Key128 Token(ReadOnlySpan<byte> identity, ulong tenant) => hasher.Hash128(identity, TokenKind ^ tenant);

    /// <summary>Key of a user, by the id as kept.</summary>
    public Key128 User(ReadOnlySpan<byte> userId, ulong tenant) => hasher.Hash128(userId, UserKind ^ tenant);

    /// <summary>
    /// The identity of a text: itself if it has at most <see cref="LongestPlain"/> characters, else <c>sha256:</c> and
    /// the lower-case hex digest of its bytes.
    /// </summary>
    /// <param name="text">Valid UTF-8.</param>
    /// <param name="buffer">At least 71 bytes; holds the digest's text when that is the result.</param>
    public static ReadOnlySpan<byte> Identity(ReadOnlySpan<byte> text, Span<byte> buffer) =>
        IsPlain(text) ? text : Digest(text, buffer);

    /// <summary><c>sha256:</c> and the lower-case hex digest of <paramref name="text"/>, written to <paramref name="buffer"/>.</summary>
    public static ReadOnlySpan<byte> Digest(ReadOnlySpan<byte> text, Span<byte> buffer)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(text, hash);
        "sha256:"u8.CopyTo(buffer);
        Convert.TryToHexStringLower(hash, buffer[7..], out _);
        return buffer[..DigestText];
    }

    /// <summary>Whether a text of valid UTF-8 is its own identity.</summary>
    internal static bool IsPlain(ReadOnlySpan<byte> text)
    {
        if (text.Length is <= LongestPlain or > LongestIdentity)
        {
            return text.Length <= LongestPlain;
        }
        int characters = 0;
        foreach (sbyte unit in MemoryMarshal.Cast<byte, sbyte>(text))
        {
            // all bytes but 10xxxxxx begin a character
            characters += unit >= -64 ? 1 : 0;
        }
        return characters <= LongestPlain;
    }
}
