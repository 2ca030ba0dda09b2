using System.Numerics;

namespace AutoGuard.Core.Features;

/// <summary>Counts distinct numbers in a table on the stack; stops counting at half its size.</summary>
internal ref struct DistinctCounter(Span<ulong> places)
{
    private readonly Span<ulong> _places = places;

    public int Count { get; private set; }

    public static int PlacesFor(int members) => (int)BitOperations.RoundUpToPowerOf2((uint)Math.Clamp(members * 2, 8, 1024));

    /// <summary>Whether the number was new.</summary>
    public bool Add(ulong value)
    {
        value = value == 0 ? 1 : value;
        Span<ulong> places = _places;
        int mask = places.Length - 1;
        int place = (int)value & mask;
        while ((uint)place < (uint)places.Length && places[place] != value)
        {
            if (places[place] == 0)
            {
                if (Count >= places.Length / 2)
                {
                    return false;
                }
                places[place] = value;
                Count++;
                return true;
            }
            place = (place + 1) & mask;
        }
        return false;
    }
}
