namespace AutoGuard.Core.Spikes;

/// <summary>
/// Spike detection on one series of independent values, as ML.NET's <c>DetectIidSpike</c>: plain, scalar and in its order of
/// operations. The reference for <see cref="SpikeBank"/>, and the judge of the errors of <see cref="SsaSpikeDetector"/>.
/// </summary>
/// <remarks>In <see cref="SpikeMode.Exact"/> every output equals ML.NET 5.0.0's in every bit, proven on recorded outputs.</remarks>
public sealed class IidSpikeDetector
{
    private readonly float[] _window;
    private readonly double _threshold;
    private readonly SpikeSide _side;
    private readonly SpikeMode _mode;
    private int _oldest;
    private int _count;
    private double _pairwise;

    /// <summary>Makes a detector with an empty window.</summary>
    /// <param name="confidence">Percent, 0 to 100; a point alerts when its p-value is at most <c>1 - confidence / 100</c>.</param>
    /// <param name="history">Values a point is judged against, at least 1. Nothing alerts before that many values.</param>
    /// <param name="side">Which tail alerts.</param>
    /// <param name="mode">How the spread is kept.</param>
    /// <exception cref="ArgumentOutOfRangeException">Confidence or history out of range.</exception>
    public IidSpikeDetector(double confidence, int history, SpikeSide side, SpikeMode mode)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(history, 1);
        _threshold = KernelPValue.Threshold(confidence);
        _window = new float[history];
        _side = side;
        _mode = mode;
    }

    /// <summary>Values in the window, at most the history length.</summary>
    public int Count => _count;

    /// <summary>Judges a value against the window, then admits it.</summary>
    /// <param name="value">
    /// The next value. NaN (and in <see cref="SpikeMode.Stable"/> an infinity) never enters the window. In
    /// <see cref="SpikeMode.Exact"/> NaN gives a NaN score and p-value, and an infinity enters and makes every later p-value
    /// NaN, as in ML.NET; in Stable both give the p-value 0.5 and no alert.
    /// </param>
    /// <returns>Alert, the value itself as the score, and the p-value.</returns>
    public SpikePrediction Score(float value)
    {
        if (_mode == SpikeMode.Stable && !float.IsFinite(value))
        {
            return new SpikePrediction(false, value, 0.5);
        }

        if (float.IsNaN(value))
        {
            return new SpikePrediction(false, double.NaN, double.NaN);
        }

        var older = _window.AsSpan(_oldest, _count - _oldest);
        var newer = _window.AsSpan(0, _oldest);
        var deviation = _mode == SpikeMode.Stable
            ? RecomputedDeviation(older, newer)
            : PairwiseSpread.Deviation(_pairwise, _count);
        var p = KernelPValue.OfSide(KernelPValue.UpperTail(older, newer, value, deviation), _side);

        var full = _count == _window.Length;
        if (_mode == SpikeMode.Exact)
        {
            _pairwise = PairwiseSpread.Move(_pairwise, older, newer, value, full);
        }

        Admit(value, full);
        return new SpikePrediction(_count == _window.Length && p <= _threshold, value, p);
    }

    private void Admit(float value, bool full)
    {
        if (full)
        {
            _window[_oldest] = value;
            _oldest = _oldest + 1 == _window.Length ? 0 : _oldest + 1;
        }
        else
        {
            _window[_count++] = value;
        }
    }

    private static double RecomputedDeviation(ReadOnlySpan<float> older, ReadOnlySpan<float> newer)
    {
        var count = older.Length + newer.Length;
        if (count == 0)
        {
            return 0;
        }

        var mean = (Sum(older, 0, 1) + Sum(newer, 0, 1)) / count;
        return Math.Sqrt((Sum(older, mean, 2) + Sum(newer, mean, 2)) / count);
    }

    private static double Sum(ReadOnlySpan<float> values, double centre, int power)
    {
        var sum = 0.0;
        foreach (var value in values)
        {
            var difference = value - centre;
            sum += power == 1 ? difference : difference * difference;
        }

        return sum;
    }
}
