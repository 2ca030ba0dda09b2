namespace AutoGuard.Core.Features;

/// <summary>
/// The windows of tokens. The slot now running lies in the token itself; those that have passed, where anything was counted in
/// them, lie in a block of a pool, for most tokens have just come: 1, 3, 6 or 11 places.
/// </summary>
public sealed class TokenWindows
{
    /// <summary>Slots that make up the window.</summary>
    public const int Length = 12;

    private static readonly int[] Sizes = [1, 3, 6, Length - 1];

    private readonly BlockPool<PastSlot>[] _classes = [.. Sizes.Select(size => new BlockPool<PastSlot>(size))];

    /// <summary>Blocks in use.</summary>
    public int Rented => _classes.Sum(pool => pool.Rented);

    /// <summary>Brings a token to a slot and returns that slot's counts. Time never runs backwards here.</summary>
    public ref TokenSlot Advance(ref TokenState token, long slot)
    {
        if (slot > token.Slot)
        {
            MoveOn(ref token, (int)slot);
        }
        return ref token.Now;
    }

    /// <summary>Slots that have passed, in no particular order; those before <see cref="EarliestOf"/>, and free places, count for nothing.</summary>
    public ReadOnlySpan<PastSlot> PastOf(in TokenState token) => token.Past == 0 ? [] : Block(token.Past);

    /// <summary>First slot of a token's window.</summary>
    public static int EarliestOf(in TokenState token) => token.Slot - Length + 1;

    /// <summary>Gives the memory of what has passed back.</summary>
    public void Release(ref TokenState token)
    {
        if (token.Past != 0)
        {
            Block(token.Past).Clear();
            _classes[ClassOf(token.Past)].Return(NumberOf(token.Past));
            token.Past = 0;
        }
    }

    private void MoveOn(ref TokenState token, int slot)
    {
        int passed = token.Slot;
        token.Slot = slot;
        if (slot - passed >= Length)
        {
            Release(ref token);
        }
        else if (!token.Now.IsEmpty)
        {
            PlaceIn(ref token) = new PastSlot { Counts = token.Now, Number = passed };
        }
        token.Now = default;
    }

    /// <summary>A place of the token's block that is free or holds what has left the window; the block grows when there is none.</summary>
    private ref PastSlot PlaceIn(ref TokenState token)
    {
        if (token.Past == 0)
        {
            token.Past = Encode(0, _classes[0].Rent());
        }
        Span<PastSlot> places = Block(token.Past);
        foreach (ref PastSlot place in places)
        {
            if (place.Number < EarliestOf(in token))
            {
                return ref place;
            }
        }
        int larger = ClassOf(token.Past) + 1;
        int block = Encode(larger, _classes[larger].Rent());
        places.CopyTo(Block(block));
        int used = places.Length;
        Release(ref token);
        token.Past = block;
        return ref Block(block)[used];
    }

    private Span<PastSlot> Block(int past) => _classes[ClassOf(past)].Block(NumberOf(past));

    private static int Encode(int sizeClass, int block) => ((block + 1) << 2) | sizeClass;

    private static int ClassOf(int past) => past & 3;

    private static int NumberOf(int past) => (past >> 2) - 1;
}
