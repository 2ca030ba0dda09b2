using AutoGuard.Core.Configuration;
using AutoGuard.Core.Events;

namespace AutoGuard.Guardian;

/// <summary>What the local engine takes from the configuration.</summary>
public sealed class LocalGuardianOptions
{
    /// <summary>Widest IPv4 prefix that is denied; never wider than /20.</summary>
    public int WidestPrefixV4 { get; set; } = new PolicyOptions().WidestPrefixV4;

    /// <summary>Widest IPv6 prefix that is denied; never wider than /48.</summary>
    public int WidestPrefixV6 { get; set; } = new PolicyOptions().WidestPrefixV6;

    /// <summary>What is never denied.</summary>
    public AllowlistOptions Allowlist { get; set; } = new();

    /// <summary>Official referrers are never denied.</summary>
    public ReferrersOptions Referrers { get; set; } = new();

    /// <summary>Limits of the HTTP API.</summary>
    public LocalEngineOptions Limits { get; set; } = new();

    /// <summary>
    /// The country of an address (ISO 3166-1 alpha-2, upper case), or null when it is not known; for checks that do not say it.
    /// Asked from any thread; null: never known.
    /// </summary>
    public Func<IpAddress, string?>? CountryOf { get; set; }
}
