using AutoGuard.Configuration;

namespace AutoGuard.Tests.Configuration;

public sealed class SettingsErrorTests : IDisposable
{
    private readonly SettingsFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("Policy:FlagScore=1.5", "Policy:FlagScore: \"1.5\" is not allowed; must be a number from 0 to 1 (--set)")]
    [InlineData("Policy:FlagScore=NaN", "Policy:FlagScore: \"NaN\" is not allowed; must be a number from 0 to 1 (--set)")]
    [InlineData("Policy:MinimumSessions=2.5", "Policy:MinimumSessions: \"2.5\" is not allowed; must be a whole number from 1 to 1000 (--set)")]
    [InlineData("Detection:Capacity:Tokens=99999999999", "Detection:Capacity:Tokens: \"99999999999\" is not allowed; must be a whole number from 1000 to 50000000 (--set)")]
    [InlineData("Policy:HoldOff=10m", "Policy:HoldOff: \"10m\" is not allowed; must be a time span as [d.]hh:mm:ss from 00:01:00 to 30.00:00:00 (--set)")]
    [InlineData("Policy:HoldOff=5", "Policy:HoldOff: \"5\" is not allowed; must be a time span as [d.]hh:mm:ss from 00:01:00 to 30.00:00:00 (--set)")]
    [InlineData("Policy:Mode=Block", "Policy:Mode: \"Block\" is not allowed; must be Observe or Enforce (--set)")]
    [InlineData("Policy:Mode=1", "Policy:Mode: \"1\" is not allowed; must be Observe or Enforce (--set)")]
    [InlineData("Detection:TokenWorkflow=Both", "Detection:TokenWorkflow: \"Both\" is not allowed; must be one of Auto, UserBound, PerSession, Shared (--set)")]
    [InlineData("Guardian:Local:Enabled=yes", "Guardian:Local:Enabled: \"yes\" is not allowed; must be true or false (--set)")]
    [InlineData("Policy=Enforce", "Policy: \"Enforce\" is not allowed; must be an object with Mode, FlagScore, BlockScore, MinimumSessions, BlockPersistence, RevokeAfter, SpareHome, BlockAfter, HoldOff, BlockDuration, LongestBlock, EscalationDecay, HarmLimitTokens, WidestPrefixV4, WidestPrefixV6, BlocksPerMinute, FlagsPerMinute, BreakerAudienceShare, BreakerAudienceFloor, BreakerRecovery (--set)")]
    [InlineData("Policy:FlagScore:Low=1", "Policy:FlagScore: an object is not allowed; must be a number from 0 to 1 (--set)")]
    [InlineData("Enrichment:DataCentreAsns=64500,x", "Enrichment:DataCentreAsns:1: \"x\" is not allowed; must be a whole number from 0 to 4294967295 (--set)")]
    [InlineData("Enrichment:DataCentreAsns=[1,", "Enrichment:DataCentreAsns: \"[1,\" is not allowed; must be a list; each entry a whole number from 0 to 4294967295 (--set)")]
    [InlineData("Allowlist:Users=[{\"value\":\"a\",\"until\":\"tomorrow\"}]", "Allowlist:Users:0:Until: \"tomorrow\" is not allowed; must be a time as 2026-01-31T00:00:00Z, or null (--set)")]
    [InlineData("Allowlist:Users=[true]", "Allowlist:Users:0: true is not allowed; must be a text, or an object with value, reason, until (--set)")]
    [InlineData("DataDirectory=", "DataDirectory: \"\" is not allowed; must be a text, not empty (--set)")]
    [InlineData("Logging:LogLevel:Default=Loud", "Logging:LogLevel:Default: \"Loud\" is not allowed; must be one of Trace, Debug, Information, Warning, Error, Critical, None (--set)")]
    [InlineData("Policy", "--set: \"Policy\" is not understood; write --set Section:Key=Value")]
    [InlineData("Policy::Mode=Observe", "--set: \"Policy::Mode\" is no key; write Section:Key")]
    public void A_wrong_value_names_key_value_and_what_is_allowed(string set, string expected) =>
        Assert.Equal([expected], _folder.Errors(set));

    [Theory]
    [InlineData("Detection:Indicators:ConcurentSessions:Weight=1", "Detection:Indicators:ConcurentSessions: unknown key; did you mean Detection:Indicators:ConcurrentSessions? (--set)")]
    [InlineData("Polciy:Mode=Enforce", "Polciy: unknown key; did you mean Policy? (--set)")]
    [InlineData("Detection:HoldOff=01:00:00", "Detection:HoldOff: unknown key; did you mean Policy:HoldOff? (--set)")]
    [InlineData("Policy:Zebra=1", "Policy:Zebra: unknown key (--set)")]
    [InlineData("Allowlist:Users=[{\"value\":\"a\",\"reasn\":\"x\"}]", "Allowlist:Users:0:reasn: unknown key; did you mean Allowlist:Users:0:Reason? (--set)")]
    public void An_unknown_key_gets_the_nearest_known_one(string set, string expected) =>
        Assert.Equal([expected], _folder.Errors(set));

    [Theory]
    [InlineData("Detection:Indicators:LongPlayback:Saturation=8", "Detection:Indicators:LongPlayback:Saturation: 8 is not above Detection:Indicators:LongPlayback:Threshold (8); must be (--set)")]
    [InlineData("Detection:Indicators:LongPlayback:Threshold=30", "Detection:Indicators:LongPlayback:Saturation: 24 is not above Detection:Indicators:LongPlayback:Threshold (30); must be (--set)")]
    [InlineData("Detection:Indicators:DataCentre:Saturation=50", "Detection:Indicators:DataCentre:Saturation: 50 can never be reached, the value is a share; must be at most 1 (--set)")]
    [InlineData("Policy:BlockScore=0.5", "Policy:BlockScore: 0.5 is below Policy:FlagScore (0.6); must be at least that (--set)")]
    [InlineData("Policy:LongestBlock=12:00:00", "Policy:LongestBlock: 12:00:00 is below Policy:BlockDuration (1.00:00:00); must be at least that (--set)")]
    [InlineData("Detection:CountryWindow=04:00:00", "Detection:CountryWindow: 04:00:00 is longer than Detection:Window (03:00:00); must be at most that (--set)")]
    [InlineData("Kafka:GroupId=", "Kafka:GroupId: \"\" is not allowed; must be a text of at most 255 characters, not empty (--set)")]
    [InlineData("Kafka:EventsTopic=a b", "Kafka:EventsTopic: \"a b\" is not allowed; must be a text, not empty: 1 to 249 letters, digits, '.', '_' or '-' (--set)")]
    [InlineData("Kafka:DecisionsTopic=playback.events", "Kafka:DecisionsTopic: \"playback.events\" is also Kafka:EventsTopic; must be a topic of its own (--set)")]
    [InlineData("Kafka:BootstrapServers=a:9092,b c", "Kafka:BootstrapServers: \"b c\" is no broker; must be host:port, several with commas between them, or empty (--set)")]
    [InlineData("Allowlist:Addresses=10.0.0.1,203.0.113.7/24", "Allowlist:Addresses:1: \"203.0.113.7/24\" is no address; must be an address or a CIDR whose host bits are zero, as 203.0.113.7 or 203.0.113.0/24 (--set)")]
    [InlineData("Allowlist:Asns=ASx", "Allowlist:Asns:0: \"ASx\" is no autonomous system; must be a number from 1 to 4294967295, with or without AS before it (--set)")]
    [InlineData("Allowlist:Referrers=*.*.example", "Allowlist:Referrers:0: \"*.*.example\" is no host name; must be one as example.com or *.example.com (--set)")]
    [InlineData("Referrers:Official=https://www.example.com/live", "Referrers:Official:0: \"https://www.example.com/live\" is no host name; must be www.example.com (--set)")]
    [InlineData("Enrichment:LocationDatabase=nowhere.db", "Enrichment:LocationDatabase: \"nowhere.db\" is not there; must be a file that can be read (--set)")]
    [InlineData("Web:Address=127.0.0.1:8088", "Web:Address: \"127.0.0.1:8088\" is not allowed; must be http://HOST:PORT (--set)")]
    public void Keys_that_disagree_or_mean_nothing_are_refused(string set, string expected) =>
        Assert.Equal([expected], _folder.Errors(set));

    [Fact]
    public void An_autonomous_system_is_either_a_data_centre_or_not() => Assert.Equal(
        ["Enrichment:NotDataCentreAsns:1: 64500 is also in Enrichment:DataCentreAsns; must be in one of the two (--set)"],
        _folder.Errors("Enrichment:DataCentreAsns=64500", "Enrichment:NotDataCentreAsns=1,64500"));

    [Fact]
    public void All_errors_of_all_sources_come_at_once()
    {
        _folder.Write("appsettings.json", """
            {
              "Policy": {
                "FlagScore": "high",
                "Mdoe": "Enforce"
              }
            }
            """);
        _folder.Overlay("one.json", """
            { "Policy": { "MinimumSessions": 0 },
              "Detection": { "Window": 3, "Window": "03:00:00" } }
            """).Overlay("gone.json", "").Variable("AUTOGUARD__Policy__HarmLimitTokens", "-1").Variable("AUTOGUARD_WEB__ADDRESS", "x");
        File.Delete(_folder.Overlays[1]);

        Assert.Equal(
            [
                "Policy:FlagScore: \"high\" is not allowed; must be a number from 0 to 1 (appsettings.json, line 3)",
                "Policy:Mdoe: unknown key; did you mean Policy:Mode? (appsettings.json, line 4)",
                "Detection:Window: given twice in one object (one.json, line 2)",
                "Policy:MinimumSessions: 0 is not allowed; must be a whole number from 1 to 1000 (one.json, line 1)",
                "Detection:Window: 3 is not allowed; must be a time span as [d.]hh:mm:ss from 00:10:00 to 1.00:00:00 (one.json, line 2)",
                "gone.json: no such file: gone.json (given by --config)",
                "environment variable AUTOGUARD_WEB__ADDRESS: is no setting; write AUTOGUARD__WEB__ADDRESS",
                "Policy:HarmLimitTokens: \"-1\" is not allowed; must be a whole number from 0 to 1000000 (environment variable AUTOGUARD__Policy__HarmLimitTokens)",
                "Policy:BlockPersistence: \"x\" is not allowed; must be a whole number from 1 to 60 (--set)",
            ],
            _folder.Errors("Policy:BlockPersistence=x"));
    }

    [Fact]
    public void A_file_that_is_not_JSON_is_reported_with_line_and_column()
    {
        _folder.Overlay("broken.json", "{\n  \"Pölicy\": { \"Mode\" \"Enforce\" }\n}");

        Assert.Equal(
            ["broken.json: line 2, column 22: not valid JSON: '\"' is invalid after a property name. Expected a ':'"],
            _folder.Errors());
    }

    [Theory]
    [InlineData("", "not valid JSON: The input does not contain any JSON tokens. Expected the input to start with a valid JSON token, when isFinalBlock is true")]
    [InlineData("{\"a\":tru3}", "not valid JSON: a text without quotes")]
    public void A_bad_file_is_described_without_its_contents(string text, string expected)
    {
        _folder.Overlay("broken.json", text);

        Assert.EndsWith(expected, Assert.Single(_folder.Errors()), StringComparison.Ordinal);
    }

    [Fact]
    public void Sentences_of_other_validators_become_errors_with_key_and_place()
    {
        SettingsRule rule = SettingsLoader.FromSentences(
            values => values.Kafka.Consumer.Keys.Select(k => $"Kafka:Consumer:{k}: librdkafka has no such property."),
            values => [$"Kafka:GroupId '{values.Kafka.GroupId}' must be shorter."]);

        SettingsException wrong = Assert.Throws<SettingsException>(
            () => SettingsLoader.Load([], ["Kafka:Consumer:nonsense=1"], _folder.Environment, rules: rule));

        Assert.Equal(
            ["Kafka:Consumer:nonsense: librdkafka has no such property (--set)", "Kafka:GroupId: 'autoguard' must be shorter (default)"],
            wrong.Errors.Select(e => e.ToString()));
    }

    [Fact]
    public void A_file_must_hold_an_object()
    {
        _folder.Overlay("list.json", "[]");

        Assert.Equal(["list.json, line 1: must hold one JSON object"], _folder.Errors());
    }

    [Fact]
    public void A_home_without_appsettings_is_refused()
    {
        File.Delete(Path.Combine(_folder.Path, "appsettings.json"));

        Assert.Equal(["appsettings.json: no such file: appsettings.json (AUTOGUARD_HOME must name the folder that holds it)"], _folder.Errors());
    }

    [Theory]
    [InlineData("ConnectionStrings:AutoGuard=Host=db;Pasword=s3cret", "ConnectionStrings:AutoGuard: (hidden) is no connection string of PostgreSQL; must be Host=…;Database=…;Username=…, or empty (--set)")]
    [InlineData("ConnectionStrings:AutoGuard=s3cret", "ConnectionStrings:AutoGuard: (hidden) is no connection string of PostgreSQL; must be Host=…;Database=…;Username=…, or empty (--set)")]
    [InlineData("ConnectionStrings:AutoGuard=Password=s3cret", "ConnectionStrings:AutoGuard: (hidden) names no Host; must be Host=…;Database=…;Username=…, or empty (--set)")]
    [InlineData("ConnectionStrings=s3cret", "ConnectionStrings: (hidden) is not allowed; must be an object with AutoGuard (--set)")]
    [InlineData("Kafka:Consumer:sasl.password=s3cret\u0001", "Kafka:Consumer:sasl.password: (hidden) is not allowed; must be a text (--set)")]
    [InlineData("Kafka:Producer:ssl.key.pem=s3cret\n", "Kafka:Producer:ssl.key.pem: (hidden) is not allowed; must be a text (--set)")]
    [InlineData("Guardian:NanoStream:ApiKey=s3cret", "Guardian:NanoStream:ApiKey: unknown key (--set)")]
    [InlineData("Guardian:NanoStream:Key=s3cret", "Guardian:NanoStream:Key: (hidden) is a credential, which files of settings and command lines show to others; must be given as AUTOGUARD__Guardian__NanoStream__Key in the environment, or in Guardian:SecretsFile (--set)")]
    [InlineData("Guardian:EncodedTokens:Key=s3cret", "Guardian:EncodedTokens:Key: (hidden) is a credential, which files of settings and command lines show to others; must be given as AUTOGUARD__Guardian__EncodedTokens__Key in the environment, or in Guardian:EncodedTokens:KeyFile (--set)")]
    [InlineData("Guardian:Webhook:Address=https://user:s3cret@example.com/", "Guardian:Webhook:Address: (hidden) is not allowed; must be https://HOST/…, without user or fragment (http:// only to this machine) (--set)")]
    [InlineData("Allowlist:Tokens=eyJs3cret.b.c", "Allowlist:Tokens:0: (hidden) is an encoded token, which is a secret; must be its identity: the jti, or sha256: and the digest of a token without one (--set)")]
    public void Secrets_never_show_in_errors(string set, string expected) => Assert.Equal([expected], _folder.Errors(set));

    [Fact]
    public void Control_characters_of_a_value_are_made_visible_and_long_values_are_cut()
    {
        string error = Assert.Single(_folder.Errors("Policy:Mode=\u001b[31m\u202e" + new string('x', 500)));

        Assert.StartsWith("Policy:Mode: \"\\u001b[31m\\u202exxx", error, StringComparison.Ordinal);
        Assert.Contains("xxx…\" is not allowed; must be Observe or Enforce", error, StringComparison.Ordinal);
        Assert.InRange(error.Length, 100, 200);
    }

    [Fact]
    public void Every_wrong_entry_of_every_list_is_told_once()
    {
        using SettingsFolder folder = new();
        folder.Overlay("lists.json", """
            {"Allowlist":{"Addresses":["1.2.3.4/33","foo",{"value":"1.1.1.1","until":"yesterday"},{"value":"bar","until":"tomorrow"},true],
            "Users":[{"until":"never"}]},
            "Referrers":{"Official":["https://x.example/",7,"y example"]}}
            """);

        SettingsException wrong = Assert.Throws<SettingsException>(() => SettingsLoader.Load(folder.Overlays, [], folder.Environment, rules: AutoGuard.Verbs.Probes.FurtherRules));

        Assert.Equal(
            [
                "Allowlist:Addresses:0", "Allowlist:Addresses:1", "Allowlist:Addresses:2:Until", "Allowlist:Addresses:3", "Allowlist:Addresses:3:Until", "Allowlist:Addresses:4",
                "Allowlist:Users:0:Until", "Referrers:Official:0", "Referrers:Official:1", "Referrers:Official:2",
            ],
            wrong.Errors.Select(error => error.Key).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_folder_is_no_settings_file()
    {
        using SettingsFolder folder = new();
        folder.Overlays.Add(folder.Path);

        Assert.Contains("is a folder, no file", Assert.Single(folder.Errors()), StringComparison.Ordinal);
    }
}
