using AutoGuard.Core.Spikes;

namespace AutoGuard.Core.Tests.Spikes;

/// <summary>The score of docs/spike-detection.md written plainly: every part keeps all values and sorts them anew.</summary>
internal sealed class FleetScoreTwin
{
    private readonly List<double> _values = [];
    private readonly List<double> _dayMeans = [];
    private readonly List<double> _residuals = [];
    private readonly List<float> _recentMeans = [];
    private readonly List<float> _slowResiduals = [];
    private readonly Dictionary<int, (double Mean, int Count)> _slots = [];
    private double? _quickAverage;
    private double? _slowAverage;
    private int _lastAlert = int.MinValue / 2;

    public FleetReading Score(double value, int minuteOfDay)
    {
        (double Level, FleetPart Part)[] parts =
        [
            (Extreme(value) / 0.005, FleetPart.Extreme),
            (TimeOfDay(value, minuteOfDay / 15) / 3.5, FleetPart.TimeOfDay),
            (RecentMean(value) / 4, FleetPart.RecentMean),
            (SlowAverage(value) / 4, FleetPart.SlowAverage),
        ];
        _values.Add(value);
        (double level, FleetPart part) = parts.MaxBy(p => p.Level);
        bool alert = level >= 1 && _values.Count > 100 && _values.Count - _lastAlert > 60;
        _lastAlert = alert ? _values.Count : _lastAlert;
        return new FleetReading(level, part, alert);
    }

    private double Extreme(double value)
    {
        if (_values.Count < 20)
        {
            return 0;
        }
        double beyond = Math.Max(value - _values.Max(), _values.Min() - value);
        double range = _values.Max() - _values.Min();
        return beyond <= 0 ? 0 : range == 0 ? 1 : Math.Min(1, beyond / range);
    }

    private double TimeOfDay(double value, int slot)
    {
        bool known = _slots.TryGetValue(slot, out (double Mean, int Count) usual);
        _residuals.Add(value - (known ? usual.Mean : _quickAverage ?? value));
        _slots[slot] = (usual.Mean + (Math.Max(0.2, 1.0 / (usual.Count + 1)) * (value - usual.Mean)), usual.Count + 1);
        _quickAverage = _quickAverage is { } average ? average + (0.05 * (value - average)) : value;
        float mean = (float)_residuals.TakeLast(12).Average();
        float[] window = [.. _dayMeans.TakeLast(500).Select(d => (float)d)];
        _dayMeans.Add(mean);
        if (window.Length == 0)
        {
            return -Math.Log10(0.5);
        }
        double centre = window.Average(w => (double)w);
        double deviation = window.Length == 1 ? 1 : Math.Sqrt(window.Average(w => (w - centre) * (w - centre)));
        double width = Math.Max(1e-6, Math.Sqrt(2) * deviation);
        double upper = 0.5 - (window.Sum(w => KernelPValue.Erf((mean - (double)w) / width)) / (2 * window.Length));
        return -Math.Log10(Math.Clamp(Math.Min(upper, 1 - upper), 1e-8, 1 - 1e-8));
    }

    private double RecentMean(double value) => Tail(_recentMeans, (float)_values.Append(value).TakeLast(20).Average());

    private double SlowAverage(double value)
    {
        double before = _slowAverage ?? value;
        _slowAverage = before + (0.003 * (value - before));
        return Tail(_slowResiduals, (float)(value - before));
    }

    private static double Tail(List<float> past, float value)
    {
        double[] window = [.. past.TakeLast(6_000).Select(f => (double)f)];
        past.Add(value);
        return window.Length < 100 ? 0 : Math.Max(Upper(window, value), Upper([.. window.Select(w => -w)], -value));
    }

    private static double Upper(double[] window, double value)
    {
        double[] sorted = [.. window.OrderDescending()];
        int tail = Math.Max(10, sorted.Length / 50);
        double threshold = sorted[tail];
        double probability;
        if (value <= threshold)
        {
            probability = (double)sorted.Count(w => w >= value) / sorted.Length;
        }
        else
        {
            double[] excesses = [.. sorted.Take(tail).Select(w => w - threshold)];
            double mean = excesses.Average();
            double variance = excesses.Average(e => e * e) - (mean * mean);
            double shape = variance <= 0 ? 0 : Math.Clamp((1 - (mean * mean / variance)) / 2, 0, 0.5);
            double beyond = (value - threshold) / (mean * (1 - shape));
            double share = (double)tail / sorted.Length;
            probability = double.IsPositiveInfinity(beyond) ? 0 : share * (shape < 1e-9 ? Math.Exp(-beyond) : Math.Pow(1 + (shape * beyond), -1 / shape));
        }
        return probability <= 0 ? 16 : Math.Clamp(-Math.Log10(probability), 0, 16);
    }
}
