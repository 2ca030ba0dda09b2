namespace AutoGuard.Core.Spikes;

/// <summary>Which tail of the distribution raises an alert.</summary>
public enum SpikeSide
{
    /// <summary>Only values above what the window holds.</summary>
    Positive,

    /// <summary>Only values below.</summary>
    Negative,

    /// <summary>Both; the p-value is the smaller tail, not doubled, as in ML.NET.</summary>
    TwoSided,
}

/// <summary>How the spread of the window is kept.</summary>
public enum SpikeMode
{
    /// <summary>Recomputed from the window at every point: what the formula means; never NaN.</summary>
    Stable,

    /// <summary>Incrementally, in ML.NET's order of operations, its drift and NaN included.</summary>
    Exact,
}

/// <summary>The outcome for one point, as ML.NET's three-element spike vector.</summary>
/// <param name="Alert">Whether the window is full and the p-value at most <c>1 - confidence / 100</c>.</param>
/// <param name="Score">The input value (IID) or its forecast error (SSA).</param>
/// <param name="PValue">In [1e-8, 1 - 1e-8]; NaN where ML.NET gives NaN.</param>
public readonly record struct SpikePrediction(bool Alert, double Score, double PValue);
