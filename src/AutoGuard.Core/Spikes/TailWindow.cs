using System.Diagnostics;

namespace AutoGuard.Core.Spikes;

/// <summary>
/// How improbable a value is against the last <see cref="Length"/>, in the direction in which it is more so: the share of values
/// at least as far out, and beyond the top 2 % a generalised Pareto distribution fitted to them by moments (Hosking and
/// Wallis, 1987), its shape held within 0 to 0.5.
/// </summary>
/// <remarks>
/// The window is kept twice, in order of arrival and in order of size: a value costs one search and one move of at most
/// 24 kB. 48,000 bytes, taken at once; nothing is allocated afterwards.
/// </remarks>
internal sealed class TailWindow
{
    /// <summary>Values remembered.</summary>
    public const int Length = 6_000;

    /// <summary>Values before which nothing is said.</summary>
    public const int LeastValues = 100;

    /// <summary>Largest result: tails are not known beyond it.</summary>
    public const double MostImprobable = 16;

    private const int LeastTail = 10;
    private const double MostShape = 0.5;

    private readonly float[] _arrived = new float[Length];
    private readonly float[] _sorted = new float[Length];
    private int _oldest;

    /// <summary>Values in the window.</summary>
    public int Count { get; private set; }

    /// <summary>Forgets everything.</summary>
    public void Reset() => Count = _oldest = 0;

    /// <summary>Judges a value against the window, then admits it.</summary>
    /// <param name="value">Finite.</param>
    /// <returns><c>-log10</c> of the tail probability, 0 to <see cref="MostImprobable"/>; 0 until enough is known.</returns>
    public double Score(float value)
    {
        Debug.Assert(float.IsFinite(value), "one infinity would stay for 6,000 values");
        double score = Count < LeastValues ? 0 : Math.Max(Upper(value), Lower(value));
        Admit(value);
        return score;
    }

    private double Upper(float value)
    {
        int tail = TailSize(Count);
        float threshold = _sorted[Count - 1 - tail];
        if (value <= threshold)
        {
            return Improbability((double)(Count - FirstAtLeast(value)) / Count);
        }
        Span<float> beyond = _sorted.AsSpan(Count - tail, tail);
        return Improbability(Beyond(beyond, threshold, value, 1) * tail / Count);
    }

    private double Lower(float value)
    {
        int tail = TailSize(Count);
        float threshold = _sorted[tail];
        if (value >= threshold)
        {
            return Improbability((double)FirstAbove(value) / Count);
        }
        return Improbability(Beyond(_sorted.AsSpan(0, tail), threshold, value, -1) * tail / Count);
    }

    /// <summary>Values that make up a tail.</summary>
    internal static int TailSize(int count) => Math.Max(LeastTail, count / 50);

    /// <summary>Chance that a value beyond the threshold is as far beyond as <paramref name="value"/>.</summary>
    private static double Beyond(ReadOnlySpan<float> tail, float threshold, float value, int sign)
    {
        double sum = 0;
        double squares = 0;
        foreach (float held in tail)
        {
            double excess = sign * ((double)held - threshold);
            sum += excess;
            squares += excess * excess;
        }
        double mean = sum / tail.Length;
        double variance = (squares / tail.Length) - (mean * mean);
        double shape = variance > 0 ? Math.Clamp(0.5 * (1 - (mean * mean / variance)), 0, MostShape) : 0;
        double scale = mean * (1 - shape);
        double beyond = sign * ((double)value - threshold) / scale;
        // A tail of equal values has no scale: nothing has ever been beyond them.
        return double.IsPositiveInfinity(beyond) ? 0
            : shape < 1e-9 ? Math.Exp(-beyond)
            : Math.Pow(1 + (shape * beyond), -1 / shape);
    }

    private static double Improbability(double probability) =>
        probability > 0 ? Math.Min(MostImprobable, Math.Max(0, -Math.Log10(probability))) : MostImprobable;

    private void Admit(float value)
    {
        if (Count == Length)
        {
            int gone = FirstAtLeast(_arrived[_oldest]);
            int place = FirstAtLeast(value);
            if (place > gone)
            {
                place--;
                _sorted.AsSpan(gone + 1, place - gone).CopyTo(_sorted.AsSpan(gone));
            }
            else
            {
                _sorted.AsSpan(place, gone - place).CopyTo(_sorted.AsSpan(place + 1));
            }
            _sorted[place] = value;
            _arrived[_oldest] = value;
            _oldest = _oldest + 1 == Length ? 0 : _oldest + 1;
            return;
        }
        int at = FirstAtLeast(value);
        _sorted.AsSpan(at, Count - at).CopyTo(_sorted.AsSpan(at + 1));
        _sorted[at] = value;
        _arrived[Count++] = value;
    }

    /// <summary>Index of the first value in order of size that is not below one.</summary>
    private int FirstAtLeast(float value)
    {
        int low = 0;
        int high = Count;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (_sorted[middle] < value)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }
        return low;
    }

    private int FirstAbove(float value)
    {
        int low = 0;
        int high = Count;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (_sorted[middle] <= value)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }
        return low;
    }
}
