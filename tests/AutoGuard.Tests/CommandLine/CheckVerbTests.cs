using AutoGuard.CommandLine;

namespace AutoGuard.Tests.CommandLine;

public sealed class CheckVerbTests : IDisposable
{
    private readonly RecordingVerbs _verbs = new();

    public void Dispose() => _verbs.Dispose();

    [Fact]
    public async Task Check_says_what_would_run()
    {
        _verbs.Folder.Write("appsettings.json", """{ "Policy": { "Mode": "Enforce" }, "Referrers": { "Official": ["a.example"] } }""");
        string overlay = _verbs.Folder.Write("one.json", """
            { "Detection": { "Indicators": { "LongPlayback": { "Enabled": false }, "DataCentre": { "ObserveOnly": true } } },
              "Allowlist": { "Users": ["anna", "bob"] },
              "Kafka": { "BootstrapServers": "kafka-1:9092,kafka-2:9092" },
              "ConnectionStrings": { "AutoGuard": "Host=db;Port=5433;Database=guard;Username=anna;Password=s3cret" } }
            """);
        _verbs.Folder.Write("geo.mmdb", "x");
        Directory.CreateDirectory(Path.Combine(_verbs.Folder.Path, "data"));
        _verbs.Probes =
        [
            (_, _) => Task.FromResult(new CheckLine("Kafka library", "librdkafka 2.0.2")),
        ];

        Assert.Equal(ExitStatus.Done, await _verbs.RunAsync("check", "--config", overlay, "--set", "Enrichment:MmdbFiles=geo.mmdb"));
        string fingerprint = _verbs.Folder.Overlay("one.json", File.ReadAllText(overlay)).Load("Enrichment:MmdbFiles=geo.mmdb").Fingerprint;
        Assert.Equal(
            $"""
            Configuration   appsettings.json: 2 values
            Configuration   one.json: 5 values
            Configuration   --set: 1 value
            Enrichment      geo.mmdb
            Model           none: the thresholds alone hold until enough of the audience was seen
            Fingerprint     {fingerprint}
            Mode            Enforce: decisions are enforced
            Guardians       local
            Indicators      31 of 32 on; off: LongPlayback; observed only: DataCentre
            Allowlist       addresses 0, tokens 0, users 2, networks by AS 0, referrers 0
            Referrers       official hosts 1
            Kafka           kafka-1:9092,kafka-2:9092; events from playback.events, group autoguard
            PostgreSQL      db:5433, database guard, user anna
            Data folder     data
            Web             http://127.0.0.1:8088, authentication on
            Kafka library   librdkafka 2.0.2

            """.ReplaceLineEndings("\n"),
            _verbs.Output);
        Assert.Equal("", _verbs.Error);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(_verbs.Folder.Path, "data")));
    }

    [Fact]
    public async Task Check_ends_with_2_when_the_configuration_is_wrong()
    {
        Assert.Equal(ExitStatus.Usage, await _verbs.RunAsync("check", "--set", "Policy:Mode=x", "--set", "Nonsense=1"));
        Assert.Equal(
            "The configuration is wrong in 2 places:\n  Policy:Mode: \"x\" is not allowed; must be Observe or Enforce (--set)\n  Nonsense: unknown key (--set)\n",
            _verbs.Error);
        Assert.Equal("", _verbs.Output);
    }

    [Fact]
    public async Task Check_ends_with_1_when_a_probe_fails()
    {
        _verbs.Probes = [(_, _) => Task.FromResult(new CheckLine("Kafka", "no broker answers at kafka-1:9092", Passed: false))];

        Assert.Equal(ExitStatus.Failed, await _verbs.RunAsync("check"));
        Assert.Contains("Kafka           FAILED: no broker answers at kafka-1:9092\n", _verbs.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_fails_on_an_empty_enrichment_file_and_on_a_data_folder_that_is_a_file()
    {
        _verbs.Folder.Write("geo.mmdb", "");
        _verbs.Folder.Write("data", "");

        Assert.Equal(ExitStatus.Failed, await _verbs.RunAsync("check", "--set", "Enrichment:MmdbFiles=geo.mmdb"));
        Assert.Contains("Enrichment      FAILED: geo.mmdb is empty\n", _verbs.Output, StringComparison.Ordinal);
        Assert.Contains("Data folder     FAILED: data is a file\n", _verbs.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_warns_and_dumps_without_secrets()
    {
        _verbs.Folder.Variable("AUTOGUARD__ConnectionStrings__AutoGuard", "Host=db;Password=s3cret");

        Assert.Equal(ExitStatus.Done, await _verbs.RunAsync("check", "--dump"));
        Assert.Contains("Warning         Referrers:Official is empty, so no referrer counts as unknown.\n", _verbs.Output, StringComparison.Ordinal);
        Assert.Contains("\"AutoGuard\": \"(hidden)\"", _verbs.Output, StringComparison.Ordinal);
        Assert.Contains("\"ConcurrentSessions\": { \"Enabled\": true", _verbs.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", _verbs.Output, StringComparison.Ordinal);
    }
}
