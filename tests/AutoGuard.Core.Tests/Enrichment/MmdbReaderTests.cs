using System.Text;
using AutoGuard.Core.Enrichment;
using AutoGuard.Core.Events;
using AutoGuard.Testing;

namespace AutoGuard.Core.Tests.Enrichment;

[Collection(AllocationCollection.Name)]
public sealed class MmdbReaderTests
{
    public static TheoryData<int, int, int> SizesAndSeeds()
    {
        TheoryData<int, int, int> cases = [];
        foreach (int recordSize in (int[])[24, 28, 32])
        {
            foreach (int ipVersion in (int[])[4, 6])
            {
                cases.Add(recordSize, ipVersion, 1);
                cases.Add(recordSize, ipVersion, Environment.ProcessId);
            }
        }
        return cases;
    }

    [Theory]
    [MemberData(nameof(SizesAndSeeds))]
    public void Every_address_gets_the_record_of_its_most_specific_network(int recordSize, int ipVersion, int seed)
    {
        Random random = new(seed);
        List<IpNetwork> networks = RandomNetworks.Make(random, 400, withV6: ipVersion == 6);
        MmdbWriter writer = new(recordSize, ipVersion);
        Dictionary<IpNetwork, uint> numbers = [];
        foreach (IpNetwork network in networks)
        {
            numbers[network] = (uint)random.NextInt64(1, 1L << 32);
            writer.Add(network, AsnRecord(numbers[network], $"Operator {numbers[network] % 97}"));
        }
        MmdbReader reader = new(writer.ToArray());

        for (int step = 0; step < 4000; step++)
        {
            IpAddress address = RandomNetworks.Probe(random, networks, withV6: true);
            IpNetwork? expected = RandomNetworks.Longest(networks, address);
            bool found = reader.TryLookup(address, out AddressRecord record);
            Assert.True(expected is null != found && record.Asn == (expected is { } network ? numbers[network] : 0),
                $"seed {seed}, step {step}, {address}: expected {expected}, found {found} {record.Asn}");
        }
    }

    [Fact]
    public void A_whole_family_in_one_network_is_found_from_either_family()
    {
        MmdbWriter writer = new(24, 6);
        writer.Add("::/1", AsnRecord(64500, "All of it"));
        MmdbReader reader = new(writer.ToArray());

        Assert.Equal(64500u, Lookup(reader, "203.0.113.7").Asn);
        Assert.Equal(64500u, Lookup(reader, "2001:db8::1").Asn);
        Assert.False(reader.TryLookup(Address("8000::1"), out _));
    }

    [Fact]
    public void A_v4_database_knows_no_v6_address()
    {
        MmdbWriter writer = new(24, 4);
        writer.Add("0.0.0.0/1", AsnRecord(64500, "Half"));
        MmdbReader reader = new(writer.ToArray());

        Assert.False(reader.TryLookup(Address("2001:db8::1"), out _));
        Assert.False(reader.TryLookup(Address("203.0.113.7"), out _));
        Assert.Equal(64500u, Lookup(reader, "9.0.113.7").Asn);
    }

    [Fact]
    public void GeoLite2_country_and_city_layouts_are_understood()
    {
        MmdbWriter writer = new();
        writer.Add("203.0.113.0/24", Map(
            ("city", Map(("names", Map(("en", "Lyon"))))),
            ("continent", Map(("code", "EU"), ("names", Map(("de", "Europa"), ("en", "Europe"))))),
            ("country", Map(("geoname_id", 3017382u), ("iso_code", "FR"), ("names", Map(("en", "France"))))),
            ("location", Map(("accuracy_radius", (ushort)20), ("latitude", 45.7), ("longitude", 4.8))),
            ("postal", Map(("code", "69001"))),
            ("registered_country", Map(("iso_code", "DE"))),
            ("subdivisions", new object[] { Map(("iso_code", "ARA")), Map(("iso_code", "69")) })));
        writer.Add("198.51.100.0/24", Map(("registered_country", Map(("iso_code", "DE"), ("is_in_european_union", true)))));
        writer.Add("192.0.2.0/24", Map(("continent", Map(("code", "EU"))), ("country", Map(("iso_code", "EU")))));
        MmdbReader reader = new(writer.ToArray());

        Assert.Equal("FR", CountryCode.Text(Lookup(reader, "203.0.113.7").Country));
        Assert.Equal("DE", CountryCode.Text(Lookup(reader, "198.51.100.7").Country));
        Assert.Equal("", CountryCode.Text(Lookup(reader, "192.0.2.7").Country));
        Assert.Equal("Test of 2025-11-13", reader.Description);
        Assert.Equal(3, reader.Records);
    }

    [Fact]
    public void GeoIP2_operator_and_anonymity_layouts_are_understood()
    {
        MmdbWriter writer = new();
        writer.Add("203.0.113.0/24", Map(
            ("isp", "Reseller"), ("organization", "Customer"), ("autonomous_system_organization", "Carrier"), ("autonomous_system_number", 64500u)));
        writer.Add("198.51.100.0/24", Map(("is_anonymous", true), ("is_hosting_provider", true), ("is_public_proxy", false)));
        writer.Add("192.0.2.0/24", Map(("traits", Map(("autonomous_system_number", 64501u), ("isp", "Enterprise"), ("is_anonymous_vpn", true), ("user_type", "hosting")))));
        writer.Add("10.0.0.0/8", Map(("is_anonymous", true), ("is_residential_proxy", true)));
        MmdbReader reader = new(writer.ToArray());

        Assert.Equal((64500u, "Carrier", AddressTraits.None), Operator(Lookup(reader, "203.0.113.7")));
        Assert.Equal(AddressTraits.Hosting, Lookup(reader, "198.51.100.7").Traits);
        Assert.Equal((64501u, "Enterprise", AddressTraits.Hosting | AddressTraits.AnonymousProxy), Operator(Lookup(reader, "192.0.2.7")));
        Assert.Equal(AddressTraits.None, Lookup(reader, "10.0.0.1").Traits);
    }

    [Fact]
    public void IPinfo_layouts_are_understood()
    {
        MmdbWriter writer = new();
        writer.Add("203.0.113.0/24", Map(
            ("as_domain", "example.net"), ("as_name", "Example Net"), ("asn", "AS64500"), ("continent", "Europe"),
            ("continent_code", "EU"), ("country", "France"), ("country_code", "FR")));
        writer.Add("198.51.100.0/24", Map(("asn", "as64501"), ("country", "DE"), ("as_domain", "example.org")));
        writer.Add("192.0.2.0/24", Map(("asn", "AS64502"), ("domain", "example.com"), ("name", "Racks Ltd"), ("type", "hosting")));
        writer.Add("10.0.0.0/8", Map(("hosting", ""), ("vpn", "true"), ("relay", "true"), ("service", "Example VPN"), ("name", "not an operator")));
        writer.Add("11.0.0.0/8", Map(("asn", "AS99999999999"), ("country", "U1")));
        MmdbReader reader = new(writer.ToArray());

        AddressRecord lite = Lookup(reader, "203.0.113.7");
        Assert.Equal("FR", CountryCode.Text(lite.Country));
        Assert.Equal((64500u, "Example Net", AddressTraits.None), Operator(lite));
        AddressRecord country = Lookup(reader, "198.51.100.7");
        Assert.Equal("DE", CountryCode.Text(country.Country));
        Assert.Equal((64501u, "example.org", AddressTraits.None), Operator(country));
        Assert.Equal((64502u, "Racks Ltd", AddressTraits.Hosting), Operator(Lookup(reader, "192.0.2.7")));
        Assert.Equal((0u, "", AddressTraits.AnonymousProxy), Operator(Lookup(reader, "10.0.0.1")));
        Assert.Equal(default, Lookup(reader, "11.0.0.1"));
    }

    [Fact]
    public void Fields_of_every_type_and_length_are_passed_over()
    {
        MmdbWriter writer = new(28);
        writer.Add("203.0.113.0/24", Map(
            ("a", new string('x', 28)), ("b", new string('y', 29)), ("c", new string('z', 284)), ("d", new string('u', 285)),
            ("e", new string('v', 65_820)), ("f", new string('w', 65_821)), ("g", UInt128.MaxValue), ("h", ulong.MaxValue),
            ("i", -5), ("j", 1.5), ("k", 2.5f), ("l", new byte[300]), ("m", Enumerable.Repeat<object>("n", 40).ToArray()),
            ("o", 0u), ("p", true), ("q", Map(("autonomous_system_number", 1u))), ("autonomous_system_number", ulong.MaxValue),
            ("asn", 64500UL)));
        Assert.Equal(64500u, Lookup(new MmdbReader(writer.ToArray()), "203.0.113.1").Asn);
    }

    [Theory]
    [InlineData(1_000)]
    [InlineData(100_000)]
    [InlineData(1_000_000)]
    public void Pointers_of_every_size_lead_to_their_text(int filler)
    {
        MmdbWriter writer = new(32);
        writer.Add("198.51.100.0/24", AsnRecord(1, "short"));
        writer.AddFiller(filler);
        writer.Add("192.0.2.0/24", AsnRecord(2, "far away"));
        writer.Add("203.0.113.0/24", AsnRecord(3, "far away"));
        Assert.Equal((3u, "far away", AddressTraits.None), Operator(Lookup(new MmdbReader(writer.ToArray()), "203.0.113.1")));
    }

    [Fact]
    public void A_lookup_allocates_nothing()
    {
        Random random = new(7);
        List<IpNetwork> networks = RandomNetworks.Make(random, 300, withV6: true);
        MmdbWriter writer = new(28);
        networks.ForEach(network => writer.Add(network, AsnRecord((uint)random.Next(1, 1 << 20), $"Operator {random.Next(50)}")));
        MmdbReader reader = new(writer.ToArray());
        IpAddress[] probes = [.. Enumerable.Range(0, 1000).Select(_ => RandomNetworks.Probe(random, networks, withV6: true))];
        long found = CountFound(reader, probes);

        long measured = 0;
        Assert.Equal(0, Allocations.LeastOf(() => measured = CountFound(reader, probes)));
        Assert.Equal(found, measured);
    }

    private static long CountFound(MmdbReader reader, IpAddress[] probes)
    {
        long found = 0;
        foreach (IpAddress address in probes)
        {
            found += reader.TryLookup(address, out AddressRecord record) && record.Provider.Length > 0 ? 1 : 0;
        }
        return found;
    }

    internal static Dictionary<string, object> AsnRecord(uint number, string name) =>
        Map(("autonomous_system_number", number), ("autonomous_system_organization", name));

    internal static Dictionary<string, object> Map(params (string Key, object Value)[] entries) =>
        entries.ToDictionary(entry => entry.Key, entry => entry.Value);

    internal static IpAddress Address(string text)
    {
        Assert.True(IpAddress.TryParse(text, out IpAddress address), text);
        return address;
    }

    private static AddressRecord Lookup(MmdbReader directory, string address)
    {
        Assert.True(directory.TryLookup(Address(address), out AddressRecord record), address);
        return record;
    }

    private static (uint Asn, string Provider, AddressTraits Traits) Operator(AddressRecord record) =>
        (record.Asn, Encoding.UTF8.GetString(record.Provider.Span), record.Traits);
}
