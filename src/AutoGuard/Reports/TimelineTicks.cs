using System.Globalization;

namespace AutoGuard.Reports;

/// <summary>A mark of the time axis.</summary>
/// <param name="Time">Unix milliseconds.</param>
/// <param name="Label">Text under it.</param>
internal readonly record struct TimelineTick(long Time, string Label);

/// <summary>Chooses marks of a time axis at round times of the report's zone, also across changes of its offset.</summary>
internal static class TimelineTicks
{
    private const int Most = 6;

    private static readonly TimeSpan[] Steps =
    [
        TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(15),
        TimeSpan.FromMinutes(30), TimeSpan.FromHours(1), TimeSpan.FromHours(2), TimeSpan.FromHours(3), TimeSpan.FromHours(6),
        TimeSpan.FromHours(12), TimeSpan.FromDays(1), TimeSpan.FromDays(2), TimeSpan.FromDays(7), TimeSpan.FromDays(14),
        TimeSpan.FromDays(30), TimeSpan.FromDays(90), TimeSpan.FromDays(365),
    ];

    /// <summary>At most six marks within [from, to]; none when the range is longer than six years. Both within <see cref="ReportClock.Plausible"/>.</summary>
    public static IReadOnlyList<TimelineTick> Of(long from, long to, ReportClock clock)
    {
        var span = TimeSpan.FromMilliseconds(to - from);
        var step = Array.Find(Steps, candidate => span / candidate <= Most - 0.5);
        if (step == default)
        {
            return [];
        }

        var ticks = new List<TimelineTick>(Most);
        var wall = Floor(clock.Local(from).DateTime, step);
        for (var i = 0; i <= Most + 2; i++, wall += step)
        {
            if (clock.Zone.IsInvalidTime(wall))
            {
                continue;
            }

            var time = new DateTimeOffset(wall, clock.Zone.GetUtcOffset(wall)).ToUnixTimeMilliseconds();
            if (time >= from && time <= to && ticks.Count < Most && (ticks.Count == 0 || time > ticks[^1].Time))
            {
                ticks.Add(new TimelineTick(time, Label(wall)));
            }
        }

        return ticks;
    }

    private static DateTime Floor(DateTime wall, TimeSpan step) =>
        DateTime.SpecifyKind(new DateTime(wall.Ticks - (wall.Ticks % step.Ticks)), DateTimeKind.Unspecified);

    private static string Label(DateTime wall) =>
        wall.ToString(wall.TimeOfDay == TimeSpan.Zero ? "d MMM" : "HH:mm", CultureInfo.InvariantCulture);
}
