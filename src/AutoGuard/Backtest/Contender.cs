using AutoGuard.Configuration;
using AutoGuard.Core.Pipeline;
using AutoGuard.Core.Policy;

namespace AutoGuard.Backtest;

/// <summary>One configuration in a backtest, and what it decided.</summary>
/// <param name="settings">The configuration.</param>
internal sealed class Contender(EffectiveSettings settings)
{
    private readonly DetectionOutput _output = new();
    private readonly List<Decision> _decisions = [];
    private DetectionPipeline? _pipeline;

    public EffectiveSettings Settings => settings;

    /// <summary>Decisions so far, in order.</summary>
    public IReadOnlyList<Decision> Decisions => _decisions;

    /// <summary>The pipeline that runs it.</summary>
    public DetectionPipeline Pipeline => _pipeline ?? throw new InvalidOperationException("The contender does not run yet.");

    /// <summary>Called with the pipeline before its first event: the place to watch subjects.</summary>
    public Action<DetectionPipeline>? Starting { get; init; }

    /// <summary>Takes the field with a fresh pipeline.</summary>
    public void Start(DetectionPipeline pipeline)
    {
        _pipeline = pipeline;
        Starting?.Invoke(pipeline);
    }

    public void Process(Core.Events.EventBatch batch)
    {
        Pipeline.Process(batch, _output);
        Take();
    }

    public void Complete()
    {
        Pipeline.Complete(_output);
        Take();
        // The state of a run that is over is of no more use, and is what fills the memory.
        _pipeline = null;
    }

    private void Take()
    {
        _decisions.AddRange(_output.Decisions);
        _output.Clear();
    }
}
