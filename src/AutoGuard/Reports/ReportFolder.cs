using System.Globalization;
using System.Text.RegularExpressions;

namespace AutoGuard.Reports;

/// <summary>
/// The folder of scheduled reports. Names carry the end of the period, <c>flagged-2025-11-14T0600Z.html</c>: a period made
/// again replaces its files, names sort by time, and nothing else in the folder is ever touched.
/// </summary>
internal sealed partial class ReportFolder(string path)
{
    private const string TimeFormat = "yyyy-MM-dd'T'HHmm'Z'";

    /// <summary>Full path of a report's file.</summary>
    public string FileOf(DateTimeOffset end, string format) =>
        Path.Combine(path, $"flagged-{end.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture)}.{format}");

    /// <summary>When the folder was first used; now, and noted in a hidden file, if it has not been.</summary>
    public DateTimeOffset InUseSince(DateTimeOffset now)
    {
        var note = Path.Combine(path, ".since");
        if (File.Exists(note) && DateTimeOffset.TryParse(
            File.ReadAllText(note), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var since))
        {
            return since;
        }

        Directory.CreateDirectory(path);
        File.WriteAllText(note, ReportClock.Machine(now.ToUnixTimeMilliseconds()));
        return now;
    }

    /// <summary>End of the latest period that has a report; null when there is none.</summary>
    public DateTimeOffset? Latest()
    {
        DateTimeOffset? latest = null;
        foreach (var (_, end) in Reports())
        {
            latest = latest is null || end > latest ? end : latest;
        }

        return latest;
    }

    /// <summary>Deletes reports of periods that ended before a time, and what a crash left of files being written; returns how many files.</summary>
    public int DeleteBefore(DateTimeOffset oldest)
    {
        var deleted = 0;
        foreach (var file in Reports().Where(report => report.End < oldest).Select(report => report.File).Concat(Remains(oldest)).ToList())
        {
            File.Delete(file);
            deleted++;
        }

        return deleted;
    }

    [GeneratedRegex(@"\Aflagged-(\d{4}-\d{2}-\d{2}T\d{4}Z)\.(?:html|json|csv)\z", RegexOptions.CultureInvariant)]
    private static partial Regex Name();

    [GeneratedRegex(@"\A\.flagged-(\d{4}-\d{2}-\d{2}T\d{4}Z)\.(?:html|json|csv)\.\d+-\d+\.tmp\z", RegexOptions.CultureInvariant)]
    private static partial Regex RemainsName();

    private IEnumerable<(string File, DateTimeOffset End)> Reports() => Matching(Name());

    private IEnumerable<string> Remains(DateTimeOffset oldest) =>
        Matching(RemainsName()).Where(file => file.End < oldest).Select(file => file.File);

    private IEnumerable<(string File, DateTimeOffset End)> Matching(Regex name)
    {
        if (!Directory.Exists(path))
        {
            yield break;
        }

        var all = new EnumerationOptions { AttributesToSkip = FileAttributes.Directory };
        foreach (var file in Directory.EnumerateFiles(path, "*", all))
        {
            if (name.Match(Path.GetFileName(file)) is { Success: true } match && DateTimeOffset.TryParseExact(
                match.Groups[1].ValueSpan, TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var end))
            {
                yield return (file, end);
            }
        }
    }
}
