namespace AutoGuard.Core.Features;

/// <summary>
/// When sessions are looked at again: a timing wheel (Varghese and Lauck, 1987) of one-second slots over more than the
/// longest timeout. The sessions of a slot lie side by side, so that those to be taken next are known and can be fetched; a session knows its
/// place, so that taking one out costs the same however many share its slot: whoever writes the events chooses the second,
/// and may choose one for all. A session stays in its slot when it is heard again and is put off when the slot comes round, so an
/// event costs nothing here.
/// </summary>
public sealed class ExpiryWheel
{
    private const int Slots = 4096;

    /// <summary>Places of a block: the block before it in its slot plus one (or 0), the slot, and sessions.</summary>
    private const int Block = 1 << BlockBits;

    private const int BlockBits = 5;
    private const int Before = 0;
    private const int SlotOf = 1;
    private const int First = 2;

    /// <summary>In the place of a session that was taken out.</summary>
    private const int Gone = -1;

    /// <summary>Empty places of a slot up to which nothing is done about them.</summary>
    private const int FewGone = 64;

    /// <summary>How many sessions ahead of the one taken are fetched.</summary>
    private const int Ahead = 6;

    private readonly BlockPool<int> _blocks = new(Block, chunk: 1 << 14);
    private readonly Slot[] _slots = new Slot[Slots];
    private readonly Stack<int> _kept = new();
    private long _second = -1;
    private int _count;

    /// <summary>Files a session under a due time (Unix milliseconds), at least one second ahead and at most an hour.</summary>
    public void Add(int session, ref SessionState state, long due, long now)
    {
        if (_count == 0)
        {
            _second = now / 1000;
        }
        long second = Math.Clamp((due + 999) / 1000, _second + 1, _second + Slots - 1);
        Append((int)(second % Slots), session, ref state);
        _count++;
    }

    /// <summary>
    /// Takes one session whose second is before the one of <paramref name="now"/> (Unix milliseconds), of one second the latest filed
    /// first. The caller files it again or lets it go. False when none is due.
    /// </summary>
    public bool TryTake(StateTable<Events.Key128, SessionState, Key128Hash> sessions, long now, out int session)
    {
        long nowSecond = now / 1000;
        while (_count > 0 && _second < nowSecond)
        {
            if (TryPop(sessions, ref _slots[(int)(_second % Slots)], out session))
            {
                sessions[session].WheelPlace = 0;
                _count--;
                return true;
            }
            _second++;
        }
        if (_count == 0)
        {
            _second = nowSecond;
        }
        session = -1;
        return false;
    }

    /// <summary>Takes a session out of its slot, wherever it stands there.</summary>
    public void Remove(StateTable<Events.Key128, SessionState, Key128Hash> sessions, ref SessionState state)
    {
        if (state.WheelPlace == 0)
        {
            return;
        }
        Span<int> block = _blocks.Block(state.WheelPlace >> BlockBits);
        block[state.WheelPlace & (Block - 1)] = Gone;
        state.WheelPlace = 0;
        _count--;
        ref Slot slot = ref _slots[block[SlotOf]];
        slot.Sessions--;
        slot.Gone++;
        if (slot.Gone > FewGone && slot.Gone > slot.Sessions)
        {
            CloseUp(sessions, block[SlotOf]);
        }
    }

    private void Append(int number, int session, ref SessionState state)
    {
        ref Slot slot = ref _slots[number];
        if (slot.Newest == 0 || slot.Filled == Block)
        {
            int rented = _blocks.Rent();
            Span<int> fresh = _blocks.Block(rented);
            fresh[Before] = slot.Newest;
            fresh[SlotOf] = number;
            slot.Newest = rented + 1;
            slot.Filled = First;
        }
        int block = slot.Newest - 1;
        _blocks.Block(block)[slot.Filled] = session;
        // Never 0, for nothing is filed in the first places of a block.
        state.WheelPlace = (block << BlockBits) | slot.Filled;
        slot.Filled++;
        slot.Sessions++;
    }

    private bool TryPop(StateTable<Events.Key128, SessionState, Key128Hash> sessions, ref Slot slot, out int session)
    {
        while (slot.Newest != 0)
        {
            Span<int> block = _blocks.Block(slot.Newest - 1);
            while (slot.Filled > First)
            {
                slot.Filled--;
                session = block[slot.Filled];
                if (session != Gone)
                {
                    slot.Sessions--;
                    Foresee(sessions, block, slot.Filled - Ahead);
                    return true;
                }
                slot.Gone--;
            }
            int emptied = slot.Newest - 1;
            slot.Newest = block[Before];
            slot.Filled = Block;
            _blocks.Return(emptied);
        }
        session = Gone;
        return false;
    }

    /// <summary>Has a session fetched that is taken soon: sessions of one second lie anywhere.</summary>
    private void Foresee(StateTable<Events.Key128, SessionState, Key128Hash> sessions, Span<int> block, int position)
    {
        if (position < First)
        {
            if (block[Before] == 0)
            {
                return;
            }
            block = _blocks.Block(block[Before] - 1);
            position += Block - First;
        }
        if (block[position] != Gone)
        {
            Cache.Fetch(in sessions[block[position]]);
        }
    }

    /// <summary>Files the sessions of a slot anew, in their order, without empty places between them: most were taken out.</summary>
    private void CloseUp(StateTable<Events.Key128, SessionState, Key128Hash> sessions, int number)
    {
        ref Slot slot = ref _slots[number];
        while (TryPop(sessions, ref slot, out int session))
        {
            _kept.Push(session);
        }
        while (_kept.TryPop(out int session))
        {
            Append(number, session, ref sessions[session]);
        }
    }

    /// <summary>One second's sessions.</summary>
    private struct Slot
    {
        /// <summary>The block that sessions are added to, plus one; 0 for none. All before it are full.</summary>
        public int Newest;

        /// <summary>Places of it that are taken.</summary>
        public int Filled;

        /// <summary>Sessions in all blocks.</summary>
        public int Sessions;

        /// <summary>Places that sessions were taken out of.</summary>
        public int Gone;
    }
}
