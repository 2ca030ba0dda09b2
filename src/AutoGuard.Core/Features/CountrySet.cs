namespace AutoGuard.Core.Features;

/// <summary>Distinct countries of one token.</summary>
/// <param name="room">Room for <see cref="Most"/>.</param>
internal ref struct CountrySet(Span<ushort> room)
{
    /// <summary>Countries told apart; further ones do not count.</summary>
    public const int Most = 32;

    private readonly Span<ushort> _room = room;

    /// <summary>Countries added, up to <see cref="Most"/>.</summary>
    public int Count { get; private set; }

    /// <summary>Adds a packed country; 0, which is none, is left out.</summary>
    public void Add(ushort country)
    {
        if (country != 0 && Count < Most && !_room[..Count].Contains(country))
        {
            _room[Count++] = country;
        }
    }
}
