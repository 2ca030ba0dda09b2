namespace AutoGuard.Tests.Worker;

/// <summary>Tests that run whole services. One after the other, so that none takes the processor from another's deadline.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class ServiceTests
{
    public const string Name = "services";
}
