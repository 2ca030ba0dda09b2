using AutoGuard.Core.Spikes;

namespace AutoGuard.MlNet;

/// <summary>Whether this build and this machine can run ML.NET, and the engine if they can.</summary>
public static class MlNetEngine
{
#if MLNET
    private static readonly Lazy<string> Obstacle = new(static () => MlNetProbe.Obstacle(new MlNetSpikeEngine()));

    /// <summary>Why <see cref="Create"/> would refuse, in a sentence for the operator; empty if it would not. The first call tries the engine out.</summary>
    public static string WhyNot => Obstacle.Value;
#else
    /// <summary>Why <see cref="Create"/> would refuse, in a sentence for the operator; empty if it would not.</summary>
    public static string WhyNot =>
        "This build has no ML.NET: the packages Microsoft.ML and Microsoft.ML.TimeSeries could not be restored when it was built. "
        + "Set Detection:Spike:Engine to Native, which computes the same statistic, or build again with a package feed that has them.";
#endif

    /// <summary>Whether <see cref="Create"/> gives an engine.</summary>
    public static bool IsAvailable => WhyNot.Length == 0;

    /// <summary>Makes the ML.NET engine.</summary>
    /// <exception cref="NotSupportedException">ML.NET cannot run here; the message is <see cref="WhyNot"/>.</exception>
    public static ISpikeEngine Create()
    {
        if (!IsAvailable)
        {
            throw new NotSupportedException(WhyNot);
        }

#if MLNET
        return new MlNetSpikeEngine();
#else
        throw new System.Diagnostics.UnreachableException();
#endif
    }
}
