using System.Diagnostics.CodeAnalysis;

namespace AutoGuard.Core.Policy;

/// <summary>What is remembered of so many keys at most, by the time they were named last; beyond it the oldest quarter is forgotten.</summary>
/// <param name="most">Most keys, 4 or more.</param>
internal sealed class BoundedMemory<TKey, TValue>(int most)
    where TKey : notnull
{
    private readonly Dictionary<TKey, (long Time, TValue Value)> _items = [];

    public bool Contains(TKey key) => _items.ContainsKey(key);

    /// <summary>What is remembered of a key, and since when (Unix milliseconds).</summary>
    public bool TryGet(TKey key, out long time, [MaybeNullWhen(false)] out TValue value)
    {
        bool known = _items.TryGetValue(key, out (long Time, TValue Value) item);
        (time, value) = item;
        return known;
    }

    /// <summary>Remembers something of a key; of several times the latest counts.</summary>
    public void Set(TKey key, TValue value, long time)
    {
        _items[key] = (_items.TryGetValue(key, out (long Time, TValue) item) ? Math.Max(item.Time, time) : time, value);
        if (_items.Count > most)
        {
            // Among equals the dictionary's order decides, which is that of adding and removing, whatever the hashes.
            foreach ((TKey oldest, _) in _items.OrderBy(static pair => pair.Value.Time).Take(most / 4).ToList())
            {
                _items.Remove(oldest);
            }
        }
    }

    /// <summary>Forgets what was named before a time, Unix milliseconds.</summary>
    public void Prune(long before)
    {
        foreach ((TKey key, (long time, _)) in _items)
        {
            if (time < before)
            {
                _items.Remove(key);
            }
        }
    }
}
