using System.ComponentModel.DataAnnotations;
using AutoGuard.Core.Spikes;

namespace AutoGuard.Core.Configuration;

/// <summary>Section <c>Detection</c>: windows, indicators, spike detection, capacities.</summary>
public sealed class DetectionOptions
{
    /// <summary>
    /// How late an event may come and still count. Events are held back this long and put in order of event time, so the
    /// order of arrival within it never changes a decision; it is also the least delay of a decision. 0 to 5 minutes.
    /// </summary>
    [TimeRange("00:00:00", "00:05:00")]
    public TimeSpan AllowedLateness { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How often, in event time, changed keys are judged. 1 second to 1 minute.</summary>
    [TimeRange("00:00:01", "00:01:00")]
    public TimeSpan TickInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// A session without events for this long has ended. Sessions that send heartbeats more often end sooner: after two
    /// and a half of their own intervals. 10 seconds to 1 hour.
    /// </summary>
    [TimeRange("00:00:10", "01:00:00")]
    public TimeSpan SessionTimeout { get; set; } = TimeSpan.FromSeconds(150);

    /// <summary>Window of counts and shares per key. 10 minutes to 24 hours.</summary>
    [TimeRange("00:10:00", "1.00:00:00")]
    public TimeSpan Window { get; set; } = TimeSpan.FromHours(3);

    /// <summary>The "short time" in which several countries are suspicious. 5 minutes to 24 hours.</summary>
    [TimeRange("00:05:00", "1.00:00:00")]
    public TimeSpan CountryWindow { get; set; } = TimeSpan.FromHours(1);

    /// <summary>What tokens of this platform mean; <see cref="TokenWorkflow.Auto"/> decides per token.</summary>
    public TokenWorkflow TokenWorkflow { get; set; } = TokenWorkflow.Auto;

    /// <summary>
    /// File of a model made by <c>calibrate</c>: what is taken for usual until enough of the live audience was seen. Empty: nothing
    /// is, and the thresholds alone hold until then. A running worker takes the file up again when it changes.
    /// </summary>
    public string Model { get; set; } = "";

    /// <summary>Sizes of the state tables.</summary>
    public CapacityOptions Capacity { get; set; } = new();

    /// <summary>One block per indicator.</summary>
    public IndicatorsOptions Indicators { get; set; } = new();

    /// <summary>Spike detection on the per-minute series.</summary>
    public SpikeOptions Spike { get; set; } = new();
}

/// <summary>How a platform hands out tokens, and so what many addresses or sessions on one token mean.</summary>
public enum TokenWorkflow : byte
{
    /// <summary>
    /// Bound if the token has a user. Otherwise shared when several networks use it within ten minutes of its first sight,
    /// or a fifth of the organization's sessions do; else meant for one session.
    /// </summary>
    Auto,

    /// <summary>One token, one user: concurrency is telling.</summary>
    UserBound,

    /// <summary>One token, one playback session: any reuse is telling.</summary>
    PerSession,

    /// <summary>One token for everybody: reuse means nothing.</summary>
    Shared,
}

/// <summary>Most keys of each kind held at once. When a table is full its coldest key is evicted and counted.</summary>
public sealed class CapacityOptions
{
    /// <summary>Sessions, 1,000 to 50,000,000.</summary>
    [Range(1_000, 50_000_000)]
    public int Sessions { get; set; } = 2_000_000;

    /// <summary>Tokens, 1,000 to 50,000,000.</summary>
    [Range(1_000, 50_000_000)]
    public int Tokens { get; set; } = 1_000_000;

    /// <summary>Addresses, 1,000 to 50,000,000.</summary>
    [Range(1_000, 50_000_000)]
    public int Addresses { get; set; } = 1_000_000;

    /// <summary>Networks (/24 and /64), 1,000 to 50,000,000.</summary>
    [Range(1_000, 50_000_000)]
    public int Networks { get; set; } = 500_000;

    /// <summary>Distinct interned strings, 1,000 to 10,000,000: a quarter each streams and providers, user agents, and sites of hosts, three sixteenths referrer hosts, of each of which the coldest gives way when it is full, and a sixteenth tenants.</summary>
    [Range(1_000, 10_000_000)]
    public int Strings { get; set; } = 262_144;
}

/// <summary>Spike detection, section <c>Detection:Spike</c>.</summary>
public sealed class SpikeOptions
{
    /// <summary>Whose code computes the statistic.</summary>
    public SpikeEngine Engine { get; set; } = SpikeEngine.Native;

    /// <summary>How the native engine keeps the spread.</summary>
    public SpikeMode Mode { get; set; } = SpikeMode.Stable;

    /// <summary>Points of history a value is judged against (minutes), 8 to 1,000.</summary>
    [Range(8, 1_000)]
    public int History { get; set; } = 30;

    /// <summary>Confidence in percent, 50 to 99.9999. Not a false-alarm rate: see docs/spike-detection.md.</summary>
    [Range(50.0, 99.9999)]
    public double Confidence { get; set; } = 99.9;

    /// <summary>Which tail alerts.</summary>
    public SpikeSide Side { get; set; } = SpikeSide.Positive;

    /// <summary>Minutes, of the last five, that must alert before the indicator has a grade, 1 to 5.</summary>
    [Range(1, 5)]
    public int Persistence { get; set; } = 2;
}

/// <summary>Engines for spike detection.</summary>
public enum SpikeEngine
{
    /// <summary>AutoGuard's keyed detector, equal to ML.NET's by test.</summary>
    Native,

    /// <summary>Microsoft.ML.TimeSeries re-checks suspects in batches and scores the fleet series.</summary>
    MlNet,
}
