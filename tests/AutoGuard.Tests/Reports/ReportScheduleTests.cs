using System.ComponentModel.DataAnnotations;
using System.Globalization;
using AutoGuard.Reports;

namespace AutoGuard.Tests.Reports;

public sealed class ReportScheduleTests
{
    [Fact]
    public void The_defaults_are_valid()
    {
        var options = new ReportOptions();

        Assert.Null(ReportSchedule.Check(options));
        Assert.True(Validator.TryValidateObject(options, new ValidationContext(options), null, validateAllProperties: true));
    }

    [Theory]
    [InlineData("Cron", "0 6 * * *", "Reports:Cron '0 6 * * *' cannot be read")]
    [InlineData("Cron", "every day", "Reports:Cron 'every day' cannot be read")]
    [InlineData("Cron", "0 0 6 * * MOON", "cannot be read")]
    [InlineData("Cron", "0 0 6 31 2 ?", "never comes true")]
    [InlineData("Cron", "0/30 * * * * ?", "more often than once a minute")]
    [InlineData("TimeZone", "Mars/Olympus", "Reports:TimeZone 'Mars/Olympus' is not a time zone")]
    [InlineData("TimeZone", "../../etc/passwd", "is not a time zone")]
    [InlineData("TimeZone", "", "is not a time zone")]
    [InlineData("Formats", "html,pdf", "Reports:Formats 'html,pdf' must name one or more of html, json, csv")]
    [InlineData("Formats", ",", "must name one or more")]
    [InlineData("Folder", "a\0b", "Reports:Folder")]
    public void A_wrong_value_is_named_with_what_is_allowed(string key, string value, string expected)
    {
        var options = new ReportOptions();
        typeof(ReportOptions).GetProperty(key)!.SetValue(options, value);

        Assert.Contains(expected, ReportSchedule.Check(options), StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => ReportSchedule.Of(options, "/tmp"));
    }

    [Fact]
    public void All_errors_are_told_at_once()
    {
        var error = ReportSchedule.Check(new ReportOptions { Cron = "x", TimeZone = "y", Formats = "z" });

        Assert.All((string[])["Reports:Cron", "Reports:TimeZone", "Reports:Formats"], key => Assert.Contains(key, error, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Retention", 0)]
    [InlineData("Retention", 3_651)]
    [InlineData("Period", "00:00:59")]
    [InlineData("Settling", "01:00:01")]
    public void Numbers_and_times_have_bounds(string key, object value)
    {
        var options = new ReportOptions();
        typeof(ReportOptions).GetProperty(key)!.SetValue(options, value is string text ? TimeSpan.Parse(text, CultureInfo.InvariantCulture) : value);

        var results = new List<ValidationResult>();
        Assert.False(Validator.TryValidateObject(options, new ValidationContext(options), results, validateAllProperties: true));
        Assert.Equal([key], Assert.Single(results).MemberNames);
    }

    [Theory]
    [InlineData("UTC", "1.00:00:00", "2025-11-14T06:00:00Z", "2025-11-13T06:00:00Z", "2025-11-14T06:00:00Z")]
    [InlineData("UTC", "1.00:00:00", "2025-11-14T05:59:59.999Z", "2025-11-12T06:00:00Z", "2025-11-13T06:00:00Z")]
    [InlineData("Europe/Berlin", "1.00:00:00", "2025-11-14T05:00:03Z", "2025-11-13T05:00:00Z", "2025-11-14T05:00:00Z")]
    [InlineData("Europe/Berlin", "1.00:00:00", "2025-10-26T09:00:00Z", "2025-10-25T04:00:00Z", "2025-10-26T05:00:00Z")]
    [InlineData("Europe/Berlin", "1.00:00:00", "2025-03-30T09:00:00Z", "2025-03-29T05:00:00Z", "2025-03-30T04:00:00Z")]
    [InlineData("Europe/Berlin", "7.00:00:00", "2025-10-27T09:00:00Z", "2025-10-20T04:00:00Z", "2025-10-27T05:00:00Z")]
    [InlineData("Europe/Berlin", "06:00:00", "2025-10-26T09:00:00Z", "2025-10-25T23:00:00Z", "2025-10-26T05:00:00Z")]
    public void A_period_ends_when_the_schedule_fired_and_is_cut_in_its_zone(string zone, string period, string now, string from, string to)
    {
        var schedule = ReportSchedule.Of(new ReportOptions { TimeZone = zone, Period = TimeSpan.Parse(period, CultureInfo.InvariantCulture) }, "/tmp");

        var due = schedule.DueAt(Time(now));

        Assert.Equal(new ReportPeriod(Time(from), Time(to)), schedule.PeriodEnding(due!.Value));
    }

    [Fact]
    public void Daily_periods_of_a_year_leave_no_gap_and_do_not_overlap()
    {
        var schedule = ReportSchedule.Of(new ReportOptions { TimeZone = "America/New_York" }, "/tmp");
        var due = schedule.DueAt(Time("2025-01-02T12:00:00Z"))!.Value;
        var lengths = new List<double>();
        for (var day = 0; day < 365; day++)
        {
            var next = schedule.Cron!.GetNextValidTimeAfter(due)!.Value.ToUniversalTime();
            Assert.Equal(due, schedule.DueAt(next.AddMilliseconds(-1)));
            Assert.Equal(due, schedule.PeriodEnding(next).From);
            lengths.Add((next - due).TotalHours);
            due = next;
        }

        Assert.Equal([(23.0, 1), (24.0, 363), (25.0, 1)], lengths.GroupBy(hours => hours).OrderBy(group => group.Key).Select(group => (group.Key, group.Count())));
    }

    [Fact]
    public void A_start_on_a_time_that_the_clocks_skip_moves_to_the_next_that_exists()
    {
        var schedule = ReportSchedule.Of(new ReportOptions { TimeZone = "America/New_York", Cron = "0 30 2 * * ?" }, "/tmp");

        Assert.Equal(Time("2025-03-09T07:00:00Z"), schedule.PeriodEnding(schedule.DueAt(Time("2025-03-10T12:00:00Z"))!.Value).From);
    }

    [Fact]
    public void The_folder_is_in_the_data_directory_unless_it_is_absolute()
    {
        Assert.Equal("/data/reports", ReportSchedule.Of(new ReportOptions(), "/data").Folder);
        Assert.Equal("/data/out", ReportSchedule.Of(new ReportOptions { Folder = "out" }, "/data").Folder);
        Assert.Equal("/srv/out", ReportSchedule.Of(new ReportOptions { Folder = "/srv/out" }, "/data").Folder);
        Assert.Equal(["csv", "html"], ReportSchedule.Of(new ReportOptions { Formats = " CSV, html ,csv" }, "/data").Formats);
        Assert.Null(ReportSchedule.Of(new ReportOptions { Cron = " " }, "/data").DueAt(Time("2025-01-01T00:00:00Z")));
    }

    private static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}
