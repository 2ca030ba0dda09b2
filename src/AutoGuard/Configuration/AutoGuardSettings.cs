using System.ComponentModel.DataAnnotations;
using AutoGuard.Core.Configuration;
using AutoGuard.Kafka;
using AutoGuard.Reports;
using Microsoft.Extensions.Logging;

namespace AutoGuard.Configuration;

/// <summary>The whole configuration: one property per section of <c>appsettings.json</c>, in the order the file has them.</summary>
public sealed class AutoGuardSettings
{
    /// <summary>Where events come from and decisions go to.</summary>
    public KafkaOptions Kafka { get; set; } = new();

    /// <summary>The store of decisions, rules and reports.</summary>
    public ConnectionStringsOptions ConnectionStrings { get; set; } = new();

    /// <summary>
    /// Folder of state, embedded server and reports; a relative path starts at the repository's top folder (AUTOGUARD_HOME, else the working folder).
    /// </summary>
    [Required]
    public string DataDirectory { get; set; } = "data";

    /// <summary>Country, operator and data-centre nature of addresses.</summary>
    public EnrichmentOptions Enrichment { get; set; } = new();

    /// <summary>Pages that may embed the streams.</summary>
    public ReferrersOptions Referrers { get; set; } = new();

    /// <summary>Never acted on.</summary>
    public AllowlistOptions Allowlist { get; set; } = new();

    /// <summary>Windows, indicators, spike detection, capacities.</summary>
    public DetectionOptions Detection { get; set; } = new();

    /// <summary>From score to decision.</summary>
    public PolicyOptions Policy { get; set; } = new();

    /// <summary>Which engines enforce decisions.</summary>
    public GuardianOptions Guardian { get; set; } = new();

    /// <summary>Flagged-token reports.</summary>
    public ReportOptions Reports { get; set; } = new();

    /// <summary>Dashboard and interfaces.</summary>
    public WebOptions Web { get; set; } = new();

    /// <summary>What is logged.</summary>
    public LoggingOptions Logging { get; set; } = new();
}

/// <summary>Section <c>ConnectionStrings</c>.</summary>
public sealed class ConnectionStringsOptions
{
    /// <summary>
    /// PostgreSQL, as <c>Host=…;Database=…;Username=…</c>; empty: the embedded server, started from the machine's own binaries in the data folder. Give the password by environment only.
    /// </summary>
    public string AutoGuard { get; set; } = "";
}

/// <summary>Section <c>Web</c>: dashboard, guardian interfaces, health and metrics.</summary>
public sealed class WebOptions
{
    /// <summary>Address to listen on, as <c>http://HOST:PORT</c>. TLS belongs to the reverse proxy before it.</summary>
    [Required]
    public string Address { get; set; } = "http://127.0.0.1:8088";

    /// <summary>Whether dashboard and interfaces ask for a key. Switch it off only on a loopback address.</summary>
    public bool Authentication { get; set; } = true;

    /// <summary>
    /// How far event time may lie behind the clock, while records wait in Kafka, before <c>/health/ready</c> says no. 0: any
    /// distance; the embedded broker, which is for trying recordings out, is never held to it. 0 to 7 days.
    /// </summary>
    [TimeRange("00:00:00", "7.00:00:00")]
    public TimeSpan ReadyWithin { get; set; } = TimeSpan.FromMinutes(10);
}

/// <summary>Section <c>Logging</c>.</summary>
public sealed class LoggingOptions
{
    /// <summary>Least severe level that is written, by the beginning of the category's name; <c>Default</c> for all others.</summary>
    public Dictionary<string, LogLevel> LogLevel { get; set; } = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Default"] = Microsoft.Extensions.Logging.LogLevel.Information,
        ["Microsoft"] = Microsoft.Extensions.Logging.LogLevel.Warning,
        ["Quartz"] = Microsoft.Extensions.Logging.LogLevel.Warning,
    };

    /// <summary>Sets the levels on a host's logging.</summary>
    public void Configure(ILoggingBuilder logging)
    {
        foreach ((string category, LogLevel level) in LogLevel)
        {
            logging.AddFilter(string.Equals(category, "Default", StringComparison.OrdinalIgnoreCase) ? null : category, level);
        }
    }
}
