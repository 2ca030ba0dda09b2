#if MLNET
using System.Reflection;
using AutoGuard.Core.Spikes;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.TimeSeries;

namespace AutoGuard.MlNet;

/// <summary>The bulk part of spike detection by ML.NET's time-series transforms.</summary>
/// <remarks>
/// Every batch has an MLContext of its own: a context keeps a record of every host registered with it, so that fitting becomes slower
/// the longer one is used. IID detection is managed code; the seasonal one needs the MKL library that the package brings along.
/// </remarks>
internal sealed class MlNetSpikeEngine : ISpikeEngine
{
    /// <inheritdoc/>
    public string Name { get; } = "ML.NET " + Version();

    /// <inheritdoc/>
    public void Recheck(ReadOnlySpan<float> blocks, RecheckSettings settings, Span<SpikePrediction> predictions)
    {
        var count = SuspectBlock.CountOf(blocks.Length, settings, predictions.Length);
        if (count == 0)
        {
            return;
        }

        var length = settings.History + 1;
        var block = new float[length];
        var points = new Point[blocks.Length];
        for (var i = 0; i < count; i++)
        {
            SuspectBlock.Normalise(blocks.Slice(i * length, length), block);
            for (var j = 0; j < length; j++)
            {
                points[(i * length) + j] = new Point { Value = block[j] };
            }
        }

        var context = new MLContext(seed: 0);
        var view = context.Data.LoadFromEnumerable(points);
        var detector = context.Transforms.DetectIidSpike(
            outputColumnName: nameof(Verdict.Prediction),
            inputColumnName: nameof(Point.Value),
            confidence: settings.Confidence,
            pvalueHistoryLength: settings.History,
            side: SideOf(settings.Side)).Fit(view);
        var row = 0;
        foreach (var verdict in context.Data.CreateEnumerable<Verdict>(detector.Transform(view), reuseRowObject: true))
        {
            if (++row % length == 0)
            {
                predictions[(row / length) - 1] = PredictionOf(verdict);
            }
        }

        ThrowUnlessAll(row, points.Length);
    }

    /// <inheritdoc/>
    public void ScoreSeasonal(ReadOnlySpan<float> series, SeasonalSettings settings, Span<SpikePrediction> predictions)
    {
        SeasonalSeries.Check(series, settings, predictions.Length);
        if (series.Length == 0)
        {
            return;
        }

        var points = new Point[series.Length];
        for (var i = 0; i < points.Length; i++)
        {
            points[i] = new Point { Value = series[i] };
        }

        var context = new MLContext(seed: 0);
        var view = context.Data.LoadFromEnumerable(points);
        var detector = context.Transforms.DetectSpikeBySsa(
            outputColumnName: nameof(Verdict.Prediction),
            inputColumnName: nameof(Point.Value),
            confidence: settings.Confidence,
            pvalueHistoryLength: settings.History,
            trainingWindowSize: settings.Training,
            seasonalityWindowSize: settings.Seasonality,
            side: SideOf(settings.Side),
            errorFunction: ErrorOf(settings.Error)).Fit(view);
        var row = 0;
        foreach (var verdict in context.Data.CreateEnumerable<Verdict>(detector.Transform(view), reuseRowObject: true))
        {
            predictions[row++] = PredictionOf(verdict);
        }

        ThrowUnlessAll(row, points.Length);
    }

    private static SpikePrediction PredictionOf(Verdict verdict) =>
        new(verdict.Prediction[0] != 0, verdict.Prediction[1], verdict.Prediction[2]);

    private static void ThrowUnlessAll(int rows, int expected)
    {
        if (rows != expected)
        {
            throw new InvalidOperationException($"ML.NET returned {rows} rows for {expected} values.");
        }
    }

    private static AnomalySide SideOf(SpikeSide side) => side switch
    {
        SpikeSide.Positive => AnomalySide.Positive,
        SpikeSide.Negative => AnomalySide.Negative,
        _ => AnomalySide.TwoSided,
    };

    private static ErrorFunction ErrorOf(ForecastError error) => error switch
    {
        ForecastError.SignedDifference => ErrorFunction.SignedDifference,
        ForecastError.AbsoluteDifference => ErrorFunction.AbsoluteDifference,
        ForecastError.SignedProportion => ErrorFunction.SignedProportion,
        ForecastError.AbsoluteProportion => ErrorFunction.AbsoluteProportion,
        _ => ErrorFunction.SquaredDifference,
    };

    /// <summary>The package's version, without the build metadata behind the plus sign.</summary>
    private static string Version()
    {
        var assembly = typeof(IidSpikeEstimator).Assembly;
        var version = assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion
            ?? assembly.GetName().Version?.ToString() ?? "of unknown version";
        return version.Split('+')[0];
    }

    /// <summary>A row in.</summary>
    private sealed class Point
    {
        public float Value { get; set; }
    }

    /// <summary>A row out: alert, score, p-value.</summary>
    private sealed class Verdict
    {
        [VectorType(3)]
        public double[] Prediction { get; set; } = [];
    }
}
#endif
