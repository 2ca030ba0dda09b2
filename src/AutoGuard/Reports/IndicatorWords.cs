using System.Collections.Frozen;

namespace AutoGuard.Reports;

/// <summary>An indicator's title and unit for readers.</summary>
/// <param name="Letter">Letter of the Token Guardian View, or empty.</param>
/// <param name="Title">A few words.</param>
/// <param name="Format">Writes a value with its unit.</param>
internal sealed record IndicatorWords(string Letter, string Title, Func<double, string> Format)
{
    private static readonly FrozenDictionary<string, IndicatorWords> Known = new Dictionary<string, IndicatorWords>
    {
        ["DistinctNetworks"] = new("A", "Many networks", Counted("network", "networks")),
        ["SessionsPerToken"] = new("A", "Many sessions", Counted("session", "sessions")),
        ["DataCentre"] = new("B", "Data-centre traffic", Share("of playback")),
        ["UnknownReferrer"] = new("C", "Unknown referrer", Share("of sessions")),
        ["MissingReferrer"] = new("C", "Missing referrer", Share("of sessions")),
        ["GeographicSpread"] = new("D", "Several countries", Counted("country", "countries")),
        ["LongPlayback"] = new("E", "Long playback", hours => ReportWords.Duration(hours * 3600)),
        ["ConcurrentSessions"] = new("F", "Concurrent sessions", Counted("session", "sessions")),
        ["ConcurrentNetworks"] = new("F", "Places at once", Counted("place", "places")),
        ["SessionHandovers"] = new("F", "Sessions in turns", Counted("handover", "handovers")),
        ["DistinctOperators"] = new("A", "Several operators", Counted("operator", "operators")),
        ["CountryChanges"] = new("D", "Countries in turns", Counted("change", "changes")),
        ["DistinctHomes"] = new("A", "Several homes", Counted("line", "lines")),
        ["ToolAgent"] = new("", "Recording tools", Share("of sessions")),
        ["DataCentreTokens"] = new("B", "Many tokens in a data centre", Counted("token", "tokens")),
        ["DistinctAgents"] = new("A", "Several players", Counted("player", "players")),
        ["AddressAttempts"] = new("", "Attempts of seconds", Counted("session", "sessions")),
        ["Campaign"] = new("", "Not alone", Counted("address", "addresses")),
        ["DataCentreSessions"] = new("B", "Sessions at once in a data centre", Counted("session", "sessions")),
        ["Successor"] = new("", "Goes on for a revoked token", Share("the same")),
        ["SuspectTokens"] = new("B", "Suspects at the address", Counted("token", "tokens")),
        ["MissingToken"] = new("", "Without a token", Counted("session", "sessions")),
        ["SiteMissingToken"] = new("", "Networks without a token", Counted("network", "networks")),
        ["NetworkConnections"] = new("", "Many connections at once", Counted("connection", "connections")),
        ["TokenSpike"] = new("", "Sudden rise of starts", Odds),
        ["AddressConnections"] = new("", "Many connections at once", Counted("connection", "connections")),
        ["AddressReconnects"] = new("", "Automated reconnects", value => $"{ReportWords.Value(value)} a minute"),
        ["AddressTokens"] = new("", "Many tokens", Counted("token", "tokens")),
        ["AddressSpike"] = new("", "Sudden rise of starts", Odds),
        ["AddressDataCentre"] = new("", "Data-centre traffic", Share("of playback")),
        ["SubnetOffenders"] = new("", "Offending neighbours", Counted("address", "addresses")),
        ["UnofficialReferrer"] = new("", "Unofficial page", Counted("viewer", "viewers")),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The words for an indicator by its configuration name; an unknown one is shown under its name, without a unit.</summary>
    public static IndicatorWords Of(string indicator) =>
        Known.TryGetValue(indicator, out var words) ? words : new("", VisibleText.Of(indicator, 32), ReportWords.Value);

    /// <summary>Names that have words, for the test that holds them against the configuration.</summary>
    public static IEnumerable<string> Names => Known.Keys;

    private static Func<double, string> Counted(string one, string many) => value => $"{ReportWords.Value(value)} {(value == 1 ? one : many)}";

    private static Func<double, string> Share(string whole) => value => $"{ReportWords.Percent(value)} {whole}";

    /// <summary>A spike is measured as -log10 of how likely it is by chance; odds are easier to picture.</summary>
    private static string Odds(double value)
    {
        if (!double.IsFinite(value))
        {
            return ReportWords.Value(value);
        }

        var odds = Math.Pow(10, Math.Max(0, value));
        return odds < 1e12
            ? $"1 in {ReportWords.Number((long)Math.Round(odds))}"
            : $"1 in 10^{ReportWords.Value(Math.Round(value))}";
    }
}
