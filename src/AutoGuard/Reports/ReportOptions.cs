using System.ComponentModel.DataAnnotations;
using AutoGuard.Core.Configuration;

namespace AutoGuard.Reports;

/// <summary>Section <c>Reports</c>: flagged-token reports written on a schedule.</summary>
public sealed class ReportOptions
{
    /// <summary>Where reports are written; empty: <c>reports</c> in the data directory. A relative path starts at the data directory.</summary>
    public string Folder { get; set; } = "";

    /// <summary>
    /// When reports are written, a Quartz cron expression (seconds first) on the wall clock of <see cref="TimeZone"/>; empty:
    /// never. Not more often than once a minute.
    /// </summary>
    public string Cron { get; set; } = "0 0 6 * * ?";

    /// <summary>IANA time zone of the schedule, of the period's cut and of the times shown.</summary>
    [Required]
    public string TimeZone { get; set; } = "UTC";

    /// <summary>Formats to write, separated by commas: <c>html</c>, <c>json</c>, <c>csv</c>. A text, so that an overlay replaces it as a whole.</summary>
    [Required]
    public string Formats { get; set; } = "html,json,csv";

    /// <summary>Days after which a report of the schedule is deleted, 1 to 3,650.</summary>
    [Range(1, 3_650)]
    public int Retention { get; set; } = 90;

    /// <summary>
    /// Length of the period, which ends when the schedule fires. Whole days are days of the calendar, of 23 or 25 hours when
    /// the clocks change. 1 minute to 366 days.
    /// </summary>
    [TimeRange("00:01:00", "366.00:00:00")]
    public TimeSpan Period { get; set; } = TimeSpan.FromDays(1);

    /// <summary>
    /// How long after the end of the period a report is read, so that the last events are decided and stored; more than
    /// <c>Detection:AllowedLateness</c> and a few ticks. 0 to 1 hour.
    /// </summary>
    [TimeRange("00:00:00", "01:00:00")]
    public TimeSpan Settling { get; set; } = TimeSpan.FromMinutes(2);
}
