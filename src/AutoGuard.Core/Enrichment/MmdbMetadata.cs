using System.Text;

namespace AutoGuard.Core.Enrichment;

/// <summary>The metadata at the end of a MaxMind DB file.</summary>
/// <param name="Start">Where the marker before it begins, which is where the data section ends.</param>
/// <param name="NodeCount">Nodes of the search tree, at least 1.</param>
/// <param name="RecordSize">Bits of a record: 24, 28 or 32.</param>
/// <param name="IpVersion">4 or 6.</param>
/// <param name="DatabaseType">For instance <c>GeoLite2-ASN</c>.</param>
/// <param name="BuildEpoch">When it was made, Unix seconds; 0 when it does not say.</param>
internal sealed record MmdbMetadata(
    int Start, uint NodeCount, int RecordSize, int IpVersion, string DatabaseType, ulong BuildEpoch)
{
    private const int LongestMetadata = 128 * 1024;
    private const int LongestTypeShown = 64;
    private const int DataSeparator = 16;

    private static readonly byte[] Marker = [0xAB, 0xCD, 0xEF, .. "MaxMind.com"u8];

    /// <summary>Bytes of a node: two records.</summary>
    public int NodeBytes => RecordSize / 4;

    /// <summary>Where the data section begins: after the tree and 16 zero bytes.</summary>
    public long DataStart => ((long)NodeCount * NodeBytes) + DataSeparator;

    /// <summary>Finds and reads the metadata of a file, and makes sure the file has room for what they promise.</summary>
    public static MmdbMetadata Read(ReadOnlySpan<byte> file)
    {
        int searched = Math.Max(0, file.Length - LongestMetadata);
        int start = file[searched..].LastIndexOf(Marker);
        if (start < 0)
        {
            throw new InvalidDataException("Not a MaxMind database: the metadata marker is missing, or the file is cut short.");
        }
        start += searched;
        MmdbMetadata metadata = Read(new MmdbSection(file[(start + Marker.Length)..], start + Marker.Length), start);
        return metadata.DataStart <= start
            ? metadata
            : throw new InvalidDataException(
                $"Malformed: a tree of {metadata.NodeCount} nodes takes {metadata.DataStart} bytes, but only {start} stand before the metadata.");
    }

    private static MmdbMetadata Read(MmdbSection section, int start)
    {
        MmdbField root = section.Read(0);
        if (root.Type != MmdbType.Map)
        {
            throw section.Malformed(0, $"the metadata are a {root.Type}, not a map");
        }
        ulong nodeCount = 0, recordSize = 0, ipVersion = 0, majorVersion = 0, buildEpoch = 0;
        string databaseType = "";
        int position = root.Start;
        for (int i = 0; i < root.Size; i++)
        {
            ReadOnlySpan<byte> key = section.Key(ref position);
            MmdbField value = section.Resolve(position);
            ulong number = value.IsNumber ? section.Number(value) : 0;
            if (key.SequenceEqual("node_count"u8))
            {
                nodeCount = number;
            }
            else if (key.SequenceEqual("record_size"u8))
            {
                recordSize = number;
            }
            else if (key.SequenceEqual("ip_version"u8))
            {
                ipVersion = number;
            }
            else if (key.SequenceEqual("binary_format_major_version"u8))
            {
                majorVersion = number;
            }
            else if (key.SequenceEqual("build_epoch"u8))
            {
                buildEpoch = number;
            }
            else if (key.SequenceEqual("database_type"u8) && value.Type == MmdbType.Text)
            {
                databaseType = Encoding.UTF8.GetString(section.Content(value)[..Math.Min(value.Size, LongestTypeShown)]);
            }
            position = section.Skip(position);
        }
        Require(majorVersion == 2, "binary_format_major_version", majorVersion, "2");
        Require(recordSize is 24 or 28 or 32, "record_size", recordSize, "24, 28 or 32");
        Require(ipVersion is 4 or 6, "ip_version", ipVersion, "4 or 6");
        Require(nodeCount is > 0 and <= int.MaxValue, "node_count", nodeCount, "1 to 2147483647");
        return new MmdbMetadata(start, (uint)nodeCount, (int)recordSize, (int)ipVersion, databaseType, buildEpoch);
    }

    private static void Require(bool holds, string key, ulong value, string allowed)
    {
        if (!holds)
        {
            throw new InvalidDataException($"Unusable MaxMind database: its metadata say {key} {value}; {allowed} is understood.");
        }
    }
}
