using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace AutoGuard.Core.Features;

/// <summary>
/// The windows of tokens. The slot now running lies in the token itself; those that have passed lie in a ring of a pool, from the first
/// on in which anything was counted, for most tokens have just come. What most slots hold, some sessions and how long they
/// were watched, takes 6 bytes there; a slot with anything more to tell has its counts in a cell of its own.
/// </summary>
public sealed class TokenWindows
{
    /// <summary>Slots that make up the window.</summary>
    public const int Length = 12;

    private const int Past = Length - 1;

    private readonly BlockPool<PastSlot> _rings = new(Past);
    private readonly BlockPool<TokenSlot> _cells = new(1);

    /// <summary>Tokens with slots that have passed.</summary>
    public int Rented => _rings.Rented;

    /// <summary>Slots with a cell of their own.</summary>
    internal int Cells => _cells.Rented;

    /// <summary>Brings a token to a slot and returns that slot's counts. Time never runs backwards here.</summary>
    public ref TokenSlot Advance(ref TokenState token, long slot)
    {
        if (slot > token.Slot)
        {
            MoveOn(ref token, (int)slot);
        }
        return ref token.Now;
    }

    /// <summary>Slots of a token's window that have passed and in which anything was counted, newest first.</summary>
    public PastSlots PastOf(in TokenState token) => new(this, in token);

    /// <summary>
    /// Takes the changes of country over that an earlier token of the account showed, into their slots. To be called before anything was
    /// counted for the token in slots that have passed.
    /// </summary>
    public void TakeOver(ref TokenState previous, ref TokenState token, long slot)
    {
        ref TokenSlot last = ref Advance(ref previous, slot);
        ref TokenSlot now = ref Advance(ref token, slot);
        if (token.Past != 0)
        {
            return;
        }
        now.ChangesTakenOver = Sum(in last);
        now.MostOpen = Math.Max(now.MostOpen, last.MostOpen);
        PastSlots past = PastOf(in previous);
        while (past.MoveNext())
        {
            TokenSlot counts = past.Current;
            TokenSlot taken = new() { ChangesTakenOver = Sum(in counts), MostOpen = counts.MostOpen };
            // That one session was open is said by every token.
            if (taken is not { ChangesTakenOver: 0, MostOpen: <= 1 })
            {
                Put(ref EnsureRing(ref token)[(token.Slot - past.Back) % Past], in taken);
            }
        }

        static ushort Sum(in TokenSlot counts) => (ushort)Math.Min(ushort.MaxValue, counts.CountryChanges + counts.ChangesTakenOver);
    }

    /// <summary>Gives the memory of what has passed back.</summary>
    public void Release(ref TokenState token)
    {
        if (token.Past != 0)
        {
            foreach (ref PastSlot place in RingOf(in token))
            {
                Clear(ref place);
            }
            _rings.Return(token.Past - 1);
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
        else if (token.Past != 0 || !token.Now.IsEmpty)
        {
            Keep(ref token, passed);
        }
        token.Now = default;
    }

    /// <summary>Puts the slot that ran until now where the oldest of the window was, and empties the places of those passed over.</summary>
    private void Keep(ref TokenState token, int passed)
    {
        Span<PastSlot> ring = EnsureRing(ref token);
        for (int slot = passed; slot < token.Slot; slot++)
        {
            Clear(ref ring[slot % Past]);
        }
        Put(ref ring[passed % Past], in token.Now);
    }

    /// <summary>Fills an empty place.</summary>
    private void Put(ref PastSlot place, in TokenSlot counts)
    {
        if (!place.TryHold(in counts))
        {
            int cell = _cells.Rent();
            _cells.Block(cell)[0] = counts;
            place.PointTo(cell);
        }
    }

    private Span<PastSlot> EnsureRing(ref TokenState token)
    {
        if (token.Past == 0)
        {
            token.Past = _rings.Rent() + 1;
            RingOf(in token).Clear();
        }
        return RingOf(in token);
    }

    private void Clear(ref PastSlot place)
    {
        if (place.HasCell)
        {
            _cells.Return(place.Cell);
        }
        place = default;
    }

    private Span<PastSlot> RingOf(in TokenState token) => token.Past == 0 ? [] : _rings.Block(token.Past - 1);

    /// <summary>Has the ring of a token fetched.</summary>
    public void Foresee(in TokenState token)
    {
        if (token.Past != 0)
        {
            Cache.Fetch(in RingOf(in token)[0], Past);
        }
    }

    /// <summary>Goes over the slots of a token that have passed. Good until the token moves on.</summary>
    public ref struct PastSlots
    {
        private readonly TokenWindows _windows;
        private readonly ReadOnlySpan<PastSlot> _ring;
        private int _place;

        internal PastSlots(TokenWindows windows, in TokenState token)
        {
            _windows = windows;
            _ring = windows.RingOf(in token);
            _place = token.Slot % Past;
        }

        /// <summary>What was counted in the slot.</summary>
        public readonly TokenSlot Current => HasMore ? Full : _ring[_place].Counts;

        /// <summary>Sessions first seen in the slot, unless it has more to tell; then all is in <see cref="Full"/>.</summary>
        public readonly int Sessions => _ring[_place].Sessions;

        /// <inheritdoc cref="Sessions"/>
        public readonly float Watched => _ring[_place].Watched;

        /// <inheritdoc cref="Sessions"/>
        public readonly int MostOpen => _ring[_place].MostOpen;

        /// <summary>Whether the slot has more to tell than sessions and how long they were watched.</summary>
        public readonly bool HasMore => _ring[_place].HasCell;

        /// <summary>All that was counted in a slot that has more to tell.</summary>
        public readonly ref readonly TokenSlot Full => ref _windows._cells.Block(_ring[_place].Cell)[0];

        /// <summary>How many slots before the running one it is, 1 to 11.</summary>
        public int Back { get; private set; }

        /// <summary>Goes on to the slot before.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public bool MoveNext()
        {
            while (Back < _ring.Length)
            {
                Back++;
                _place = _place == 0 ? Past - 1 : _place - 1;
                if (!_ring[_place].IsEmpty)
                {
                    return true;
                }
            }
            return false;
        }
    }

    /// <summary>A slot that has passed: few counts, or the number of a cell. 6 bytes.</summary>
    [StructLayout(LayoutKind.Sequential, Pack = 2)]
    private struct PastSlot
    {
        private const byte InCell = byte.MaxValue;

        // The bits of the time watched, or the cell.
        private uint _watched;
        private byte _sessions;
        private byte _mostOpen;

        public readonly bool IsEmpty => _watched == 0 && _sessions == 0 && _mostOpen == 0;

        public readonly bool HasCell => _mostOpen == InCell;

        public readonly float Watched => BitConverter.UInt32BitsToSingle(_watched);

        public readonly int Sessions => _sessions;

        public readonly int MostOpen => _mostOpen;

        public readonly int Cell => (int)_watched;

        public readonly TokenSlot Counts => new()
        {
            Watched = Watched,
            Sessions = _sessions,
            MostOpen = _mostOpen,
        };

        public void PointTo(int cell)
        {
            _watched = (uint)cell;
            _mostOpen = InCell;
        }

        /// <summary>Takes counts that fit; false when they need a cell.</summary>
        public bool TryHold(in TokenSlot counts)
        {
            bool fits = counts.Sessions <= byte.MaxValue && counts.MostOpen < InCell && counts.IsOrdinary;
            if (fits)
            {
                _watched = BitConverter.SingleToUInt32Bits(counts.Watched);
                _sessions = (byte)counts.Sessions;
                _mostOpen = (byte)counts.MostOpen;
            }
            return fits;
        }
    }
}
