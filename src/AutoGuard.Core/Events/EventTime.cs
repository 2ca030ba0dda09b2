using System.Runtime.CompilerServices;

namespace AutoGuard.Core.Events;

/// <summary>
/// Event times in Unix milliseconds, from RFC 3339 texts and JSON numbers. Finer parts are cut off, never rounded, and
/// only times from 2000-01-01 until before 2100-01-01 (UTC) are accepted: others are broken clocks or other units.
/// </summary>
internal static class EventTime
{
    private const long EarliestMilliseconds = 946_684_800_000;
    private const long EndMilliseconds = 4_102_444_800_000;
    private const int MillisecondsPerMinute = 60_000;

    /// <summary>Reads Unix milliseconds written as a JSON number.</summary>
    public static bool TryParseNumber(ReadOnlySpan<byte> number, out long milliseconds)
    {
        milliseconds = JsonText.Floor(number);
        return IsAccepted(milliseconds);
    }

    /// <summary>
    /// Reads an RFC 3339 date-time. As the RFC allows, <c>t</c>, <c>z</c> and a blank between date and time are
    /// accepted; second 60 is the first second of the next minute, as in Unix time.
    /// </summary>
    public static bool TryParseText(ReadOnlySpan<byte> text, out long milliseconds)
    {
        milliseconds = 0;
        if (text.Length < 20 || text[4] != (byte)'-' || text[7] != (byte)'-' || text[13] != (byte)':' || text[16] != (byte)':'
            || text[10] is not ((byte)'T' or (byte)'t' or (byte)' '))
        {
            return false;
        }
        if (!TryTwo(text, 0, out int century) || !TryTwo(text, 2, out int year) || !TryTwo(text, 5, out int month) || !TryTwo(text, 8, out int day)
            || !TryTwo(text, 11, out int hour) || !TryTwo(text, 14, out int minute) || !TryTwo(text, 17, out int second))
        {
            return false;
        }
        year += century * 100;
        if (year < 1 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month) || hour > 23 || minute > 59 || second > 60)
        {
            return false;
        }
        ReadOnlySpan<byte> rest = text[19..];
        if (!TryFraction(ref rest, out int fraction) || !TryOffset(rest, out int offsetMinutes))
        {
            return false;
        }
        long days = (new DateTime(year, month, day).Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerDay;
        long minutes = (days * 1440) + (hour * 60) + minute - offsetMinutes;
        milliseconds = (minutes * MillisecondsPerMinute) + (second * 1000) + fraction;
        return IsAccepted(milliseconds);
    }

    private static bool IsAccepted(long milliseconds) => milliseconds is >= EarliestMilliseconds and < EndMilliseconds;

    private static bool TryFraction(ref ReadOnlySpan<byte> rest, out int milliseconds)
    {
        milliseconds = 0;
        if (rest[0] != (byte)'.')
        {
            return true;
        }
        int digits = 0;
        int weight = 100;
        while (digits + 1 < rest.Length && (uint)(rest[digits + 1] - '0') <= 9)
        {
            milliseconds += (rest[digits + 1] - '0') * weight;
            weight /= 10;
            digits++;
        }
        rest = rest[(digits + 1)..];
        return digits > 0;
    }

    private static bool TryOffset(ReadOnlySpan<byte> text, out int minutes)
    {
        minutes = 0;
        if (text.Length == 1)
        {
            return text[0] is (byte)'Z' or (byte)'z';
        }
        if (text.Length != 6 || text[0] is not ((byte)'+' or (byte)'-') || text[3] != (byte)':'
            || !TryTwo(text, 1, out int hour) || !TryTwo(text, 4, out int minute) || hour > 23 || minute > 59)
        {
            return false;
        }
        minutes = (hour * 60) + minute;
        if (text[0] == (byte)'-')
        {
            minutes = -minutes;
        }
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryTwo(ReadOnlySpan<byte> text, int at, out int value)
    {
        int tens = text[at] - '0';
        int ones = text[at + 1] - '0';
        value = (tens * 10) + ones;
        return (uint)tens <= 9 && (uint)ones <= 9;
    }
}
