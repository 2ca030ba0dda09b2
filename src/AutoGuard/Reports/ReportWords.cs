using System.Globalization;
using AutoGuard.Core.Policy;
using AutoGuard.Core.Reporting;

namespace AutoGuard.Reports;

/// <summary>Figures and enumerations as an operator would say them. All in the invariant culture: a report reads the same everywhere.</summary>
internal static class ReportWords
{
    public static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    public static string Score(double value) => Math.Abs(value) < 1e6 ? value.ToString("0.00", CultureInfo.InvariantCulture) : Value(value);

    /// <summary>A measured value without a unit: whole numbers plainly, others with at most two decimals.</summary>
    public static string Value(double value) => value switch
    {
        double.PositiveInfinity => "∞",
        _ when !double.IsFinite(value) => "–",
        _ when Math.Abs(value) >= 1e15 => value.ToString("0.##e+0", CultureInfo.InvariantCulture),
        _ => value.ToString("#,0.##", CultureInfo.InvariantCulture),
    };

    public static string Percent(double share) =>
        Math.Abs(share) < 1e6 ? string.Create(CultureInfo.InvariantCulture, $"{share * 100:0.#} %") : Value(share);

    /// <summary>Playback time in the two largest units that matter: <c>45 s</c>, <c>12 min</c>, <c>3 h 20 min</c>, <c>2 d 4 h</c>.</summary>
    public static string Duration(double seconds)
    {
        if (!double.IsFinite(seconds) || seconds < 0)
        {
            return "–";
        }

        if (seconds < 59.5)
        {
            return string.Create(CultureInfo.InvariantCulture, $"{seconds:0} s");
        }

        var minutes = (long)Math.Round(Math.Min(seconds, 1e12) / 60);
        return minutes switch
        {
            < 60 => Pair(minutes, "min", 0, ""),
            < 48 * 60 => Pair(minutes / 60, "h", minutes % 60, "min"),
            _ => Pair(minutes / 1440, "d", minutes % 1440 / 60, "h"),
        };
    }

    /// <summary>What the traffic did after an action.</summary>
    public static string Effect(string effect) => effect switch
    {
        "waiting" => "Being watched",
        "stopped" => "Traffic stopped",
        "draining" => "Nothing new began",
        "moved" => "Moved elsewhere",
        "continued" => "Went on",
        _ => "Effect not seen",
    };

    /// <summary>What an engine made of a decision.</summary>
    public static string Outcome(EngineOutcome outcome) => outcome.Result switch
    {
        "applied" => "applied",
        "already_applied" => "had it already",
        "unsupported" => "not its business",
        "rejected" => "refused",
        "not_needed" => "not needed",
        _ => $"waiting after {Count(outcome.Attempts, "attempt", "attempts")}",
    };

    /// <summary>How an engine did, in a few words.</summary>
    public static string Summary(EngineSummary engine)
    {
        string[] parts =
        [
            $"{Number(engine.Applied)} applied",
            .. engine.Waiting > 0 ? [$"{Number(engine.Waiting)} waiting"] : Array.Empty<string>(),
            .. engine.Refused > 0 ? [$"{Number(engine.Refused)} refused"] : Array.Empty<string>(),
        ];
        return string.Join(", ", parts);
    }

    /// <summary><c>1 token</c>, <c>3 tokens</c>.</summary>
    public static string Count(long count, string one, string many) => $"{Number(count)} {(count == 1 ? one : many)}";

    public static string Count(long count, SubjectType type) => type switch
    {
        SubjectType.Token => Count(count, "token", "tokens"),
        SubjectType.Ip => Count(count, "address", "addresses"),
        SubjectType.Cidr => Count(count, "network", "networks"),
        _ => Count(count, "referrer", "referrers"),
    };

    public static string Heading(SubjectType type) => type switch
    {
        SubjectType.Token => "Tokens",
        SubjectType.Ip => "Addresses",
        SubjectType.Cidr => "Networks",
        _ => "Referrers",
    };

    /// <summary>What happened; in observe mode what would have happened, except that a flag is a flag.</summary>
    public static string Done(DecisionAction action, EnforcementMode mode) => (action, mode) switch
    {
        (DecisionAction.Flag, _) => "Flagged",
        (DecisionAction.Block, EnforcementMode.Enforce) => "Blocked",
        (DecisionAction.Revoke, EnforcementMode.Enforce) => "Revoked",
        (DecisionAction.Release, EnforcementMode.Enforce) => "Released",
        (DecisionAction.Block, _) => "Would block",
        (DecisionAction.Revoke, _) => "Would revoke",
        _ => "Would release",
    };

    public static string Name(DecisionAction action) => action switch
    {
        DecisionAction.Flag => "flag",
        DecisionAction.Block => "block",
        DecisionAction.Revoke => "revoke",
        _ => "release",
    };

    public static string Name(EnforcementMode mode) => mode == EnforcementMode.Enforce ? "enforce" : "observe";

    /// <summary>The first characters of a fingerprint, enough to tell two apart.</summary>
    public static string Fingerprint(string text, int length) => VisibleText.Of(text.Length <= length ? text : text[..length], length);

    /// <summary>Joins parts as in a sentence: <c>a, b and c</c>.</summary>
    public static string Listing(IReadOnlyList<string> parts) => parts.Count switch
    {
        0 => "",
        1 => parts[0],
        _ => $"{string.Join(", ", parts.Take(parts.Count - 1))} and {parts[^1]}",
    };

    private static string Pair(long large, string largeUnit, long small, string smallUnit) =>
        small == 0 ? $"{Number(large)} {largeUnit}" : $"{Number(large)} {largeUnit} {Number(small)} {smallUnit}";
}
