namespace AutoGuard.Simulation.Profiles;

/// <summary>What happens to events between the edge and the topic; all shares from 0 to 1.</summary>
public sealed record TransportProfile
{
    /// <summary>Every event is delayed by up to this many milliseconds, which also reorders them; 0: in event-time order.</summary>
    public int JitterMilliseconds { get; set; } = 800;

    /// <summary>Events that come 1 to 9 seconds late.</summary>
    public double Late { get; set; } = 0.004;

    /// <summary>Events that come 11 to 180 seconds late.</summary>
    public double VeryLate { get; set; } = 0.0005;

    /// <summary>Events that come twice.</summary>
    public double Duplicate { get; set; } = 0.003;

    /// <summary>Ends that never come.</summary>
    public double MissingEnd { get; set; } = 0.08;

    /// <summary>Starts that never come.</summary>
    public double MissingStart { get; set; }

    /// <summary>Lines, as a share of the events, that are no valid events.</summary>
    public double Malformed { get; set; } = 0.0005;

    /// <summary>Timestamps written as Unix milliseconds.</summary>
    public double NumericTimestamp { get; set; }

    /// <summary>Events with a field that nobody knows.</summary>
    public double UnknownField { get; set; }

    /// <summary>Whether lines of a file end in CR LF.</summary>
    public bool CarriageReturns { get; set; }

    /// <summary>Nothing happens: every event once and in order.</summary>
    public static TransportProfile Perfect => new()
    {
        JitterMilliseconds = 0, Late = 0, VeryLate = 0, Duplicate = 0, MissingEnd = 0, Malformed = 0,
    };
}
