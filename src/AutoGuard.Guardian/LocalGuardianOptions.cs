using AutoGuard.Core.Configuration;

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
}
