namespace AutoGuard.Core.Events;

/// <summary>
/// Claims by number, so that an event carries four bytes of them. A ring: when it is full the oldest number is taken
/// again, and whoever still holds it reads "unknown" (the generation in the upper bits tells). One thread adds; any may read.
/// </summary>
public sealed class ClaimsPool
{
    private readonly Entry[] _entries;
    private readonly int _indexBits;
    private int _next;

    /// <summary>Makes a pool of 2^<paramref name="indexBits"/> claims.</summary>
    public ClaimsPool(int indexBits = 16)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(indexBits, 4);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(indexBits, 24);
        _indexBits = indexBits;
        _entries = new Entry[1 << indexBits];
        _next = 1;
    }

    /// <summary>Stores claims and returns their number, never 0.</summary>
    public int Add(TokenClaims claims)
    {
        ArgumentNullException.ThrowIfNull(claims);
        int number = _next;
        _next = _next == int.MaxValue ? 1 : _next + 1;
        Volatile.Write(ref _entries[number & ((1 << _indexBits) - 1)], new Entry(number, claims));
        return number;
    }

    /// <summary>The claims of a number; null for 0 and for numbers whose place was taken since.</summary>
    public TokenClaims? Get(int number)
    {
        Entry? entry = number == 0 ? null : Volatile.Read(ref _entries[number & ((1 << _indexBits) - 1)]);
        return entry is not null && entry.Number == number ? entry.Claims : null;
    }

    private sealed record Entry(int Number, TokenClaims Claims);
}
