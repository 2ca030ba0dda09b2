using System.Diagnostics;
using System.Globalization;

namespace AutoGuard.Benchmarks.Runs;

/// <summary>
/// Pairs of times taken one after the other, work and bare loop: neighbours on the machine slow both, so the median of
/// the pairs' ratios says more than the ratio of two averages.
/// </summary>
internal sealed class PairedTimes(string unit)
{
    private readonly List<(double Work, double Bare)> _pairs = [];

    /// <summary>Median of the work, in the unit.</summary>
    public double Work => Median(_pairs.Select(pair => pair.Work));

    /// <summary>Median of the bare loop.</summary>
    public double Bare => Median(_pairs.Select(pair => pair.Bare));

    /// <summary>Median of the ratios.</summary>
    public double Ratio => Median(_pairs.Select(pair => pair.Work / pair.Bare));

    public void Add(double work, double bare) => _pairs.Add((work, bare));

    /// <summary>One line: medians, ratio and its range.</summary>
    public override string ToString()
    {
        double least = _pairs.Min(pair => pair.Work / pair.Bare);
        double most = _pairs.Max(pair => pair.Work / pair.Bare);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{Work:0.0##} {unit} against {Bare:0.0##} {unit} of the bare loop: ratio {Ratio:0.00} ({least:0.00} to {most:0.00} in {_pairs.Count} pairs)");
    }

    /// <summary>Seconds of processor time that <paramref name="action"/> takes: on a shared machine the clock on the wall also counts its neighbours.</summary>
    public static double ProcessorSeconds(Action action)
    {
        TimeSpan start = Environment.CpuUsage.TotalTime;
        action();
        return (Environment.CpuUsage.TotalTime - start).TotalSeconds;
    }

    /// <summary>Seconds that <paramref name="action"/> takes.</summary>
    public static double Seconds(Action action)
    {
        long start = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>The middle of some values.</summary>
    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        int middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
