namespace AutoGuard.Simulation.World;

/// <summary>User agents by kind of client.</summary>
internal static class Clients
{
    private static readonly string[] DesktopAgents =
    [
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36 Edg/130.0.0.0",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
        "Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0",
    ];

    private static readonly string[] PhoneAgents =
    [
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
        "Mozilla/5.0 (Linux; Android 14; SM-S928B) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36",
        "Mozilla/5.0 (Linux; Android 13; Redmi Note 12) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile Safari/537.36",
        "Mozilla/5.0 (iPad; CPU OS 17_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.7 Mobile/15E148 Safari/604.1",
    ];

    private static readonly string[] NativeAgents =
    [
        "ArenaLive/5.2.1 (Apple TV; tvOS 18.1)",
        "ArenaLive/5.2.0 (Android TV; 12; BRAVIA 4K)",
        "AppleCoreMedia/1.0.0.22B83 (Apple TV; U; CPU OS 18_1 like Mac OS X; en_us)",
        "Roku/DVP-12.5 (12.5.0.4178)",
        "ExoPlayerLib/2.19.1",
        "okhttp/4.12.0",
        "VLC/3.0.20 LibVLC/3.0.20",
        "Kodi/21.1 (Linux; Android 11)",
    ];

    private static readonly string[] HostileAgents =
    [
        "<script>alert(document.cookie)</script>",
        "\"><img src=x onerror=alert(1)>",
        "=HYPERLINK(\"http://example.com/?\"&A1,\"open\")",
        "'; DROP TABLE decisions; --",
        "{{7*7}} ${7*7} %n%n%n ..\\..\\etc",
        "\u202Eevil\u0085\u2028Firefox/131.0",
    ];

    public static ReadOnlySpan<string> Hostile => HostileAgents;

    public static ReadOnlySpan<string> Desktop => DesktopAgents;

    public static ReadOnlySpan<string> Phone => PhoneAgents;

    public static ReadOnlySpan<string> Native => NativeAgents;

    public const string Ffmpeg = "Lavf/58.76.100";

    public const string Script = "python-requests/2.31.0";

    public const string Go = "Go-http-client/1.1";

    public const string Probe = "arena-probe/1.4";

    public const string PartnerProbe = "Mozilla/5.0+(compatible; UptimeCheck/2.0; https://status.partner.example)";

    public const string Pirate = "FreeSportsTV/3.4 (Linux; Android 13) ExoPlayerLib/2.19.1";

    /// <summary>User agents of so many different screens, 1 to 8: the given one, and others of apps if it is one, or of browsers.</summary>
    public static string[] Different(int count, string first, DeterministicRandom random)
    {
        List<string> agents = [first];
        bool areApps = NativeAgents.Contains(first);
        while (agents.Count < count)
        {
            string next = areApps ? random.Pick(Native) : Browser(random);
            if (!agents.Contains(next))
            {
                agents.Add(next);
            }
        }

        return [.. agents];
    }

    public static string Browser(DeterministicRandom random) => random.Pick(random.Chance(0.55) ? Desktop : Phone);
}
