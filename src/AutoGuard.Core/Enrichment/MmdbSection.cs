using System.Buffers.Binary;
using System.Globalization;

namespace AutoGuard.Core.Enrichment;

/// <summary>Types of the MaxMind DB format 2.0, section "Data Field Format".</summary>
internal enum MmdbType : byte
{
    Extended = 0,
    Pointer = 1,
    Text = 2,
    Double = 3,
    Bytes = 4,
    UInt16 = 5,
    UInt32 = 6,
    Map = 7,
    Int32 = 8,
    UInt64 = 9,
    UInt128 = 10,
    Array = 11,
    CacheContainer = 12,
    EndMarker = 13,
    Boolean = 14,
    Float = 15,
}

/// <summary>The head of one value.</summary>
/// <param name="Type">Its type.</param>
/// <param name="Start">Where its content begins in the section.</param>
/// <param name="Size">Bytes of content; pairs of a map, entries of an array, 0 or 1 of a boolean, the target of a pointer.</param>
/// <param name="Next">What follows the head and, unless it is a map or array, the content.</param>
internal readonly record struct MmdbField(MmdbType Type, int Start, int Size, int Next)
{
    public bool IsNumber => Type is MmdbType.UInt16 or MmdbType.UInt32 or MmdbType.UInt64;
}

/// <summary>
/// A data section of a MaxMind DB file. Every read is checked; what does not hold is an <see cref="InvalidDataException"/>
/// that names the byte of the file.
/// </summary>
internal readonly ref struct MmdbSection(ReadOnlySpan<byte> bytes, int fileOffset)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;

    public int Length => _bytes.Length;

    public ReadOnlySpan<byte> Content(MmdbField field) => _bytes.Slice(field.Start, field.Size);

    /// <summary>Reads the head at a position.</summary>
    public MmdbField Read(int position)
    {
        int at = position;
        byte control = Byte(ref at);
        var type = (MmdbType)(control >> 5);
        if (type == MmdbType.Pointer)
        {
            return Pointer(control, position, at);
        }
        if (type == MmdbType.Extended)
        {
            int number = Byte(ref at) + 7;
            if (number is < (int)MmdbType.Int32 or > (int)MmdbType.Float)
            {
                throw Malformed(position, $"unknown type {number}");
            }
            type = (MmdbType)number;
        }
        int size = Size(control & 0x1F, ref at);
        int content = ContentLength(type, size, position);
        if (content > _bytes.Length - at)
        {
            throw Malformed(position, $"a {type} of {size} reaches beyond its section");
        }
        return new MmdbField(type, at, size, at + content);
    }

    /// <summary>Reads the value at a position, or what the pointer there leads to; <c>Next</c> follows the pointer.</summary>
    public MmdbField Resolve(int position)
    {
        MmdbField field = Read(position);
        if (field.Type != MmdbType.Pointer)
        {
            return field;
        }
        MmdbField target = Read(field.Size);
        // The format allows no pointer to a pointer, which is also what rules out loops of them.
        return target.Type != MmdbType.Pointer
            ? target with { Next = field.Next }
            : throw Malformed(position, "a pointer leads to a pointer");
    }

    /// <summary>The position after the value at <paramref name="position"/>, nested ones included.</summary>
    public int Skip(int position)
    {
        long pending = 1;
        while (pending > 0)
        {
            MmdbField field = Read(position);
            pending += field.Type switch
            {
                MmdbType.Map => 2L * field.Size,
                MmdbType.Array => field.Size,
                _ => 0,
            } - 1;
            position = field.Next;
        }
        return position;
    }

    /// <summary>Reads a map's key at <paramref name="position"/> and moves on to its value.</summary>
    public ReadOnlySpan<byte> Key(ref int position)
    {
        MmdbField key = Resolve(position);
        if (key.Type != MmdbType.Text)
        {
            throw Malformed(position, $"a map's key is a {key.Type}");
        }
        position = key.Next;
        return Content(key);
    }

    /// <summary>An unsigned number of at most 64 bits; the format drops leading zero bytes.</summary>
    public ulong Number(MmdbField field)
    {
        Span<byte> eight = stackalloc byte[8];
        eight.Clear();
        Content(field).CopyTo(eight[(8 - field.Size)..]);
        return BinaryPrimitives.ReadUInt64BigEndian(eight);
    }

    public InvalidDataException Malformed(int position, string what) =>
        new(string.Create(CultureInfo.InvariantCulture, $"Malformed at byte {(long)fileOffset + position}: {what}."));

    private MmdbField Pointer(byte control, int position, int at)
    {
        int high = control & 7;
        long target = ((control >> 3) & 3) switch
        {
            0 => (high << 8) | Byte(ref at),
            1 => ((high << 16) | (Byte(ref at) << 8) | Byte(ref at)) + 2048L,
            2 => ((high << 24) | (Byte(ref at) << 16) | (Byte(ref at) << 8) | Byte(ref at)) + 526_336L,
            _ => ((long)Byte(ref at) << 24) | ((long)Byte(ref at) << 16) | ((long)Byte(ref at) << 8) | Byte(ref at),
        };
        return target < _bytes.Length
            ? new MmdbField(MmdbType.Pointer, at, (int)target, at)
            : throw Malformed(position, $"a pointer to {target} leads out of a section of {_bytes.Length} bytes");
    }

    private int Size(int size, ref int at) => size switch
    {
        29 => 29 + Byte(ref at),
        30 => 285 + ((Byte(ref at) << 8) | Byte(ref at)),
        31 => 65_821 + ((Byte(ref at) << 16) | (Byte(ref at) << 8) | Byte(ref at)),
        _ => size,
    };

    private int ContentLength(MmdbType type, int size, int position)
    {
        int most = type switch
        {
            MmdbType.UInt16 => 2,
            MmdbType.UInt32 or MmdbType.Int32 or MmdbType.Float => 4,
            MmdbType.UInt64 or MmdbType.Double => 8,
            MmdbType.UInt128 => 16,
            MmdbType.Boolean => 1,
            MmdbType.CacheContainer or MmdbType.EndMarker => -1,
            _ => int.MaxValue,
        };
        if (size > most || (size < most && type is MmdbType.Double or MmdbType.Float))
        {
            throw Malformed(position, most < 0 ? $"a {type} where a value belongs" : $"a {type} of {size} bytes");
        }
        return type is MmdbType.Map or MmdbType.Array or MmdbType.Boolean ? 0 : size;
    }

    private byte Byte(ref int at) =>
        (uint)at < (uint)_bytes.Length ? _bytes[at++] : throw Malformed(at, "the section ends within a value");
}
