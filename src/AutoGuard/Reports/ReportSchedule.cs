using System.Diagnostics.CodeAnalysis;
using Quartz;

namespace AutoGuard.Reports;

/// <summary>A report's half-open period [From, To); <see cref="To"/> is when the schedule fired, to the minute.</summary>
public readonly record struct ReportPeriod(DateTimeOffset From, DateTimeOffset To);

/// <summary>The compiled form of <see cref="ReportOptions"/>: which period ends when, and which files it becomes.</summary>
public sealed class ReportSchedule
{
    private ReportSchedule(CronExpression? cron, TimeZoneInfo zone, ReportOptions options, string folder)
    {
        Cron = cron;
        Zone = zone;
        Folder = folder;
        Formats = [.. Split(options.Formats)];
        Retention = TimeSpan.FromDays(options.Retention);
        Period = options.Period;
        Settling = options.Settling;
    }

    /// <summary>When reports are due, in <see cref="Zone"/>; null: never.</summary>
    public CronExpression? Cron { get; }

    /// <summary>Zone of the schedule and of the period's cut.</summary>
    public TimeZoneInfo Zone { get; }

    /// <summary>Full path of the folder.</summary>
    public string Folder { get; }

    /// <summary>Formats, lower case, without repetition.</summary>
    public IReadOnlyList<string> Formats { get; }

    /// <summary>Age at which reports are deleted.</summary>
    public TimeSpan Retention { get; }

    /// <summary>Length of a period.</summary>
    public TimeSpan Period { get; }

    /// <summary>Wait between the end of a period and its report.</summary>
    public TimeSpan Settling { get; }

    /// <summary>Tells what is wrong with the schedule, zone or formats, naming the key and what is allowed; null when nothing is.</summary>
    public static string? Check(ReportOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var errors = new List<string>();
        if (!TryZone(options.TimeZone, out var zone))
        {
            errors.Add($"Reports:TimeZone '{options.TimeZone}' is not a time zone of this machine; write an IANA name such as UTC or Europe/Berlin.");
        }

        if (options.Cron.Trim().Length > 0 && CheckCron(options.Cron, zone ?? TimeZoneInfo.Utc) is { } error)
        {
            errors.Add(error);
        }

        var formats = Split(options.Formats).ToList();
        if (formats.Count == 0 || formats.Exists(format => !FlaggedReports.Formats.Contains(format)))
        {
            errors.Add($"Reports:Formats '{options.Formats}' must name one or more of {string.Join(", ", FlaggedReports.Formats)}, separated by commas.");
        }

        if (options.Folder.AsSpan().ContainsAny(Path.GetInvalidPathChars()))
        {
            errors.Add("Reports:Folder holds characters that no path can have.");
        }

        return errors.Count == 0 ? null : string.Join(" ", errors);
    }

    /// <summary>Compiles options; throws <see cref="ArgumentException"/> with the text of <see cref="Check"/> when they are wrong.</summary>
    public static ReportSchedule Of(ReportOptions options, string dataDirectory)
    {
        if (Check(options) is { } error)
        {
            throw new ArgumentException(error, nameof(options));
        }

        var zone = TimeZoneInfo.FindSystemTimeZoneById(options.TimeZone);
        var cron = options.Cron.Trim().Length == 0 ? null : CronExpression.Parse(options.Cron).WithTimeZone(zone);
        var folder = Path.GetFullPath(options.Folder.Length == 0 ? "reports" : options.Folder, Path.GetFullPath(dataDirectory));
        return new ReportSchedule(cron, zone, options, folder);
    }

    /// <summary>The latest time at or before <paramref name="time"/> at which a report was due; null when there is none.</summary>
    public DateTimeOffset? DueAt(DateTimeOffset time) => Cron?.GetPreviousValidTimeBefore(time.AddMilliseconds(1))?.ToUniversalTime();

    /// <summary>The period that ends at <paramref name="end"/>. Whole days are taken on the zone's calendar, the rest on the clock.</summary>
    public ReportPeriod PeriodEnding(DateTimeOffset end)
    {
        var to = end.ToUniversalTime();
        var days = Math.Floor(Period.TotalDays);
        var wall = TimeZoneInfo.ConvertTime(to, Zone).DateTime.AddDays(-days);
        while (Zone.IsInvalidTime(wall))
        {
            wall = wall.AddMinutes(1);
        }

        var start = days == 0 ? to : new DateTimeOffset(wall, Zone.GetUtcOffset(wall)).ToUniversalTime();
        return new ReportPeriod(start - (Period - TimeSpan.FromDays(days)), to);
    }

    private static string? CheckCron(string text, TimeZoneInfo zone)
    {
        const string Allowed = "write a Quartz cron expression, seconds first, such as '0 0 6 * * ?' (daily at 06:00)";
        CronExpression cron;
        try
        {
            cron = CronExpression.Parse(text).WithTimeZone(zone);
        }
        catch (FormatException error)
        {
            return $"Reports:Cron '{text}' cannot be read ({error.Message.TrimEnd('.')}); {Allowed}.";
        }

        // From a fixed Monday, so that the answer does not depend on the day it is asked.
        var time = new DateTimeOffset(2024, 1, 1, 0, 0, 0, TimeSpan.Zero);
        DateTimeOffset? last = null;
        for (var i = 0; i < 200; i++)
        {
            if (cron.GetNextValidTimeAfter(time) is not { } next)
            {
                return last is null ? $"Reports:Cron '{text}' never comes true; {Allowed}." : null;
            }

            if (next - last < TimeSpan.FromMinutes(1))
            {
                return $"Reports:Cron '{text}' fires more often than once a minute; {Allowed}.";
            }

            (last, time) = (next, next);
        }

        return null;
    }

    private static bool TryZone(string id, [NotNullWhen(true)] out TimeZoneInfo? zone)
    {
        zone = null;
        return !string.IsNullOrWhiteSpace(id) && TimeZoneInfo.TryFindSystemTimeZoneById(id, out zone);
    }

    private static IEnumerable<string> Split(string formats) => formats
        .Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        .Select(format => format.ToLowerInvariant())
        .Distinct(StringComparer.Ordinal);
}
