namespace AutoGuard.Core.Events;

/// <summary>
/// The identity of a session, token or user inside the state tables: a keyed 128-bit hash of the text, so that nobody
/// who writes events can aim at one place of a table. The zero key means "absent".
/// </summary>
/// <param name="High">Upper 64 bits.</param>
/// <param name="Low">Lower 64 bits.</param>
public readonly record struct Key128(ulong High, ulong Low)
{
    /// <summary>Whether the key stands for nothing.</summary>
    public bool IsAbsent => (High | Low) == 0;

    /// <inheritdoc/>
    public override int GetHashCode() => (int)Low;
}
