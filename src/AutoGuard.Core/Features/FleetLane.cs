using AutoGuard.Core.Spikes;

namespace AutoGuard.Core.Features;

/// <summary>What the lanes of a fleet divide viewers by.</summary>
public enum FleetGroup
{
    /// <summary>Everybody.</summary>
    All,

    /// <summary>A tenant.</summary>
    Tenant,

    /// <summary>A stream of a tenant.</summary>
    Stream,

    /// <summary>The country of the address.</summary>
    Country,

    /// <summary>Data centres, or everything else.</summary>
    ProviderKind,
}

/// <summary>What is counted in a lane, per minute of event time.</summary>
public enum FleetMeasure
{
    /// <summary>Sessions started.</summary>
    Starts,

    /// <summary>Sessions running at the end of the minute.</summary>
    Running,

    /// <summary>Sessions that ended within seconds of their start.</summary>
    Short,

    /// <summary>Distinct networks that sessions were started from, about.</summary>
    Networks,
}

/// <summary>One series of the fleet in the minute that ended last.</summary>
/// <param name="Group">What the viewers are divided by.</param>
/// <param name="Name">Which of them; empty for everybody, "(rest)" for those without a series of their own. May be written by strangers.</param>
/// <param name="Measure">What is counted.</param>
/// <param name="Value">The count.</param>
/// <param name="Rise">How far it lies above (below) the mean of the last half hour, natural logarithm; 0 until that is known.</param>
/// <param name="Reading">What it is worth.</param>
public readonly record struct FleetFigure(FleetGroup Group, string Name, FleetMeasure Measure, int Value, float Rise, FleetReading Reading);

/// <summary>Some of the viewers: what they did in the minute now running, and its series. About 410 kB.</summary>
internal sealed class FleetLane
{
    public const int Measures = 4;

    private const float LeastDeviation = 0.35f;
    private const float Bound = 8;

    private readonly FleetScore[] _scores = [new(), new(), new(), new()];
    private readonly FleetFigure[] _figures = new FleetFigure[Measures];
    private readonly NetworkSketch _networks = new();
    private readonly SpikeBank _levels;
    private int _starts;
    private int _short;

    /// <param name="group">What the viewers are divided by.</param>
    /// <param name="name">Which of them.</param>
    /// <param name="history">Minutes whose mean is the usual level.</param>
    public FleetLane(FleetGroup group, string name, int history)
    {
        Group = group;
        Name = name;
        _levels = new SpikeBank(history, 99.9, SpikeSide.TwoSided, SpikeMode.Stable, Measures);
        for (int i = 0; i < Measures; i++)
        {
            _levels.Rent();
        }
    }

    public FleetGroup Group { get; }

    public string Name { get; private set; }

    /// <summary>Sessions running now.</summary>
    public int Running { get; set; }

    public ReadOnlySpan<FleetFigure> Figures => _figures;

    /// <summary>How far starts and the networks they come from both lay above their usual level; at least 0.</summary>
    public float Rise { get; private set; }

    /// <summary>Mean starts of a usual minute; 0 until it is known.</summary>
    public double UsualStarts { get; private set; }

    public void CountStart(ulong network)
    {
        _starts++;
        _networks.Add(network);
    }

    public void CountShort() => _short++;

    /// <summary>Ends a minute.</summary>
    public void EndMinute(int minuteOfDay)
    {
        Take(FleetMeasure.Starts, _starts, minuteOfDay);
        Take(FleetMeasure.Running, Running, minuteOfDay);
        Take(FleetMeasure.Short, _short, minuteOfDay);
        Take(FleetMeasure.Networks, _starts == 0 ? 0 : Math.Min(_networks.Count(), _starts), minuteOfDay);
        Rise = Math.Max(0, Math.Min(_figures[(int)FleetMeasure.Starts].Rise, _figures[(int)FleetMeasure.Networks].Rise));
        if (_starts > 0)
        {
            _networks.Clear();
        }
        _starts = _short = 0;
    }

    /// <summary>Gives the lane to other viewers; the caller counts <see cref="Running"/> anew.</summary>
    public void Reset(string name)
    {
        Name = name;
        for (int i = 0; i < Measures; i++)
        {
            _scores[i].Reset();
            _levels.Reset(i);
            _figures[i] = default;
        }
        _networks.Clear();
        _starts = _short = Running = 0;
        Rise = 0;
        UsualStarts = 0;
    }

    private void Take(FleetMeasure measure, int count, int minuteOfDay)
    {
        int slot = (int)measure;
        float value = MathF.Log(count + 1);
        bool known = _levels.Count(slot) >= _levels.History / 2;
        (double mean, double deviation) = _levels.Count(slot) > 0 ? _levels.Moments(slot) : (0, 0);
        // What is far above enters the mean clipped: a kick-off is not at once the usual level.
        _levels.Score(slot, value, known ? (float)(mean + (3 * Math.Max(deviation, LeastDeviation))) : Bound * 2);
        float rise = known ? Math.Clamp(value - (float)mean, -Bound, Bound) : 0;
        if (measure == FleetMeasure.Starts)
        {
            UsualStarts = known ? Math.Exp(mean) - 1 : 0;
        }
        _figures[slot] = new FleetFigure(Group, Name, measure, count, rise, _scores[slot].Score(value, minuteOfDay));
    }
}
