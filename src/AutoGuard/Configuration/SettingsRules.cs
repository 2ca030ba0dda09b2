using System.Globalization;
using System.Text.RegularExpressions;
using AutoGuard.Core.Configuration;
using AutoGuard.Core.Events;
using AutoGuard.Core.Policy;
using AutoGuard.Kafka;
using Npgsql;

namespace AutoGuard.Configuration;

/// <summary>What no single key can say: keys that must agree, texts that must mean something, files that must be there.</summary>
internal sealed partial class SettingsRules(
    AutoGuardSettings settings, Func<string, SettingOrigin> originOf, Func<string, bool> isWrong, List<SettingError> errors, List<string> warnings)
{
    private static readonly string[] Shares =
    [
        nameof(IndicatorsOptions.DataCentre), nameof(IndicatorsOptions.UnknownReferrer),
        nameof(IndicatorsOptions.MissingReferrer), nameof(IndicatorsOptions.AddressDataCentre),
    ];

    /// <summary>Checks everything; keys that are wrong already are not blamed twice.</summary>
    public void Check(DateTimeOffset now)
    {
        CheckKafka(settings.Kafka);
        CheckConnection(settings.ConnectionStrings.AutoGuard);
        CheckWeb(settings.Web);
        CheckEnrichment(settings.Enrichment);
        CheckReferrers(settings.Referrers);
        CheckAllowlist(settings.Allowlist, now);
        CheckDetection(settings.Detection);
        CheckPolicy(settings.Policy);
        new GuardianRules(settings.Guardian, originOf, (key, problem) => Error(key, problem)).Check();
    }

    private void CheckKafka(KafkaOptions kafka)
    {
        (string Key, string Topic)[] topics =
        [
            ("Kafka:EventsTopic", kafka.EventsTopic), ("Kafka:DecisionsTopic", kafka.DecisionsTopic), ("Kafka:DeadLetterTopic", kafka.DeadLetterTopic),
        ];
        for (int i = 0; i < topics.Length; i++)
        {
            (string key, string topic) = topics[i];
            if (Array.Find(topics[..i], t => t.Topic == topic) is { Key: not null } earlier)
            {
                Error(key, $"{Show(topic)} is also {earlier.Key}; must be a topic of its own", earlier.Key);
            }
        }
        foreach (string server in kafka.BootstrapServers.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (!BrokerAddress().IsMatch(server))
            {
                Error("Kafka:BootstrapServers", $"{Show(server)} is no broker; must be host:port, several with commas between them, or empty");
            }
        }
    }

    private void CheckConnection(string connection)
    {
        const string Key = "ConnectionStrings:AutoGuard";
        if (connection.Length == 0)
        {
            return;
        }
        try
        {
            if (string.IsNullOrWhiteSpace(new NpgsqlConnectionStringBuilder(connection).Host))
            {
                Error(Key, "(hidden) names no Host; must be Host=…;Database=…;Username=…, or empty");
            }
        }
        catch (Exception e) when (e is ArgumentException or FormatException or InvalidCastException or KeyNotFoundException)
        {
            // The message would repeat what was written, and so perhaps the password.
            Error(Key, "(hidden) is no connection string of PostgreSQL; must be Host=…;Database=…;Username=…, or empty");
        }
    }

    private void CheckWeb(WebOptions web)
    {
        bool read = Uri.TryCreate(web.Address, UriKind.Absolute, out Uri? address);
        if (!read || address!.Scheme != Uri.UriSchemeHttp || address.PathAndQuery != "/" || address.UserInfo.Length > 0 || address.Fragment.Length > 0)
        {
            Error("Web:Address", $"{Show(web.Address)} is not allowed; must be http://HOST:PORT");
        }
        else if (!web.Authentication && !address.IsLoopback)
        {
            warnings.Add($"Web:Authentication is off, and Web:Address ({address.Authority}) can be reached from other machines: anyone there can change rules.");
        }
    }

    private void CheckEnrichment(EnrichmentOptions enrichment)
    {
        for (int i = 0; i < enrichment.MmdbFiles.Length; i++)
        {
            CheckFile(At("Enrichment:MmdbFiles", i), enrichment.MmdbFiles[i]);
        }
        if (enrichment.LocationDatabase.Length > 0)
        {
            CheckFile("Enrichment:LocationDatabase", enrichment.LocationDatabase);
        }
        for (int i = 0; i < enrichment.NotDataCentreAsns.Length; i++)
        {
            uint asn = enrichment.NotDataCentreAsns[i];
            if (enrichment.DataCentreAsns.Contains(asn))
            {
                Error(At("Enrichment:NotDataCentreAsns", i), $"{Number(asn)} is also in Enrichment:DataCentreAsns; must be in one of the two", "Enrichment:DataCentreAsns");
            }
        }
    }

    private void CheckFile(string key, string path)
    {
        if (!File.Exists(path))
        {
            Error(key, $"{Show(path)} is not there; must be a file that can be read");
        }
    }

    private void CheckReferrers(ReferrersOptions referrers)
    {
        for (int i = 0; i < referrers.Official.Length; i++)
        {
            CheckHost(referrers.Official[i], problem => Error(At("Referrers:Official", i), problem));
        }
        if (referrers.Official.Length == 0)
        {
            warnings.Add("Referrers:Official is empty, so no referrer counts as unknown.");
        }
    }

    private void CheckAllowlist(AllowlistOptions allowlist, DateTimeOffset now)
    {
        Each("Addresses", allowlist.Addresses, (key, value) =>
        {
            if (!IpNetwork.TryParse(value, out _))
            {
                Blame(key, $"{Show(value)} is no address; must be an address or a CIDR whose host bits are zero, as 203.0.113.7 or 203.0.113.0/24");
            }
        });
        Each("Asns", allowlist.Asns, (key, value) =>
        {
            string digits = value.StartsWith("AS", StringComparison.OrdinalIgnoreCase) ? value[2..] : value;
            if (!uint.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out uint asn) || asn == 0)
            {
                Blame(key, $"{Show(value)} is no autonomous system; must be a number from 1 to 4294967295, with or without AS before it");
            }
        });
        Each("Referrers", allowlist.Referrers, (key, value) => CheckHost(value, problem => Blame(key, problem)));
        Each("Users", allowlist.Users, NotEmpty);
        Each("Tokens", allowlist.Tokens, (key, value) =>
        {
            NotEmpty(key, value);
            if (Secrets.LooksLikeEncodedToken(value))
            {
                Blame(key, "(hidden) is an encoded token, which is a secret; must be its identity: the jti, or sha256: and the digest of a token without one");
            }
        });

        void NotEmpty(string key, string value)
        {
            if (string.IsNullOrWhiteSpace(value))
            {
                Blame(key, $"{Show(value)} is not allowed; must be a text, not empty");
            }
        }

        void Blame(string key, string problem) => errors.Add(new SettingError(key, problem, originOf(key)));

        void Each(string list, AllowlistEntry[] entries, Action<string, string> check)
        {
            for (int i = 0; i < entries.Length; i++)
            {
                // Of an entry that is wrong elsewhere, as in its until, the value is still worth a look; one that could not
                // be read has been told.
                string key = At($"Allowlist:{list}", i);
                if (entries[i].Value.Length > 0 || !isWrong(key))
                {
                    check(key, entries[i].Value);
                }
            }
            int over = entries.Count(e => e.Until < now);
            if (over > 0)
            {
                warnings.Add($"Allowlist:{list} has {Number(over)} {(over == 1 ? "entry" : "entries")} whose until has passed.");
            }
        }
    }

    private static void CheckHost(string value, Action<string> complain)
    {
        if (HostPattern().IsMatch(value) || IpAddress.TryParse(value, out _))
        {
            return;
        }
        bool isUrl = Uri.TryCreate(value, UriKind.Absolute, out Uri? url) && url.Host.Length > 0;
        complain($"{Show(value)} is no host name; must be {(isUrl ? url!.Host : "one as example.com or *.example.com")}");
    }

    private void CheckDetection(DetectionOptions detection)
    {
        if (detection.Model.Length > 0)
        {
            CheckFile("Detection:Model", detection.Model);
        }
        if (detection.CountryWindow > detection.Window)
        {
            Error("Detection:CountryWindow", $"{Text(detection.CountryWindow)} is longer than Detection:Window ({Text(detection.Window)}); must be at most that", "Detection:Window");
        }
        foreach (SettingDefinition key in SettingDefinition.Of(typeof(IndicatorsOptions)).Children)
        {
            IndicatorOptions indicator = (IndicatorOptions)key.Property!.GetValue(detection.Indicators)!;
            string path = $"Detection:Indicators:{key.Name}";
            if (indicator.Saturation <= indicator.Threshold)
            {
                Error($"{path}:Saturation", $"{Text(indicator.Saturation)} is not above {path}:Threshold ({Text(indicator.Threshold)}); must be", $"{path}:Threshold");
            }
            else if (Shares.Contains(key.Name) && indicator.Saturation > 1)
            {
                Error($"{path}:Saturation", $"{Text(indicator.Saturation)} can never be reached, the value is a share; must be at most 1");
            }
        }
    }

    private void CheckPolicy(PolicyOptions policy)
    {
        if (policy.BlockScore < policy.FlagScore)
        {
            Error("Policy:BlockScore", $"{Text(policy.BlockScore)} is below Policy:FlagScore ({Text(policy.FlagScore)}); must be at least that", "Policy:FlagScore");
        }
        if (policy.LongestBlock < policy.BlockDuration)
        {
            Error("Policy:LongestBlock", $"{Text(policy.LongestBlock)} is below Policy:BlockDuration ({Text(policy.BlockDuration)}); must be at least that", "Policy:BlockDuration");
        }
        if (policy.Mode == EnforcementMode.Enforce && !GuardianRules.AnyEnabled(settings.Guardian))
        {
            warnings.Add("Policy:Mode is Enforce, but no guardian is enabled: nothing will be enforced.");
        }
    }

    private void Error(string key, string problem, string? other = null)
    {
        if (!isWrong(key) && (other is null || !isWrong(other)))
        {
            SettingOrigin own = originOf(key);
            bool blameOther = own == SettingOrigin.Default && other is not null;
            errors.Add(new SettingError(key, problem, blameOther ? originOf(other!) : own));
        }
    }

    private static string Show(string value) => Secrets.Show(value, secret: false);

    private static string Text(object value) => LeafFormat.Format(value);

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string At(string list, int index) => string.Create(CultureInfo.InvariantCulture, $"{list}:{index}");

    [GeneratedRegex(@"^([A-Za-z0-9_]+://)?(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?\z")]
    private static partial Regex BrokerAddress();

    [GeneratedRegex(@"^(?=.{1,253}\z)(\*\.)?([\p{L}\p{N}_]([\p{L}\p{N}_-]{0,61}[\p{L}\p{N}_])?\.)*[\p{L}\p{N}_]([\p{L}\p{N}_-]{0,61}[\p{L}\p{N}_])?\z")]
    private static partial Regex HostPattern();
}
