using System.Collections.Immutable;

namespace AutoGuard.Simulation.Profiles;

/// <summary>A scenario: who watches what and when, who misuses it, and how clean the events arrive.</summary>
/// <remarks>
/// Optional members have setters because generated JSON readers give absent init-only members their type's default and
/// not the one written here. Change a profile by <c>with</c>.
/// </remarks>
public sealed record SimulationProfile
{
    /// <summary>Name, for people and for the truth file.</summary>
    public required string Name { get; init; }

    /// <summary>Event time at which the recording begins, UTC.</summary>
    public DateTimeOffset Start { get; set; } = new(2025, 11, 14, 17, 0, 0, TimeSpan.Zero);

    /// <summary>Length of the recording, up to 31 days.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>Honest viewers who arrive over the whole recording, 0 to 10,000,000.</summary>
    public required int Viewers { get; init; }

    /// <summary>Share of the viewers who are already watching when the recording begins: their first event is a heartbeat.</summary>
    public double RunningAtStart { get; set; } = 0.1;

    /// <summary>Seconds between two heartbeats of a session, 5 to 300; 10, 30 and 60 are usual.</summary>
    public int HeartbeatSeconds { get; set; } = 30;

    /// <summary>How many times faster than event time a demonstration should play this, at least 1.</summary>
    public double SuggestedSpeed { get; set; } = 1;

    /// <summary>What is on.</summary>
    public required ImmutableArray<StreamProfile> Streams { get; init; }

    /// <summary>Tenants of one kind, each with an equal part of the audience; empty: events name none.</summary>
    public ImmutableArray<string> Organizations { get; set; } = [];

    /// <summary>
    /// Tenants of different kinds, in the place of <see cref="Organizations"/>; each has its own audience and tokens. Of
    /// <see cref="Audience"/> the sites and probes still count.
    /// </summary>
    public ImmutableArray<TenantProfile> Tenants { get; set; } = [];

    /// <summary>Shares of the honest kinds; the rest are single viewers.</summary>
    public AudienceProfile Audience { get; set; } = new();

    /// <summary>How the platform hands out tokens.</summary>
    public TokenProfile Tokens { get; set; } = new();

    /// <summary>Who misuses the platform.</summary>
    public ImmutableArray<AttackProfile> Attacks { get; set; } = [];

    /// <summary>A failure of the platform after which everybody reconnects; null: none.</summary>
    public OutageProfile? Outage { get; set; }

    /// <summary>What happens to events on their way.</summary>
    public TransportProfile Transport { get; set; } = new();
}

/// <summary>One stream of the schedule.</summary>
public sealed record StreamProfile
{
    /// <summary>Stream name as in the events.</summary>
    public required string Name { get; init; }

    /// <summary>Relative size of its audience, 1 to 1,000,000.</summary>
    public int Weight { get; set; } = 1;

    /// <summary>When the match starts, after the start of the recording (negative: before it); null: a channel that never stops.</summary>
    public TimeSpan? KickOff { get; set; }

    /// <summary>How long a match lasts.</summary>
    public TimeSpan Length { get; set; } = TimeSpan.FromMinutes(110);
}

/// <summary>A tenant of the platform with customers of its own kind.</summary>
public sealed record TenantProfile
{
    /// <summary>What its events carry as <c>organization</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Relative size among the tenants that show the same stream, 1 to 1,000,000.</summary>
    public int Weight { get; set; } = 1;

    /// <summary>Streams it shows; empty: all.</summary>
    public ImmutableArray<string> Streams { get; set; } = [];

    /// <summary>Shares of the honest kinds; sites and probes are those of the whole profile.</summary>
    public AudienceProfile Audience { get; set; } = new();

    /// <summary>How it hands out tokens.</summary>
    public TokenProfile Tokens { get; set; } = new();

    /// <summary>What its customers play with.</summary>
    public ClientMix Clients { get; set; }
}

/// <summary>What the customers of a tenant play with.</summary>
public enum ClientMix
{
    /// <summary>Pages and apps, as the kinds of viewers have it.</summary>
    Mixed,

    /// <summary>Native apps only: nobody ever sends a referrer.</summary>
    AppsOnly,

    /// <summary>Its own pages only: everybody sends a referrer but browsers that strip it.</summary>
    PagesOnly,
}
