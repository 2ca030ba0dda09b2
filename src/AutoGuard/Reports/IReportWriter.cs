using AutoGuard.Core.Reporting;

namespace AutoGuard.Reports;

/// <summary>Writes a report in one format.</summary>
internal interface IReportWriter
{
    /// <summary>Writes the whole report; the stream stays open.</summary>
    Task WriteAsync(FlaggedReport report, Stream stream, CancellationToken cancellationToken);
}
