using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace AutoGuard.Core.Features;

/// <summary>
/// Blocks of 1, 2, 4 … 1,024 places, cut from chunks that never move by the buddy system (Knowlton, 1965): a block that is given back
/// joins its other half as soon as that is free too. So what small blocks leave behind serves larger ones, and the memory follows
/// the places in use rather than the most that each size ever had. A block is clear when it is rented.
/// </summary>
/// <typeparam name="T">What lies in a block, 8 bytes or more; clear means default.</typeparam>
internal sealed class BuddyPool<T>
    where T : unmanaged
{
    /// <summary>Blocks of this class are a whole chunk; those of class c have two to the power of c places.</summary>
    public const int LargestClass = 10;

    /// <summary>A place's number, and one more, has to fit the 28 bits that a set's number leaves for it.</summary>
    private const int MostChunks = ((1 << 28) - 1) >> LargestClass;

    // First free block of each class plus one, and a bit for each block of each class that is free and not part of a larger one.
    private readonly int[] _first = new int[LargestClass + 1];
    private readonly ulong[][] _free = new ulong[LargestClass + 1][];
    private T[][] _chunks = [];
    private int _used;

    /// <summary>Makes an empty pool.</summary>
    public BuddyPool()
    {
        Debug.Assert(Unsafe.SizeOf<T>() >= Unsafe.SizeOf<Links>(), "a free block holds the numbers of two others");
        MakeRoom(4);
    }

    /// <summary>Blocks in use.</summary>
    public int Rented { get; private set; }

    /// <summary>Places that memory was taken for.</summary>
    public long Places => (long)_used << LargestClass;

    /// <summary>Rents a block and returns the number of its first place, 0 or more.</summary>
    public int Rent(int sizeClass)
    {
        int larger = sizeClass;
        while (larger < LargestClass && _first[larger] == 0)
        {
            larger++;
        }
        int block = _first[larger] - 1;
        if (block >= 0)
        {
            Unlink(block, larger);
        }
        else
        {
            block = AddChunk();
        }
        while (larger > sizeClass)
        {
            larger--;
            Link(block + (1 << larger), larger);
        }
        Rented++;
        return block;
    }

    /// <summary>Clears a block and gives it back.</summary>
    public void Return(int block, int sizeClass)
    {
        Block(block, sizeClass).Clear();
        while (sizeClass < LargestClass && IsFree(block ^ (1 << sizeClass), sizeClass))
        {
            Unlink(block ^ (1 << sizeClass), sizeClass);
            block &= ~(1 << sizeClass);
            sizeClass++;
        }
        Link(block, sizeClass);
        Rented--;
    }

    /// <summary>The places of a block.</summary>
    public Span<T> Block(int block, int sizeClass) =>
        _chunks[block >> LargestClass].AsSpan(block & ((1 << LargestClass) - 1), 1 << sizeClass);

    private int AddChunk()
    {
        if (_used == MostChunks)
        {
            throw new InvalidOperationException($"More than {Places:N0} addresses and tokens of keys would have to be kept; lower Detection:Capacity.");
        }
        if (_used == _chunks.Length)
        {
            MakeRoom(_used * 2);
        }
        _chunks[_used] = new T[1 << LargestClass];
        return _used++ << LargestClass;
    }

    private void MakeRoom(int chunks)
    {
        Array.Resize(ref _chunks, chunks);
        for (int sizeClass = 0; sizeClass <= LargestClass; sizeClass++)
        {
            Array.Resize(ref _free[sizeClass], (((chunks << LargestClass) >> sizeClass) + 63) / 64);
        }
    }

    private bool IsFree(int block, int sizeClass) => (_free[sizeClass][block >> sizeClass >> 6] & (1UL << (block >> sizeClass))) != 0;

    private void Link(int block, int sizeClass)
    {
        int next = _first[sizeClass];
        LinksOf(block) = new Links { Next = next };
        if (next != 0)
        {
            LinksOf(next - 1).Previous = block + 1;
        }
        _first[sizeClass] = block + 1;
        _free[sizeClass][block >> sizeClass >> 6] |= 1UL << (block >> sizeClass);
    }

    private void Unlink(int block, int sizeClass)
    {
        ref Links links = ref LinksOf(block);
        if (links.Previous == 0)
        {
            _first[sizeClass] = links.Next;
        }
        else
        {
            LinksOf(links.Previous - 1).Next = links.Next;
        }
        if (links.Next != 0)
        {
            LinksOf(links.Next - 1).Previous = links.Previous;
        }
        links = default;
        _free[sizeClass][block >> sizeClass >> 6] &= ~(1UL << (block >> sizeClass));
    }

    private ref Links LinksOf(int block) => ref Unsafe.As<T, Links>(ref MemoryMarshal.GetReference(Block(block, 0)));

    /// <summary>Neighbours of a free block among those of its class, each plus one; 0 at the ends.</summary>
    private struct Links
    {
        public int Next;
        public int Previous;
    }
}
