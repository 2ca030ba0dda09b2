using System.Globalization;

namespace AutoGuard.Replay;

/// <summary>Event times as texts.</summary>
internal static class EventTimeText
{
    /// <summary>RFC 3339 in UTC with milliseconds.</summary>
    public static string Of(long milliseconds) =>
        DateTimeOffset.FromUnixTimeMilliseconds(milliseconds).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
