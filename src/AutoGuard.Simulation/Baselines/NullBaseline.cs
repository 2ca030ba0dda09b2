using AutoGuard.Core.Events;
using AutoGuard.Simulation.Labels;

namespace AutoGuard.Simulation.Baselines;

/// <summary>Decides nothing: what it costs to do nothing, and what a detector must be better than.</summary>
public sealed class NullBaseline : IBaseline
{
    /// <inheritdoc/>
    public string Name => "nothing";

    /// <inheritdoc/>
    public IReadOnlyList<JudgedDecision> Decisions => [];

    /// <inheritdoc/>
    public void Process(EventBatch batch)
    {
    }

    /// <inheritdoc/>
    public void Complete()
    {
    }
}
