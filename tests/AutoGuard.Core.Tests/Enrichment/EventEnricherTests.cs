using System.Text;
using AutoGuard.Core.Configuration;
using AutoGuard.Core.Enrichment;
using AutoGuard.Core.Events;
using AutoGuard.Testing;

namespace AutoGuard.Core.Tests.Enrichment;

[Collection(AllocationCollection.Name)]
public sealed class EventEnricherTests
{
    private static readonly IpAddress Home = MmdbReaderTests.Address("203.0.113.7");
    private static readonly IpAddress Server = MmdbReaderTests.Address("198.51.100.7");
    private static readonly IpAddress Nowhere = MmdbReaderTests.Address("10.0.0.1");

    private readonly StringPool _pool = new(new KeyedHasher(1, 2));

    [Fact]
    public void Empty_fields_are_filled_and_marked_as_looked_up()
    {
        PlaybackEvent filled = Enrich(Countries(), Operators(), new PlaybackEvent { Address = Server });

        Assert.Equal("DE", CountryCode.Text(filled.Country));
        Assert.Equal((16509u, "Amazon.com, Inc."), (filled.Asn, _pool.Text(filled.Provider)));
        Assert.Equal(EventTraits.CountryLookedUp | EventTraits.OperatorLookedUp | EventTraits.DataCentre, filled.Traits);
    }

    [Fact]
    public void An_operator_that_was_looked_up_before_is_known_whatever_names_came_since()
    {
        StringPool small = new(new KeyedHasher(1, 2), capacity: 100);
        EventEnricher enricher = new([new MmdbReader(Operators().ToArray())], new DataCentreClassifier(new EnrichmentOptions(), small), new AgentClassifier([], small), small);
        for (int round = 0; round < 3; round++)
        {
            PlaybackEvent e = new() { Address = Server };
            enricher.Enrich(ref e);
            Assert.Equal("Amazon.com, Inc.", small.Find(e.Provider));
            for (int i = 0; i < 200; i++)
            {
                small.Intern($"stream {round} {i}", StringKind.Label);
            }
        }
    }

    [Fact]
    public void What_the_event_says_stays()
    {
        ushort spain = CountryCode.Pack("ES"u8);
        int provider = _pool.Intern("Own");
        PlaybackEvent filled = Enrich(Countries(), Operators(),
            new PlaybackEvent { Address = Server, Country = spain, Asn = 64511, Provider = provider, Traits = EventTraits.UserFromClaims });

        Assert.Equal((spain, 64511u, provider, EventTraits.UserFromClaims), (filled.Country, filled.Asn, filled.Provider, filled.Traits));
    }

    [Fact]
    public void A_name_is_not_attached_to_another_networks_number()
    {
        PlaybackEvent other = Enrich(Countries(), Operators(), new PlaybackEvent { Address = Server, Asn = 64511 });
        PlaybackEvent same = Enrich(Countries(), Operators(), new PlaybackEvent { Address = Server, Asn = 16509 });

        Assert.Equal((64511u, 0), (other.Asn, other.Provider));
        Assert.Equal((16509u, "Amazon.com, Inc."), (same.Asn, _pool.Text(same.Provider)));
    }

    [Fact]
    public void An_event_that_says_it_all_is_judged_without_a_directory()
    {
        EventEnricher enricher = new([], new DataCentreClassifier(new EnrichmentOptions(), _pool), new AgentClassifier([], _pool), _pool);
        PlaybackEvent own = new() { Address = Home, Provider = _pool.Intern("Hetzner Online GmbH") };
        enricher.Enrich(ref own);
        Assert.Equal(EventTraits.DataCentre, own.Traits);
    }

    [Fact]
    public void The_first_directory_that_knows_a_field_wins()
    {
        MmdbWriter first = new();
        first.Add("203.0.113.0/24", MmdbReaderTests.Map(("country_code", "FR")));
        MmdbWriter second = new();
        second.Add("203.0.113.0/24", MmdbReaderTests.Map(("country_code", "DE"), ("asn", "AS64500"), ("as_name", "Second")));
        MmdbWriter third = new();
        third.Add("203.0.113.0/24", MmdbReaderTests.Map(("asn", "AS64501"), ("as_name", "Third"), ("hosting", true)));

        PlaybackEvent filled = Enrich(first, second, third, new PlaybackEvent { Address = Home });

        Assert.Equal("FR", CountryCode.Text(filled.Country));
        Assert.Equal((64500u, "Second"), (filled.Asn, _pool.Text(filled.Provider)));
        Assert.True(filled.Traits.HasFlag(EventTraits.DataCentre), "the third directory's hosting flag counts");
    }

    [Fact]
    public void Unknown_and_absent_addresses_leave_the_event_as_it_is()
    {
        foreach (IpAddress address in (IpAddress[])[Nowhere, default])
        {
            PlaybackEvent filled = Enrich(Countries(), Operators(), new PlaybackEvent { Address = address });
            Assert.Equal((0, 0u, 0, EventTraits.None), (filled.Country, filled.Asn, filled.Provider, filled.Traits));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void The_address_table_changes_nothing(int seed)
    {
        Random random = new(seed);
        List<IpNetwork> networks = RandomNetworks.Make(random, 500, withV6: true);
        MmdbWriter writer = new();
        networks.ForEach(network => writer.Add(network, MmdbReaderTests.AsnRecord((uint)random.Next(1, 1000), $"Operator {random.Next(40)}")));
        MmdbReader reader = new(writer.ToArray());
        EventEnricher enricher = new([reader], new DataCentreClassifier(new EnrichmentOptions(), _pool), new AgentClassifier([], _pool), _pool);
        IpAddress[] probes = [.. Enumerable.Range(0, 20_000).Select(_ => RandomNetworks.Probe(random, networks, withV6: true))];

        for (int step = 0; step < 60_000; step++)
        {
            IpAddress address = probes[random.Next(probes.Length)];
            PlaybackEvent filled = new() { Address = address };
            enricher.Enrich(ref filled);
            reader.TryLookup(address, out AddressRecord expected);
            Assert.True((filled.Asn, _pool.Text(filled.Provider)) == (expected.Asn, Encoding.UTF8.GetString(expected.Provider.Span)),
                $"seed {seed}, step {step}, {address}: expected {expected.Asn}, got {filled.Asn} {_pool.Text(filled.Provider)}");
        }
    }

    [Fact]
    public void Enriching_allocates_nothing_once_names_are_known()
    {
        Random random = new(3);
        List<IpNetwork> networks = RandomNetworks.Make(random, 300, withV6: true);
        MmdbWriter writer = new();
        networks.ForEach(network => writer.Add(network, MmdbReaderTests.AsnRecord((uint)random.Next(1, 1000), $"Operator {random.Next(40)}")));
        EventEnricher enricher = new([new MmdbReader(writer.ToArray())], new DataCentreClassifier(new EnrichmentOptions(), _pool), new AgentClassifier([], _pool), _pool);
        IpAddress[] probes = [.. Enumerable.Range(0, 20_000).Select(_ => RandomNetworks.Probe(random, networks, withV6: true))];
        uint sum = EnrichAll(enricher, probes);

        uint measured = 0;
        Assert.Equal(0, Allocations.LeastOf(() => measured = EnrichAll(enricher, probes)));
        Assert.Equal(sum, measured);
    }

    private static uint EnrichAll(EventEnricher enricher, IpAddress[] probes)
    {
        uint sum = 0;
        foreach (IpAddress address in probes)
        {
            PlaybackEvent playbackEvent = new() { Address = address };
            enricher.Enrich(ref playbackEvent);
            sum += playbackEvent.Asn;
        }
        return sum;
    }

    private static MmdbWriter Countries()
    {
        MmdbWriter writer = new();
        writer.Add("203.0.113.0/24", MmdbReaderTests.Map(("country_code", "FR")));
        writer.Add("198.51.100.0/24", MmdbReaderTests.Map(("country_code", "DE")));
        return writer;
    }

    private static MmdbWriter Operators()
    {
        MmdbWriter writer = new();
        writer.Add("203.0.113.0/24", MmdbReaderTests.AsnRecord(64500, "Example Telecom"));
        writer.Add("198.51.100.0/24", MmdbReaderTests.AsnRecord(16509, "Amazon.com, Inc."));
        return writer;
    }

    private PlaybackEvent Enrich(MmdbWriter first, MmdbWriter second, PlaybackEvent playbackEvent) =>
        Enrich(first, second, second, playbackEvent);

    private PlaybackEvent Enrich(MmdbWriter first, MmdbWriter second, MmdbWriter third, PlaybackEvent playbackEvent)
    {
        IAddressDirectory[] directories = [new MmdbReader(first.ToArray()), new MmdbReader(second.ToArray()), new MmdbReader(third.ToArray())];
        EventEnricher enricher = new(directories, new DataCentreClassifier(new EnrichmentOptions(), _pool), new AgentClassifier([], _pool), _pool);
        enricher.Enrich(ref playbackEvent);
        return playbackEvent;
    }
}
