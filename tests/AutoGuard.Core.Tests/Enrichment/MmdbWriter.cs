using System.Buffers.Binary;
using System.Text;
using AutoGuard.Core.Events;

namespace AutoGuard.Core.Tests.Enrichment;

/// <summary>
/// Writes MaxMind DB files for tests, from the specification and independently of the reader. Values are strings, bools,
/// ushorts, uints, ulongs, ints, doubles, floats, UInt128s, byte arrays, object arrays and dictionaries.
/// </summary>
internal sealed class MmdbWriter(int recordSize = 24, int ipVersion = 6)
{
    public const int NoRecord = -1;

    private readonly List<Node> _nodes = [new Node()];
    private readonly List<byte> _data = [];
    private readonly Dictionary<string, int> _texts = [];
    private readonly Dictionary<object, int> _records = new(ReferenceEqualityComparer.Instance);

    /// <summary>Metadata to write instead of, or beside, the right ones.</summary>
    public Dictionary<string, object> Metadata { get; } = [];

    /// <summary>Whether a text written before is written as a pointer.</summary>
    public bool UsePointers { get; init; } = true;

    public void Add(string network, object record)
    {
        Assert.True(IpNetwork.TryParse(network, out IpNetwork parsed), network);
        Add(parsed, record);
    }

    /// <summary>Adds a network. Within a wider one it must be added after that one.</summary>
    public void Add(IpNetwork network, object record)
    {
        if (!_records.TryGetValue(record, out int position))
        {
            position = _data.Count;
            WriteValue(record);
            _records.Add(record, position);
        }
        bool v4 = network.Address.IsV4;
        int depth = v4 && ipVersion == 6 ? network.PrefixLength + 96 : network.PrefixLength;
        var bits = v4
            ? new UInt128(0, network.Address.V4) << (ipVersion == 6 ? 0 : 96)
            : new UInt128(network.Address.High, network.Address.Low);
        Insert(bits, depth, position);
    }

    /// <summary>Writes a value nobody points to, so that later ones lie further on.</summary>
    public void AddFiller(int bytes) => WriteValue(new byte[bytes]);

    public byte[] ToArray()
    {
        List<byte> file = [];
        uint count = (uint)_nodes.Count;
        foreach (Node node in _nodes)
        {
            WriteNode(file, Pack(node.Zero, count), Pack(node.One, count));
        }
        file.AddRange(new byte[16]);
        file.AddRange(_data);
        file.AddRange([0xAB, 0xCD, 0xEF, .. "MaxMind.com"u8]);
        Dictionary<string, object> metadata = new()
        {
            ["binary_format_major_version"] = (ushort)2,
            ["binary_format_minor_version"] = (ushort)0,
            ["build_epoch"] = 1_763_000_000UL,
            ["database_type"] = "Test",
            ["description"] = new Dictionary<string, object> { ["en"] = "made by a test" },
            ["ip_version"] = (ushort)ipVersion,
            ["languages"] = new object[] { "en" },
            ["node_count"] = count,
            ["record_size"] = (ushort)recordSize,
        };
        foreach ((string key, object value) in Metadata)
        {
            metadata[key] = value;
        }
        // Pointers count from the start of their own section, so the metadata are written without.
        MmdbWriter section = new() { UsePointers = false };
        section.WriteValue(metadata);
        file.AddRange(section._data);
        return [.. file];
    }

    private void Insert(UInt128 bits, int depth, int position)
    {
        int at = 0;
        for (int i = 0; i < depth; i++)
        {
            bool one = (bits >> (127 - i) & 1) == 1;
            Child child = one ? _nodes[at].One : _nodes[at].Zero;
            if (i == depth - 1)
            {
                child = new Child(false, position);
            }
            else if (!child.IsNode)
            {
                // A record met on the way covers everything below that is not said otherwise.
                _nodes.Add(new Node { Zero = child, One = child });
                child = new Child(true, _nodes.Count - 1);
            }
            if (one)
            {
                _nodes[at].One = child;
            }
            else
            {
                _nodes[at].Zero = child;
            }
            at = child.Value;
        }
    }

    private static uint Pack(Child child, uint count) =>
        child.IsNode ? (uint)child.Value : child.Value == NoRecord ? count : count + 16 + (uint)child.Value;

    private void WriteNode(List<byte> file, uint zero, uint one)
    {
        Span<byte> eight = stackalloc byte[8];
        BinaryPrimitives.WriteUInt32BigEndian(eight, zero);
        BinaryPrimitives.WriteUInt32BigEndian(eight[4..], one);
        switch (recordSize)
        {
            case 24:
                file.AddRange(eight[1..4]);
                file.AddRange(eight[5..]);
                break;
            case 28:
                file.AddRange(eight[1..4]);
                file.Add((byte)((eight[0] << 4) | eight[4]));
                file.AddRange(eight[5..]);
                break;
            default:
                file.AddRange(eight);
                break;
        }
    }

    private void WriteValue(object value)
    {
        switch (value)
        {
            case string text:
                WriteText(text);
                break;
            case bool flag:
                WriteHead(14, flag ? 1 : 0);
                break;
            case ushort number:
                WriteNumber(5, number);
                break;
            case uint number:
                WriteNumber(6, number);
                break;
            case ulong number:
                WriteNumber(9, number);
                break;
            case UInt128 number:
                WriteNumber(10, number);
                break;
            case int number:
                WriteNumber(8, (uint)number);
                break;
            case double number:
                WriteHead(3, 8);
                WriteBig((UInt128)BitConverter.DoubleToUInt64Bits(number), 8);
                break;
            case float number:
                WriteHead(15, 4);
                WriteBig(BitConverter.SingleToUInt32Bits(number), 4);
                break;
            case byte[] bytes:
                WriteHead(4, bytes.Length);
                _data.AddRange(bytes);
                break;
            case object[] values:
                WriteHead(11, values.Length);
                Array.ForEach(values, WriteValue);
                break;
            case Dictionary<string, object> map:
                WriteHead(7, map.Count);
                foreach ((string key, object entry) in map)
                {
                    WriteText(key);
                    WriteValue(entry);
                }
                break;
            default:
                throw new ArgumentException($"No type for {value.GetType()}", nameof(value));
        }
    }

    private void WriteText(string text)
    {
        if (UsePointers && text.Length > 2 && _texts.TryGetValue(text, out int position))
        {
            WritePointer(position);
            return;
        }
        _texts.TryAdd(text, _data.Count);
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        WriteHead(2, bytes.Length);
        _data.AddRange(bytes);
    }

    private void WritePointer(long target)
    {
        (int size, long rest, int bytes) = target switch
        {
            < 2048 => (0, target, 1),
            < 526_336 => (1, target - 2048, 2),
            < 134_744_064 => (2, target - 526_336, 3),
            _ => (3, target, 4),
        };
        long high = size == 3 ? 0 : rest >> (8 * bytes);
        _data.Add((byte)(0x20 | (size << 3) | (int)high));
        WriteBig((UInt128)(rest & ((1L << (8 * bytes)) - 1)), bytes);
    }

    private void WriteNumber(int type, UInt128 number)
    {
        int bytes = 0;
        while (bytes < 16 && number >> (8 * bytes) != 0)
        {
            bytes++;
        }
        WriteHead(type, bytes);
        WriteBig(number, bytes);
    }

    private void WriteHead(int type, int size)
    {
        int small = size < 29 ? size : size < 285 ? 29 : size < 65_821 ? 30 : 31;
        _data.Add((byte)(((type <= 7 ? type : 0) << 5) | small));
        if (type > 7)
        {
            _data.Add((byte)(type - 7));
        }
        int rest = small switch { 29 => size - 29, 30 => size - 285, 31 => size - 65_821, _ => 0 };
        WriteBig((UInt128)rest, small < 29 ? 0 : small - 28);
    }

    private void WriteBig(UInt128 number, int bytes)
    {
        for (int i = bytes - 1; i >= 0; i--)
        {
            _data.Add((byte)(number >> (8 * i) & 0xFF));
        }
    }

    private readonly record struct Child(bool IsNode, int Value);

    private sealed class Node
    {
        public Child Zero { get; set; } = new(false, NoRecord);

        public Child One { get; set; } = new(false, NoRecord);
    }
}
