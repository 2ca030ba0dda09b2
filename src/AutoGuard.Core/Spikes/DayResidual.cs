namespace AutoGuard.Core.Spikes;

/// <summary>
/// What is left of a value beyond what is usual at its time of day, averaged over the last twelve, and how improbable that
/// is against the last 500: the p-value of <see cref="KernelPValue"/>, two-sided, with the spread recomputed.
/// </summary>
internal sealed class DayResidual
{
    /// <summary>Parts of the day that have a usual value each.</summary>
    public const int Slots = 96;

    private const int Averaged = 12;
    private const int History = 500;
    private const double LeastGain = 0.2;
    private const double SlowGain = 0.05;
    private const int MinutesPerSlot = 15;

    private readonly double[] _usual = new double[Slots];
    private readonly ushort[] _seen = new ushort[Slots];
    private readonly double[] _residuals = new double[Averaged];
    private readonly SpikeBank _bank = new(History, 99.9, SpikeSide.TwoSided, SpikeMode.Stable, 1);
    private readonly int _slot;
    private double _slow;
    private long _count;

    public DayResidual() => _slot = _bank.Rent();

    /// <summary>Forgets everything.</summary>
    public void Reset()
    {
        Array.Clear(_seen);
        _bank.Reset(_slot);
        _count = 0;
    }

    /// <summary>Judges a value, then learns from it.</summary>
    /// <param name="value">Finite.</param>
    /// <param name="minuteOfDay">0 to 1,439.</param>
    /// <returns><c>-log10</c> of the p-value, 0 to 8.</returns>
    public double Score(double value, int minuteOfDay)
    {
        int part = minuteOfDay / MinutesPerSlot;
        double expected = _seen[part] > 0 ? _usual[part] : _count > 0 ? _slow : value;
        _residuals[(int)(_count % Averaged)] = value - expected;
        _usual[part] = _seen[part] == 0 ? value : _usual[part] + (Math.Max(LeastGain, 1.0 / (_seen[part] + 1)) * (value - _usual[part]));
        _seen[part] = (ushort)Math.Min(_seen[part] + 1, ushort.MaxValue);
        _slow = _count == 0 ? value : _slow + (SlowGain * (value - _slow));
        _count++;
        double sum = 0;
        int averaged = (int)Math.Min(_count, Averaged);
        for (int i = 0; i < averaged; i++)
        {
            sum += _residuals[i];
        }
        return -Math.Log10(_bank.Score(_slot, (float)(sum / averaged)).PValue);
    }
}
