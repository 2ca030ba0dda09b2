namespace AutoGuard.Core.Spikes;

/// <summary>One suspect for <see cref="ISpikeEngine.Recheck"/>: a window of values and the value under suspicion, in units of their own.</summary>
/// <remarks>
/// Blocks are judged in one pass by a detector that keeps its spread incrementally and rounds what it removes to float32: as they
/// are, they would leak rounding into one another until the spread is NaN. Here every value becomes a multiple of 1/256 of at most 1,024 in
/// size, so differences are exact in float32 and the sums of their squares in double for any history up to
/// <see cref="MaximumHistory"/>: nothing is rounded, and a block's result does not depend on its neighbours. The p-value itself does not
/// depend on the units.
/// </remarks>
public static class SuspectBlock
{
    /// <summary>Longest history a block may have.</summary>
    public const int MaximumHistory = 1_024;

    private const double Steps = 256;
    private const double Limit = 1_024;

    /// <summary>The window never reaches further than this from its median, whatever its median deviation.</summary>
    private const double WindowLimit = 32;

    /// <summary>Subtracts the window's median and divides by its median absolute deviation, or 1/32 of its largest deviation if that is more.</summary>
    /// <param name="block">The window, oldest first, and the suspect; at least two finite values.</param>
    /// <param name="normalised">
    /// As many values, multiples of 1/256 from -1,024 to 1,024, the window from -32 to 32. For a window of equal values: zeros, and
    /// 0, -1 or 1 for the suspect.
    /// </param>
    /// <exception cref="ArgumentException">The lengths differ, the block is too short, or a value is not finite.</exception>
    public static void Normalise(ReadOnlySpan<float> block, Span<float> normalised)
    {
        if (block.Length < 2 || block.Length != normalised.Length)
        {
            throw new ArgumentException($"A block of {block.Length} values does not fit a result of {normalised.Length}.", nameof(block));
        }

        foreach (var value in block)
        {
            if (!float.IsFinite(value))
            {
                throw new ArgumentException($"A block of suspects may not hold {value}.", nameof(block));
            }
        }

        Span<double> sorted = block.Length <= MaximumHistory + 1 ? stackalloc double[block.Length - 1] : new double[block.Length - 1];
        for (var i = 0; i < sorted.Length; i++)
        {
            sorted[i] = block[i];
        }

        var median = Median(sorted);
        for (var i = 0; i < sorted.Length; i++)
        {
            sorted[i] = Math.Abs(block[i] - median);
        }

        var unit = Math.Max(Median(sorted), sorted[^1] / WindowLimit);
        if (unit == 0)
        {
            unit = block[^1] == median ? 1 : Math.Abs(block[^1] - median);
        }

        for (var i = 0; i < block.Length; i++)
        {
            normalised[i] = (float)(Math.Round(Math.Clamp((block[i] - median) / unit, -Limit, Limit) * Steps) / Steps);
        }
    }

    /// <summary>Checks a batch before any of it is judged.</summary>
    /// <param name="values">Values in all blocks together.</param>
    /// <param name="settings">How they are to be judged.</param>
    /// <param name="predictions">Room for results.</param>
    /// <returns>How many blocks there are.</returns>
    /// <exception cref="ArgumentException">The lengths do not fit.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A setting is out of range.</exception>
    public static int CountOf(int values, RecheckSettings settings, int predictions)
    {
        _ = KernelPValue.Threshold(settings.Confidence);
        ArgumentOutOfRangeException.ThrowIfLessThan(settings.History, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(settings.History, MaximumHistory);
        if (values != (long)predictions * (settings.History + 1))
        {
            throw new ArgumentException(
                $"{values} values are not {predictions} blocks of {settings.History + 1} values.", nameof(values));
        }

        return predictions;
    }

    /// <summary>Sorts the values and returns their median.</summary>
    private static double Median(Span<double> values)
    {
        values.Sort();
        var middle = values.Length / 2;
        return values.Length % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
    }
}
