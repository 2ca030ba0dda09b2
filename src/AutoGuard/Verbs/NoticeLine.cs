using System.Globalization;
using AutoGuard.Core.Policy;
using AutoGuard.Live;

namespace AutoGuard.Verbs;

/// <summary>A notice as one line of plain text.</summary>
internal static class NoticeLine
{
    /// <summary>Time, tenant if it is about one, and the sentence.</summary>
    public static string Of(Notice notice)
    {
        string time = DateTimeOffset.FromUnixTimeMilliseconds(notice.Time).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
        string tenant = notice.Organization is { } name ? $"{TerminalText.Visible(name, 60)}: " : "";
        return TerminalText.Visible($"  {time}  {tenant}{notice.Text}", 400);
    }
}
