namespace AutoGuard.Core.Features;

/// <summary>
/// When sessions are looked at again: a timing wheel (Varghese and Lauck, 1987) of one-second slots over more than the
/// longest timeout, with the links in the sessions themselves. They go both ways, so that taking one out costs the same
/// however many share its slot: whoever writes the events chooses the second, and may choose one for all. A session stays
/// in its slot when it is heard again and is put off when the slot comes round, so an event costs nothing here.
/// </summary>
public sealed class ExpiryWheel
{
    private const int Slots = 4096;
    private readonly int[] _first = new int[Slots];
    private long _second = -1;
    private int _count;

    /// <summary>Makes an empty wheel.</summary>
    public ExpiryWheel() => Array.Fill(_first, -1);

    /// <summary>Files a session under a due time (Unix milliseconds), at least one second ahead and at most an hour.</summary>
    public void Add(StateTable<Events.Key128, SessionState, Key128Hash> sessions, int session, ref SessionState state, long due, long now)
    {
        if (_count == 0)
        {
            _second = now / 1000;
        }
        long second = Math.Clamp((due + 999) / 1000, _second + 1, _second + Slots - 1);
        int slot = (int)(second % Slots);
        int next = _first[slot];
        state.NextInWheel = next;
        state.PreviousInWheel = -1;
        if (next >= 0)
        {
            sessions[next].PreviousInWheel = session;
        }
        state.WheelSlot = slot + 1;
        _first[slot] = session;
        _count++;
    }

    /// <summary>
    /// Takes one session whose second is before the one of <paramref name="now"/> (Unix milliseconds). The caller files it
    /// again or lets it go. False when none is due.
    /// </summary>
    public bool TryTake(StateTable<Events.Key128, SessionState, Key128Hash> sessions, long now, out int session)
    {
        long nowSecond = now / 1000;
        while (_count > 0 && _second < nowSecond)
        {
            int slot = (int)(_second % Slots);
            session = _first[slot];
            if (session >= 0)
            {
                ref SessionState state = ref sessions[session];
                Remove(sessions, session, ref state);
                if (state.NextInWheel >= 0)
                {
                    // The next to be taken: sessions of one second lie anywhere.
                    Cache.Fetch(in sessions[state.NextInWheel]);
                }
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
    public void Remove(StateTable<Events.Key128, SessionState, Key128Hash> sessions, int session, ref SessionState state)
    {
        if (state.WheelSlot == 0)
        {
            return;
        }
        int slot = state.WheelSlot - 1;
        state.WheelSlot = 0;
        _count--;
        if (_first[slot] == session)
        {
            // The new first one's way back leads nowhere now, and is not looked at while it is the first.
            _first[slot] = state.NextInWheel;
            return;
        }
        sessions[state.PreviousInWheel].NextInWheel = state.NextInWheel;
        if (state.NextInWheel >= 0)
        {
            sessions[state.NextInWheel].PreviousInWheel = state.PreviousInWheel;
        }
    }
}
