using AutoGuard.Core.Spikes;

namespace AutoGuard.Core.Tests.Spikes;

public sealed class SymmetricEigenTests
{
    [Fact]
    public void Vectors_are_orthonormal_and_give_the_matrix_back()
    {
        foreach (var seed in Seeds.Some)
        {
            var random = new Random(seed);
            var size = random.Next(1, 40);
            var rank = random.Next(0, size + 1);
            var matrix = OfRank(random, size, rank);
            var (values, vectors) = SymmetricEigen.Decompose([.. matrix], size);
            Assert.Equal(values.OrderDescending(), values);
            var scale = 1 + matrix.Max(Math.Abs);
            for (var i = 0; i < size; i++)
            {
                for (var j = 0; j < size; j++)
                {
                    var product = vectors[i].Zip(vectors[j], (a, b) => a * b).Sum();
                    Assert.True(Math.Abs(product - (i == j ? 1 : 0)) < 1e-12, $"seed {seed}: vectors {i} and {j} of {size} have product {product}.");
                    var entry = Enumerable.Range(0, size).Sum(k => values[k] * vectors[k][i] * vectors[k][j]);
                    Assert.True(
                        Math.Abs(entry - matrix[(i * size) + j]) < 1e-11 * scale,
                        $"seed {seed}: entry {i}, {j} of {size} is {matrix[(i * size) + j]}, and {entry} from the decomposition.");
                }
            }
        }
    }

    [Fact]
    public void A_matrix_that_is_no_number_does_not_run_for_ever() =>
        Assert.Throws<ArithmeticException>(() => SymmetricEigen.Decompose([1, double.NaN, double.NaN, 1], 2));

    private static double[] OfRank(Random random, int size, int rank)
    {
        var matrix = new double[size * size];
        for (var r = 0; r < rank; r++)
        {
            var vector = Enumerable.Range(0, size).Select(_ => random.NextDouble() - 0.5).ToArray();
            var weight = random.Next(-1, 2) * Math.Pow(10, random.Next(4));
            for (var i = 0; i < matrix.Length; i++)
            {
                matrix[i] += weight * vector[i / size] * vector[i % size];
            }
        }

        return matrix;
    }
}
