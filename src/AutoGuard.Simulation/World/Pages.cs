namespace AutoGuard.Simulation.World;

/// <summary>Pages that embed the player.</summary>
internal static class Pages
{
    /// <summary>What the operator of every scenario has configured as <c>Referrers:Official</c>.</summary>
    public static readonly string[] Official = ["arena-live.example", "*.arena-live.example", "sports.daily-news.example"];

    private static readonly string[] Hosts =
    [
        "https://www.arena-live.example", "https://www.arena-live.example", "https://www.arena-live.example",
        "https://m.arena-live.example", "https://arena-live.example", "https://sports.daily-news.example",
    ];

    /// <summary>The origin of one of the official pages.</summary>
    public static string AnyOfficialHost(DeterministicRandom random) => random.Pick<string>(Hosts);

    /// <summary>What a browser on the page of this origin sends: some the whole address, others only the origin.</summary>
    public static string Sent(DeterministicRandom random, string stream, string origin) =>
        random.Chance(0.3) ? $"{origin}/watch/{stream}" : $"{origin}/";

    /// <summary>A page nobody listed, which a handful of viewers come from: a portal, a cache, an intranet.</summary>
    public static string OddPage(long viewer) => $"https://portal-{viewer / 800}.example";

    /// <summary>The origin of a page of the tenant, or of the platform.</summary>
    public static string AnyHostOf(string tenant, DeterministicRandom random) => random.Below(5) switch
    {
        0 => AnyOfficialHost(random),
        1 => $"https://m.{tenant}.example",
        _ => $"https://www.{tenant}.example",
    };

    /// <summary>What the operator has listed for a tenant.</summary>
    public static string[] OfficialOf(string tenant) => [$"{tenant}.example", $"*.{tenant}.example"];

    /// <summary>The origin of a page that nobody listed and a few honest viewers use.</summary>
    public static string Unlisted(long page) => (page % 4) switch
    {
        0 => $"https://intranet.works-{page}.example",
        1 => $"https://arena-live-example-{page}.translated.example",
        2 => $"https://snapshot-{page}.web-archive.example",
        _ => $"https://start-{page}.portal.example",
    };
}
