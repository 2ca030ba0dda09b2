using System.Buffers.Binary;
using System.Text;
using AutoGuard.Core.Enrichment;
using AutoGuard.Core.Events;
using AutoGuard.Testing;

namespace AutoGuard.Core.Tests.Enrichment;

[Collection(AllocationCollection.Name)]
public sealed class LocationDatabaseReaderTests
{
    public static TheoryData<int> Seeds() => [1, 2, Environment.ProcessId];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Every_address_gets_its_most_specific_network(int seed)
    {
        Random random = new(seed);
        List<IpNetwork> networks = RandomNetworks.Make(random, 400, withV6: true);
        Dictionary<IpNetwork, LocationAnswer> truth = [];
        LocationDatabaseReader reader = new(Write(random, networks, truth));

        for (int step = 0; step < 4000; step++)
        {
            IpAddress address = RandomNetworks.Probe(random, networks, withV6: true);
            LocationAnswer expected = RandomNetworks.Longest(networks, address) is { } network ? truth[network] : new LocationAnswer(false, "", 0, 0, "");
            Assert.True(Ask(reader, address) == expected, $"seed {seed}, step {step}, {address}: expected {expected}, got {Ask(reader, address)}");
        }
    }

    [LocationFact]
    public void Every_address_gets_what_libloc_says_of_the_real_database()
    {
        Random random = new(11);
        LocationDatabaseReader reader = new(File.ReadAllBytes(LocationTool.Database));
        List<IpNetwork> everywhere = [IpNetwork.Of(IpAddress.FromV4(0), 0), new(new IpAddress(0x2000_0000_0000_0000, 0), 8), new(new IpAddress(0x2A00_0000_0000_0000, 0), 11)];
        IpAddress[] probes =
        [
            .. Enumerable.Range(0, 4000).Select(_ => RandomNetworks.Probe(random, everywhere, withV6: true)),
            .. ((string[])["8.8.8.8", "1.1.1.1", "185.220.101.1", "10.0.0.1", "2001:4860:4860::8888", "2a01:4f8::1", "::1"]).Select(MmdbReaderTests.Address),
        ];
        int found = Compare(reader, LocationTool.Database, probes);

        Assert.InRange(found, 1000, probes.Length - 1);
        Assert.StartsWith("IPFire location database of 20", reader.Description, StringComparison.Ordinal);
    }

    [LocationFact(needsDatabase: false)]
    public void Every_address_gets_what_libloc_says_of_a_small_database()
    {
        Random random = new(12);
        List<IpNetwork> networks = RandomNetworks.Make(random, 300, withV6: true);
        byte[] file = Write(random, networks, []);
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, file);
            IpAddress[] probes = [.. Enumerable.Range(0, 500).Select(_ => RandomNetworks.Probe(random, networks, withV6: true))];
            Assert.InRange(Compare(new LocationDatabaseReader(file), path, probes), 100, probes.Length - 1);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void Regions_are_no_countries_and_flags_become_traits()
    {
        LocationDatabaseWriter writer = new();
        writer.Add(IpNetwork.Of(MmdbReaderTests.Address("203.0.113.0"), 24), "EU", 64500, 1 | 8);
        writer.Add(IpNetwork.Of(MmdbReaderTests.Address("198.51.100.0"), 24), "FR", 64501, 2 | 4 | 0x80);
        writer.AddSystem(64501, "Exämple");
        LocationDatabaseReader reader = new(writer.ToArray());

        Assert.True(reader.TryLookup(MmdbReaderTests.Address("203.0.113.7"), out AddressRecord region));
        Assert.Equal((0, 64500u, AddressTraits.AnonymousProxy | AddressTraits.Hostile), (region.Country, region.Asn, region.Traits));
        Assert.True(region.Provider.IsEmpty);
        Assert.True(reader.TryLookup(MmdbReaderTests.Address("198.51.100.7"), out AddressRecord country));
        Assert.Equal(AddressTraits.Satellite | AddressTraits.Anycast, country.Traits);
        Assert.Equal("Exämple", Encoding.UTF8.GetString(country.Provider.Span));
        Assert.False(reader.TryLookup(MmdbReaderTests.Address("198.51.99.255"), out _));
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void A_file_with_changed_bytes_is_refused_or_works(int seed)
    {
        Random random = new(seed);
        List<IpNetwork> networks = RandomNetworks.Make(random, 30, withV6: true);
        byte[] good = Write(random, networks, []);
        int[] meaningful = [.. Enumerable.Range(0, good.Length).Where(at => at < 72 || good[at] != 0)];
        int refused = 0;
        int worked = 0;
        for (int step = 0; step < 1000; step++)
        {
            byte[] bad = [.. good];
            for (int change = random.Next(1, 6); change > 0; change--)
            {
                bad[meaningful[random.Next(meaningful.Length)]] = (byte)random.Next(256);
            }
            _ = TryEverything(bad, random, networks, $"seed {seed}, step {step}") ? worked++ : refused++;
        }
        Assert.True(refused > 20 && worked > 20, $"seed {seed}: {refused} refused, {worked} worked");
    }

    [Fact]
    public void A_file_cut_short_anywhere_is_refused()
    {
        byte[] good = Write(new Random(3), RandomNetworks.Make(new Random(3), 5, withV6: true), []);
        for (int length = 0; length < good.Length; length += 7)
        {
            Assert.Throws<InvalidDataException>(() => new LocationDatabaseReader(good.AsMemory(0, length)));
        }
    }

    [Fact]
    public void Damage_is_named_with_its_place()
    {
        byte[] good = Write(new Random(3), RandomNetworks.Make(new Random(3), 5, withV6: true), []);
        int tree = BinaryPrimitives.ReadInt32BigEndian(good.AsSpan(LocationDatabaseWriter.TreeOffsetField));

        Assert.Equal("Not an IPFire location database: it does not begin with LOCDBXX.", Refusal(good, 0, 0));
        Assert.Equal("An IPFire location database of format version 2; version 1 is understood.", Refusal(good, 7, 2));
        Assert.StartsWith("Malformed at byte 44: the network tree of ", Refusal(good, 44, 0x7F), StringComparison.Ordinal);
        Assert.StartsWith("Malformed: node 0 of the network tree points to nodes ", Refusal(good, tree, 0x7F), StringComparison.Ordinal);
    }

    [Fact]
    public void A_tree_whose_nodes_lead_in_circles_ends_with_the_address()
    {
        byte[] file = Write(new Random(3), [IpNetwork.Of(MmdbReaderTests.Address("2001::"), 16)], []);
        int tree = BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(LocationDatabaseWriter.TreeOffsetField));
        // Node 1 leads to itself on both sides.
        file[tree + 12 + 3] = 1;
        file[tree + 12 + 7] = 1;
        Assert.False(new LocationDatabaseReader(file).TryLookup(MmdbReaderTests.Address("2001::1"), out _));
    }

    [Fact]
    public void A_lookup_allocates_nothing()
    {
        Random random = new(7);
        List<IpNetwork> networks = RandomNetworks.Make(random, 300, withV6: true);
        LocationDatabaseReader reader = new(Write(random, networks, []));
        IpAddress[] probes = [.. Enumerable.Range(0, 1000).Select(_ => RandomNetworks.Probe(random, networks, withV6: true))];
        long length = TotalNameLength(reader, probes);

        long measured = 0;
        Assert.Equal(0, Allocations.LeastOf(() => measured = TotalNameLength(reader, probes)));
        Assert.Equal(length, measured);
    }

    private static long TotalNameLength(LocationDatabaseReader reader, IpAddress[] probes)
    {
        long length = 0;
        foreach (IpAddress address in probes)
        {
            length += reader.TryLookup(address, out AddressRecord record) ? record.Provider.Length : 0;
        }
        return length;
    }

    private static byte[] Write(Random random, List<IpNetwork> networks, Dictionary<IpNetwork, LocationAnswer> truth)
    {
        LocationDatabaseWriter writer = new();
        foreach (IpNetwork network in networks)
        {
            uint asn = (uint)random.Next(1, 200);
            // A third of the systems has no name.
            LocationAnswer answer = new(true, random.Next(2) == 0 ? "FR" : "DE", asn, random.Next(16), asn % 3 == 0 ? "" : $"Operator {asn}");
            truth[network] = answer;
            writer.Add(network, answer.Country, asn, answer.Flags);
            if (answer.Name.Length > 0)
            {
                writer.AddSystem(asn, answer.Name);
            }
        }
        return writer.ToArray();
    }

    private static int Compare(LocationDatabaseReader reader, string database, IpAddress[] probes)
    {
        List<LocationAnswer> answers = LocationTool.Lookup(database, probes.Select(address => address.ToString()));
        Assert.Equal(probes.Length, answers.Count);
        for (int i = 0; i < probes.Length; i++)
        {
            LocationAnswer expected = answers[i] with { Country = answers[i].Country is "EU" or "AP" ? "" : answers[i].Country };
            Assert.True(Ask(reader, probes[i]) == expected, $"{probes[i]}: libloc says {expected}, the reader {Ask(reader, probes[i])}");
        }
        return answers.Count(answer => answer.Found);
    }

    private static LocationAnswer Ask(LocationDatabaseReader reader, IpAddress address)
    {
        bool found = reader.TryLookup(address, out AddressRecord record);
        int flags = (record.Traits.HasFlag(AddressTraits.AnonymousProxy) ? 1 : 0) | (record.Traits.HasFlag(AddressTraits.Satellite) ? 2 : 0)
            | (record.Traits.HasFlag(AddressTraits.Anycast) ? 4 : 0) | (record.Traits.HasFlag(AddressTraits.Hostile) ? 8 : 0);
        return new LocationAnswer(found, CountryCode.Text(record.Country), record.Asn, flags, Encoding.UTF8.GetString(record.Provider.Span));
    }

    private static string Refusal(byte[] good, int at, byte value)
    {
        byte[] bad = [.. good];
        bad[at] = value;
        return Assert.Throws<InvalidDataException>(() => new LocationDatabaseReader(bad)).Message;
    }

    private static bool TryEverything(byte[] file, Random random, List<IpNetwork> networks, string where)
    {
        LocationDatabaseReader reader;
        try
        {
            reader = new LocationDatabaseReader(file);
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
