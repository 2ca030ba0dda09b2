using System.Text;

namespace AutoGuard.Core.Events;

/// <summary>
/// Identities of single texts, for those who meet a token or a referrer at the edge rather than in an event: what they get
/// is what events, decisions and rules call it.
/// </summary>
public static class EdgeIdentity
{
    /// <summary>The identity of a token as the player sent it; null when it is empty. Longer than 8 KiB it is its digest.</summary>
    public static string? OfToken(string? token)
    {
        if (string.IsNullOrEmpty(token))
        {
            return null;
        }
        byte[] text = Encoding.UTF8.GetBytes(token);
        if (text.Length <= EventParser.LongestToken && text.AsSpan().Count((byte)'.') == 2
            && JsonWebToken.TryRead(text, new byte[EventParser.LongestToken], new byte[EventParser.LongestEvent], out ClaimsDraft claims))
        {
            return claims.Identity is { } identity ? Encoding.UTF8.GetString(identity) : Digest(text);
        }
        return IdentityKeys.IsPlain(text) ? token : Digest(text);
    }

    /// <summary>
    /// The host of a referrer in lower case; null when it is missing in any of its spellings, and
    /// <see cref="EventParser.InvalidReferrer"/> when it names no host.
    /// </summary>
    public static string? OfReferrer(string? referrer)
    {
        byte[] text = Encoding.UTF8.GetBytes(referrer ?? "");
        Span<byte> host = stackalloc byte[ReferrerHost.LongestResult];
        return ReferrerHost.Read(text, host, out int length) switch
        {
            ReferrerKind.Missing => null,
            ReferrerKind.Host => Encoding.UTF8.GetString(host[..length]),
            _ => EventParser.InvalidReferrer,
        };
    }

    private static string Digest(ReadOnlySpan<byte> text) =>
        Encoding.UTF8.GetString(IdentityKeys.Digest(text, stackalloc byte[IdentityKeys.LongestIdentity]));
}
