using System.Diagnostics.Metrics;

namespace AutoGuard.Reports;

/// <summary>Instruments of scheduled reports.</summary>
internal sealed class ReportMetrics
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "AutoGuard.Reports";

    private readonly Histogram<double> _duration;
    private readonly Counter<long> _failures;

    public ReportMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _duration = meter.CreateHistogram<double>("autoguard.report.duration", "s", "Time to read and write a flagged-token report.");
        _failures = meter.CreateCounter<long>("autoguard.report.failure", "{report}", "Flagged-token reports that could not be written.");
    }

    public void Written(TimeSpan duration) => Record(duration, "written");

    public void Failed(TimeSpan duration)
    {
        Record(duration, "failed");
        _failures.Add(1, new KeyValuePair<string, object?>("report", "flagged"));
    }

    private void Record(TimeSpan duration, string outcome) => _duration.Record(
        duration.TotalSeconds,
        new KeyValuePair<string, object?>("report", "flagged"),
        new KeyValuePair<string, object?>("outcome", outcome));
}
