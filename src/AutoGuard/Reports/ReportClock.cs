using System.Globalization;

namespace AutoGuard.Reports;

/// <summary>Turns the Unix milliseconds of a report into text, in the report's zone for people and in UTC for programs.</summary>
internal sealed class ReportClock(TimeZoneInfo zone)
{
    private static readonly long Earliest = DateTimeOffset.MinValue.AddDays(2).ToUnixTimeMilliseconds();
    private static readonly long Latest = DateTimeOffset.MaxValue.AddDays(-2).ToUnixTimeMilliseconds();

    private static readonly long EndOfPlausible = new DateTimeOffset(9000, 1, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();

    public TimeZoneInfo Zone { get; } = zone;

    /// <summary>The clock of a report; throws <see cref="TimeZoneNotFoundException"/> when this machine does not know the zone.</summary>
    public static ReportClock Of(string timeZone) => new(TimeZoneInfo.FindSystemTimeZoneById(timeZone));

    /// <summary>Moves a time into the years 1970 to 9000, where sums and differences of times cannot overflow.</summary>
    public static long Plausible(long milliseconds) => Math.Clamp(milliseconds, 0, EndOfPlausible);

    /// <summary>An instant on the zone's wall clock. Times outside the calendar are moved to its ends, so nothing a report holds can throw.</summary>
    public DateTimeOffset Local(long milliseconds) => TimeZoneInfo.ConvertTime(Utc(milliseconds), Zone);

    /// <summary><c>14 Nov 2025, 18:03:21</c>.</summary>
    public string Second(long milliseconds) => Local(milliseconds).ToString("d MMM yyyy, HH:mm:ss", CultureInfo.InvariantCulture);

    /// <summary><c>14 Nov 2025, 18:03</c>.</summary>
    public string Minute(long milliseconds) => Local(milliseconds).ToString("d MMM yyyy, HH:mm", CultureInfo.InvariantCulture);

    /// <summary><c>14 Nov, 18:03</c>.</summary>
    public string Short(long milliseconds) => Local(milliseconds).ToString("d MMM, HH:mm", CultureInfo.InvariantCulture);

    /// <summary><c>14 Nov 2025</c>.</summary>
    public string Day(long milliseconds) => Local(milliseconds).ToString("d MMM yyyy", CultureInfo.InvariantCulture);

    /// <summary><c>UTC+01:00</c>, or <c>UTC</c>: the zone's offset at an instant.</summary>
    public string Offset(long milliseconds)
    {
        var offset = Local(milliseconds).Offset;
        return offset == TimeSpan.Zero
            ? "UTC"
            : string.Create(CultureInfo.InvariantCulture, $"UTC{(offset < TimeSpan.Zero ? '−' : '+')}{offset:hh\\:mm}");
    }

    /// <summary>RFC 3339 in UTC with milliseconds.</summary>
    public static string Machine(long milliseconds) =>
        Utc(milliseconds).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary>Unix seconds as milliseconds. Claims are a stranger's numbers, so anything may stand there.</summary>
    public static long? FromSeconds(long? seconds) =>
        seconds is { } known ? Math.Clamp(known, long.MinValue / 1000, long.MaxValue / 1000) * 1000 : null;

    private static DateTimeOffset Utc(long milliseconds) =>
        DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(milliseconds, Earliest, Latest));
}
