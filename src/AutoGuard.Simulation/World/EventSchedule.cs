namespace AutoGuard.Simulation.World;

/// <summary>
/// What happens next: a four-way heap of items by time, and by order of insertion within one millisecond, so that the
/// order never depends on how a library breaks ties.
/// </summary>
internal sealed class EventSchedule<T>
    where T : class
{
    private const int Arity = 4;

    private Entry[] _heap = new Entry[1024];
    private int _count;
    private long _sequence;

    public int Count => _count;

    public long NextTime => _heap[0].Time;

    public void Add(long time, T item)
    {
        if (_count == _heap.Length)
        {
            Array.Resize(ref _heap, _heap.Length * 2);
        }

        Entry entry = new(time, _sequence++, item);
        int i = _count++;
        while (i > 0)
        {
            int parent = (i - 1) / Arity;
            if (!entry.IsBefore(_heap[parent]))
            {
                break;
            }

            _heap[i] = _heap[parent];
            i = parent;
        }

        _heap[i] = entry;
    }

    public bool TryTake(out long time, out T item)
    {
        if (_count == 0)
        {
            time = 0;
            item = null!;
            return false;
        }

        (time, _, item) = _heap[0];
        Entry last = _heap[--_count];
        _heap[_count] = default;
        if (_count > 0)
        {
            SiftDown(last);
        }

        return true;
    }

    private void SiftDown(Entry entry)
    {
        int i = 0;
        while (true)
        {
            int first = (i * Arity) + 1;
            if (first >= _count)
            {
                break;
            }

            int least = first;
            int end = Math.Min(first + Arity, _count);
            for (int child = first + 1; child < end; child++)
            {
                if (_heap[child].IsBefore(_heap[least]))
                {
                    least = child;
                }
            }

            if (!_heap[least].IsBefore(entry))
            {
                break;
            }

            _heap[i] = _heap[least];
            i = least;
        }

        _heap[i] = entry;
    }

    private readonly record struct Entry(long Time, long Sequence, T Item)
    {
        public bool IsBefore(in Entry other) => Time != other.Time ? Time < other.Time : Sequence < other.Sequence;
    }
}
