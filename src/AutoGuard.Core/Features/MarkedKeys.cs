namespace AutoGuard.Core.Features;

/// <summary>
/// Keys of one kind that wait to be judged, by the slice of the tick that judges them. A key's slice follows from its place in its
/// table, which depends on the order of events only, so that a crowd marked at one instant is judged evenly over the tick.
/// </summary>
public sealed class MarkedKeys
{
    private readonly List<StateHandle>[] _slices;

    /// <summary>Makes empty lists.</summary>
    /// <param name="slices">Slices of a tick, 1 or more.</param>
    public MarkedKeys(int slices)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(slices, 1);
        _slices = [.. Enumerable.Range(0, slices).Select(_ => new List<StateHandle>())];
    }

    /// <summary>Keys that wait.</summary>
    public int Count { get; private set; }

    /// <summary>Adds a key that does not wait yet.</summary>
    public void Add(StateHandle handle)
    {
        _slices[handle.Index % _slices.Length].Add(handle);
        Count++;
    }

    /// <summary>The keys of a slice, in the order they were marked in.</summary>
    internal List<StateHandle> Of(int slice) => _slices[slice];

    /// <summary>Lets go of the first <paramref name="count"/> keys of a slice.</summary>
    internal void Release(int slice, int count)
    {
        _slices[slice].RemoveRange(0, count);
        Count -= count;
    }
}
