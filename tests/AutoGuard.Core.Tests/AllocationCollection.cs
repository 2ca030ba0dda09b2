namespace AutoGuard.Core.Tests;

/// <summary>
/// Tests that count allocated bytes run alone: a collection that another test's thread causes retires this thread's
/// allocation context, and its unused rest is counted as allocated.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AllocationCollection
{
    public const string Name = "Allocations";
}
