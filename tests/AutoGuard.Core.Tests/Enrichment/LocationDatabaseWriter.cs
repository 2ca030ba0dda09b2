using System.Buffers.Binary;
using System.Text;
using AutoGuard.Core.Events;

namespace AutoGuard.Core.Tests.Enrichment;

/// <summary>Writes IPFire location databases of format version 1 for tests; libloc's own tools read them.</summary>
internal sealed class LocationDatabaseWriter
{
    public const int TreeOffsetField = 44;

    private const int PageLength = 4096;
    private const int HeaderLength = 4200;

    private readonly List<(uint Zero, uint One, uint Network)> _nodes = [(0, 0, uint.MaxValue)];
    private readonly List<byte[]> _networks = [];
    private readonly SortedDictionary<uint, string> _systems = [];

    public void AddSystem(uint number, string name) => _systems[number] = name;

    public void Add(IpNetwork network, string country, uint asn, int flags)
    {
        int at = 0;
        var bits = new UInt128(network.Address.High, network.Address.Low);
        int depth = network.Address.IsV4 ? network.PrefixLength + 96 : network.PrefixLength;
        for (int i = 0; i < depth; i++)
        {
            bool one = (bits >> (127 - i) & 1) == 1;
            int child = (int)(one ? _nodes[at].One : _nodes[at].Zero);
            if (child == 0)
            {
                child = _nodes.Count;
                _nodes.Add((0, 0, uint.MaxValue));
                _nodes[at] = one ? _nodes[at] with { One = (uint)child } : _nodes[at] with { Zero = (uint)child };
            }
            at = child;
        }
        byte[] entry = new byte[12];
        Encoding.ASCII.GetBytes(country).CopyTo(entry, 0);
        BinaryPrimitives.WriteUInt32BigEndian(entry.AsSpan(4), asn);
        BinaryPrimitives.WriteUInt16BigEndian(entry.AsSpan(8), (ushort)flags);
        _nodes[at] = _nodes[at] with { Network = (uint)_networks.Count };
        _networks.Add(entry);
    }

    public byte[] ToArray()
    {
        List<byte> pool = [.. "A test\0"u8];
        List<byte> systems = [];
        foreach ((uint number, string name) in _systems)
        {
            systems.AddRange(Big(number));
            systems.AddRange(Big((uint)pool.Count));
            pool.AddRange(Encoding.UTF8.GetBytes(name + '\0'));
        }
        List<byte> tree = [];
        foreach ((uint zero, uint one, uint network) in _nodes)
        {
            tree.AddRange([.. Big(zero), .. Big(one), .. Big(network)]);
        }
        List<byte> file = [.. "LOCDBXX\u0001"u8, .. Big(0), .. Big(1_763_000_000), .. new byte[HeaderLength - 16]];
        Append(file, 28, systems);
        Append(file, 36, [.. _networks.SelectMany(entry => entry)]);
        Append(file, TreeOffsetField, tree);
        Append(file, 52, []);
        Append(file, 60, pool);
        return [.. file];
    }

    private static void Append(List<byte> file, int headerOffset, List<byte> section)
    {
        // libloc maps sections into memory, so each begins on a page.
        file.AddRange(new byte[(PageLength - (file.Count % PageLength)) % PageLength]);
        byte[] place = [.. Big((uint)file.Count), .. Big((uint)section.Count)];
        for (int i = 0; i < place.Length; i++)
        {
            file[headerOffset + i] = place[i];
        }
        file.AddRange(section);
    }

    private static byte[] Big(uint number)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, number);
        return bytes;
    }
}
