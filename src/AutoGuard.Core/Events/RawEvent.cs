namespace AutoGuard.Core.Events;

/// <summary>What JSON value a field holds. A <c>null</c> is <see cref="Absent"/>.</summary>
internal enum RawKind : byte
{
    Absent = 0,
    Text,
    EscapedText,
    Number,
    Object,
    Other,
}

/// <summary>Where the value of a field lies: a text without its quotes, a number, or an object with its braces.</summary>
internal readonly record struct RawField(RawKind Kind, int Start, int Length, bool InScratch = false);

/// <summary>
/// An event taken apart but not yet understood: the place of every known field's value. Both ways of reading JSON end
/// here, and everything after is common to them, so that they can differ in nothing but the places they find.
/// </summary>
internal readonly ref struct RawEvent(ReadOnlySpan<byte> utf8, ReadOnlySpan<byte> scratch, ReadOnlySpan<RawField> fields)
{
    private readonly ReadOnlySpan<byte> _utf8 = utf8;
    private readonly ReadOnlySpan<byte> _scratch = scratch;
    private readonly ReadOnlySpan<RawField> _fields = fields;

    /// <summary>Kind of a field's value.</summary>
    public RawKind Kind(EventField field) => _fields[(int)field].Kind;

    /// <summary>Bytes of a field's value, escapes resolved; empty when absent.</summary>
    public ReadOnlySpan<byte> Bytes(EventField field)
    {
        ref readonly RawField raw = ref _fields[(int)field];
        return (raw.InScratch ? _scratch : _utf8).Slice(raw.Start, raw.Length);
    }
}
