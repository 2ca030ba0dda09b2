using System.Buffers.Binary;
using AutoGuard.Core.Events;

namespace AutoGuard.Core.Enrichment;

/// <summary>
/// A database in the MaxMind DB format 2.0 ("MaxMind DB File Format Specification", version 2.0): a binary tree over the
/// bits of an address whose leaves point to self-describing records. The whole tree and every record are read once when the
/// file is loaded, so that a look-up meets only what has been checked.
/// </summary>
public sealed class MmdbReader : IAddressDirectory
{
    private const int DataSeparator = 16;
    private const int V4Bits = 32;
    private const int V6Bits = 128;
    private const int V4DepthInV6Tree = V6Bits - V4Bits;
    private const int V4StartBits = 16;

    private readonly ReadOnlyMemory<byte> _file;
    private readonly ReadOnlyMemory<byte> _data;
    private readonly MmdbMetadata _metadata;
    private readonly uint[] _v4Starts = new uint[1 << V4StartBits];

    /// <summary>Loads a database.</summary>
    /// <param name="file">The whole file; must not change afterwards.</param>
    /// <exception cref="InvalidDataException">The file is not of this format, is damaged, or holds nothing AutoGuard can use; the message says what and where.</exception>
    public MmdbReader(ReadOnlyMemory<byte> file)
    {
        _file = file;
        _metadata = MmdbMetadata.Read(file.Span);
        int dataStart = (int)_metadata.DataStart;
        _data = file[dataStart.._metadata.Start];
        Records = CheckEverything();
        FillV4Starts(_metadata.IpVersion == 4 ? 0 : Walk(0, 0, 0, V4DepthInV6Tree), 0, _v4Starts.Length);
        Description = _metadata.BuildEpoch is > 0 and < uint.MaxValue
            ? $"{_metadata.DatabaseType} of {DateTimeOffset.FromUnixTimeSeconds((long)_metadata.BuildEpoch):yyyy-MM-dd}"
            : _metadata.DatabaseType;
    }

    /// <inheritdoc/>
    public string Description { get; }

    /// <summary>Distinct records in the database.</summary>
    public int Records { get; }

    /// <inheritdoc/>
    public bool TryLookup(IpAddress address, out AddressRecord record)
    {
        record = default;
        uint found;
        if (address.IsV4)
        {
            found = Walk(_v4Starts[address.V4 >> (V4Bits - V4StartBits)], (ulong)address.V4 << (32 + V4StartBits), 0, V4Bits - V4StartBits);
        }
        else if (_metadata.IpVersion == 6)
        {
            found = Walk(0, address.High, address.Low, V6Bits);
        }
        else
        {
            return false;
        }
        if (found <= _metadata.NodeCount)
        {
            return false;
        }
        record = MmdbRecord.Read(Section(), _data, DataPosition(found));
        return true;
    }

    /// <summary>
    /// Follows at most <paramref name="depth"/> bits from a node and returns what they lead to: a node, the node count for
    /// "nothing", or more for a record.
    /// </summary>
    private uint Walk(uint node, ulong high, ulong low, int depth)
    {
        ReadOnlySpan<byte> tree = _file.Span;
        uint count = _metadata.NodeCount;
        for (int i = 0; i < depth && node < count; i++)
        {
            ulong bit = i < 64 ? high >> (63 - i) : low >> (127 - i);
            node = Child(tree, node, (int)(bit & 1));
        }
        return node;
    }

    /// <summary>Walks the first bits of all IPv4 addresses in advance: they are most of what a look-up costs.</summary>
    private void FillV4Starts(uint node, int first, int count)
    {
        if (count == 1 || node >= _metadata.NodeCount)
        {
            Array.Fill(_v4Starts, node, first, count);
            return;
        }
        for (int side = 0; side < 2; side++)
        {
            FillV4Starts(Child(_file.Span, node, side), first + (side * count / 2), count / 2);
        }
    }

    private uint Child(ReadOnlySpan<byte> tree, uint node, int side)
    {
        ReadOnlySpan<byte> bytes = tree.Slice((int)(node * (uint)_metadata.NodeBytes), _metadata.NodeBytes);
        switch (_metadata.RecordSize)
        {
            case 24:
                bytes = bytes.Slice(3 * side, 3);
                return ((uint)bytes[0] << 16) | ((uint)bytes[1] << 8) | bytes[2];
            case 28:
                // The middle byte holds the four highest bits of both records, the left one's first.
                uint highest = side == 0 ? (uint)bytes[3] >> 4 : bytes[3] & 0x0Fu;
                bytes = bytes.Slice(4 * side, 3);
                return (highest << 24) | ((uint)bytes[0] << 16) | ((uint)bytes[1] << 8) | bytes[2];
            default:
                return BinaryPrimitives.ReadUInt32BigEndian(bytes[(4 * side)..]);
        }
    }

    private MmdbSection Section() => new(_data.Span, (int)_metadata.DataStart);

    private int DataPosition(uint found) => (int)(found - _metadata.NodeCount - DataSeparator);

    private int CheckEverything()
    {
        ReadOnlySpan<byte> tree = _file.Span;
        MmdbSection section = Section();
        var seen = new ulong[(_data.Length + 63) / 64];
        int records = 0;
        bool useful = false;
        for (uint node = 0; node < _metadata.NodeCount; node++)
        {
            for (int side = 0; side < 2; side++)
            {
                uint found = Child(tree, node, side);
                if (found <= _metadata.NodeCount)
                {
                    continue;
                }
                long position = (long)found - _metadata.NodeCount - DataSeparator;
                if (position < 0 || position >= _data.Length)
                {
                    throw new InvalidDataException(
                        $"Malformed at byte {node * _metadata.NodeBytes}: node {node} of the tree points out of the data section.");
                }
                if ((seen[position >> 6] & (1UL << (int)position)) == 0)
                {
                    seen[position >> 6] |= 1UL << (int)position;
                    records++;
                    useful |= CheckRecord(section, (int)position);
                }
            }
        }
        return useful ? records : throw new InvalidDataException(
            $"Of no use: none of the {records} records of this {_metadata.DatabaseType} database has a country, network operator or hosting field under a name known here.");
    }

    private bool CheckRecord(MmdbSection section, int position)
    {
        section.Skip(position);
        AddressRecord record = MmdbRecord.Read(section, _data, position);
        return record.Country != 0 || record.Asn != 0 || !record.Provider.IsEmpty || record.Traits != AddressTraits.None;
    }
}
