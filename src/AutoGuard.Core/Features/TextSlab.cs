using System.Buffers;
using System.Text;

namespace AutoGuard.Core.Features;

/// <summary>
/// Texts of live keys (token identities, user ids) in cells of 16, 24, 40 or 72 bytes. A <c>sha256:</c> identity is kept as the 32
/// bytes that it spells. Texts longer than 71 bytes (64 characters of several bytes each) take a further dictionary entry.
/// Cell 0 is the empty text.
/// </summary>
public sealed class TextSlab
{
    private const byte Long = 255;
    private const byte Digest = 254;
    private const int DigestLength = 32;

    /// <summary>Bytes allocated at once for texts of a size: many small arrays would cost the collector more than they hold.</summary>
    private const int ChunkBytes = 1 << 16;

    private static readonly int[] Sizes = [16, 24, 40, 72];

    private readonly BlockPool<byte>[] _classes = [.. Sizes.Select(size => new BlockPool<byte>(size, ChunkBytes))];
    private readonly Dictionary<int, byte[]> _long = [];

    /// <summary>Texts held.</summary>
    public int Rented => _classes.Sum(pool => pool.Rented);

    private static readonly SearchValues<byte> HexDigits = SearchValues.Create("0123456789abcdef"u8);

    private static ReadOnlySpan<byte> DigestPrefix => "sha256:"u8;

    /// <summary>Stores a text of at most 256 bytes and returns its cell.</summary>
    public int Add(ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty)
        {
            return 0;
        }
        Span<byte> digest = stackalloc byte[DigestLength];
        if (TryReadDigest(text, digest))
        {
            return Keep(Digest, digest);
        }
        if (text.Length < Sizes[^1])
        {
            return Keep((byte)text.Length, text);
        }
        int cell = Keep(Long, []);
        _long[cell] = text.ToArray();
        return cell;
    }

    /// <summary>The text of a cell.</summary>
    public string Text(int cell)
    {
        if (cell == 0)
        {
            return "";
        }
        Span<byte> place = Place(cell);
        return place[0] switch
        {
            Long => Encoding.UTF8.GetString(_long[cell]),
            Digest => string.Concat("sha256:", Convert.ToHexStringLower(place.Slice(1, DigestLength))),
            _ => Encoding.UTF8.GetString(place.Slice(1, place[0])),
        };
    }

    /// <summary>Gives a cell back; its number becomes 0.</summary>
    public void Release(ref int cell)
    {
        if (cell != 0)
        {
            _long.Remove(cell);
            _classes[cell & 3].Return((cell >> 2) - 1);
            cell = 0;
        }
    }

    /// <summary>Reads an identity made of a digest; anything that does not come out as it went in is none.</summary>
    private static bool TryReadDigest(ReadOnlySpan<byte> text, Span<byte> digest)
    {
        ReadOnlySpan<byte> hex = text.StartsWith(DigestPrefix) ? text[DigestPrefix.Length..] : [];
        return hex.Length == 2 * DigestLength
            && !hex.ContainsAnyExcept(HexDigits)
            && Convert.FromHexString(hex, digest, out _, out _) == OperationStatus.Done;
    }

    private int Keep(byte mark, ReadOnlySpan<byte> bytes)
    {
        int sizeClass = 0;
        while (Sizes[sizeClass] <= bytes.Length)
        {
            sizeClass++;
        }
        int cell = ((_classes[sizeClass].Rent() + 1) << 2) | sizeClass;
        Span<byte> place = Place(cell);
        place[0] = mark;
        bytes.CopyTo(place[1..]);
        return cell;
    }

    private Span<byte> Place(int cell) => _classes[cell & 3].Block((cell >> 2) - 1);
}
