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

    /// <summary>Calls a second that one key may make, checks excepted; twice as many at once.</summary>
    public int CallsPerSecond { get; set; } = 100;

    /// <summary>Wrong keys a minute that one address may show before it is told to wait.</summary>
    public int RefusedKeysPerMinute { get; set; } = 60;

    /// <summary>Largest body of an import, bytes.</summary>
    public int LargestImport { get; set; } = 256 * 1024 * 1024;
}
