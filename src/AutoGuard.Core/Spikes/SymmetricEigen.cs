namespace AutoGuard.Core.Spikes;

/// <summary>
/// Eigenvalues and eigenvectors of a real symmetric matrix: Householder reduction to tridiagonal form (Golub and Van Loan, Matrix
/// Computations, algorithm 8.3.1), then the QL iteration with implicit shifts (EISPACK's <c>imtql2</c>; Dubrulle, Martin and Wilkinson,
/// Numerische Mathematik 12, 1968).
/// </summary>
internal static class SymmetricEigen
{
    private const int MostIterations = 60;
    private const double Epsilon = 2.220446049250313e-16;

    /// <summary>Decomposes a matrix, in about 5 n^3 operations.</summary>
    /// <param name="matrix">n by n, row by row, finite and symmetric; destroyed.</param>
    /// <param name="size">n, at least 1.</param>
    /// <returns>Eigenvalues in descending order, and the unit eigenvectors, one a row.</returns>
    /// <exception cref="ArithmeticException">The iteration did not converge, as it does not for a matrix that is not finite.</exception>
    internal static (double[] Values, double[][] Vectors) Decompose(double[] matrix, int size)
    {
        var vectors = new double[size][];
        for (var i = 0; i < size; i++)
        {
            vectors[i] = new double[size];
            vectors[i][i] = 1;
        }

        var diagonal = new double[size];
        var beside = new double[size];
        Reduce(matrix, size, diagonal, beside, vectors);
        for (var first = 0; first < size; first++)
        {
            Isolate(first, diagonal, beside, vectors);
        }

        Array.Sort(diagonal, vectors);
        Array.Reverse(diagonal);
        Array.Reverse(vectors);
        return (diagonal, vectors);
    }

    private static void Reduce(double[] a, int n, double[] diagonal, double[] beside, double[][] vectors)
    {
        var v = new double[n];
        var w = new double[n];
        for (var k = 0; k < n; k++)
        {
            diagonal[k] = a[(k * n) + k];
            if (k >= n - 2)
            {
                beside[k] = k == n - 2 ? a[((k + 1) * n) + k] : 0;
                continue;
            }

            var (beta, alpha) = Reflector(a, n, k, v);
            beside[k] = alpha;
            if (beta == 0)
            {
                continue;
            }

            var half = 0.0;
            for (var i = k + 1; i < n; i++)
            {
                var sum = 0.0;
                for (var j = k + 1; j < n; j++)
                {
                    sum += a[(i * n) + j] * v[j];
                }

                w[i] = beta * sum;
                half += 0.5 * beta * w[i] * v[i];
            }

            for (var i = k + 1; i < n; i++)
            {
                w[i] -= half * v[i];
            }

            for (var i = k + 1; i < n; i++)
            {
                for (var j = k + 1; j < n; j++)
                {
                    a[(i * n) + j] -= (v[i] * w[j]) + (w[i] * v[j]);
                }
            }

            Reflect(vectors, v, beta, k + 1, w);
        }
    }

    /// <summary>The reflection <c>1 - beta v v'</c> that clears column k below its first entry under the diagonal, which becomes alpha.</summary>
    private static (double Beta, double Alpha) Reflector(double[] a, int n, int k, double[] v)
    {
        var first = a[((k + 1) * n) + k];
        var rest = 0.0;
        for (var i = k + 2; i < n; i++)
        {
            v[i] = a[(i * n) + k];
            rest += v[i] * v[i];
        }

        if (rest == 0)
        {
            return (0, first);
        }

        var alpha = -Math.CopySign(Math.Sqrt((first * first) + rest), first);
        v[k + 1] = first - alpha;
        return (2 / ((v[k + 1] * v[k + 1]) + rest), alpha);
    }

    private static void Reflect(double[][] rows, double[] v, double beta, int from, double[] product)
    {
        Array.Clear(product);
        for (var i = from; i < rows.Length; i++)
        {
            var row = rows[i];
            for (var j = 0; j < row.Length; j++)
            {
                product[j] += v[i] * row[j];
            }
        }

        for (var i = from; i < rows.Length; i++)
        {
            var row = rows[i];
            for (var j = 0; j < row.Length; j++)
            {
                row[j] -= beta * v[i] * product[j];
            }
        }
    }

    /// <summary>QL steps until the first entry of the remaining tridiagonal matrix stands alone.</summary>
    private static void Isolate(int first, double[] d, double[] e, double[][] vectors)
    {
        for (var iteration = 0; ; iteration++)
        {
            var last = first;
            while (last < d.Length - 1 && !(Math.Abs(e[last]) <= Epsilon * (Math.Abs(d[last]) + Math.Abs(d[last + 1]))))
            {
                last++;
            }

            if (last == first)
            {
                return;
            }

            if (iteration == MostIterations)
            {
                throw new ArithmeticException($"Eigenvalue {first} of {d.Length} did not converge in {MostIterations} iterations.");
            }

            Step(first, last, d, e, vectors);
        }
    }

    private static void Step(int first, int last, double[] d, double[] e, double[][] vectors)
    {
        var g = (d[first + 1] - d[first]) / (2 * e[first]);
        g = d[last] - d[first] + (e[first] / (g + Math.CopySign(double.Hypot(g, 1), g)));
        double s = 1, c = 1, p = 0;
        for (var i = last - 1; i >= first; i--)
        {
            var f = s * e[i];
            var b = c * e[i];
            var r = double.Hypot(f, g);
            e[i + 1] = r;
            if (r == 0)
            {
                d[i + 1] -= p;
                e[last] = 0;
                return;
            }

            s = f / r;
            c = g / r;
            g = d[i + 1] - p;
            r = ((d[i] - g) * s) + (2 * c * b);
            p = s * r;
            d[i + 1] = g + p;
            g = (c * r) - b;
            Rotate(vectors[i], vectors[i + 1], s, c);
        }

        d[first] -= p;
        e[first] = g;
        e[last] = 0;
    }

    private static void Rotate(double[] lower, double[] upper, double s, double c)
    {
        for (var k = 0; k < lower.Length; k++)
        {
            var f = upper[k];
            upper[k] = (s * lower[k]) + (c * f);
            lower[k] = (c * lower[k]) - (s * f);
        }
    }
}
