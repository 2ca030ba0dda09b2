using System.Buffers;
using System.Buffers.Text;
using System.Text.Unicode;

namespace AutoGuard.Core.Events;

/// <summary>
/// Looks into an encoded JWT (RFC 7519, compact form) without verifying it. Three base64url parts, the first two JSON
/// objects; the signature may be empty, and padding is tolerated because some edges do: it must not give a token a
/// second identity.
/// </summary>
internal static class JsonWebToken
{
    private static readonly SearchValues<byte> s_alphabet =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"u8);

    /// <summary>
    /// Whether a text is a JWT; if so <paramref name="claims"/> holds what its payload says. Both buffers must be as long as
    /// the text; they keep nothing afterwards.
    /// </summary>
    public static bool TryRead(ReadOnlySpan<byte> encoded, Span<byte> decoded, Span<byte> scratch, out ClaimsDraft claims)
    {
        claims = default;
        int first = encoded.IndexOf((byte)'.');
        int second = first < 0 ? -1 : first + 1 + encoded[(first + 1)..].IndexOf((byte)'.');
        if (second <= first || encoded[(second + 1)..].Contains((byte)'.') || !IsBase64Url(encoded[(second + 1)..]))
        {
            return false;
        }
        try
        {
            return TryDecode(encoded[..first], decoded, out ReadOnlySpan<byte> header) && ClaimsJson.TryRead(header, scratch, out _)
                && TryDecode(encoded[(first + 1)..second], decoded, out ReadOnlySpan<byte> payload) && ClaimsJson.TryRead(payload, scratch, out claims);
        }
        finally
        {
            decoded[..encoded.Length].Clear();
            scratch[..encoded.Length].Clear();
        }
    }

    private static bool TryDecode(ReadOnlySpan<byte> part, Span<byte> buffer, out ReadOnlySpan<byte> json)
    {
        json = default;
        if (part.IsEmpty || !IsBase64Url(part)
            || Base64Url.DecodeFromUtf8(part.TrimEnd((byte)'='), buffer, out _, out int written) != OperationStatus.Done)
        {
            return false;
        }
        json = buffer[..written];
        return Utf8.IsValid(json);
    }

    private static bool IsBase64Url(ReadOnlySpan<byte> part)
    {
        ReadOnlySpan<byte> text = part.TrimEnd((byte)'=');
        return part.Length - text.Length <= 2 && !text.ContainsAnyExcept(s_alphabet);
    }
}
