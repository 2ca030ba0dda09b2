namespace AutoGuard.Core.Spikes;

/// <summary>The linear algebra of <see cref="SsaModel"/>: components of the lagged series, their recurrence, and how many to keep.</summary>
internal static class SsaBasis
{
    private const int ShortestTrial = 200;

    /// <summary>Eigenvectors of the lag covariance, rounded to float32, strongest first; null if they are no numbers.</summary>
    internal static double[][]? Components(double[] x, int length)
    {
        var covariance = LagCovariance(x, length);
        if (!Array.TrueForAll(covariance, double.IsFinite))
        {
            return null;
        }

        var (_, vectors) = SymmetricEigen.Decompose(covariance, length);
        foreach (var vector in vectors)
        {
            for (var i = 0; i < length; i++)
            {
                vector[i] = (float)vector[i];
            }
        }

        return vectors;
    }

    /// <summary>Coefficients that give a value from the <c>length - 1</c> before it, for a series in the span of the components.</summary>
    internal static double[] RecurrenceOf(ReadOnlySpan<double[]> components)
    {
        var recurrence = new double[components[0].Length - 1];
        var verticality = 0.0;
        foreach (var component in components)
        {
            verticality += Accumulate(component, recurrence);
        }

        Scale(recurrence, verticality, recurrence);
        return recurrence;
    }

    /// <summary>How many components forecast the end of the training series best, up to half of them.</summary>
    internal static int BestRank(double[] x, double[][] components)
    {
        var length = components[0].Length;
        var lagged = x.Length - length + 1;
        var trial = Math.Min(Math.Max(length, ShortestTrial), lagged);
        var reconstructed = new double[x.Length];
        var unscaled = new double[length - 1];
        var recurrence = new double[length - 1];
        var window = new double[length - 1 + trial];
        var (best, bestError, verticality) = (1, double.MaxValue, 0.0);
        for (var rank = 1; rank <= Math.Max(1, length / 2); rank++)
        {
            Reconstruct(x, components[rank - 1], reconstructed);
            verticality += Accumulate(components[rank - 1], unscaled);
            Scale(unscaled, verticality, recurrence);
            var error = TrialError(x, reconstructed, recurrence, window, trial, bestError);
            if (error < bestError)
            {
                (best, bestError) = (rank, error);
            }
        }

        return best;
    }

    /// <summary>The lagged series times its transpose: the first row in full, the others moved on from the one above.</summary>
    private static double[] LagCovariance(double[] x, int length)
    {
        var lagged = x.Length - length + 1;
        var exact = new double[length * length];
        for (var j = 0; j < length; j++)
        {
            exact[j] = SsaModel.Dot(x.AsSpan(0, lagged), x.AsSpan(j, lagged));
        }

        for (var i = 1; i < length; i++)
        {
            for (var j = i; j < length; j++)
            {
                exact[(i * length) + j] = exact[((i - 1) * length) + j - 1]
                    - (x[i - 1] * x[j - 1]) + (x[i + lagged - 1] * x[j + lagged - 1]);
            }
        }

        for (var i = 0; i < length; i++)
        {
            for (var j = i; j < length; j++)
            {
                exact[(i * length) + j] = exact[(j * length) + i] = (float)exact[(i * length) + j];
            }
        }

        return exact;
    }

    private static double Accumulate(double[] component, double[] recurrence)
    {
        var last = component[^1];
        for (var i = 0; i < recurrence.Length; i++)
        {
            recurrence[i] += last * component[i];
        }

        return last * last;
    }

    private static void Scale(double[] unscaled, double verticality, double[] recurrence)
    {
        for (var i = 0; i < recurrence.Length; i++)
        {
            recurrence[i] = unscaled[i] / (1 - verticality);
        }
    }

    /// <summary>Adds one component's share of the series: its projection, averaged along the diagonals of the trajectory matrix.</summary>
    private static void Reconstruct(double[] x, double[] component, double[] reconstructed)
    {
        var lagged = x.Length - component.Length + 1;
        var shares = new double[x.Length];
        for (var k = 0; k < lagged; k++)
        {
            var weight = SsaModel.Dot(component, x.AsSpan(k, component.Length));
            for (var j = 0; j < component.Length; j++)
            {
                shares[k + j] += component[j] * weight;
            }
        }

        for (var t = 0; t < shares.Length; t++)
        {
            var terms = Math.Min(Math.Min(t + 1, component.Length), Math.Min(lagged, x.Length - t));
            reconstructed[t] += shares[t] / terms;
        }
    }

    /// <summary>Absolute error of forecasting the last values without looking at them; may stop once it exceeds <paramref name="limit"/>.</summary>
    private static double TrialError(
        double[] x, double[] reconstructed, double[] recurrence, double[] window, int trial, double limit)
    {
        var mean = 0.0;
        for (var t = 0; t < x.Length; t++)
        {
            mean += x[t] - reconstructed[t];
        }

        mean /= x.Length;
        var start = x.Length - trial;
        reconstructed.AsSpan(start - recurrence.Length, recurrence.Length).CopyTo(window);
        var error = 0.0;
        for (var step = 0; step < trial && error <= limit; step++)
        {
            var forecast = SsaModel.Dot(recurrence, window.AsSpan(step)) + mean;
            window[recurrence.Length + step] = forecast;
            error += Math.Abs(x[start + step] - forecast);
        }

        return error;
    }
}
