#if MLNET
using System.Globalization;
using AutoGuard.Core.Spikes;

namespace AutoGuard.MlNet;

/// <summary>Tries ML.NET out on a small series before anything relies on it, against AutoGuard's own numbers.</summary>
internal static class MlNetProbe
{
    private static readonly SeasonalSettings Settings = new(95, 20, 80, 12, SpikeSide.Positive);

    /// <summary>Why the engine cannot be used; empty if it can.</summary>
    internal static string Obstacle(ISpikeEngine engine)
    {
        try
        {
            var difference = Difference(engine);
            return difference < 0.25
                ? ""
                : string.Create(CultureInfo.InvariantCulture, $"ML.NET is installed but forecasts differ by {difference:F3} from AutoGuard's own on a series of amplitude 10. Set Detection:Spike:Engine to Native.");
        }
        catch (Exception exception) when (exception is DllNotFoundException or EntryPointNotFoundException or BadImageFormatException
            or TypeInitializationException or FileNotFoundException)
        {
            return "ML.NET is installed but cannot run on this machine ("
                + (exception.InnerException ?? exception).Message
                + "); seasonal detection needs the MKL library of the package Microsoft.ML.Mkl.Redist, which exists for x64 only. "
                + "Set Detection:Spike:Engine to Native, which computes the same statistic.";
        }
    }

    /// <summary>Largest difference of the forecast errors; infinite for one that is no number.</summary>
    private static double Difference(ISpikeEngine engine)
    {
        var series = new float[120];
        for (var i = 0; i < series.Length; i++)
        {
            series[i] = (float)(50 + (10 * Math.Sin(i * Math.PI / 6)) + (i * 7_919 % 101 / 50.0));
        }

        var native = new SpikePrediction[series.Length];
        var actual = new SpikePrediction[series.Length];
        new NativeSpikeEngine().ScoreSeasonal(series, Settings, native);
        engine.ScoreSeasonal(series, Settings, actual);
        var largest = 0.0;
        for (var i = 0; i < series.Length; i++)
        {
            var difference = Math.Abs(native[i].Score - actual[i].Score);
            largest = double.IsNaN(difference) ? double.PositiveInfinity : Math.Max(largest, difference);
        }

        return largest;
    }
}
#endif
