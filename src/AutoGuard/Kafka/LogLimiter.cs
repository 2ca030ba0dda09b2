namespace AutoGuard.Kafka;

/// <summary>Lets one line of each kind through per interval and counts the others. Any thread may ask.</summary>
/// <typeparam name="TKind">What tells lines apart; of few values.</typeparam>
internal sealed class LogLimiter<TKind>(TimeProvider time, TimeSpan interval)
    where TKind : struct
{
    private readonly Lock _gate = new();
    private readonly Dictionary<TKind, Entry> _entries = [];

    /// <summary>Whether to write the line, and how many were held back since the last one of this kind.</summary>
    public bool TryPass(TKind kind, out long heldBack)
    {
        long now = time.GetTimestamp();
        heldBack = 0;
        lock (_gate)
        {
            if (_entries.TryGetValue(kind, out Entry entry))
            {
                if (time.GetElapsedTime(entry.PassedAt, now) < interval)
                {
                    _entries[kind] = entry with { HeldBack = entry.HeldBack + 1 };
                    return false;
                }
                heldBack = entry.HeldBack;
            }
            _entries[kind] = new Entry(now, 0);
            return true;
        }
    }

    private readonly record struct Entry(long PassedAt, long HeldBack);
}
