using AutoGuard.Core.Reporting;

namespace AutoGuard.Reports;

/// <summary>Writes flagged-token reports in the format that a file's extension names: <c>.html</c>, <c>.json</c> or <c>.csv</c>.</summary>
public static class FlaggedReports
{
    /// <summary>Extensions without the dot, in the order of the documentation.</summary>
    public static IReadOnlyList<string> Formats { get; } = ["html", "json", "csv"];

    /// <summary>Tells what is wrong with a report's file name, for the command line; null when it can be written.</summary>
    public static string? Check(string path)
    {
        var extension = Path.GetExtension(path);
        return Writer(extension) is not null
            ? null
            : $"'{path}' {(extension.Length == 0 ? "has no extension" : $"ends in '{extension}'")}, which is no report format. Allowed are .html, .json and .csv.";
    }

    /// <summary>
    /// Writes a report to a file, whole or not at all. Throws <see cref="ArgumentException"/> for an extension that is not
    /// known, <see cref="TimeZoneNotFoundException"/> for a zone that this machine does not know, and what the file system throws.
    /// </summary>
    public static Task WriteAsync(FlaggedReport report, string path, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(report);
        var writer = Writer(Path.GetExtension(path)) ?? throw new ArgumentException(Check(path), nameof(path));
        return AtomicFile.WriteAsync(path, (stream, token) => writer.WriteAsync(report, stream, token), cancellationToken);
    }

    /// <summary>Writes a report in one of <see cref="Formats"/> to a stream, which stays open.</summary>
    public static Task WriteAsync(FlaggedReport report, Stream stream, string format, CancellationToken cancellationToken)
    {
        var writer = Writer("." + format)
            ?? throw new ArgumentException($"'{format}' is no report format. Allowed are html, json and csv.", nameof(format));
        return writer.WriteAsync(report, stream, cancellationToken);
    }

    private static IReportWriter? Writer(string? extension) => extension?.ToLowerInvariant() switch
    {
        ".html" => new HtmlReportWriter(),
        ".json" => new JsonReportWriter(),
        ".csv" => new CsvReportWriter(),
        _ => null,
    };
}
