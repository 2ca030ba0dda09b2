using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace AutoGuard.Guardian.Api;

/// <summary>
/// The identity of a token as events and rules know it: for a JWT its <c>jti</c>, or the SHA-256 of the encoded form when it
/// has none; any other text itself up to 64 characters, else its SHA-256. Nothing is verified.
/// </summary>
public static class TokenIdentity
{
    private const int LongestText = 64;
    private const int LongestToken = 8_192;

    /// <summary>The identity of a token's text; null when it is empty.</summary>
    public static string? Of(string? token)
    {
        if (string.IsNullOrEmpty(token))
        {
            return null;
        }
        if (token.Length <= LongestToken && TryReadPayload(token, out string? jti))
        {
            return string.IsNullOrEmpty(jti) ? Digest(token) : jti.Length <= LongestText ? jti : Digest(jti);
        }
        return token.Length <= LongestText || token.StartsWith("sha256:", StringComparison.Ordinal) ? token : Digest(token);
    }

    private static string Digest(string text) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private static bool TryReadPayload(string token, out string? jti)
    {
        jti = null;
        string[] parts = token.Split('.');
        if (parts.Length != 3 || !Base64Url.IsValid(parts[0]) || !Base64Url.IsValid(parts[1]))
        {
            return false;
        }
        try
        {
            using JsonDocument payload = JsonDocument.Parse(Base64Url.DecodeFromChars(parts[1]));
            if (payload.RootElement.ValueKind != JsonValueKind.Object)
            {
                return false;
            }
            jti = payload.RootElement.TryGetProperty("jti", out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
            return true;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return false;
        }
    }
}
