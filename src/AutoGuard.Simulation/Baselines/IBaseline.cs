using AutoGuard.Core.Events;
using AutoGuard.Simulation.Labels;

namespace AutoGuard.Simulation.Baselines;

/// <summary>A simple detector to compare with.</summary>
public interface IBaseline
{
    /// <summary>What it is called in tables.</summary>
    string Name { get; }

    /// <summary>Its decisions so far, in order.</summary>
    IReadOnlyList<JudgedDecision> Decisions { get; }

    /// <summary>Takes events: in order of event time, each once.</summary>
    void Process(EventBatch batch);

    /// <summary>There are no more events.</summary>
    void Complete();
}
