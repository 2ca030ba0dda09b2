using System.Diagnostics;
using System.Numerics;

namespace AutoGuard.Core.Features;

/// <summary>Blocks of one size, rented and given back, in chunks that never move. What lies in a block when it is rented is left from before.</summary>
/// <typeparam name="T">What lies in a block.</typeparam>
/// <param name="size">Places of a block, 1 or more.</param>
/// <param name="chunk">About as many places are allocated at once.</param>
internal sealed class BlockPool<T>(int size, int chunk = 1_024)
    where T : struct
{
    private readonly int _perChunkBits = Math.Max(2, BitOperations.Log2((uint)(chunk / size)));
    private readonly Stack<int> _free = new();
    private T[][] _chunks = new T[4][];
    private int _used;

    /// <summary>Blocks in use.</summary>
    public int Rented => _used - _free.Count;

    /// <summary>Rents a block and returns its number, 0 or more.</summary>
    public int Rent()
    {
        if (_free.TryPop(out int block))
        {
            return block;
        }
        int last = _used >> _perChunkBits;
        if (last == _chunks.Length)
        {
            Array.Resize(ref _chunks, _chunks.Length * 2);
        }
        _chunks[last] ??= new T[size << _perChunkBits];
        return _used++;
    }

    /// <summary>Gives a block back.</summary>
    public void Return(int block)
    {
        Debug.Assert(block < _used, "only a rented block is returned");
        _free.Push(block);
    }

    /// <summary>The places of a block.</summary>
    public Span<T> Block(int block) => _chunks[block >> _perChunkBits].AsSpan((block & ((1 << _perChunkBits) - 1)) * size, size);
}
