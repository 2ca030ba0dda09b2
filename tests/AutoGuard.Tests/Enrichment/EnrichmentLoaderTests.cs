using AutoGuard.Core.Configuration;
using AutoGuard.Core.Enrichment;
using AutoGuard.Core.Events;
using AutoGuard.Enrichment;

namespace AutoGuard.Tests.Enrichment;

public sealed class EnrichmentLoaderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("autoguard-enrichment-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Opened_files_fill_events_in()
    {
        EnrichmentOptions options = new() { MmdbFiles = [Write("country.mmdb", HalfTheWorldIsFrench())] };
        EnrichmentSources sources = EnrichmentLoader.Open(options);
        Assert.Empty(sources.Errors);
        Assert.Equal(("Enrichment:MmdbFiles:0", "Mini"), (sources.Directories[0].Key, sources.Directories[0].Directory.Description));

        EventEnricher enricher = EnrichmentLoader.CreateEnricher(sources, options, new StringPool(new KeyedHasher(1, 2)));
        PlaybackEvent playbackEvent = new() { Address = IpAddress.FromV4(0x0102_0304) };
        enricher.Enrich(ref playbackEvent);
        Assert.Equal("FR", CountryCode.Text(playbackEvent.Country));
        Assert.Equal(("FR", null), (sources.CountryOf(IpAddress.FromV4(0x0102_0304)), sources.CountryOf(IpAddress.FromV4(0xF102_0304))));
    }

    [Fact]
    public void Everything_wrong_is_told_at_once_with_key_path_and_reason()
    {
        string missing = Path.Combine(_folder, "missing.mmdb");
        string text = Write("text.mmdb", "not a database"u8.ToArray());
        string location = Write("location.db", "LOCDBXX"u8.ToArray());
        EnrichmentOptions options = new()
        {
            MmdbFiles = [missing, text, _folder, " ", Path.Combine(_folder, "none", "x.mmdb")],
            LocationDatabase = location,
            DataCentreProviders = ["hosting", "--"],
        };
        EnrichmentSources sources = EnrichmentLoader.Open(options);

        Assert.Equal(
            [
                $"Enrichment:MmdbFiles:0: {missing} does not exist.",
                $"Enrichment:MmdbFiles:1: {text} cannot be used. Not a MaxMind database: the metadata marker is missing, or the file is cut short.",
                $"Enrichment:MmdbFiles:2: {_folder} is a folder, not a file.",
                "Enrichment:MmdbFiles:3: the path is empty.",
                $"Enrichment:MmdbFiles:4: {Path.Combine(_folder, "none", "x.mmdb")} does not exist.",
                $"Enrichment:LocationDatabase: {location} cannot be used. Malformed: the file ends at byte 7, within its header of 4200.",
                "Enrichment:DataCentreProviders:1: \"--\" has no letter or digit.",
            ],
            sources.Errors);
        Assert.Empty(sources.Directories);
        Assert.Throws<ArgumentException>(() => EnrichmentLoader.CreateEnricher(sources, options, new StringPool(new KeyedHasher(1, 2))));
    }

    [Fact]
    public void The_default_configuration_opens_nothing_and_still_knows_data_centres()
    {
        EnrichmentOptions options = new();
        EventEnricher enricher = EnrichmentLoader.CreateEnricher(EnrichmentLoader.Open(options), options, new StringPool(new KeyedHasher(1, 2)));
        PlaybackEvent playbackEvent = new() { Address = IpAddress.FromV4(0x0102_0304), Asn = 16509 };
        enricher.Enrich(ref playbackEvent);
        Assert.Equal(EventTraits.DataCentre, playbackEvent.Traits);
    }

    private string Write(string name, byte[] content)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllBytes(path, content);
        return path;
    }

    /// <summary>The smallest MaxMind database: one node, whose left side (0.0.0.0/1) is France.</summary>
    private static byte[] HalfTheWorldIsFrench() =>
    [
        0, 0, 17, 0, 0, 1,
        .. new byte[16],
        0xE1, 0x4C, .. "country_code"u8, 0x42, .. "FR"u8,
        0xAB, 0xCD, 0xEF, .. "MaxMind.com"u8,
        0xE5,
        0x4A, .. "node_count"u8, 0xC1, 1,
        0x4B, .. "record_size"u8, 0xA1, 24,
        0x4A, .. "ip_version"u8, 0xA1, 4,
        0x5B, .. "binary_format_major_version"u8, 0xA1, 2,
        0x4D, .. "database_type"u8, 0x44, .. "Mini"u8,
    ];
}
