namespace AutoGuard.Core.Events;

/// <summary>
/// Reads addresses from UTF-8 without allocating. Strict: four decimal octets without leading zeros, or RFC 4291 text
/// with at most one <c>::</c> and perhaps an IPv4 tail; no port, bracket, zone, blank, or missing part.
/// </summary>
internal static class IpAddressText
{
    // eight groups of four digits, the last two as an IPv4 tail
    private const int LongestText = 45;

    /// <summary>Reads an address; IPv4-mapped IPv6 is IPv4, since both have the same bits here.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out IpAddress address)
    {
        address = default;
        if (text.Length > LongestText)
        {
            return false;
        }
        if (text.Contains((byte)':'))
        {
            return TryParseV6(text, out address);
        }
        if (!TryParseV4(text, out uint value))
        {
            return false;
        }
        address = IpAddress.FromV4(value);
        return true;
    }

    private static bool TryParseV4(ReadOnlySpan<byte> text, out uint value)
    {
        value = 0;
        int at = 0;
        for (int octet = 0; octet < 4; octet++)
        {
            if (octet > 0 && (at >= text.Length || text[at++] != (byte)'.'))
            {
                return false;
            }
            int start = at;
            uint number = 0;
            while (at < text.Length && at - start < 3 && (uint)(text[at] - '0') <= 9)
            {
                number = (number * 10) + (uint)(text[at++] - '0');
            }
            if (at == start || number > 255 || (text[start] == (byte)'0' && at > start + 1))
            {
                return false;
            }
            value = (value << 8) | number;
        }
        return at == text.Length;
    }

    private static bool TryParseV6(ReadOnlySpan<byte> text, out IpAddress address)
    {
        address = default;
        Span<ushort> groups = stackalloc ushort[8];
        groups.Clear();
        int count = 0;
        int gap = -1;
        int at = 0;
        if (text.StartsWith("::"u8))
        {
            gap = 0;
            at = 2;
        }
        while (at < text.Length)
        {
            if (count == 8)
            {
                return false;
            }
            int start = at;
            groups[count] = ReadGroup(text, ref at);
            if (at < text.Length && text[at] == (byte)'.')
            {
                if (count > 6 || !TryParseV4(text[start..], out uint tail))
                {
                    return false;
                }
                groups[count++] = (ushort)(tail >> 16);
                groups[count++] = (ushort)tail;
                break;
            }
            if (at == start)
            {
                return false;
            }
            count++;
            if (at == text.Length)
            {
                break;
            }
            if (text[at++] != (byte)':' || at == text.Length)
            {
                return false;
            }
            if (text[at] == (byte)':')
            {
                if (gap >= 0)
                {
                    return false;
                }
                gap = count;
                at++;
            }
        }
        if (gap < 0 ? count != 8 : count == 8)
        {
            return false;
        }
        address = Join(groups, count, gap < 0 ? count : gap);
        return true;
    }

    private static ushort ReadGroup(ReadOnlySpan<byte> text, ref int at)
    {
        int value = 0;
        for (int digits = 0; digits < 4 && at < text.Length && char.IsAsciiHexDigit((char)text[at]); digits++)
        {
            value = (value << 4) | ((text[at] & 0xF) + (text[at] > '9' ? 9 : 0));
            at++;
        }
        return (ushort)value;
    }

    private static IpAddress Join(ReadOnlySpan<ushort> groups, int count, int gap)
    {
        UInt128 value = 0;
        for (int place = 0; place < 8; place++)
        {
            int missing = 8 - count;
            int source = place < gap ? place : place - missing;
            ushort group = place >= gap && place < gap + missing ? (ushort)0 : groups[source];
            value = (value << 16) | group;
        }
        return new IpAddress((ulong)(value >> 64), (ulong)value);
    }
}
