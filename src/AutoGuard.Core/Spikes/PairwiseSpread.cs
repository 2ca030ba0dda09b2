namespace AutoGuard.Core.Spikes;

/// <summary>
/// The spread as ML.NET keeps it: the sum of squared differences of all pairs in the window, moved along with it.
/// </summary>
/// <remarks>
/// <c>D = n^2</c> times the population variance. Added terms are exact doubles while removed ones are rounded to float32 before
/// squaring, so after a jump D can end near zero, or below it, where the deviation is NaN. Both are kept as they are: they are
/// what "exact" means.
/// </remarks>
internal static class PairwiseSpread
{
    /// <summary>Population standard deviation from the pairwise sum; NaN if drift took the sum below zero.</summary>
    internal static double Deviation(double pairwise, int count) => Math.Sqrt(pairwise) / count;

    /// <summary>The pairwise sum after <paramref name="admitted"/> has entered the window and, if it was full, the oldest value left.</summary>
    /// <param name="pairwise">The sum before.</param>
    /// <param name="older">The window before, oldest first, first piece; not empty if the window is full.</param>
    /// <param name="newer">Second piece.</param>
    /// <param name="admitted">The value that enters.</param>
    /// <param name="full">Whether the oldest value leaves.</param>
    internal static double Move(double pairwise, ReadOnlySpan<float> older, ReadOnlySpan<float> newer, float admitted, bool full)
    {
        double entering = admitted;
        foreach (var held in older)
        {
            var difference = entering - held;
            pairwise += difference * difference;
        }

        foreach (var held in newer)
        {
            var difference = entering - held;
            pairwise += difference * difference;
        }

        if (!full)
        {
            return pairwise;
        }

        var leaving = older[0];
        pairwise = Remove(pairwise, older[1..], leaving);
        pairwise = Remove(pairwise, newer, leaving);
        var last = leaving - entering;
        return pairwise - (last * last);
    }

    private static double Remove(double pairwise, ReadOnlySpan<float> held, float leaving)
    {
        foreach (var value in held)
        {
            double rounded = leaving - value;
            pairwise -= rounded * rounded;
        }

        return pairwise;
    }
}
