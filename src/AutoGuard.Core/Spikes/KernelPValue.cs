using System.Runtime.CompilerServices;

namespace AutoGuard.Core.Spikes;

/// <summary>
/// The p-value of ML.NET's spike detectors: a Gaussian kernel estimate of the chance of a value at least as large as the
/// one at hand, the kernel's own standard deviation being that of the window.
/// </summary>
/// <remarks>
/// The order of every operation is ML.NET's, so that results agree with it in every bit on the same C library. Because the
/// kernel is as wide as the window itself, the p-value of a point z deviations out is about <c>Phi(-z / sqrt 2)</c>: confidence is not a
/// false-alarm rate.
/// </remarks>
public static class KernelPValue
{
    /// <summary>Smallest p-value reported, the largest being <c>1 - Floor</c>. Below about 1e-6 a p-value carries no more information.</summary>
    public const double Floor = 1e-8;

    /// <summary>Smallest kernel width, so that a constant window still has a p-value.</summary>
    internal const double SmallestWidth = 1e-6;

    internal const double A1 = 0.254829592;
    internal const double A2 = -0.284496736;
    internal const double A3 = 1.421413741;
    internal const double A4 = -1.453152027;
    internal const double A5 = 1.061405429;
    internal const double P = 0.3275911;

    /// <summary>The error function by Abramowitz and Stegun, formula 7.1.26 (absolute error at most 1.5e-7).</summary>
    /// <param name="x">Any value; infinities give ±1, NaN gives NaN.</param>
    /// <returns>In [-1, 1]. The sign at zero is positive, so <c>Erf(0)</c> is 1e-9 and not 0.</returns>
    public static double Erf(double x)
    {
        var t = 1.0 / (1.0 + (P * Math.Abs(x)));
        var polynomial = ((((((((A5 * t) + A4) * t) + A3) * t) + A2) * t) + A1) * t;
        var y = 1.0 - (polynomial * Math.Exp(-(x * x)));
        return x >= 0 ? y : -y;
    }

    /// <summary>The alert threshold of a confidence: a point alerts when its p-value is at most this.</summary>
    /// <param name="confidence">Percent, 0 to 100.</param>
    /// <returns>In [0, 1].</returns>
    /// <exception cref="ArgumentOutOfRangeException">The confidence is NaN or outside 0 to 100.</exception>
    public static double Threshold(double confidence)
    {
        if (!(confidence is >= 0 and <= 100))
        {
            throw new ArgumentOutOfRangeException(nameof(confidence), confidence, "Confidence is a percentage from 0 to 100.");
        }

        return 1.0 - (confidence / 100.0);
    }

    /// <summary>The p-value of the side asked for, from the upper tail.</summary>
    /// <param name="upperTail">Estimated chance of a value at least as large; NaN stays NaN.</param>
    /// <param name="side">Which tail counts; two-sided takes the smaller tail and does not double it.</param>
    /// <returns>In [<see cref="Floor"/>, 1 - <see cref="Floor"/>], or NaN.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double OfSide(double upperTail, SpikeSide side)
    {
        var p = side switch
        {
            SpikeSide.Positive => upperTail,
            SpikeSide.Negative => 1.0 - upperTail,
            _ => Math.Min(upperTail, 1.0 - upperTail),
        };
        return p < Floor ? Floor : p > 1.0 - Floor ? 1.0 - Floor : p;
    }

    /// <summary>The kernel's width times the square root of two, from a standard deviation.</summary>
    /// <param name="deviation">Population standard deviation of the window; NaN passes through, as in ML.NET.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static double Width(double deviation) => Math.Max(Math.Sqrt(2.0) * deviation, SmallestWidth);

    /// <summary>
    /// Upper tail of <paramref name="value"/> against a window given in two pieces, oldest first, adding in ML.NET's order.
    /// </summary>
    /// <param name="older">First piece of the window.</param>
    /// <param name="newer">Second piece; may be empty. Both empty gives 0.5.</param>
    /// <param name="value">The value to judge.</param>
    /// <param name="deviation">Standard deviation of the window; ignored for a window of one value, where it counts as 1.</param>
    internal static double UpperTail(ReadOnlySpan<float> older, ReadOnlySpan<float> newer, double value, double deviation)
    {
        var count = older.Length + newer.Length;
        if (count == 0)
        {
            return 0.5;
        }

        var width = Width(count == 1 ? 1.0 : deviation);
        var sum = 0.0;
        foreach (var held in older)
        {
            sum -= Erf((value - held) / width);
        }

        foreach (var held in newer)
        {
            sum -= Erf((value - held) / width);
        }

        return 0.5 + (sum / (2.0 * count));
    }
}
