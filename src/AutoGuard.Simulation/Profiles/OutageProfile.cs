namespace AutoGuard.Simulation.Profiles;

/// <summary>A failure of the platform.</summary>
public sealed record OutageProfile
{
    /// <summary>When sessions drop, after the start of the recording.</summary>
    public required TimeSpan At { get; init; }

    /// <summary>Share of the running sessions that drop.</summary>
    public double Share { get; set; } = 0.8;

    /// <summary>Within which time they reconnect.</summary>
    public TimeSpan ReconnectWithin { get; set; } = TimeSpan.FromSeconds(90);

    /// <summary>
    /// How long the platform stays unwell: until it serves a client, that client tries again every few seconds, with
    /// sessions of 1 to 10 seconds, and so do those who newly arrive. 0: the first attempt succeeds.
    /// </summary>
    public TimeSpan Recovery { get; set; }

    /// <summary>A planned change of the edge: sessions end properly and start anew, instead of falling silent.</summary>
    public bool IsSwitch { get; set; }
}
