using AutoGuard.Configuration;
using AutoGuard.Core.Configuration;
using AutoGuard.Core.Policy;
using Microsoft.Extensions.Logging;

namespace AutoGuard.Tests.Configuration;

public sealed class SettingsLoaderTests : IDisposable
{
    private readonly SettingsFolder _folder = new("""{ "Policy": { "FlagScore": 0.1, "BlockScore": 0.91, "MinimumSessions": 11, "BlockPersistence": 21 } }""");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Each_source_overrides_the_ones_before_it()
    {
        _folder.Overlay("one.json", """{ "Policy": { "FlagScore": 0.2, "MinimumSessions": 12, "BlockPersistence": 22 } }""")
            .Overlay("two.json", """{ "Policy": { "FlagScore": 0.3, "BlockPersistence": 23 } }""")
            .Variable("AUTOGUARD__Policy__FlagScore", "0.4");

        EffectiveSettings settings = _folder.Load("Policy:FlagScore=0.5", "Policy:HarmLimitTokens=7", "Policy:HarmLimitTokens=8");

        PolicyOptions policy = settings.Values.Policy;
        Assert.Equal(0.5, policy.FlagScore);
        Assert.Equal(0.91, policy.BlockScore);
        Assert.Equal(12, policy.MinimumSessions);
        Assert.Equal(23, policy.BlockPersistence);
        Assert.Equal(8, policy.HarmLimitTokens);
        Assert.Equal("--set", settings.OriginOf("Policy:FlagScore").ToString());
        Assert.Equal("appsettings.json, line 1", settings.OriginOf("Policy:BlockScore").ToString());
        Assert.Equal("default", settings.OriginOf("Policy:HoldOff").ToString());
    }

    [Fact]
    public void The_environment_overrides_overlays_and_ignores_case()
    {
        _folder.Overlay("one.json", """{ "Policy": { "Mode": "observe" } }""").Variable("AUTOGUARD__POLICY__MODE", "enforce");

        Assert.Equal(EnforcementMode.Enforce, _folder.Load().Values.Policy.Mode);
    }

    [Fact]
    public void A_list_replaces_the_whole_list_of_the_source_before()
    {
        _folder.Overlay("one.json", """{ "Referrers": { "Official": ["a.example", "b.example", "c.example"] } }""")
            .Overlay("two.json", """{ "Referrers": { "Official": ["d.example"] } }""");

        Assert.Equal(["d.example"], _folder.Load().Values.Referrers.Official);
        Assert.Equal(["e.example", "f.example"], _folder.Load("Referrers:Official=e.example, f.example").Values.Referrers.Official);
        Assert.Equal(["g.example"], _folder.Load("""Referrers:Official=["g.example"]""").Values.Referrers.Official);
        Assert.Equal(["h.example", "i.example"], _folder.Load("Referrers:Official:0=h.example", "Referrers:Official:1=i.example").Values.Referrers.Official);
        Assert.Empty(_folder.Load("Referrers:Official=").Values.Referrers.Official);
    }

    [Fact]
    public void Allowlist_entries_are_texts_numbers_or_objects()
    {
        _folder.Overlay("list.json", """
            { "Allowlist": {
                "Addresses": ["203.0.113.7", { "value": "2001:db8::/32", "reason": "monitoring", "until": "2031-02-03T04:05:06+01:00" }],
                "Asns": [64500, "AS64501"] } }
            """);

        AllowlistOptions list = _folder.Load("""Allowlist:Users=["anna",{"value":"bob","reason":"partner"}]""").Values.Allowlist;

        Assert.Equal(["203.0.113.7", "2001:db8::/32"], list.Addresses.Select(a => a.Value));
        Assert.Equal("monitoring", list.Addresses[1].Reason);
        Assert.Equal(new DateTimeOffset(2031, 2, 3, 3, 5, 6, TimeSpan.Zero), list.Addresses[1].Until);
        Assert.Equal(["64500", "AS64501"], list.Asns.Select(a => a.Value));
        Assert.Equal(["anna", "bob"], list.Users.Select(a => a.Value));
        Assert.Null(list.Users[0].Reason);
    }

    [Fact]
    public void Properties_of_librdkafka_are_added_one_by_one_and_removed_by_null()
    {
        _folder.Overlay("one.json", """{ "Kafka": { "Consumer": { "sasl.username": "anna", "fetch.wait.max.ms": 10, "check.crcs": true } } }""")
            .Overlay("two.json", """{ "Kafka": { "Consumer": { "sasl.username": null } } }""")
            .Variable("AUTOGUARD__Kafka__Consumer__sasl_password", "p");

        Dictionary<string, string> consumer = _folder.Load("Kafka:Consumer:security.protocol=SASL_SSL").Values.Kafka.Consumer;

        Assert.Equal("10", consumer["fetch.wait.max.ms"]);
        Assert.Equal("true", consumer["check.crcs"]);
        Assert.Equal("p", consumer["sasl.password"]);
        Assert.Equal("SASL_SSL", consumer["security.protocol"]);
        Assert.False(consumer.ContainsKey("sasl.username"));
    }

    [Fact]
    public void Comments_and_trailing_commas_are_allowed()
    {
        _folder.Overlay("one.json", """
            // the whole of it
            { "Policy": { "FlagScore": 0.7, /* not lower */ }, }
            """);

        Assert.Equal(0.7, _folder.Load().Values.Policy.FlagScore);
    }

    [Fact]
    public void Every_type_of_value_is_read_from_text()
    {
        AutoGuardSettings values = _folder.Load(
            "Policy:HoldOff=1.02:03:04", "Policy:WidestPrefixV6=56", "Detection:Spike:Confidence=97.5", "Guardian:Local:Enabled=False",
            "Detection:TokenWorkflow=perSession", "Enrichment:DataCentreAsns=64500,64501", "Logging:LogLevel:AutoGuard=Debug").Values;

        Assert.Equal(new TimeSpan(1, 2, 3, 4), values.Policy.HoldOff);
        Assert.Equal(56, values.Policy.WidestPrefixV6);
        Assert.Equal(97.5, values.Detection.Spike.Confidence);
        Assert.False(values.Guardian.Local.Enabled);
        Assert.Equal(TokenWorkflow.PerSession, values.Detection.TokenWorkflow);
        Assert.Equal([64500u, 64501u], values.Enrichment.DataCentreAsns);
        Assert.Equal(LogLevel.Debug, values.Logging.LogLevel["AutoGuard"]);
    }

    [Fact]
    public void Relative_paths_start_at_the_home_folder()
    {
        _folder.Write("geo.mmdb", "x");

        EffectiveSettings settings = _folder.Load("Enrichment:MmdbFiles=geo.mmdb");

        Assert.Equal(Path.Combine(_folder.Path, "data"), settings.Values.DataDirectory);
        Assert.Equal([Path.Combine(_folder.Path, "geo.mmdb")], settings.Values.Enrichment.MmdbFiles);
        Assert.Equal(Path.Combine(_folder.Path, "rules.txt"), settings.Resolve("rules.txt"));
    }

    [Fact]
    public void Without_a_home_the_file_beside_the_program_is_read_and_paths_start_at_the_working_folder()
    {
        _folder.Environment.Remove(SettingsLoader.HomeVariable);

        EffectiveSettings settings = _folder.Load();

        Assert.Equal(Path.Combine(AppContext.BaseDirectory, "appsettings.json"), settings.Sources[0].Path);
        Assert.Equal(Path.Combine(Directory.GetCurrentDirectory(), "data"), settings.Values.DataDirectory);
    }

    [Fact]
    public void Sources_are_listed_with_the_number_of_their_values()
    {
        _folder.Overlay("one.json", """{ "Policy": { "FlagScore": 0.2 }, "Referrers": { "Official": ["a.example", "b.example"] } }""")
            .Variable("AUTOGUARD__Web__Authentication", "true");

        Assert.Equal(
            [("appsettings.json", 4), (Path.Combine(_folder.Path, "one.json"), 2), ("environment", 1), ("--set", 2)],
            _folder.Load("Policy:FlagScore=0.3", "Policy:BlockScore=0.95").Sources.Select(s => (s.Name, s.Keys)));
    }
}
