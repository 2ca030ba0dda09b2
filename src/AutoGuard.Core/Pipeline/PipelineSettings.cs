using AutoGuard.Core.Configuration;
using AutoGuard.Core.Features;
using AutoGuard.Core.Spikes;

namespace AutoGuard.Core.Pipeline;

/// <summary>All that decides besides the events.</summary>
public sealed record PipelineSettings
{
    /// <summary>Windows, indicators, spike detection, capacities.</summary>
    public DetectionOptions Detection { get; init; } = new();

    /// <summary>From score to decision.</summary>
    public PolicyOptions Policy { get; init; } = new();

    /// <summary>Who is never acted on.</summary>
    public AllowlistOptions Allowlist { get; init; } = new();

    /// <summary>Official pages.</summary>
    public ReferrersOptions Referrers { get; init; } = new();

    /// <summary>Fingerprint of the effective configuration, lower-case hex SHA-256; stands in every decision.</summary>
    public string Fingerprint { get; init; } = "";

    /// <summary>What is known of the platform before its audience is seen; null: nothing.</summary>
    public DetectionModel? Model { get; init; }

    /// <summary>The engine for the second look at spikes; AutoGuard's own when null.</summary>
    public ISpikeEngine? SpikeEngine { get; init; }

    /// <summary>First secret for hashing addresses. Not part of the configuration: it never changes a decision.</summary>
    public ulong Secret0 { get; init; }

    /// <summary>Second secret.</summary>
    public ulong Secret1 { get; init; }
}
