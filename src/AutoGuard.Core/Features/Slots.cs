using System.Runtime.CompilerServices;

namespace AutoGuard.Core.Features;

/// <summary>The window of a token, cut into slots: what is counted in each.</summary>
public struct TokenSlot
{
    /// <summary>Playback time observed, seconds.</summary>
    public float Watched;

    /// <summary>The part of it from data-centre addresses, seconds.</summary>
    public float DataCentreWatched;

    /// <summary>Sessions without a referrer, each less the share of sessions like it that have none either.</summary>
    public float Unexpected;

    /// <summary>Sessions first seen.</summary>
    public ushort Sessions;

    /// <summary>Those without a referrer.</summary>
    public ushort MissingReferrer;

    /// <summary>Those from a page that is not official.</summary>
    public ushort UnknownReferrer;

    /// <summary>Those first seen while everybody reconnected.</summary>
    public ushort Troubled;

    /// <summary>Most sessions open at once.</summary>
    public ushort MostOpen;

    /// <summary>Times that a running session was heard from a network it had not been in a moment before.</summary>
    public ushort Handovers;

    /// <summary>Times that it came to a home line straight from one in another country.</summary>
    public ushort CountryChanges;

    /// <summary>Those of the account's earlier tokens.</summary>
    public ushort ChangesTakenOver;

    /// <summary>Whether nothing was counted.</summary>
    public readonly bool IsEmpty => Watched == 0 && (Sessions | MostOpen) == 0 && IsOrdinary;

    /// <summary>Whether nothing was counted but sessions, how many were open, and how long they were watched.</summary>
    public readonly bool IsOrdinary =>
        DataCentreWatched == 0 && Unexpected == 0
            && (MissingReferrer | UnknownReferrer | Troubled | Handovers | CountryChanges | ChangesTakenOver) == 0;
}

/// <summary>One minute of an address.</summary>
public struct AddressMinute
{
    /// <summary>Sessions started.</summary>
    public ushort Starts;

    /// <summary>Sessions that ended within seconds of their start.</summary>
    public ushort Short;
}

/// <summary>A ring of <see cref="Length"/> minutes.</summary>
[InlineArray(Length)]
public struct AddressMinutes
{
    /// <summary>Minutes kept.</summary>
    public const int Length = 10;

    private AddressMinute _first;
}

/// <summary>A ring of session counts over the window.</summary>
[InlineArray(Length)]
public struct CountSlots
{
    /// <summary>Slots that make up the window.</summary>
    public const int Length = TokenWindows.Length;

    private uint _first;
}

/// <summary>Moves rings of slots forward: every slot skipped since the last use is cleared.</summary>
public static class SlotRing
{
    /// <summary>
    /// Brings the ring to <paramref name="slot"/> and returns the place of that slot. Time never runs backwards here: the
    /// events come in order of event time.
    /// </summary>
    public static int Advance<T>(Span<T> ring, ref long current, long slot)
        where T : struct
    {
        long steps = slot - current;
        if (steps > 0)
        {
            if (steps >= ring.Length)
            {
                ring.Clear();
            }
            else
            {
                for (long s = current + 1; s <= slot; s++)
                {
                    ring[(int)(s % ring.Length)] = default;
                }
            }
            current = slot;
        }
        return (int)(slot % ring.Length);
    }

    /// <summary>The sum of a ring that is brought to <paramref name="slot"/>.</summary>
    public static int Sum(Span<uint> ring, ref long current, long slot)
    {
        Advance(ring, ref current, slot);
        uint sum = 0;
        foreach (uint count in ring)
        {
            sum += count;
        }
        return (int)Math.Min(sum, int.MaxValue);
    }

    /// <summary>Adds one to a count that stays at its largest value when it is full.</summary>
    public static void Increment(ref ushort count)
    {
        if (count != ushort.MaxValue)
        {
            count++;
        }
    }
}
