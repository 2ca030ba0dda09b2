using AutoGuard.Core.Enrichment;
using AutoGuard.Core.Events;

namespace AutoGuard.Core.Tests.Enrichment;

public sealed class MmdbDamageTests
{
    public static TheoryData<int> Seeds() => [1, 2, 3, Environment.ProcessId];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void A_file_with_changed_bytes_is_refused_or_works(int seed)
    {
        Random random = new(seed);
        List<IpNetwork> networks = RandomNetworks.Make(random, 30, withV6: true);
        byte[] good = Write(random, networks, recordSize: 24 + (seed % 3 * 4));
        int refused = 0;
        int worked = 0;
        for (int step = 0; step < 1000; step++)
        {
            byte[] bad = [.. good];
            for (int change = random.Next(1, 6); change > 0; change--)
            {
                bad[random.Next(bad.Length)] = (byte)random.Next(256);
            }
            _ = TryEverything(bad, random, networks, $"seed {seed}, step {step}") ? worked++ : refused++;
        }
        Assert.True(refused > 20 && worked > 20, $"seed {seed}: {refused} refused, {worked} worked");
    }

    [Fact]
    public void A_file_cut_short_anywhere_is_refused()
    {
        Random random = new(5);
        byte[] good = Write(random, RandomNetworks.Make(random, 10, withV6: false), recordSize: 24);
        for (int length = 0; length < good.Length; length++)
        {
            Assert.Throws<InvalidDataException>(() => new MmdbReader(good.AsMemory(0, length)));
        }
    }

    [Theory]
    [InlineData("record_size", 26, "record_size 26; 24, 28 or 32")]
    [InlineData("ip_version", 5, "ip_version 5; 4 or 6")]
    [InlineData("binary_format_major_version", 3, "binary_format_major_version 3; 2 is understood")]
    [InlineData("node_count", 0, "node_count 0")]
    [InlineData("node_count", 1_000_000, "a tree of 1000000 nodes takes 6000016 bytes")]
    public void Metadata_that_cannot_be_are_named(string key, int value, string expected)
    {
        MmdbWriter writer = new();
        writer.Add("203.0.113.0/24", MmdbReaderTests.AsnRecord(64500, "Example"));
        writer.Metadata[key] = (uint)value;
        InvalidDataException error = Assert.Throws<InvalidDataException>(() => new MmdbReader(writer.ToArray()));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_of_another_kind_is_called_that() =>
        Assert.StartsWith("Not a MaxMind database", Assert.Throws<InvalidDataException>(() => new MmdbReader("PK\u0003\u0004 and so on"u8.ToArray())).Message, StringComparison.Ordinal);

    [Fact]
    public void A_database_without_a_known_field_is_of_no_use()
    {
        MmdbWriter writer = new();
        writer.Add("203.0.113.0/24", MmdbReaderTests.Map(("postal", "69001")));
        Assert.StartsWith("Of no use", Assert.Throws<InvalidDataException>(() => new MmdbReader(writer.ToArray())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_record_that_is_no_map_is_named_with_its_place()
    {
        MmdbWriter writer = new(24, 4);
        writer.Add("0.0.0.0/1", "FR");
        Assert.Equal("Malformed at byte 22: a network's record is a Text, not a map.",
            Assert.Throws<InvalidDataException>(() => new MmdbReader(writer.ToArray())).Message);
    }

    [Fact]
    public void A_pointer_to_itself_is_refused()
    {
        MmdbWriter writer = new(24, 4);
        writer.Add("0.0.0.0/1", MmdbReaderTests.AsnRecord(64500, "Example"));
        byte[] file = writer.ToArray();
        file[22] = 0x20;
        file[23] = 0x00;
        Assert.Equal("Malformed at byte 22: a pointer leads to a pointer.",
            Assert.Throws<InvalidDataException>(() => new MmdbReader(file)).Message);
    }

    [Fact]
    public void A_tree_whose_nodes_lead_in_circles_ends_with_the_address()
    {
        MmdbWriter writer = new(24, 4);
        writer.Add("128.0.0.0/1", MmdbReaderTests.AsnRecord(64500, "Example"));
        byte[] file = writer.ToArray();
        file.AsSpan(0, 3).Clear();
        MmdbReader reader = new(file);
        Assert.False(reader.TryLookup(IpAddress.FromV4(0), out _));
        Assert.True(reader.TryLookup(IpAddress.FromV4(0x01020304), out AddressRecord record));
        Assert.Equal(64500u, record.Asn);
    }

    private static byte[] Write(Random random, List<IpNetwork> networks, int recordSize)
    {
        MmdbWriter writer = new(recordSize);
        foreach (IpNetwork network in networks)
        {
            writer.Add(network, MmdbReaderTests.Map(
                ("country", MmdbReaderTests.Map(("iso_code", "FR"), ("names", MmdbReaderTests.Map(("en", "France"))))),
                ("autonomous_system_number", (uint)random.Next()),
                ("traits", MmdbReaderTests.Map(("isp", $"Operator {random.Next(5)}"), ("is_anycast", true)))));
        }
        return writer.ToArray();
    }

    /// <summary>Whether the file was accepted; any other outcome than that or a clean refusal escapes as an error.</summary>
    private static bool TryEverything(byte[] file, Random random, List<IpNetwork> networks, string where)
    {
        MmdbReader reader;
        try
        {
            reader = new MmdbReader(file);
        }
        catch (InvalidDataException refusal)
        {
            Assert.False(string.IsNullOrWhiteSpace(refusal.Message), where);
            return false;
        }
        for (int i = 0; i < 40; i++)
        {
            IpAddress address = RandomNetworks.Probe(random, networks, withV6: true);
            Exception? thrown = Record.Exception(() => reader.TryLookup(address, out _));
            Assert.True(thrown is null, $"{where}, {address}: {thrown}");
        }
        return true;
    }
}
