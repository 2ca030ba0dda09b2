namespace AutoGuard.Core.Spikes;

/// <summary>
/// A singular spectrum analysis of the beginning of a series, as ML.NET fits it for <c>DetectSpikeBySsa</c>: which components of the
/// lagged series carry its shape, and the linear recurrence they imply. Never changed after training; shared by detectors.
/// </summary>
/// <remarks>
/// Method: Golyandina, Nekrutkin and Zhigljavsky, Analysis of Time Series Structure: SSA and Related Techniques, 2001. Arithmetic is double where
/// ML.NET's is mostly float32, so forecasts agree to about 1e-6 of the series' deviation for short seasons, and to 1e-2 where
/// singular values nearly coincide.
/// </remarks>
public sealed class SsaModel
{
    private readonly double[][] _components;

    private SsaModel(int seasonality, double[][] components, double[] recurrence, double[] state)
    {
        Seasonality = seasonality;
        _components = components;
        Recurrence = recurrence;
        State = state;
    }

    /// <summary>Length of the lagged vectors; may be less than asked for if the series did not support that many.</summary>
    public int Seasonality { get; }

    /// <summary>Components kept; 0 for an untrained model.</summary>
    public int Rank => _components.Length;

    /// <summary>Whether there were enough values to train on. An untrained model always forecasts 0.</summary>
    public bool IsTrained => Rank > 0;

    /// <summary>The next value as a combination of the <c>Seasonality - 1</c> before it, oldest first.</summary>
    internal double[] Recurrence { get; }

    /// <summary>The smoothed last <c>Seasonality - 1</c> training values.</summary>
    internal double[] State { get; }

    /// <summary>Fits a model.</summary>
    /// <param name="series">The series; NaN and infinities are left out.</param>
    /// <param name="training">Values from the beginning to train on, more than twice the seasonality.</param>
    /// <param name="seasonality">The longest season of interest, in values, at least 2. Time grows with its cube: 1 s for 288, 14 s for 720.</param>
    /// <returns>A model; untrained if the series has fewer than <c>2 * seasonality + 1</c> numbers.</returns>
    /// <exception cref="ArgumentOutOfRangeException">Seasonality below 2, or training not more than twice the seasonality.</exception>
    public static SsaModel Train(ReadOnlySpan<float> series, int training, int seasonality)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(seasonality, 2);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(training, 2L * seasonality);
        var values = new List<double>(Math.Min(training, series.Length));
        foreach (var value in series)
        {
            if (values.Count == training)
            {
                break;
            }

            if (float.IsFinite(value))
            {
                values.Add(value);
            }
        }

        return values.Count < (2 * seasonality) + 1
            ? new SsaModel(seasonality, [], new double[seasonality - 1], new double[seasonality - 1])
            : Fit([.. values], seasonality);
    }

    /// <summary>Projects a lagged vector onto the components kept.</summary>
    /// <param name="lagged">Seasonality values, oldest first.</param>
    /// <param name="smoothed">Seasonality values: the projection.</param>
    internal void Project(ReadOnlySpan<double> lagged, Span<double> smoothed)
    {
        smoothed.Clear();
        foreach (var component in _components)
        {
            var weight = Dot(component, lagged);
            for (var i = 0; i < smoothed.Length; i++)
            {
                smoothed[i] += weight * component[i];
            }
        }
    }

    internal static double Dot(ReadOnlySpan<double> left, ReadOnlySpan<double> right)
    {
        var sum = 0.0;
        for (var i = 0; i < left.Length; i++)
        {
            sum += left[i] * right[i];
        }

        return sum;
    }

    private static SsaModel Fit(double[] x, int seasonality)
    {
        for (var length = seasonality; ; length--)
        {
            var components = SsaBasis.Components(x, length);
            var degenerate = components is null || Array.Exists(components, component => Math.Abs(component[^1]) == 1);
            if (!degenerate)
            {
                return Of(x, components![..SsaBasis.BestRank(x, components)]);
            }

            if (components is null || length == 2)
            {
                return Naive(x, length);
            }
        }
    }

    private static SsaModel Naive(double[] x, int length)
    {
        var component = new double[length];
        Array.Fill(component, (float)(1 / Math.Sqrt(length)));
        return Of(x, [component]);
    }

    private static SsaModel Of(double[] x, double[][] components)
    {
        var length = components[0].Length;
        var model = new SsaModel(length, components, SsaBasis.RecurrenceOf(components), new double[length - 1]);
        var smoothed = new double[length];
        model.Project(x.AsSpan(x.Length - length), smoothed);
        smoothed.AsSpan(1).CopyTo(model.State);
        return model;
    }
}
