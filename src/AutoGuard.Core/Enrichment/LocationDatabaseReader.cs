using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using AutoGuard.Core.Events;

namespace AutoGuard.Core.Enrichment;

/// <summary>
/// The location database of the IPFire project, format version 1 (libloc's <c>format.h</c>): big-endian sections of
/// networks, a binary tree over 128 address bits (IPv4 in mapped form) whose nodes may each name a network, autonomous
/// systems sorted by number, and a pool of zero-terminated texts. The signature is not verified: whoever installed the file did.
/// </summary>
public sealed class LocationDatabaseReader : IAddressDirectory
{
    private const int HeaderLength = 4200;
    private const int NodeLength = 12;
    private const int NetworkLength = 12;
    private const int AsLength = 8;
    private const uint NoNetwork = uint.MaxValue;
    private const int V4Depth = 96;
    private const int AddressBits = 128;
    private const int V4StartBits = 16;

    private readonly ReadOnlyMemory<byte> _tree;
    private readonly ReadOnlyMemory<byte> _networks;
    private readonly ReadOnlyMemory<byte> _systems;
    private readonly ReadOnlyMemory<byte> _texts;
    private readonly Step[] _v4Starts = new Step[1 << V4StartBits];

    /// <summary>Loads a database.</summary>
    /// <param name="file">The whole file; must not change afterwards.</param>
    /// <exception cref="InvalidDataException">The file is not of this format or is damaged; the message says what and where.</exception>
    public LocationDatabaseReader(ReadOnlyMemory<byte> file)
    {
        ReadOnlySpan<byte> bytes = file.Span;
        if (!bytes.StartsWith("LOCDBXX"u8))
        {
            throw new InvalidDataException("Not an IPFire location database: it does not begin with LOCDBXX.");
        }
        if (bytes.Length < HeaderLength)
        {
            throw new InvalidDataException($"Malformed: the file ends at byte {bytes.Length}, within its header of {HeaderLength}.");
        }
        if (bytes[7] != 1)
        {
            throw new InvalidDataException($"An IPFire location database of format version {bytes[7]}; version 1 is understood.");
        }
        _systems = Section(file, 28, AsLength, "list of autonomous systems");
        _networks = Section(file, 36, NetworkLength, "list of networks");
        _tree = Section(file, 44, NodeLength, "network tree");
        _texts = Section(file, 60, 1, "string pool");
        if (_tree.IsEmpty)
        {
            throw new InvalidDataException("Malformed: the network tree is empty.");
        }
        CheckTree();
        CheckSystems();
        Description = Describe(BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]));
        FillV4Starts(Walk(new Step(0, NoNetwork), 0, 0xFFFF_0000_0000, 0, V4Depth), V4Depth, 0, _v4Starts.Length);
    }

    /// <inheritdoc/>
    public string Description { get; }

    /// <summary>Distinct combinations of country, autonomous system and flags that networks have.</summary>
    public int Networks => _networks.Length / NetworkLength;

    /// <summary>Autonomous systems with a name.</summary>
    public int AutonomousSystems => _systems.Length / AsLength;

    /// <inheritdoc/>
    public bool TryLookup(IpAddress address, out AddressRecord record)
    {
        uint network = address.IsV4
            ? Walk(_v4Starts[address.V4 >> (32 - V4StartBits)], address.High, address.Low, V4Depth + V4StartBits, AddressBits).Network
            : Walk(new Step(0, NoNetwork), address.High, address.Low, 0, AddressBits).Network;
        if (network == NoNetwork)
        {
            record = default;
            return false;
        }
        ReadOnlySpan<byte> entry = _networks.Span.Slice((int)network * NetworkLength, NetworkLength);
        uint asn = BinaryPrimitives.ReadUInt32BigEndian(entry[4..]);
        record = new AddressRecord(
            RegionCodes.PackCountry(entry[..2]), asn, NameOf(asn), Traits(BinaryPrimitives.ReadUInt16BigEndian(entry[8..])));
        return true;
    }

    /// <summary>The registered name of an autonomous system in UTF-8; empty when the database has none.</summary>
    public ReadOnlyMemory<byte> NameOf(uint asn)
    {
        ReadOnlySpan<byte> systems = _systems.Span;
        int low = 0;
        int high = AutonomousSystems - 1;
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            ReadOnlySpan<byte> entry = systems.Slice(middle * AsLength, AsLength);
            uint number = BinaryPrimitives.ReadUInt32BigEndian(entry);
            if (number == asn)
            {
                return TextAt((int)BinaryPrimitives.ReadUInt32BigEndian(entry[4..]));
            }
            (low, high) = number < asn ? (middle + 1, high) : (low, middle - 1);
        }
        return default;
    }

    /// <summary>Follows the bits [<paramref name="depth"/>, <paramref name="end"/>), keeping the last network met.</summary>
    private Step Walk(Step step, ulong high, ulong low, int depth, int end)
    {
        ReadOnlySpan<byte> tree = _tree.Span;
        uint node = step.Node;
        uint network = step.Network;
        while (node != Step.Off)
        {
            ReadOnlySpan<byte> entry = tree.Slice((int)node * NodeLength, NodeLength);
            uint here = BinaryPrimitives.ReadUInt32BigEndian(entry[8..]);
            network = here != NoNetwork ? here : network;
            if (depth == end)
            {
                break;
            }
            ulong bit = (depth < 64 ? high >> (63 - depth) : low >> (127 - depth)) & 1;
            uint child = BinaryPrimitives.ReadUInt32BigEndian(entry[(4 * (int)bit)..]);
            // The root is nobody's child, so its number says that there is none.
            node = child == 0 ? Step.Off : child;
            depth++;
        }
        return new Step(node, network);
    }

    /// <summary>Walks the first bits of all IPv4 addresses in advance: they are most of what a look-up costs.</summary>
    private void FillV4Starts(Step step, int depth, int first, int count)
    {
        if (count == 1 || step.Node == Step.Off)
        {
            Array.Fill(_v4Starts, step, first, count);
            return;
        }
        for (int side = 0; side < 2; side++)
        {
            Step child = Walk(step, 0, (ulong)side << (AddressBits - 1 - depth), depth, depth + 1);
            FillV4Starts(child, depth + 1, first + (side * count / 2), count / 2);
        }
    }

    private static AddressTraits Traits(ushort flags) =>
        ((flags & 1) != 0 ? AddressTraits.AnonymousProxy : 0)
        | ((flags & 2) != 0 ? AddressTraits.Satellite : 0)
        | ((flags & 4) != 0 ? AddressTraits.Anycast : 0)
        | ((flags & 8) != 0 ? AddressTraits.Hostile : 0);

    private ReadOnlyMemory<byte> TextAt(int offset)
    {
        ReadOnlyMemory<byte> rest = _texts[offset..];
        return rest[..rest.Span.IndexOf((byte)0)];
    }

    private static ReadOnlyMemory<byte> Section(ReadOnlyMemory<byte> file, int headerOffset, int entryLength, string name)
    {
        ReadOnlySpan<byte> header = file.Span[headerOffset..];
        uint offset = BinaryPrimitives.ReadUInt32BigEndian(header);
        uint length = BinaryPrimitives.ReadUInt32BigEndian(header[4..]);
        if (length > int.MaxValue || (long)offset + length > file.Length)
        {
            throw Malformed(headerOffset, $"the {name} of {length} bytes at {offset} reaches beyond the file's {file.Length}");
        }
        if (length % entryLength != 0)
        {
            throw Malformed(headerOffset, $"the {name} has {length} bytes, which is not a number of entries of {entryLength}");
        }
        return file.Slice((int)offset, (int)length);
    }

    private void CheckTree()
    {
        ReadOnlySpan<byte> tree = _tree.Span;
        uint nodes = (uint)(tree.Length / NodeLength);
        uint networks = (uint)Networks;
        for (int at = 0; at < tree.Length; at += NodeLength)
        {
            uint zero = BinaryPrimitives.ReadUInt32BigEndian(tree[at..]);
            uint one = BinaryPrimitives.ReadUInt32BigEndian(tree[(at + 4)..]);
            uint network = BinaryPrimitives.ReadUInt32BigEndian(tree[(at + 8)..]);
            if (zero >= nodes || one >= nodes || (network >= networks && network != NoNetwork))
            {
                throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture,
                    $"Malformed: node {at / NodeLength} of the network tree points to nodes {zero} and {one} of {nodes} and network {network} of {networks}."));
            }
        }
    }

    private void CheckSystems()
    {
        ReadOnlySpan<byte> systems = _systems.Span;
        // Only the text that ends last decides whether every text ends.
        int lastEnd = _texts.Span.LastIndexOf((byte)0);
        long previous = -1;
        for (int at = 0; at < systems.Length; at += AsLength)
        {
            uint number = BinaryPrimitives.ReadUInt32BigEndian(systems[at..]);
            uint name = BinaryPrimitives.ReadUInt32BigEndian(systems[(at + 4)..]);
            if (number <= previous)
            {
                throw new InvalidDataException($"Malformed: AS{number} stands after AS{previous} in the list of autonomous systems.");
            }
            if (name > lastEnd)
            {
                throw new InvalidDataException($"Malformed: the name of AS{number}, at {name} of the string pool, does not end.");
            }
            previous = number;
        }
    }

    private static string Describe(ulong created) =>
        created < uint.MaxValue
            ? string.Create(CultureInfo.InvariantCulture, $"IPFire location database of {DateTimeOffset.FromUnixTimeSeconds((long)created):yyyy-MM-dd}")
            : "IPFire location database";

    private static InvalidDataException Malformed(int at, string what) => new($"Malformed at byte {at}: {what}.");

    /// <summary>Where a walk stands, and the most specific network it has met.</summary>
    private readonly record struct Step(uint Node, uint Network)
    {
        public const uint Off = uint.MaxValue;
    }
}
