using System.Buffers;
using System.Text;

namespace AutoGuard.Core.Events;

/// <summary>What a referrer text turned out to be.</summary>
internal enum ReferrerKind
{
    Missing,
    Invalid,
    Host,
}

/// <summary>
/// Reduces a referrer to the host that embeds the player. Web addresses (<c>http</c>, <c>https</c>, <c>ws</c>,
/// <c>wss</c>, no scheme, or a <c>blob:</c> of one) give the bare host; another scheme with a host keeps it, as
/// <c>android-app://com.example.tv</c>, because a package name is not a host name although it may look like one; a page
/// without a host gives its scheme, as <c>file:</c> and <c>data:</c>; <c>about:</c> pages tell nothing and are missing.
/// </summary>
internal static class ReferrerHost
{
    /// <summary>Longest result, bytes: a scheme, <c>://</c> and a host.</summary>
    public const int LongestResult = LongestScheme + 3 + LongestHost;

    private const int LongestHost = 253;
    private const int LongestLabel = 63;
    private const int LongestScheme = 32;

    private static readonly SearchValues<byte> s_authorityEnd = SearchValues.Create("/?#\\"u8);

    private static readonly SearchValues<byte> s_nameAscii =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."u8);

    /// <summary>Writes the host in lower case to <paramref name="result"/>, <paramref name="length"/> bytes.</summary>
    public static ReferrerKind Read(ReadOnlySpan<byte> text, Span<byte> result, out int length)
    {
        length = 0;
        text = TrimBlanks(text);
        if (IsMissing(text))
        {
            return ReferrerKind.Missing;
        }
        if (StartsWithIgnoreCase(text, "blob:"u8) && text.Length > 5)
        {
            text = text[5..];
        }
        ReadOnlySpan<byte> scheme = Scheme(text);
        ReadOnlySpan<byte> rest = text[(scheme.IsEmpty ? 0 : scheme.Length + 1)..];
        if (Ascii.EqualsIgnoreCase(scheme, "about"u8))
        {
            return ReferrerKind.Missing;
        }
        bool hasAuthority = rest.StartsWith("//"u8);
        if (hasAuthority)
        {
            rest = rest[2..];
        }
        ReadOnlySpan<byte> authority = Authority(rest);
        if (!scheme.IsEmpty && !IsWeb(scheme))
        {
            length = WriteLower(scheme, result);
            result[length++] = (byte)':';
            if (!hasAuthority || authority.IsEmpty)
            {
                return ReferrerKind.Host;
            }
            "//"u8.CopyTo(result[length..]);
            length += 2;
        }
        return TryHost(authority, result, ref length) ? ReferrerKind.Host : ReferrerKind.Invalid;
    }

    /// <summary>
    /// What stands between <c>https://</c> and the path of an ordinary web address, empty for any other text. What
    /// <see cref="Read"/> makes of such a text depends on nothing else.
    /// </summary>
    public static ReadOnlySpan<byte> PlainAuthority(ReadOnlySpan<byte> text)
    {
        if (!text.StartsWith("https://"u8))
        {
            return default;
        }
        text = text[8..];
        int end = text.IndexOfAny(s_authorityEnd);
        return end < 0 ? text : text[..end];
    }

    private static bool IsMissing(ReadOnlySpan<byte> text) =>
        text.Length <= 3 && (text.IsEmpty || text.SequenceEqual("-"u8) || Ascii.EqualsIgnoreCase(text, "n/a"u8));

    private static bool IsWeb(ReadOnlySpan<byte> scheme) =>
        Ascii.EqualsIgnoreCase(scheme, "https"u8) || Ascii.EqualsIgnoreCase(scheme, "http"u8)
        || Ascii.EqualsIgnoreCase(scheme, "wss"u8) || Ascii.EqualsIgnoreCase(scheme, "ws"u8);

    /// <summary>
    /// The scheme, if there is one. What stands before a colon may also be a host before a port, or a user name; without
    /// <c>//</c> it is a scheme only if it is one that is written so.
    /// </summary>
    private static ReadOnlySpan<byte> Scheme(ReadOnlySpan<byte> text)
    {
        if (text.StartsWith("https://"u8))
        {
            // by far the most frequent, and needs no closer look
            return text[..5];
        }
        int colon = text.IndexOf((byte)':');
        if (colon is < 1 or > LongestScheme || !char.IsAsciiLetter((char)text[0]))
        {
            return default;
        }
        ReadOnlySpan<byte> scheme = text[..colon];
        foreach (byte c in scheme)
        {
            if (!char.IsAsciiLetterOrDigit((char)c) && c is not ((byte)'+' or (byte)'-' or (byte)'.'))
            {
                return default;
            }
        }
        bool known = text[(colon + 1)..].StartsWith("//"u8)
            || Ascii.EqualsIgnoreCase(scheme, "about"u8) || Ascii.EqualsIgnoreCase(scheme, "file"u8)
            || Ascii.EqualsIgnoreCase(scheme, "data"u8) || Ascii.EqualsIgnoreCase(scheme, "javascript"u8);
        return known ? scheme : default;
    }

    private static ReadOnlySpan<byte> Authority(ReadOnlySpan<byte> rest)
    {
        int end = rest.IndexOfAny(s_authorityEnd);
        ReadOnlySpan<byte> authority = end < 0 ? rest : rest[..end];
        return authority[(authority.LastIndexOf((byte)'@') + 1)..];
    }

    private static bool TryHost(ReadOnlySpan<byte> authority, Span<byte> result, ref int length)
    {
        if (authority.Count((byte)':') > 1 || authority.StartsWith("["u8))
        {
            return TryIPv6(authority, result, ref length);
        }
        int colon = authority.IndexOf((byte)':');
        if (colon >= 0)
        {
            if (!IsPort(authority[(colon + 1)..]))
            {
                return false;
            }
            authority = authority[..colon];
        }
        if (authority.EndsWith("."u8))
        {
            authority = authority[..^1];
        }
        return TryName(authority, result, ref length);
    }

    private static bool TryName(ReadOnlySpan<byte> name, Span<byte> result, ref int length)
    {
        if (name.Length is 0 or > LongestHost || !IsName(name))
        {
            return false;
        }
        for (ReadOnlySpan<byte> rest = name; ;)
        {
            int dot = rest.IndexOf((byte)'.');
            if ((dot < 0 ? rest.Length : dot) is 0 or > LongestLabel)
            {
                return false;
            }
            if (dot < 0)
            {
                break;
            }
            rest = rest[(dot + 1)..];
        }
        length += WriteLower(name, result[length..]);
        return true;
    }

    /// <summary>Whether a text has nothing but what names are made of; beyond ASCII that is anything.</summary>
    private static bool IsName(ReadOnlySpan<byte> text)
    {
        while (true)
        {
            int other = text.IndexOfAnyExcept(s_nameAscii);
            if (other < 0)
            {
                return true;
            }
            if (text[other] < 0x80)
            {
                return false;
            }
            text = text[(other + 1)..];
        }
    }

    private static bool TryIPv6(ReadOnlySpan<byte> authority, Span<byte> result, ref int length)
    {
        ReadOnlySpan<byte> address = authority;
        if (authority.StartsWith("["u8))
        {
            int close = authority.IndexOf((byte)']');
            if (close < 0)
            {
                return false;
            }
            ReadOnlySpan<byte> rest = authority[(close + 1)..];
            if (!rest.IsEmpty && (rest[0] != (byte)':' || !IsPort(rest[1..])))
            {
                return false;
            }
            address = authority[1..close];
        }
        if (!address.Contains((byte)':') || !IpAddressText.TryParse(address, out _))
        {
            return false;
        }
        result[length++] = (byte)'[';
        length += WriteLower(address, result[length..]);
        result[length++] = (byte)']';
        return true;
    }

    private static bool IsPort(ReadOnlySpan<byte> text) => text.Length <= 5 && !text.ContainsAnyExceptInRange((byte)'0', (byte)'9');

    private static int WriteLower(ReadOnlySpan<byte> text, Span<byte> result)
    {
        if (Ascii.ToLower(text, result, out int written) == OperationStatus.Done)
        {
            return written;
        }
        for (int i = 0; i < text.Length; i++)
        {
            result[i] = (uint)(text[i] - 'A') <= 25 ? (byte)(text[i] | 0x20) : text[i];
        }
        return text.Length;
    }

    private static bool StartsWithIgnoreCase(ReadOnlySpan<byte> text, ReadOnlySpan<byte> start) =>
        text.Length >= start.Length && Ascii.EqualsIgnoreCase(text[..start.Length], start);

    private static ReadOnlySpan<byte> TrimBlanks(ReadOnlySpan<byte> text) =>
        text.IsEmpty || (text[0] > ' ' && text[^1] > ' ') ? text : text.Trim(" \t\r\n"u8);
}
