using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace AutoGuard.Core.Features;

/// <summary>
/// Blocks of one size, rented and given back, in chunks that never move. Free blocks are chained through their own memory, so that
/// giving one back takes none; what lies in a block when it is rented means nothing.
/// </summary>
/// <typeparam name="T">What lies in a block.</typeparam>
/// <param name="size">Places of a block, together 4 bytes or more.</param>
/// <param name="chunk">About as many places are allocated at once.</param>
internal sealed class BlockPool<T>(int size, int chunk = 1_024)
    where T : unmanaged
{
    private readonly int _perChunkBits = Math.Max(2, BitOperations.Log2((uint)(chunk / size)));
    private T[][] _chunks = new T[4][];
    private int _used;
    private int _firstFree = -1;

    /// <summary>Blocks in use.</summary>
    public int Rented { get; private set; }

    /// <summary>Rents a block and returns its number, 0 or more.</summary>
    public int Rent()
    {
        Rented++;
        if (_firstFree >= 0)
        {
            int block = _firstFree;
            _firstFree = Next(block);
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
        Next(block) = _firstFree;
        _firstFree = block;
        Rented--;
    }

    /// <summary>The places of a block.</summary>
    public Span<T> Block(int block) => _chunks[block >> _perChunkBits].AsSpan((block & ((1 << _perChunkBits) - 1)) * size, size);

    private ref int Next(int block)
    {
        Debug.Assert(size * Unsafe.SizeOf<T>() >= sizeof(int), "a free block holds the number of the next");
        return ref Unsafe.As<T, int>(ref MemoryMarshal.GetReference(Block(block)));
    }
}
