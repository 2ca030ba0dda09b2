using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace AutoGuard.Core.Spikes;

/// <summary>
/// Spike detection for very many keys at once: the detector of the hot path. One bank holds one kind of series; a key rents a
/// slot and returns it.
/// </summary>
/// <remarks>
/// <para>
/// A slot is a ring of float32 values in one flat array, a four-byte cursor, and in <see cref="SpikeMode.Exact"/> one double:
/// <see cref="SlotBytes"/> in all, 124 or 132 bytes at a history of 30. Scoring allocates nothing. Free slots are chained through
/// their own rings.
/// </para>
/// <para>
/// In <see cref="SpikeMode.Stable"/> the spread is recomputed from the window at every point and the kernel is vectorised; results
/// agree with the scalar <see cref="IidSpikeDetector"/> to 1e-12 and are never NaN. In <see cref="SpikeMode.Exact"/> they equal it,
/// and so ML.NET, in every bit. Not safe for use by several threads at once.
/// </para>
/// </remarks>
public sealed partial class SpikeBank
{
    /// <summary>Longest history a bank holds.</summary>
    public const int MaximumHistory = ushort.MaxValue - 1;

    private const ushort Free = ushort.MaxValue;

    private readonly int _history;
    private readonly double _threshold;
    private readonly SpikeSide _side;
    private readonly SpikeMode _mode;
    private readonly bool _growable;
    private float[] _values;
    private Cursor[] _cursors;
    private double[] _pairwise;
    private int _fresh;
    private int _firstFree = -1;

    /// <summary>Makes a bank with all slots free.</summary>
    /// <param name="history">Values a point is judged against, 1 to <see cref="MaximumHistory"/>.</param>
    /// <param name="confidence">Percent, 0 to 100; a point alerts when its p-value is at most <c>1 - confidence / 100</c>.</param>
    /// <param name="side">Which tail alerts.</param>
    /// <param name="mode">How the spread is kept.</param>
    /// <param name="capacity">Slots, at least 1; their memory is taken at once.</param>
    /// <param name="growable">Whether <see cref="Rent"/> doubles a full bank (copying it) rather than refuse.</param>
    /// <exception cref="ArgumentOutOfRangeException">A parameter is out of range, or the slots together exceed one array.</exception>
    public SpikeBank(int history, double confidence, SpikeSide side, SpikeMode mode, int capacity, bool growable = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(history, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(history, MaximumHistory);
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(capacity, LargestCapacity(history));
        _threshold = KernelPValue.Threshold(confidence);
        _history = history;
        _side = side;
        _mode = mode;
        _growable = growable;
        Capacity = capacity;
        _values = new float[Values(capacity)];
        _cursors = new Cursor[capacity];
        _cursors.AsSpan().Fill(Cursor.OfFree);
        _pairwise = mode == SpikeMode.Exact ? new double[capacity] : [];
    }

    /// <summary>Slots in all, rented or free.</summary>
    public int Capacity { get; private set; }

    /// <summary>Slots rented.</summary>
    public int Rented { get; private set; }

    /// <summary>Values a point is judged against.</summary>
    public int History => _history;

    /// <summary>Bytes of state per slot.</summary>
    public int SlotBytes => (_history * sizeof(float)) + Unsafe.SizeOf<Cursor>() + (_mode == SpikeMode.Exact ? sizeof(double) : 0);

    /// <summary>Takes a free slot, with an empty window.</summary>
    /// <returns>The slot, from 0 to <see cref="Capacity"/> - 1.</returns>
    /// <exception cref="InvalidOperationException">All slots are rented and the bank is not growable, or cannot grow further.</exception>
    public int Rent() =>
        TryRent(out var slot) ? slot : throw new InvalidOperationException($"All {Capacity} slots of the spike bank are rented.");

    /// <summary>Takes a free slot, with an empty window, if there is one or the bank can grow.</summary>
    /// <param name="slot">The slot, or -1.</param>
    public bool TryRent(out int slot)
    {
        if (_firstFree >= 0)
        {
            slot = _firstFree;
            _firstFree = BitConverter.SingleToInt32Bits(_values[First(slot)]);
        }
        else if (_fresh < Capacity || TryGrow())
        {
            slot = _fresh++;
        }
        else
        {
            slot = -1;
            return false;
        }

        Rented++;
        Clear(slot);
        return true;
    }

    /// <summary>Gives a slot back; what it held is forgotten.</summary>
    /// <param name="slot">A rented slot.</param>
    /// <exception cref="InvalidOperationException">The slot is not rented.</exception>
    public void Return(int slot)
    {
        CursorOf(slot) = Cursor.OfFree;
        _values[First(slot)] = BitConverter.Int32BitsToSingle(_firstFree);
        _firstFree = slot;
        Rented--;
    }

    /// <summary>Empties the window of a rented slot.</summary>
    /// <param name="slot">A rented slot.</param>
    /// <exception cref="InvalidOperationException">The slot is not rented.</exception>
    public void Reset(int slot)
    {
        _ = CursorOf(slot);
        Clear(slot);
    }

    /// <summary>Values in a slot's window, at most <see cref="History"/>.</summary>
    /// <param name="slot">A rented slot.</param>
    /// <exception cref="InvalidOperationException">The slot is not rented.</exception>
    public int Count(int slot) => CursorOf(slot).Count;

    /// <summary>Judges a value against the slot's window without admitting it.</summary>
    /// <param name="slot">A rented slot.</param>
    /// <param name="value">
    /// NaN or, in Stable, an infinity gives no alert and the p-value 0.5 (Stable) or NaN (Exact, NaN only: an infinity is judged
    /// like any value there).
    /// </param>
    /// <returns>The alert the value would raise, the value as the score, and its p-value.</returns>
    /// <exception cref="InvalidOperationException">The slot is not rented.</exception>
    public SpikePrediction Peek(int slot, float value)
    {
        var cursor = CursorOf(slot);
        double p;
        if (_mode == SpikeMode.Stable)
        {
            if (!float.IsFinite(value))
            {
                return new SpikePrediction(false, value, 0.5);
            }

            p = WindowKernel.UpperTail(in _values[First(slot)], cursor.Count, value);
        }
        else
        {
            if (float.IsNaN(value))
            {
                return new SpikePrediction(false, double.NaN, double.NaN);
            }

            var deviation = PairwiseSpread.Deviation(_pairwise[slot], cursor.Count);
            p = KernelPValue.UpperTail(Older(slot, cursor), Newer(slot, cursor), value, deviation);
        }

        p = KernelPValue.OfSide(p, _side);
        return new SpikePrediction(cursor.Count + 1 >= _history && p <= _threshold, value, p);
    }

    /// <summary>Judges a value against the slot's window, then admits it as it is.</summary>
    /// <param name="slot">A rented slot.</param>
    /// <param name="value">As for <see cref="Peek"/>; what is not a number, or not finite in Stable, is not admitted.</param>
    /// <exception cref="InvalidOperationException">The slot is not rented.</exception>
    public SpikePrediction Score(int slot, float value) => Score(slot, value, float.NegativeInfinity, float.PositiveInfinity);

    /// <summary>
    /// Judges a value against the slot's window, then admits it, or <paramref name="admitAtMost"/> if that is less, so that one
    /// burst cannot widen the window and mask what follows.
    /// </summary>
    /// <param name="slot">A rented slot.</param>
    /// <param name="value">As for <see cref="Score(int, float)"/>.</param>
    /// <param name="admitAtMost">Largest value that may enter the window.</param>
    /// <exception cref="ArgumentOutOfRangeException">The bound is NaN or, in Stable, minus infinity.</exception>
    /// <exception cref="InvalidOperationException">The slot is not rented.</exception>
    public SpikePrediction Score(int slot, float value, float admitAtMost) =>
        Score(slot, value, float.NegativeInfinity, admitAtMost);

    /// <summary>Judges a value against the slot's window, then admits it clipped to a range.</summary>
    /// <param name="slot">A rented slot.</param>
    /// <param name="value">As for <see cref="Score(int, float)"/>.</param>
    /// <param name="admitAtLeast">Smallest value that may enter the window.</param>
    /// <param name="admitAtMost">Largest value that may enter the window.</param>
    /// <exception cref="ArgumentOutOfRangeException">Clipping gives NaN or, in Stable, an infinity; nothing was admitted.</exception>
    /// <exception cref="InvalidOperationException">The slot is not rented.</exception>
    public SpikePrediction Score(int slot, float value, float admitAtLeast, float admitAtMost)
    {
        var prediction = Peek(slot, value);
        if (MayEnter(value))
        {
            var admitted = Math.Min(Math.Max(value, admitAtLeast), admitAtMost);
            if (!MayEnter(admitted))
            {
                ThrowBound(admitted);
            }

            Admit(slot, admitted);
        }

        return prediction;
    }

    /// <summary>Admits values, oldest first, without judging them: the prior of a new key, without which it is blind for a whole history.</summary>
    /// <param name="slot">A rented slot; what it holds already stays in front.</param>
    /// <param name="values">Any number; the window keeps the newest <see cref="History"/>.</param>
    /// <exception cref="ArgumentException">A value is NaN or, in Stable, infinite; nothing was admitted.</exception>
    /// <exception cref="InvalidOperationException">The slot is not rented.</exception>
    public void Seed(int slot, ReadOnlySpan<float> values)
    {
        _ = CursorOf(slot);
        foreach (var value in values)
        {
            if (!MayEnter(value))
            {
                throw new ArgumentException($"A prior may not hold {value}.", nameof(values));
            }
        }

        foreach (var value in values)
        {
            Admit(slot, value);
        }
    }

    /// <summary>Mean and population standard deviation of a slot's window: what is usual for the key, and a measure for clipping.</summary>
    /// <param name="slot">A rented slot.</param>
    /// <returns>Zeros for an empty window.</returns>
    /// <exception cref="InvalidOperationException">The slot is not rented.</exception>
    public (double Mean, double Deviation) Moments(int slot)
    {
        var count = CursorOf(slot).Count;
        return count == 0 ? (0, 0) : WindowKernel.Moments(in _values[First(slot)], count);
    }

    /// <summary>Copies a slot's window, oldest first.</summary>
    /// <param name="slot">A rented slot.</param>
    /// <param name="destination">Room for <see cref="Count"/> values.</param>
    /// <returns>Values copied.</returns>
    /// <exception cref="ArgumentException">The destination is too short.</exception>
    /// <exception cref="InvalidOperationException">The slot is not rented.</exception>
    public int CopyWindow(int slot, Span<float> destination)
    {
        var cursor = CursorOf(slot);
        var older = Older(slot, cursor);
        older.CopyTo(destination);
        Newer(slot, cursor).CopyTo(destination[older.Length..]);
        return cursor.Count;
    }

    private void Admit(int slot, float value)
    {
        ref var cursor = ref CursorOf(slot);
        var full = cursor.Count == _history;
        if (_mode == SpikeMode.Exact)
        {
            ref var pairwise = ref _pairwise[slot];
            pairwise = PairwiseSpread.Move(pairwise, Older(slot, cursor), Newer(slot, cursor), value, full);
        }

        if (full)
        {
            _values[First(slot) + cursor.Oldest] = value;
            cursor.Oldest = (ushort)(cursor.Oldest + 1 == _history ? 0 : cursor.Oldest + 1);
        }
        else
        {
            _values[First(slot) + cursor.Count++] = value;
        }
    }

    private bool MayEnter(float value) => _mode == SpikeMode.Stable ? float.IsFinite(value) : !float.IsNaN(value);

    private ReadOnlySpan<float> Older(int slot, Cursor cursor) =>
        _values.AsSpan((int)First(slot) + cursor.Oldest, cursor.Count - cursor.Oldest);

    private ReadOnlySpan<float> Newer(int slot, Cursor cursor) => _values.AsSpan((int)First(slot), cursor.Oldest);

    private nint First(int slot) => (nint)slot * _history;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref Cursor CursorOf(int slot)
    {
        if ((uint)slot >= (uint)_cursors.Length || _cursors[slot].Count == Free)
        {
            ThrowNotRented(slot);
        }

        return ref _cursors[slot];
    }

    private void Clear(int slot)
    {
        _cursors[slot] = default;
        if (_mode == SpikeMode.Exact)
        {
            _pairwise[slot] = 0;
        }
    }

    private bool TryGrow()
    {
        var capacity = (int)Math.Min(2L * Capacity, LargestCapacity(_history));
        if (!_growable || capacity == Capacity)
        {
            return false;
        }

        Array.Resize(ref _values, Values(capacity));
        Array.Resize(ref _cursors, capacity);
        _cursors.AsSpan(Capacity).Fill(Cursor.OfFree);
        if (_mode == SpikeMode.Exact)
        {
            Array.Resize(ref _pairwise, capacity);
        }

        Capacity = capacity;
        return true;
    }

    private int Values(int capacity) => (capacity * _history) + WindowKernel.Overread;

    private static int LargestCapacity(int history) => (Array.MaxLength - WindowKernel.Overread) / history;

    [DoesNotReturn]
    private static void ThrowNotRented(int slot) => throw new InvalidOperationException($"Slot {slot} of the spike bank is not rented.");

    [DoesNotReturn]
    private static void ThrowBound(float admitted) =>
        throw new ArgumentOutOfRangeException(nameof(admitted), admitted, "A clipped value must be a finite number.");

    /// <summary>Where the oldest value of a ring lies (0 until the ring is full) and how many it holds.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Cursor
    {
        public static readonly Cursor OfFree = new() { Count = Free };
        public ushort Oldest;
        public ushort Count;
    }
}
