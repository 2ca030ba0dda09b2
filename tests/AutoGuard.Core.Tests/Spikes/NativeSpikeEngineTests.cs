using AutoGuard.Core.Spikes;

namespace AutoGuard.Core.Tests.Spikes;

public sealed class NativeSpikeEngineTests : SpikeEngineConformance
{
    protected override ISpikeEngine Engine() => new NativeSpikeEngine();
}
