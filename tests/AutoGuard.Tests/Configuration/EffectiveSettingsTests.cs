using AutoGuard.Configuration;

namespace AutoGuard.Tests.Configuration;

public sealed class EffectiveSettingsTests : IDisposable
{
    private readonly SettingsFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_fingerprint_is_a_lower_case_digest_that_repeats()
    {
        string first = _folder.Load().Fingerprint;

        Assert.Matches("^[0-9a-f]{64}$", first);
        Assert.Equal(first, _folder.Load().Fingerprint);
    }

    [Theory]
    [InlineData("Policy:FlagScore=0.61")]
    [InlineData("Detection:Spike:History=31")]
    [InlineData("Allowlist:Tokens=a")]
    [InlineData("Referrers:Official=a.example")]
    [InlineData("Enrichment:DataCentreAsns=1")]
    public void The_fingerprint_changes_with_what_can_change_a_decision(string set) =>
        Assert.NotEqual(_folder.Load().Fingerprint, _folder.Load(set).Fingerprint);

    [Theory]
    [InlineData("Kafka:GroupId=other")]
    [InlineData("Web:Authentication=false")]
    [InlineData("DataDirectory=/elsewhere")]
    [InlineData("ConnectionStrings:AutoGuard=Host=db")]
    [InlineData("Policy:FlagScore=0.60")]
    public void The_fingerprint_keeps_with_everything_else(string set) =>
        Assert.Equal(_folder.Load().Fingerprint, _folder.Load(set).Fingerprint);

    [Fact]
    public void The_fingerprint_follows_the_content_of_enrichment_files_and_not_their_names()
    {
        _folder.Write("a.mmdb", "one");
        _folder.Write("b.mmdb", "one");
        _folder.Write("c.mmdb", "two");

        string a = _folder.Load("Enrichment:MmdbFiles=a.mmdb").Fingerprint;

        Assert.Equal(a, _folder.Load("Enrichment:MmdbFiles=b.mmdb").Fingerprint);
        Assert.NotEqual(a, _folder.Load("Enrichment:MmdbFiles=c.mmdb").Fingerprint);
        Assert.NotEqual(_folder.Load("Enrichment:LocationDatabase=a.mmdb").Fingerprint, _folder.Load("Enrichment:LocationDatabase=c.mmdb").Fingerprint);
    }

    [Fact]
    public void The_fingerprint_follows_the_content_of_the_model_and_not_its_name()
    {
        _folder.Write("a.json", "one");
        _folder.Write("b.json", "one");
        _folder.Write("c.json", "two");
        EffectiveSettings a = _folder.Load("Detection:Model=a.json");

        Assert.Equal(a.Fingerprint, _folder.Load("Detection:Model=b.json").Fingerprint);
        Assert.NotEqual(a.Fingerprint, _folder.Load("Detection:Model=c.json").Fingerprint);
        Assert.NotEqual(a.Fingerprint, _folder.Load().Fingerprint);
        Assert.Equal(a.FingerprintWith(null), _folder.Load().Fingerprint);
    }

    [Fact]
    public void A_dump_loads_again_to_the_same_configuration()
    {
        string[] sets = ["Policy:Mode=Enforce", """Allowlist:Users=[{"value":"\"<anna>\"","reason":"x","until":"2031-01-01T00:00:00Z"}]""", "Detection:Window=05:00:00"];
        EffectiveSettings first = _folder.Load(sets);
        string dump = first.Dump();
        _folder.Overlay("dump.json", dump);

        Assert.Equal(dump, _folder.Load().Dump());
        Assert.Equal(first.Fingerprint, _folder.Load().Fingerprint);
    }

    [Fact]
    public void A_dump_hides_secrets()
    {
        string dump = _folder.Load(
            "ConnectionStrings:AutoGuard=Host=db;Password=s3cret", "Kafka:Consumer:sasl.password=s3cret", "Kafka:Producer:ssl.key.pem=s3cret",
            "Kafka:Consumer:sasl.username=anna", "Allowlist:Tokens=jti-1").Dump();

        Assert.DoesNotContain("s3cret", dump, StringComparison.Ordinal);
        Assert.Contains("\"sasl.username\": \"anna\"", dump, StringComparison.Ordinal);
        Assert.Contains("jti-1", dump, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_probably_not_meant_is_a_warning()
    {
        EffectiveSettings settings = _folder.Load(
            "Policy:Mode=Enforce", "Guardian:Local:Enabled=false", "Web:Address=http://0.0.0.0:80", "Web:Authentication=false",
            """Allowlist:Users=[{"value":"a","until":"2001-01-01T00:00:00Z"}]""");

        Assert.Equal(
            [
                "Web:Authentication is off, and Web:Address (0.0.0.0) can be reached from other machines: anyone there can change rules.",
                "Referrers:Official is empty, so no referrer counts as unknown.",
                "Allowlist:Users has 1 entry whose until has passed.",
                "Policy:Mode is Enforce, but no guardian is enabled: nothing will be enforced.",
            ],
            settings.Warnings);
    }
}
