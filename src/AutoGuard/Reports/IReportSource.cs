using AutoGuard.Core.Reporting;

namespace AutoGuard.Reports;

/// <summary>Where reports come from: the store of decisions and evidence.</summary>
public interface IReportSource
{
    /// <summary>
    /// Everything flagged in the half-open period [from, to) by event time. Throws when it cannot be read: an error must
    /// not look like a quiet day.
    /// </summary>
    Task<FlaggedReport> ReadAsync(DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken);

    /// <summary>
    /// Whether every event before <paramref name="to"/> has been judged and its decisions stored. A worker that catches up
    /// after a stop says no, and its report waits.
    /// </summary>
    ValueTask<bool> IsCompleteAsync(DateTimeOffset to, CancellationToken cancellationToken) => ValueTask.FromResult(true);
}
