using System.ComponentModel.DataAnnotations;

namespace AutoGuard.Core.Configuration;

/// <summary>Section <c>Guardian</c>: which engines enforce decisions, and how a response is put together from them.</summary>
public sealed class GuardianOptions
{
    /// <summary>
    /// File with the engines' credentials, one JSON object such as <c>{ "NanoStream:Key": "…" }</c>, that only its owner may read
    /// (mode 600); empty: they come from the environment. Read again when it changes.
    /// </summary>
    public string SecretsFile { get; set; } = "";

    /// <summary>The engine in this process.</summary>
    public LocalEngineOptions Local { get; set; } = new();

    /// <summary>nanoStream Guardian: addresses, networks and referrers of an organization.</summary>
    public NanoStreamOptions NanoStream { get; set; } = new();

    /// <summary>nanoStream token service: revocation of playback tokens.</summary>
    public TokenServiceOptions TokenService { get; set; } = new();

    /// <summary>Dolby OptiView Live (THEOlive): addresses and networks, per channel, alias or distribution.</summary>
    public OptiViewOptions OptiView { get; set; } = new();

    /// <summary>Any other system, told by signed HTTP requests.</summary>
    public WebhookOptions Webhook { get; set; } = new();

    /// <summary>How decisions become calls, and how their effect is measured.</summary>
    public ResponseOptions Response { get; set; } = new();

    /// <summary>How engines are called over HTTP.</summary>
    public EngineHttpOptions Http { get; set; } = new();

    /// <summary>Encoded tokens, kept for flagged tokens while an engine needs them.</summary>
    public EncodedTokensOptions EncodedTokens { get; set; } = new();
}

/// <summary>Section <c>Guardian:Local</c>: the rule engine in this process.</summary>
public sealed class LocalEngineOptions
{
    /// <summary>Whether decisions become rules of the local engine, which enforcement points read.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>
    /// Calls a second that one key may make to the HTTP API, checks and decision streams of enforcement points excepted; twice as
    /// many at once. More are answered 429.
    /// </summary>
    [Range(1, 100_000)]
    public int CallsPerSecond { get; set; } = 100;

    /// <summary>Wrong keys a minute that one address may show before it is answered 429 for the rest of the minute.</summary>
    [Range(1, 100_000)]
    public int RefusedKeysPerMinute { get; set; } = 60;

    /// <summary>Largest body of <c>POST /rules/import</c>, bytes; its lines are held in memory until all of them are read.</summary>
    [Range(1_024, 1_073_741_824)]
    public int LargestImport { get; set; } = 268_435_456;
}

/// <summary>Section <c>Guardian:Response</c>.</summary>
public sealed class ResponseOptions
{
    /// <summary>
    /// Most addresses that are blocked in place of a token that cannot be revoked, 0 to 20; 0: it is only flagged. Addresses that
    /// others use too are left alone (<c>Policy:HarmLimitTokens</c>).
    /// </summary>
    [Range(0, 20)]
    public int SubstituteAddresses { get; set; } = 3;

    /// <summary>
    /// How long a revocation waits for the next event of its token, which brings the encoded form that the token service needs.
    /// </summary>
    [TimeRange("00:00:00", "00:30:00")]
    public TimeSpan TokenWait { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How long traffic is watched from the moment an action bites until it is said whether it stopped.</summary>
    [TimeRange("00:00:10", "01:00:00")]
    public TimeSpan Observation { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How often what an engine enforces is compared with what was decided.</summary>
    [TimeRange("00:00:10", "1.00:00:00")]
    public TimeSpan ReconcileInterval { get; set; } = TimeSpan.FromMinutes(5);
}

/// <summary>Section <c>Guardian:Http</c>: for all engines that are called over HTTP.</summary>
public sealed class EngineHttpOptions
{
    /// <summary>Longest wait for one answer.</summary>
    [TimeRange("00:00:01", "00:02:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Attempts after the first one on 429, 5xx, and when no answer comes; the outbox tries again later on its own.</summary>
    [Range(0, 10)]
    public int Retries { get; set; } = 3;

    /// <summary>Pause before the first of them; doubled each time, with jitter. A longer <c>Retry-After</c> is honoured.</summary>
    [TimeRange("00:00:00.001", "00:01:00")]
    public TimeSpan RetryPause { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Pause of the circuit breaker: an engine that fails most calls is left alone for so long.</summary>
    [TimeRange("00:00:01", "00:10:00")]
    public TimeSpan BreakerPause { get; set; } = TimeSpan.FromSeconds(30);
}

/// <summary>Section <c>Guardian:EncodedTokens</c>.</summary>
public sealed class EncodedTokensOptions
{
    /// <summary>Key that they are encrypted with, 32 bytes in base64; by environment only. Empty: that of <see cref="KeyFile"/>.</summary>
    public string Key { get; set; } = "";

    /// <summary>File of the key, made at the first start, readable by its owner only; empty: <c>token-key</c> in the data folder.</summary>
    public string KeyFile { get; set; } = "";

    /// <summary>How long after a token's expiry its encoded form is kept; the token service takes revocations for a day after it.</summary>
    [TimeRange("00:00:00", "7.00:00:00")]
    public TimeSpan Grace { get; set; } = TimeSpan.FromHours(24);
}
