namespace AutoGuard.Testing;

/// <summary>Counts bytes allocated on the managed heap by this thread.</summary>
public static class Allocations
{
    private const int Runs = 5;

    /// <summary>
    /// The least that several runs of an action allocate. Code that allocates does so in every run; what comes once (the
    /// runtime preparing a method, a collection that another thread causes and that retires this thread's allocation context
    /// with its unused rest counted in) comes in one of them.
    /// </summary>
    public static long LeastOf(Action action)
    {
        ArgumentNullException.ThrowIfNull(action);
        long least = long.MaxValue;
        for (int run = 0; run < Runs && least > 0; run++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            action();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        return least;
    }
}
