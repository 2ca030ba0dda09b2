using System.ComponentModel.DataAnnotations;

namespace AutoGuard.Core.Configuration;

/// <summary>Header that carries a bintu credential.</summary>
public enum BintuHeader
{
    /// <summary><c>X-BINTU-TOKEN</c>: a temporary token with the role of its user; what the current documentation shows.</summary>
    Token,

    /// <summary><c>X-BINTU-APIKEY</c>: the permanent key of the organization, with the highest rights.</summary>
    ApiKey,
}

/// <summary>Generation of the OptiView Live interface.</summary>
public enum OptiViewVersion
{
    /// <summary>Channels and aliases; modes <c>whitelist</c> and <c>blacklist</c>.</summary>
    V1,

    /// <summary>Distributions; modes <c>allow</c> and <c>deny</c>.</summary>
    V2,
}

/// <summary>Section <c>Guardian:NanoStream</c>.</summary>
public sealed class NanoStreamOptions
{
    /// <summary>Whether decisions on addresses, networks and referrers go to it.</summary>
    public bool Enabled { get; set; }

    /// <summary>Base address.</summary>
    [Required]
    public string Address { get; set; } = "https://guardian.nanostream.cloud/";

    /// <summary>Header of the credential: <c>X-BINTU-TOKEN</c> or <c>X-BINTU-APIKEY</c>.</summary>
    public BintuHeader Header { get; set; } = BintuHeader.Token;

    /// <summary>The credential; by environment or <c>Guardian:SecretsFile</c> only.</summary>
    public string Key { get; set; } = "";

    /// <summary>Path of address rules below the base.</summary>
    [Required]
    public string IpPath { get; set; } = "ip";

    /// <summary>Path of referrer rules below the base; the vendor writes both <c>referer</c> and <c>referrer</c>.</summary>
    [Required]
    public string RefererPath { get; set; } = "referer";

    /// <summary>
    /// Whether rules can be listed and taken back, as AutoGuard's own engine does it (<c>GET</c> and <c>DELETE</c> on the same
    /// paths). The vendor documents neither: leave it off unless you know better.
    /// </summary>
    public bool Undo { get; set; }

    /// <summary>Longest time until a rule takes effect; the vendor says six minutes.</summary>
    [TimeRange("00:00:00", "01:00:00")]
    public TimeSpan Delay { get; set; } = TimeSpan.FromMinutes(6);

    /// <summary>After how long rules for addresses lapse there by themselves; the vendor says a day. Longer blocks are renewed.</summary>
    [TimeRange("00:01:00", "30.00:00:00")]
    public TimeSpan Lapse { get; set; } = TimeSpan.FromHours(24);

    /// <summary>Tenants whose decisions go to it; empty: all.</summary>
    public string[] Organizations { get; set; } = [];
}

/// <summary>Section <c>Guardian:TokenService</c>.</summary>
public sealed class TokenServiceOptions
{
    /// <summary>Whether tokens are revoked through it.</summary>
    public bool Enabled { get; set; }

    /// <summary>Base address.</summary>
    [Required]
    public string Address { get; set; } = "https://token.nanostream.cloud/api/v1/";

    /// <summary>Header of the credential: <c>X-BINTU-TOKEN</c> or <c>X-BINTU-APIKEY</c>.</summary>
    public BintuHeader Header { get; set; } = BintuHeader.Token;

    /// <summary>The credential; by environment or <c>Guardian:SecretsFile</c> only.</summary>
    public string Key { get; set; } = "";

    /// <summary>Path of the revocation below the base.</summary>
    [Required]
    public string RevokePath { get; set; } = "splay/revoke";

    /// <summary>Longest time until a revocation takes effect; the vendor says only "as quickly as possible".</summary>
    [TimeRange("00:00:00", "01:00:00")]
    public TimeSpan Delay { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Whether a token that has expired, or will before a revocation bites, is revoked all the same. It ends sessions that run on
    /// after the expiry; the service takes it for a day.
    /// </summary>
    public bool RevokeExpired { get; set; }

    /// <summary>Tenants whose decisions go to it; empty: all.</summary>
    public string[] Organizations { get; set; } = [];
}

/// <summary>Section <c>Guardian:OptiView</c>.</summary>
public sealed class OptiViewOptions
{
    /// <summary>Whether decisions on addresses and networks go to it.</summary>
    public bool Enabled { get; set; }

    /// <summary>Base address.</summary>
    [Required]
    public string Address { get; set; } = "https://api.theo.live/";

    /// <summary>Which generation of the interface.</summary>
    public OptiViewVersion Version { get; set; } = OptiViewVersion.V2;

    /// <summary>
    /// What a block is put on. V2: ids of distributions. V1: <c>CHANNEL</c>, or <c>CHANNEL/ALIAS</c>.
    /// </summary>
    public string[] Targets { get; set; } = [];

    /// <summary>Key of the credential; by environment or <c>Guardian:SecretsFile</c> only.</summary>
    public string Key { get; set; } = "";

    /// <summary>Secret of the credential; by environment or <c>Guardian:SecretsFile</c> only.</summary>
    public string Secret { get; set; } = "";

    /// <summary>
    /// Whether nobody but AutoGuard keeps address rules on the targets. V1 does not promise to show the rules it has: without this
    /// nothing is changed where it does not, since a change replaces the whole list.
    /// </summary>
    public bool Exclusive { get; set; }

    /// <summary>Most entries of a target's list; a block beyond it is refused.</summary>
    [Range(1, 100_000)]
    public int MostEntries { get; set; } = 1_000;

    /// <summary>Longest time until a rule takes effect; the vendor states none.</summary>
    [TimeRange("00:00:00", "01:00:00")]
    public TimeSpan Delay { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Tenants whose decisions go to it; empty: all.</summary>
    public string[] Organizations { get; set; } = [];
}

/// <summary>Section <c>Guardian:Webhook</c>.</summary>
public sealed class WebhookOptions
{
    /// <summary>Whether decisions are sent to it.</summary>
    public bool Enabled { get; set; }

    /// <summary>Where requests are posted.</summary>
    public string Address { get; set; } = "";

    /// <summary>Secret that requests are signed with (HMAC-SHA256), 16 characters at least; by environment or <c>Guardian:SecretsFile</c> only.</summary>
    public string Secret { get; set; } = "";

    /// <summary>Kinds of subject that it acts on, of <c>token</c>, <c>ip</c>, <c>cidr</c>, <c>referrer</c>.</summary>
    public string[] Subjects { get; set; } = ["token", "ip", "cidr", "referrer"];

    /// <summary>Whether it ends playback that runs.</summary>
    public bool EndsRunningSessions { get; set; }

    /// <summary>Whether it takes back what it was told.</summary>
    public bool Undo { get; set; } = true;

    /// <summary>Whether it forgets a block at its expiry by itself; if not, AutoGuard tells it.</summary>
    public bool Expires { get; set; } = true;

    /// <summary>Longest time until it takes effect.</summary>
    [TimeRange("00:00:00", "01:00:00")]
    public TimeSpan Delay { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Tenants whose decisions go to it; empty: all.</summary>
    public string[] Organizations { get; set; } = [];
}
