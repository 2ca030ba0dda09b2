namespace AutoGuard.Core.Configuration;

/// <summary>One entry of an allowlist: in the configuration a plain text, or an object with these keys.</summary>
public sealed class AllowlistEntry
{
    /// <summary>What is never acted on.</summary>
    public string Value { get; set; } = "";

    /// <summary>Why, for the operator.</summary>
    public string? Reason { get; set; }

    /// <summary>Until when, RFC 3339; for ever when absent.</summary>
    public DateTimeOffset? Until { get; set; }
}

/// <summary>Section <c>Allowlist</c>: never acted on, still scored and shown.</summary>
public sealed class AllowlistOptions
{
    /// <summary>Addresses and CIDRs.</summary>
    public AllowlistEntry[] Addresses { get; set; } = [];

    /// <summary>Token identities (JTI, token text, or <c>sha256:…</c>).</summary>
    public AllowlistEntry[] Tokens { get; set; } = [];

    /// <summary>User ids.</summary>
    public AllowlistEntry[] Users { get; set; } = [];

    /// <summary>Autonomous system numbers, written <c>64500</c> or <c>AS64500</c>.</summary>
    public AllowlistEntry[] Asns { get; set; } = [];

    /// <summary>Referrer hosts, or <c>*.example.com</c> for a domain's sub-domains.</summary>
    public AllowlistEntry[] Referrers { get; set; } = [];
}

/// <summary>Section <c>Referrers</c>.</summary>
public sealed class ReferrersOptions
{
    /// <summary>
    /// Host names whose pages may embed the streams; <c>*.example.com</c> covers sub-domains. While the list is empty no
    /// referrer counts as unknown.
    /// </summary>
    public string[] Official { get; set; } = [];
}

/// <summary>Section <c>Enrichment</c>: where country, operator and data-centre nature of an address come from when events do not say.</summary>
public sealed class EnrichmentOptions
{
    /// <summary>MaxMind-format databases, asked in order; the first that knows a field wins.</summary>
    public string[] MmdbFiles { get; set; } = [];

    /// <summary>IPFire location database (<c>/var/lib/location/database.db</c> from Debian's libloc-database); empty: none.</summary>
    public string LocationDatabase { get; set; } = "";

    /// <summary>Autonomous systems of data centres, hosters and VPN carriers, in addition to the built-in list.</summary>
    public uint[] DataCentreAsns { get; set; } = [];

    /// <summary>Autonomous systems of the built-in list that are not to count as data centres.</summary>
    public uint[] NotDataCentreAsns { get; set; } = [];

    /// <summary>
    /// Autonomous systems of privacy relays and web gateways, in addition to the built-in list: what leaves there counts
    /// neither as a data centre nor as a country or network of its own.
    /// </summary>
    public uint[] SharedEgressAsns { get; set; } = [];

    /// <summary>Beginnings of the user agents of tools that record, relay or fetch streams, case ignored.</summary>
    public string[] ToolAgents { get; set; } =
    [
        "Lavf", "FFmpeg", "streamlink", "yt-dlp", "youtube-dl", "GStreamer", "OBS", "libobs", "nginx-rtmp", "Wowza", "restream",
        "curl", "Wget", "python-", "Python/", "aiohttp", "Go-http-client", "Java/", "axios", "node-fetch", "undici", "libwww-perl", "PostmanRuntime",
    ];

    /// <summary>Words that mark a provider's name as a data centre when they occur in it as a whole word, case ignored.</summary>
    public string[] DataCentreProviders { get; set; } =
    [
        "hosting", "datacenter", "datacentre", "data center", "colocation", "dedicated servers", "vps",
        "amazon", "aws", "google cloud", "microsoft azure", "digitalocean", "linode", "ovh", "hetzner", "vultr", "contabo",
        "leaseweb", "m247", "datacamp", "scaleway", "oracle cloud", "alibaba cloud", "tencent cloud", "choopa", "cloudflare",
    ];
}
