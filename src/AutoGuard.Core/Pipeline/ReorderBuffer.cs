using AutoGuard.Core.Events;

namespace AutoGuard.Core.Pipeline;

/// <summary>
/// Puts events in order of event time. They wait in slots of a calendar queue (Brown, 1988) until the watermark has
/// passed their slot; then the slot is sorted by time and, within a millisecond, by content, so that the order of
/// arrival leaves no trace. The slots' memory is pooled: it follows the events held, not the time covered.
/// </summary>
public sealed class ReorderBuffer
{
    /// <summary>Length of a slot, milliseconds.</summary>
    public const long SlotLength = 500;

    private readonly Slot?[] _slots;
    private readonly Stack<Slot> _pool = new();
    private long _next = long.MinValue;
    private long _last = long.MinValue;

    /// <summary>
    /// Makes a buffer that covers <paramref name="span"/> milliseconds from the watermark on, most of whose events lie within
    /// <paramref name="usual"/> milliseconds of it.
    /// </summary>
    public ReorderBuffer(long span, long usual)
    {
        _slots = new Slot?[(span / SlotLength) + 4];
        for (long held = 0; held < (2 * usual / SlotLength) + 16; held++)
        {
            _pool.Push(new Slot());
        }
    }

    /// <summary>Events held.</summary>
    public int Count { get; private set; }

    /// <summary>Furthest time (Unix milliseconds) that can be added now.</summary>
    public long Horizon => _next == long.MinValue ? long.MaxValue : ((_next + _slots.Length) * SlotLength) - 1;

    /// <summary>Earliest time (Unix milliseconds) that can be added now: what lies before it has been taken, or was never covered.</summary>
    public long Origin => _next == long.MinValue ? long.MinValue : _next * SlotLength;

    /// <summary>Start of the earliest slot that may hold events, Unix milliseconds.</summary>
    public long Earliest
    {
        get
        {
            while (Count > 0 && _slots[(int)(_next % _slots.Length)] is null)
            {
                _next++;
            }
            return _next * SlotLength;
        }
    }

    /// <summary>Holds an event that is not before <see cref="Origin"/> and not beyond <see cref="Horizon"/>.</summary>
    public void Add(ref readonly PlaybackEvent e, ReadOnlySpan<byte> tokenText, ReadOnlySpan<byte> userText)
    {
        long number = e.Timestamp / SlotLength;
        if (Count == 0)
        {
            _next = Math.Max(_next, number - _slots.Length + 1);
            _last = number;
        }
        _last = Math.Max(_last, number);
        ref Slot? slot = ref _slots[(int)(number % _slots.Length)];
        if (slot is null && !_pool.TryPop(out slot))
        {
            slot = new Slot();
        }
        slot.Add(in e, tokenText, userText);
        Count++;
    }

    /// <summary>
    /// Takes the earliest slot that lies wholly before <paramref name="watermark"/> and has events, sorted. The caller
    /// returns it when it is done.
    /// </summary>
    public bool TryTake(long watermark, out Slot slot)
    {
        long complete = watermark / SlotLength;
        while (Count > 0 && _next < complete)
        {
            // Everything held lies within the ring, so a long silence is crossed in at most one turn.
            if (complete - _next > _slots.Length && _next < _last - _slots.Length)
            {
                _next = _last - _slots.Length;
            }
            ref Slot? place = ref _slots[(int)(_next % _slots.Length)];
            _next++;
            if (place is not null)
            {
                slot = place;
                place = null;
                Count -= slot.Count;
                slot.Sort();
                return true;
            }
        }
        if (Count == 0 && complete > _next)
        {
            _next = complete;
        }
        slot = null!;
        return false;
    }

    /// <summary>Gives a slot's memory back to the pool.</summary>
    public void Return(Slot slot)
    {
        ArgumentNullException.ThrowIfNull(slot);
        slot.Clear();
        _pool.Push(slot);
    }

    /// <summary>The events of one slot and the texts they carry.</summary>
    public sealed class Slot
    {
        /// <summary>Room that a slot keeps when it is emptied; a burst's worth goes back to the collector.</summary>
        private const int MostKept = 1 << 16;

        private PlaybackEvent[] _events = new PlaybackEvent[64];
        private byte[] _texts = new byte[64 * 48];
        private ulong[] _keys = new ulong[64];
        private int[] _order = new int[64];
        private readonly Comparison<int> _byContent;
        private int _textLength;

        /// <summary>Makes an empty slot.</summary>
        public Slot() => _byContent = (a, b) => Compare(in _events[a], in _events[b]);

        /// <summary>Number of events.</summary>
        public int Count { get; private set; }

        /// <summary>Events it has memory for.</summary>
        internal int Room => _events.Length;

        /// <summary>The <paramref name="position"/>-th event in order.</summary>
        public ref readonly PlaybackEvent this[int position] => ref _events[_order[position]];

        /// <summary>A text of one of the events.</summary>
        public ReadOnlySpan<byte> Text(TextRange range) => _texts.AsSpan(range.Offset, range.Length);

        internal void Add(ref readonly PlaybackEvent e, ReadOnlySpan<byte> tokenText, ReadOnlySpan<byte> userText)
        {
            if (Count == _events.Length)
            {
                Array.Resize(ref _events, Count * 2);
                Array.Resize(ref _keys, Count * 2);
                Array.Resize(ref _order, Count * 2);
            }
            ref PlaybackEvent place = ref _events[Count];
            place = e;
            place.TokenText = Append(tokenText);
            place.UserText = Append(userText);
            // Time within the slot (9 bits), then content: one number that sorts most events by itself.
            _keys[Count] = ((ulong)(e.Timestamp % SlotLength) << 54) | (e.OrderKey >> 10);
            _order[Count] = Count;
            Count++;
        }

        internal void Sort()
        {
            Span<ulong> keys = _keys.AsSpan(0, Count);
            Span<int> order = _order.AsSpan(0, Count);
            keys.Sort(order);
            // Equal numbers are events of one session at one instant, nearly always: settle them by their whole content. There
            // may be any number of them: one session id and one time in a million events costs its sender nothing.
            for (int start = 0, end; start < keys.Length; start = end)
            {
                end = start + 1;
                while (end < keys.Length && keys[end] == keys[start])
                {
                    end++;
                }
                if (end - start > 1)
                {
                    order[start..end].Sort(_byContent);
                }
            }
        }

        internal void Clear()
        {
            Count = 0;
            _textLength = 0;
            if (_events.Length > MostKept)
            {
                _events = new PlaybackEvent[64];
                _keys = new ulong[64];
                _order = new int[64];
            }
            if (_texts.Length > MostKept * 64)
            {
                _texts = new byte[64 * 48];
            }
        }

        private TextRange Append(ReadOnlySpan<byte> text)
        {
            if (_textLength + text.Length > _texts.Length)
            {
                Array.Resize(ref _texts, Math.Max(_texts.Length * 2, _textLength + text.Length));
            }
            text.CopyTo(_texts.AsSpan(_textLength));
            TextRange range = new(_textLength, text.Length);
            _textLength += text.Length;
            return range;
        }

        private static int Compare(in PlaybackEvent a, in PlaybackEvent b)
        {
            int by = a.OrderKey.CompareTo(b.OrderKey);
            by = by != 0 ? by : a.Type.CompareTo(b.Type);
            by = by != 0 ? by : a.Address.CompareTo(b.Address);
            by = by != 0 ? by : a.Duration.CompareTo(b.Duration);
            by = by != 0 ? by : a.Country.CompareTo(b.Country);
            by = by != 0 ? by : a.Partition.CompareTo(b.Partition);
            return by != 0 ? by : a.Offset.CompareTo(b.Offset);
        }
    }
}
