namespace AutoGuard.Core.Events;

/// <summary>
/// A pooled run of parsed events and the texts they refer to. Filled by one thread, handed over whole, read by another,
/// cleared and returned: no event or text outlives the batch it came in.
/// </summary>
public sealed class EventBatch
{
    private PlaybackEvent[] _events;
    private byte[] _texts;

    /// <summary>Makes a batch with room for <paramref name="capacity"/> events.</summary>
    public EventBatch(int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        _events = new PlaybackEvent[capacity];
        _texts = new byte[capacity * 96];
    }

    /// <summary>Number of events.</summary>
    public int Count { get; private set; }

    /// <summary>Records met while the batch was filled that were no events.</summary>
    public int Rejected { get; set; }

    /// <summary>Most events the batch takes.</summary>
    public int Capacity => _events.Length;

    /// <summary>Whether no further event fits.</summary>
    public bool IsFull => Count == _events.Length;

    /// <summary>The events.</summary>
    public ReadOnlySpan<PlaybackEvent> Events => _events.AsSpan(0, Count);

    /// <summary>The event committed last, for the enricher to complete.</summary>
    public ref PlaybackEvent Last => ref _events[Count - 1];

    /// <summary>The arena the events' <see cref="TextRange"/>s point into.</summary>
    public ReadOnlySpan<byte> Texts => _texts.AsSpan(0, TextLength);

    /// <summary>Bytes of the arena in use.</summary>
    public int TextLength { get; private set; }

    /// <summary>
    /// Clears and returns the next free event for the parser to fill. It counts only once <see cref="Commit"/> is called;
    /// a rejected event is simply not committed, but texts appended for it must be taken back by <see cref="Rewind"/>.
    /// </summary>
    public ref PlaybackEvent Next()
    {
        ref PlaybackEvent slot = ref _events[Count];
        slot = default;
        slot.Duration = -1;
        return ref slot;
    }

    /// <summary>Counts the event last returned by <see cref="Next"/>.</summary>
    public void Commit() => Count++;

    /// <summary>Takes back the event committed last, and texts appended since <see cref="TextLength"/> was <paramref name="textLength"/>.</summary>
    public void TakeBack(int textLength)
    {
        Count--;
        TextLength = textLength;
    }

    /// <summary>Takes back texts appended since <see cref="TextLength"/> was <paramref name="textLength"/>.</summary>
    public void Rewind(int textLength) => TextLength = textLength;

    /// <summary>Copies a text into the arena.</summary>
    public TextRange AppendText(ReadOnlySpan<byte> text)
    {
        int offset = TextLength;
        if (offset + text.Length > _texts.Length)
        {
            Array.Resize(ref _texts, Math.Max(_texts.Length * 2, offset + text.Length));
        }
        text.CopyTo(_texts.AsSpan(offset));
        TextLength += text.Length;
        return new TextRange(offset, text.Length);
    }

    /// <summary>The bytes of a text of this batch.</summary>
    public ReadOnlySpan<byte> Text(TextRange range) => _texts.AsSpan(range.Offset, range.Length);

    /// <summary>Forgets all events and texts, keeping the memory.</summary>
    public void Clear()
    {
        Count = 0;
        Rejected = 0;
        TextLength = 0;
    }
}
