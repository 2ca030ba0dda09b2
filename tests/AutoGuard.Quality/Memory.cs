namespace AutoGuard.Quality;

/// <summary>What objects weigh.</summary>
internal static class Memory
{
    /// <summary>Managed bytes that become free when the last reference to something is let go; only while nothing else runs.</summary>
    public static long FreedBy(Action release)
    {
        long before = GC.GetTotalMemory(forceFullCollection: true);
        release();
        return Math.Max(0, before - GC.GetTotalMemory(forceFullCollection: true));
    }
}
