using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace AutoGuard.Core.Events;

/// <summary>
/// An IPv4 or IPv6 address as 16 bytes in network order, IPv4 in its mapped form (<c>::ffff:a.b.c.d</c>), so that both
/// families order, mask and hash alike.
/// </summary>
/// <param name="High">The first eight bytes, as a big-endian number.</param>
/// <param name="Low">The last eight bytes, as a big-endian number.</param>
public readonly record struct IpAddress(ulong High, ulong Low) : IComparable<IpAddress>
{
    private const ulong MappedPrefix = 0x0000_FFFF_0000_0000;

    /// <summary>Whether this is an IPv4 address.</summary>
    public bool IsV4 => High == 0 && (Low & 0xFFFF_FFFF_0000_0000) == MappedPrefix;

    /// <summary>The IPv4 address as a big-endian number; meaningful only when <see cref="IsV4"/>.</summary>
    public uint V4 => (uint)Low;

    /// <summary>Whether no address was given (the unspecified IPv6 address).</summary>
    public bool IsAbsent => (High | Low) == 0;

    /// <summary>Makes the mapped form of an IPv4 address given as a big-endian number.</summary>
    public static IpAddress FromV4(uint value) => new(0, MappedPrefix | value);

    /// <summary>Converts from the framework's type; IPv4-mapped addresses become IPv4.</summary>
    public static IpAddress From(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out int written);
        return written == 4
            ? FromV4(BinaryPrimitives.ReadUInt32BigEndian(bytes))
            : new(BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]));
    }

    /// <summary>Converts to the framework's type.</summary>
    public IPAddress ToIPAddress()
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, High);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], Low);
        return IsV4 ? new IPAddress(bytes[12..]) : new IPAddress(bytes);
    }

    /// <summary>
    /// The address with all bits after <paramref name="prefixLength"/> cleared. The length counts in the address's own
    /// family: 0 to 32 for IPv4, 0 to 128 for IPv6.
    /// </summary>
    public IpAddress Mask(int prefixLength)
    {
        int bits = IsV4 ? prefixLength + 96 : prefixLength;
        ulong high = bits >= 64 ? High : bits <= 0 ? 0 : High & (ulong.MaxValue << (64 - bits));
        ulong low = bits >= 128 ? Low : bits <= 64 ? 0 : Low & (ulong.MaxValue << (128 - bits));
        return new(high, low);
    }

    /// <inheritdoc/>
    public int CompareTo(IpAddress other)
    {
        int high = High.CompareTo(other.High);
        return high != 0 ? high : Low.CompareTo(other.Low);
    }

    /// <inheritdoc/>
    public override string ToString() => ToIPAddress().ToString();

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(High, Low);

    /// <summary>Reads the usual text forms; brackets, ports and zone ids are refused.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out IpAddress address)
    {
        address = default;
        if (text.ContainsAny('%', '[', ']') || !IPAddress.TryParse(text, out IPAddress? parsed))
        {
            return false;
        }
        // "1" and "1.2" are addresses to the framework, by an old convention nobody means in an event.
        if (parsed.AddressFamily == AddressFamily.InterNetwork && text.Count('.') != 3)
        {
            return false;
        }
        address = From(parsed);
        return true;
    }
}
