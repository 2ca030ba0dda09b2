using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace AutoGuard.Core.Spikes;

/// <summary>The parts of a fleet score.</summary>
public enum FleetPart
{
    /// <summary>Beyond the largest or smallest value ever seen.</summary>
    Extreme,

    /// <summary>Unusual for the time of day.</summary>
    TimeOfDay,

    /// <summary>The mean of the last 20 values is far out.</summary>
    RecentMean,

    /// <summary>Far from the slow average.</summary>
    SlowAverage,
}

/// <summary>What a value of a fleet-wide series was worth.</summary>
/// <param name="Level">The largest part divided by its level: from 1 on the value is abnormal. At least 0.</param>
/// <param name="Part">The part that is largest.</param>
/// <param name="Alert">Whether it is abnormal and none was within the <see cref="FleetScore.Quiet"/> values before.</param>
public readonly record struct FleetReading(double Level, FleetPart Part, bool Alert)
{
    /// <summary>Whether it is abnormal, repeats included.</summary>
    public bool IsAbnormal => Level >= 1;
}

/// <summary>
/// Scores one series that stands for many viewers, a value a minute: the largest of four parts, each divided by its level.
/// Docs: docs/spike-detection.md. One instance per series; a value costs a few microseconds and allocates nothing.
/// </summary>
/// <remarks>
/// <list type="bullet">
/// <item>Extreme: beyond the largest or smallest value seen before, as a fraction of the range seen, from the 21st value; level 0.005.</item>
/// <item>Time of day: see <see cref="DayResidual"/>; level 3.5.</item>
/// <item>Recent mean: of the last 20 values, in a <see cref="TailWindow"/>, from the 101st value; level 4.</item>
/// <item>Slow average: the difference to an average with gain 0.003 as it stood before, in a <see cref="TailWindow"/>; level 4.</item>
/// </list>
/// </remarks>
public sealed class FleetScore
{
    /// <summary>Bytes of state, arrays of its parts included, object headers not.</summary>
    public const int StateBytes = (4 * sizeof(float) * TailWindow.Length) + (500 * sizeof(float)) + (DayResidual.Slots * 10) + 512;

    /// <summary>Values after an alert during which there is no other.</summary>
    public const int Quiet = 60;

    /// <summary>Values before which nothing is an extreme: from the 21st on.</summary>
    public const int LeastSeen = 20;

    /// <summary>Values before which nothing alerts: those from which the tails are known.</summary>
    public const int WarmUp = TailWindow.LeastValues;

    private const double ExtremeLevel = 0.005;
    private const double TimeOfDayLevel = 3.5;
    private const double TailLevel = 4;
    private const double SlowGain = 0.003;

    private readonly DayResidual _day = new();
    private readonly TailWindow _recentTail = new();
    private readonly TailWindow _slowTail = new();
    private RecentValues _recent;
    private double _slow;
    private double _smallest = double.PositiveInfinity;
    private double _largest = double.NegativeInfinity;
    private long _lastAlert = long.MinValue / 2;

    /// <summary>Values scored so far.</summary>
    public long Count { get; private set; }

    /// <summary>Forgets everything, for another series.</summary>
    public void Reset()
    {
        _day.Reset();
        _recentTail.Reset();
        _slowTail.Reset();
        (_smallest, _largest) = (double.PositiveInfinity, double.NegativeInfinity);
        _lastAlert = long.MinValue / 2;
        Count = 0;
    }

    /// <summary>Scores the value of a minute, then learns from it.</summary>
    /// <param name="value">The value; one that is not finite is passed over and scores 0.</param>
    /// <param name="minuteOfDay">Minute of the day (UTC) that it belongs to, 0 to 1,439.</param>
    public FleetReading Score(double value, int minuteOfDay)
    {
        Debug.Assert(minuteOfDay is >= 0 and < 1440, "a minute of the day");
        if (!float.IsFinite((float)value))
        {
            return default;
        }
        double extreme = Extreme(value) / ExtremeLevel;
        double timeOfDay = _day.Score(value, minuteOfDay) / TimeOfDayLevel;
        double recent = _recentTail.Score((float)RecentMean(value)) / TailLevel;
        double slow = _slowTail.Score((float)SlowResidual(value)) / TailLevel;
        Count++;

        (double level, FleetPart part) = (extreme, FleetPart.Extreme);
        (level, part) = timeOfDay > level ? (timeOfDay, FleetPart.TimeOfDay) : (level, part);
        (level, part) = recent > level ? (recent, FleetPart.RecentMean) : (level, part);
        (level, part) = slow > level ? (slow, FleetPart.SlowAverage) : (level, part);
        bool alert = level >= 1 && Count > WarmUp && Count - _lastAlert > Quiet;
        _lastAlert = alert ? Count : _lastAlert;
        return new FleetReading(level, part, alert);
    }

    /// <summary>How far beyond all before, as a share of their range, at most 1; 1 for anything beyond a constant.</summary>
    private double Extreme(double value)
    {
        double beyond = Math.Max(value - _largest, _smallest - value);
        double range = _largest - _smallest;
        double extreme = Count < LeastSeen || beyond <= 0 ? 0 : range > 0 ? Math.Min(1, beyond / range) : 1;
        _largest = Math.Max(_largest, value);
        _smallest = Math.Min(_smallest, value);
        return extreme;
    }

    private double RecentMean(double value)
    {
        Span<double> recent = _recent;
        recent[(int)(Count % RecentValues.Length)] = value;
        int count = (int)Math.Min(Count + 1, RecentValues.Length);
        double sum = 0;
        foreach (double held in recent[..count])
        {
            sum += held;
        }
        return sum / count;
    }

    private double SlowResidual(double value)
    {
        _slow = Count == 0 ? value : _slow;
        double residual = value - _slow;
        _slow += SlowGain * residual;
        return residual;
    }

    [InlineArray(Length)]
    [StructLayout(LayoutKind.Auto)]
    private struct RecentValues
    {
        public const int Length = 20;

        private double _first;
    }
}
