using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace AutoGuard.Core.Spikes;

/// <summary>
/// The statistic of <see cref="KernelPValue"/> over a window in storage order, with the spread recomputed, in vectors as wide as the
/// machine's.
/// </summary>
/// <remarks>
/// One pass takes the moments about a value of the window itself: the distance from any member to the mean is at most
/// <c>sqrt n</c> deviations, so nothing cancels and a constant window has a spread of exactly zero. A second pass adds up the kernel. Sums run in
/// lane order, which moves a p-value by about 1e-15 from the scalar one. Tails are masked, and may read (never use) up to
/// <see cref="Overread"/> values behind the window.
/// </remarks>
internal static class WindowKernel
{
    /// <summary>Values that must be readable behind the last window.</summary>
    internal const int Overread = 8;

    /// <summary>exp of less than this is lost in <c>1 - exp(..)</c>; the bound keeps the vector exponential on its fast path.</summary>
    private const double LargestSquare = 700;

    /// <summary>Mean and population standard deviation of <paramref name="count"/> values, at least one.</summary>
    internal static (double Mean, double Deviation) Moments(ref readonly float window, int count)
    {
        var (sum, squares) = Vector512.IsHardwareAccelerated ? Sums512(in window, count)
            : Vector256.IsHardwareAccelerated ? Sums256(in window, count)
            : SumsScalar(in window, count);
        return (window + (sum / count), Math.Sqrt(Math.Max(0, squares - (sum * sum / count)) / count));
    }

    /// <summary>Estimated chance of a value at least as large as <paramref name="value"/>; 0.5 against an empty window.</summary>
    /// <param name="window">First value of the window, in storage order; all finite.</param>
    /// <param name="count">Values in the window.</param>
    /// <param name="value">Finite.</param>
    internal static double UpperTail(ref readonly float window, int count, double value)
    {
        if (count == 0)
        {
            return 0.5;
        }

        var width = KernelPValue.Width(count == 1 ? 1.0 : Moments(in window, count).Deviation);
        var sum = Vector512.IsHardwareAccelerated ? Kernel512(in window, count, value, 1.0 / width)
            : Vector256.IsHardwareAccelerated ? Kernel256(in window, count, value, 1.0 / width)
            : KernelScalar(in window, count, value, width);
        return 0.5 - (sum / (2.0 * count));
    }

    internal static (double Sum, double Squares) SumsScalar(ref readonly float window, int count)
    {
        double pivot = window, sum = 0, squares = 0;
        for (var i = 1; i < count; i++)
        {
            var difference = At(in window, i) - pivot;
            sum += difference;
            squares += difference * difference;
        }

        return (sum, squares);
    }

    internal static (double Sum, double Squares) Sums256(ref readonly float window, int count)
    {
        var pivot = Vector256.Create((double)window);
        var sum = Vector256<double>.Zero;
        var squares = Vector256<double>.Zero;
        for (var i = 0; i < count; i += Vector256<double>.Count)
        {
            var mask = Vector256.LessThan(Vector256<long>.Indices, Vector256.Create((long)(count - i))).AsDouble();
            var difference = (Load256(in window, i) - pivot) & mask;
            sum += difference;
            squares += difference * difference;
        }

        return (Vector256.Sum(sum), Vector256.Sum(squares));
    }

    internal static (double Sum, double Squares) Sums512(ref readonly float window, int count)
    {
        var pivot = Vector512.Create((double)window);
        var sum = Vector512<double>.Zero;
        var squares = Vector512<double>.Zero;
        for (var i = 0; i < count; i += Vector512<double>.Count)
        {
            var mask = Vector512.LessThan(Vector512<long>.Indices, Vector512.Create((long)(count - i))).AsDouble();
            var difference = (Load512(in window, i) - pivot) & mask;
            sum += difference;
            squares += difference * difference;
        }

        return (Vector512.Sum(sum), Vector512.Sum(squares));
    }

    internal static double KernelScalar(ref readonly float window, int count, double value, double width)
    {
        var sum = 0.0;
        for (var i = 0; i < count; i++)
        {
            sum += KernelPValue.Erf((value - At(in window, i)) / width);
        }

        return sum;
    }

    internal static double Kernel256(ref readonly float window, int count, double value, double scale)
    {
        var one = Vector256.Create(1.0);
        var sum = Vector256<double>.Zero;
        for (var i = 0; i < count; i += Vector256<double>.Count)
        {
            var mask = Vector256.LessThan(Vector256<long>.Indices, Vector256.Create((long)(count - i))).AsDouble();
            var x = ((Vector256.Create(value) - Load256(in window, i)) * scale) & mask;
            var t = one / (one + (Vector256.Abs(x) * KernelPValue.P));
            var polynomial = Vector256.Create(KernelPValue.A5) * t;
            polynomial = (polynomial + Vector256.Create(KernelPValue.A4)) * t;
            polynomial = (polynomial + Vector256.Create(KernelPValue.A3)) * t;
            polynomial = (polynomial + Vector256.Create(KernelPValue.A2)) * t;
            polynomial = (polynomial + Vector256.Create(KernelPValue.A1)) * t;
            var y = one - (polynomial * Vector256.Exp(-Vector256.Min(x * x, Vector256.Create(LargestSquare))));
            sum += Vector256.CopySign(y, x) & mask;
        }

        return Vector256.Sum(sum);
    }

    internal static double Kernel512(ref readonly float window, int count, double value, double scale)
    {
        var one = Vector512.Create(1.0);
        var sum = Vector512<double>.Zero;
        for (var i = 0; i < count; i += Vector512<double>.Count)
        {
            var mask = Vector512.LessThan(Vector512<long>.Indices, Vector512.Create((long)(count - i))).AsDouble();
            var x = ((Vector512.Create(value) - Load512(in window, i)) * scale) & mask;
            var t = one / (one + (Vector512.Abs(x) * KernelPValue.P));
            var polynomial = Vector512.Create(KernelPValue.A5) * t;
            polynomial = (polynomial + Vector512.Create(KernelPValue.A4)) * t;
            polynomial = (polynomial + Vector512.Create(KernelPValue.A3)) * t;
            polynomial = (polynomial + Vector512.Create(KernelPValue.A2)) * t;
            polynomial = (polynomial + Vector512.Create(KernelPValue.A1)) * t;
            var y = one - (polynomial * Vector512.Exp(-Vector512.Min(x * x, Vector512.Create(LargestSquare))));
            sum += Vector512.CopySign(y, x) & mask;
        }

        return Vector512.Sum(sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float At(ref readonly float window, int index) => Unsafe.Add(ref Unsafe.AsRef(in window), index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Load256(ref readonly float window, int index) =>
        Vector256.WidenLower(Vector128.LoadUnsafe(in window, (nuint)index).ToVector256Unsafe());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> Load512(ref readonly float window, int index) =>
        Vector512.WidenLower(Vector256.LoadUnsafe(in window, (nuint)index).ToVector512Unsafe());
}
