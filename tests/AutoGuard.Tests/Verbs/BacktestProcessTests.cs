using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using AutoGuard.Tests.Samples;

namespace AutoGuard.Tests.Verbs;

/// <summary><c>backtest</c> as users run it: a process of its own, on the recordings of the samples.</summary>
public sealed class BacktestProcessTests : IDisposable
{
    private const string Token = "bPIotPw19trs";

    private readonly WorkFolder _folder = new();

    private static SampleFolder Sharing { get; } = new("01-token-sharing");

    private static SampleFolder Flood { get; } = new("04-address-flood");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_configuration_against_itself_differs_in_nothing()
    {
        string overlay = _folder.Write("same.json", "{}");

        JsonElement report = await ReportAsync(Sharing, "--against", overlay);

        Assert.Empty(report.GetProperty("differences").EnumerateArray());
        Assert.Empty(report.GetProperty("settings").EnumerateArray());
        Assert.Equal(1, report.GetProperty("same").GetInt32());
        Assert.Equal(report.GetProperty("base").GetRawText(), report.GetProperty("against").GetRawText());
    }

    [Fact]
    public async Task Without_one_indicator_the_decision_comes_later_and_the_indicator_is_named()
    {
        string overlay = _folder.Write("less.json", """{ "Detection": { "Indicators": { "ConcurrentNetworks": { "Enabled": false } } } }""");

        JsonElement report = await ReportAsync(Sharing, "--against", overlay);

        JsonElement setting = Assert.Single(report.GetProperty("settings").EnumerateArray());
        Assert.Equal("Detection:Indicators:ConcurrentNetworks:Enabled", setting.GetProperty("key").GetString());
        Assert.Equal(("true", "false"), (setting.GetProperty("from").GetString(), setting.GetProperty("to").GetString()));
        JsonElement difference = Assert.Single(report.GetProperty("differences").EnumerateArray());
        Assert.Equal("Changed", difference.GetProperty("kind").GetString());
        Assert.Equal(Token, difference.GetProperty("subject").GetProperty("value").GetString());
        JsonElement indicator = Assert.Single(difference.GetProperty("indicators").EnumerateArray());
        Assert.Equal("ConcurrentNetworks", indicator.GetProperty("indicator").GetString());
        Assert.True(indicator.GetProperty("base").GetDouble() >= 0.5);
        Assert.Equal(JsonValueKind.Null, indicator.GetProperty("against").ValueKind);
        Assert.True(TimeOf(difference.GetProperty("against")[0]) > TimeOf(difference.GetProperty("base")[0]));
    }

    [Fact]
    public async Task Both_sides_decide_what_a_replay_decides()
    {
        string overlay = _folder.Write("less.json", """{ "Policy": { "BlockScore": 0.9999, "BlockAfter": "00:00:00" }, "Detection": { "Indicators": { "AddressConnections": { "Threshold": 80 } } } }""");

        JsonElement report = await ReportAsync(Flood, "--against", overlay, "--labels", Flood["truth.json"]);
        (int Flag, int Block) one = await ReplayAsync(Flood, "one.json");
        (int Flag, int Block) other = await ReplayAsync(Flood, "other.json", "--config", overlay);

        Assert.NotEqual(one, other);
        Assert.Equal(one, CountsOf(report.GetProperty("base")));
        Assert.Equal(other, CountsOf(report.GetProperty("against")));
        foreach (string side in (string[])["base", "against"])
        {
            JsonElement labels = report.GetProperty(side).GetProperty("labels");
            Assert.Equal(Flood.Truth.Incidents.Length, labels.GetProperty("caught").GetInt32() + labels.GetProperty("missed").GetInt32());
            Assert.Equal(
                Flood.Truth.Honest.SelectMany(honest => honest.Subjects).Distinct().Count(),
                labels.GetProperty("honestTouched").GetInt32() + labels.GetProperty("honestLeftAlone").GetInt32());
        }
    }

    [Fact]
    public async Task Who_is_no_longer_decided_on_is_told_with_the_reason()
    {
        string overlay = _folder.Write("deaf.json", """
            { "Policy": { "FlagScore": 0.994, "BlockScore": 0.995 },
              "Detection": { "Indicators": { "DistinctAgents": { "ObserveOnly": true }, "GeographicSpread": { "ObserveOnly": true }, "DistinctOperators": { "ObserveOnly": true },
                "DistinctHomes": { "ObserveOnly": true }, "DistinctNetworks": { "ObserveOnly": true } } } }
            """);

        JsonElement report = await ReportAsync(Sharing, "--against", overlay, "--labels", Sharing["truth.json"]);

        JsonElement difference = Assert.Single(report.GetProperty("differences").EnumerateArray());
        Assert.Equal("OnlyBase", difference.GetProperty("kind").GetString());
        Assert.Empty(difference.GetProperty("against").EnumerateArray());
        Assert.Empty(difference.GetProperty("indicators").EnumerateArray());
        Assert.Matches("the score 0.86 is below the flag level 0.99", difference.GetProperty("note").GetString());
        Assert.Equal(1, report.GetProperty("against").GetProperty("labels").GetProperty("missed").GetInt32());
    }

    [Fact]
    public async Task Configurations_that_enrich_otherwise_are_read_apart()
    {
        string overlay = _folder.Write("asn.json", """{ "Enrichment": { "NotDataCentreAsns": [64500] } }""");

        JsonElement report = await ReportAsync(Sharing, "--against", overlay);

        Assert.Equal(1, report.GetProperty("same").GetInt32());
        Assert.Equal("Enrichment:NotDataCentreAsns", Assert.Single(report.GetProperty("settings").EnumerateArray()).GetProperty("key").GetString());
    }

    [Fact]
    public async Task A_proposed_change_spares_the_subject_and_half_of_it_does_not()
    {
        JsonElement report = await ReportAsync(Sharing, "--subject", $"token:{Token}", "--labels", Sharing["truth.json"]);

        JsonElement[] changes = [.. report.GetProperty("sparing").GetProperty("changes").EnumerateArray()];
        Assert.Contains(changes, change => Goal(change) == "NotBlocked");
        Assert.Contains(changes, change => Goal(change) == "NotDecided");
        Assert.All(changes, change => Assert.Equal(1, change.GetProperty("incidentsLost").GetArrayLength()));
        foreach (JsonElement change in changes)
        {
            bool mayBeFlagged = Goal(change) == "NotBlocked";
            Assert.True(await SparesAsync(change, 1) >= (mayBeFlagged ? Spared.FromBlock : Spared.FromAll), $"{change} does not spare it.");
            Assert.False(await SparesAsync(change, 0.5) >= (mayBeFlagged ? Spared.FromBlock : Spared.FromAll), $"Half of {change} would do.");
        }
    }

    [Fact]
    public async Task Nothing_needs_to_change_for_who_was_left_alone()
    {
        Ended ended = await BacktestAsync(Sharing, "--subject", "token:dClUxsOGz4ae");

        Assert.Equal(0, ended.Status);
        Assert.Contains("Nothing was decided on token dClUxsOGz4ae; its highest score is 0.00.", ended.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_subject_that_is_not_there_is_a_failure()
    {
        Ended ended = await BacktestAsync(Sharing, "--subject", "referrer:nobody.example");

        Assert.Equal(1, ended.Status);
        Assert.Equal("autoguard backtest: referrer nobody.example does not occur in the recording.", ended.Error.Split('\n')[^1]);
    }

    [Fact]
    public async Task The_page_is_well_formed_and_says_what_the_terminal_says()
    {
        string overlay = _folder.Write("less.json", """{ "Detection": { "Indicators": { "ConcurrentNetworks": { "Enabled": false } } } }""");

        Ended ended = await BacktestAsync(Sharing, "--against", overlay, "--subject", $"token:{Token}", "--report", "page.html");
        XDocument page = XDocument.Parse((await File.ReadAllTextAsync(_folder["page.html"])).Replace("<!DOCTYPE html>", "", StringComparison.Ordinal));

        Assert.Equal(0, ended.Status);
        string change = Regex.Match(ended.Output, "ConcurrentNetworks: grade [01]\\.[0-9]+ -> off").Value;
        Assert.NotEmpty(change);
        Assert.Contains(change, page.Root!.Value, StringComparison.Ordinal);
        Assert.Contains("Policy:BlockScore 0.9 -> ", page.Root.Value, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--against less.json", "less.json: Policy:FlagSkore: unknown key")]
    [InlineData("--subject token:x --report r.csv", "\"r.csv\" is not allowed for --report; must end in .html or .json.")]
    [InlineData("--subject user:x", "\"user:x\" is not allowed for --subject; must be TYPE:VALUE, the type one of token, ip, cidr, referrer.")]
    [InlineData("--subject ip:300.1.1.1", "\"ip:300.1.1.1\" is not allowed for --subject; must be an IPv4 or IPv6 address.")]
    [InlineData("", "Give --against OVERLAY.json, --subject TYPE:VALUE, or both.")]
    public async Task Wrong_usage_ends_with_2_and_names_the_field(string arguments, string expected)
    {
        _folder.Write("less.json", """{ "Policy": { "FlagSkore": 0.5 } }""");

        Ended ended = await ChildProgram.RunAutoGuardAsync(
            _folder.Path, ["backtest", Sharing.Events, .. arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);

        Assert.Equal(2, ended.Status);
        Assert.Contains(expected.Split(": ")[^1], ended.Error, StringComparison.Ordinal);
        Assert.Contains(expected.Split(": ")[0], ended.Error, StringComparison.Ordinal);
        Assert.Equal(["less.json"], _folder.Names);
    }

    [Fact]
    public async Task Standard_input_is_refused_since_it_can_be_read_only_once()
    {
        Ended ended = await ChildProgram.RunAutoGuardAsync(_folder.Path, ["backtest", "-", "--subject", "token:x"]);

        Assert.Equal(2, ended.Status);
        Assert.Contains("\"-\" is not there; must be a file.", ended.Error, StringComparison.Ordinal);
    }

    private enum Spared
    {
        FromNothing,
        FromBlock,
        FromAll,
    }

    /// <summary>Replays with a share of a proposed change and says what the token was spared.</summary>
    private async Task<Spared> SparesAsync(JsonElement change, double share)
    {
        List<string> sets = [];
        foreach (JsonElement setting in change.GetProperty("settings").EnumerateArray())
        {
            double from = double.Parse(setting.GetProperty("from").GetString()!, CultureInfo.InvariantCulture);
            double to = double.Parse(setting.GetProperty("to").GetString()!, CultureInfo.InvariantCulture);
            sets.AddRange("--set", string.Create(CultureInfo.InvariantCulture, $"{setting.GetProperty("key").GetString()}={from + ((to - from) * share):R}"));
        }
        Ended ended = await ChildProgram.RunAutoGuardAsync(
            _folder.Path, ["replay", Sharing.Events, "--config", Sharing["settings.json"], "--decisions", "tried.jsonl", .. sets]);
        Assert.True(ended.Status == 0, ended.Error);
        string[] actions = [.. File.ReadLines(_folder["tried.jsonl"]).Select(line => JsonDocument.Parse(line).RootElement)
            .Where(decision => decision.GetProperty("subject").GetProperty("value").GetString() == Token)
            .Select(decision => decision.GetProperty("action").GetString()!)];
        return actions.Length == 0 ? Spared.FromAll : actions.Contains("revoke") ? Spared.FromNothing : Spared.FromBlock;
    }

    private static string? Goal(JsonElement change) => change.GetProperty("goal").GetString();

    private static DateTimeOffset TimeOf(JsonElement decision) => decision.GetProperty("time").GetDateTimeOffset();

    private static (int Flag, int Block) CountsOf(JsonElement side) => (side.GetProperty("flags").GetInt32(), side.GetProperty("blocks").GetInt32());

    private async Task<(int Flag, int Block)> ReplayAsync(SampleFolder sample, string summary, params string[] arguments)
    {
        Ended ended = await ChildProgram.RunAutoGuardAsync(
            _folder.Path, ["replay", sample.Events, "--config", sample["settings.json"], "--summary", summary, .. arguments]);
        Assert.True(ended.Status == 0, ended.Error);
        using JsonDocument document = JsonDocument.Parse(await File.ReadAllTextAsync(_folder[summary]));
        JsonElement decisions = document.RootElement.GetProperty("decisions");
        return (decisions.GetProperty("flag").GetInt32(), decisions.GetProperty("block").GetInt32());
    }

    private async Task<JsonElement> ReportAsync(SampleFolder sample, params string[] arguments)
    {
        Ended ended = await BacktestAsync(sample, [.. arguments, "--report", "report.json"]);
        Assert.True(ended.Status == 0, ended.Error);
        using JsonDocument report = JsonDocument.Parse(await File.ReadAllTextAsync(_folder["report.json"]));
        return report.RootElement.Clone();
    }

    private Task<Ended> BacktestAsync(SampleFolder sample, params string[] arguments) =>
        ChildProgram.RunAutoGuardAsync(_folder.Path, ["backtest", sample.Events, "--config", sample["settings.json"], .. arguments]);
}
