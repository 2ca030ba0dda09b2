using System.Diagnostics;
using System.Net.Http;
using System.Runtime.Versioning;
using System.Text.RegularExpressions;

namespace AutoGuard.Tests.Documentation;

/// <summary>Every command of the README is run as it stands there, and what the page says one sees is what one sees.</summary>
[UnsupportedOSPlatform("windows")]
public sealed partial class ReadmeCommandTests : IDisposable
{
    private const string Replay =
        "./autoguard replay samples/01-token-sharing/events.jsonl --config samples/01-token-sharing/settings.json --decisions d.jsonl --report r.html --summary s.json";

    private const string Service = "./autoguard run --config samples/01-token-sharing/settings.json";
    private const string Produce = "kcat -P -b 127.0.0.1:37031 -t playback.events -l samples/01-token-sharing/events.jsonl";
    private const string Consume = "kcat -C -b 127.0.0.1:37031 -t autoguard.decisions -o beginning -e -q";
    private const string Explain = "./autoguard explain token bPIotPw19trs";
    private const string Metrics = "curl http://127.0.0.1:8088/metrics";
    private const string Evaluate = "./autoguard replay sim/events.jsonl --config sim/settings.json --labels sim/truth.json";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>How each command is tried. A new command of the page belongs in here, or the first test fails.</summary>
    private static readonly Dictionary<string, Way> Ways = new()
    {
        ["./autoguard demo"] = Way.Demo,
        ["./autoguard test"] = Way.ThisRun,
        [Replay] = Way.Alone,
        [Service] = Way.Service,
        [Produce] = Way.WithService,
        [Consume] = Way.WithService,
        [Explain] = Way.WithService,
        ["./autoguard check --config samples/01-token-sharing/settings.json --set Policy:BlockScore=0.93"] = Way.Alone,
        ["AUTOGUARD__Policy__Mode=Enforce ./autoguard check --dump"] = Way.Alone,
        ["KEY=$(cat data/api-key)"] = Way.WithService,
        ["""curl --data '{"ip":"203.0.113.7","type":"deny","tag":"suspected restreaming"}' --header 'Content-Type: application/json' --header "X-BINTU-APIKEY: $KEY" http://127.0.0.1:8088/ip"""] = Way.WithService,
        ["""curl --data '{"domain":"bad-site.example","type":"deny","info":"illegal embed"}' --header 'Content-Type: application/json' --header "X-BINTU-APIKEY: $KEY" http://127.0.0.1:8088/referrer"""] = Way.WithService,
        ["""curl --header "X-BINTU-APIKEY: $KEY" 'http://127.0.0.1:8088/check?ip=203.0.113.7'"""] = Way.WithService,
        ["""curl --request DELETE --header "X-BINTU-APIKEY: $KEY" 'http://127.0.0.1:8088/ip?ip=203.0.113.7&reason=mistake'"""] = Way.WithService,
        ["""./autoguard rules add ip 203.0.113.9 --for 24h --reason "suspected restreaming" """.Trim()] = Way.WithService,
        ["./autoguard rules list"] = Way.WithService,
        ["./autoguard rules export rules.jsonl"] = Way.WithService,
        ["./autoguard rules remove ip 203.0.113.9"] = Way.WithService,
        ["./autoguard rules import rules.jsonl"] = Way.WithService,
        ["./autoguard report --from 2025-11-14T00:00:00Z --to 2025-11-15T00:00:00Z --out night.html"] = Way.WithService,
        ["curl http://127.0.0.1:8088/health/live"] = Way.WithService,
        ["curl http://127.0.0.1:8088/health/ready"] = Way.WithService,
        [Metrics] = Way.WithService,
        ["./autoguard simulate --seed 1 --viewers 2000 --hours 2 --out sim"] = Way.Alone,
        [Evaluate] = Way.Alone,
    };

    /// <summary>What the answer of a command must hold, where its exit status says too little.</summary>
    private static readonly Dictionary<string, string> Answers = new()
    {
        ["./autoguard check --config"] = "Mode            Observe",
        ["AUTOGUARD__Policy__Mode=Enforce ./autoguard check"] = "Mode            Enforce",
        ["kcat -C"] = "\"id\":\"01KA1RV0FMQSXV4EY0VN4XG5VB\"",
        ["curl --data '{\"ip\""] = "\"success\":true",
        ["curl --data '{\"domain\""] = "\"success\":true",
        ["curl --header \"X-BINTU-APIKEY: $KEY\" 'http://127.0.0.1:8088/check"] = "\"allowed\":false",
        ["./autoguard rules list"] = "203.0.113.9",
        ["./autoguard rules remove"] = "removed",
        ["./autoguard rules import"] = " of 2 rules imported",
        ["./autoguard report"] = "1 subject flagged",
        ["curl http://127.0.0.1:8088/health/live"] = "live",
        ["curl http://127.0.0.1:8088/health/ready"] = "ready",
        [Metrics] = "autoguard_decision_stored_total 2",
    };

    private readonly ReaderHome _home = new();

    private enum Way
    {
        Alone,
        Demo,
        Service,
        WithService,
        ThisRun,
    }

    public void Dispose() => _home.Dispose();

    [Fact]
    public void Every_command_of_the_page_has_a_test()
    {
        string[] untested = [.. ReadmePage.Commands.Where(command => !Ways.ContainsKey(command))];
        Assert.True(untested.Length == 0, $"Say in {nameof(ReadmeCommandTests)} how these are tried:\n{string.Join('\n', untested)}");
        string[] gone = [.. Ways.Keys.Except(ReadmePage.Commands)];
        Assert.True(gone.Length == 0, $"The page no longer has:\n{string.Join('\n', gone)}");
    }

    [Fact]
    public async Task Commands_that_need_no_worker_do_what_the_page_says()
    {
        foreach (string command in ReadmePage.Commands.Where(command => Ways.GetValueOrDefault(command) == Way.Alone))
        {
            IReadOnlyList<string> output = await _home.SucceedAsync(command);
            AssertAnswer(command, output);
            AssertShown(command, output, line => SpeedPattern().Replace(line, "in # s (#/s)"));
            if (command == Evaluate)
            {
                AssertQualityTable(output);
            }
        }
        AssertWorkedExample(await File.ReadAllLinesAsync(Path.Combine(_home.Folder, "d.jsonl")));
        Assert.StartsWith("<!DOCTYPE html>", await File.ReadAllTextAsync(Path.Combine(_home.Folder, "r.html")), StringComparison.Ordinal);
        Assert.Contains("\"events\": 598", await File.ReadAllTextAsync(Path.Combine(_home.Folder, "s.json")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Commands_against_a_running_worker_do_what_the_page_says()
    {
        _home.Variables["AUTOGUARD__Web__Address"] = "http://127.0.0.1:0";
        using RunningCommand service = _home.Start("exec " + Service);
        string broker = AddressPattern().Match(await service.LineAsync("autoguard: Kafka", Patience)).Value;
        string web = AddressPattern().Match(await service.LineAsync("autoguard: dashboard and API", Patience)).Value;
        await service.LineAsync("Reading partitions", Patience);
        AssertShown(Service, service.Output, line => AddressPattern().Replace(line, "HOST"));
        _home.Variables["AUTOGUARD__Web__Address"] = "http://" + web;

        string assignments = "";
        foreach (string command in ReadmePage.Commands.Where(command => Ways.GetValueOrDefault(command) == Way.WithService))
        {
            if (AssignmentPattern().IsMatch(command))
            {
                assignments += command + "; ";
                continue;
            }
            string adapted = command.Replace("127.0.0.1:37031", broker, StringComparison.Ordinal).Replace("127.0.0.1:8088", web, StringComparison.Ordinal);
            IReadOnlyList<string> output = command == Consume
                ? await ConsumedAsync(adapted)
                : command.Contains("/check?", StringComparison.Ordinal)
                    ? await RefusedAsync(assignments + adapted)
                    : await _home.SucceedAsync(assignments + adapted);
            AssertAnswer(command, output);
            AssertShown(command, output, line => line);
            if (command == Produce)
            {
                await DecidedAsync(web);
            }
            else if (command == Metrics)
            {
                AssertMetricsTable(output);
            }
        }
        CommandResult end = await service.StopAsync(Patience);
        Assert.Equal(0, end.Status);
    }

    /// <summary>A verdict that refuses is a 403, which curl told to fail with the body ends with 22 on.</summary>
    private async Task<IReadOnlyList<string>> RefusedAsync(string command)
    {
        CommandResult result = await _home.RunAsync(command);
        Assert.Equal(22, result.Status);
        return result.Output;
    }

    [Fact]
    public async Task The_demo_shows_decisions_and_ends_with_a_summary()
    {
        IReadOnlyList<string> output = await _home.SucceedAsync("./autoguard demo --for 20s");
        Assert.Contains(output, line => line.Contains(" flag ", StringComparison.Ordinal));
        IEnumerable<string> labels = ReadmePage.OutputOf("./autoguard test").Select(line => LabelPattern().Match(line).Value).Where(label => label.Length > 0);
        Assert.Equal(["Events:", "Decisions:", "Incidents:"], labels);
        Assert.All(labels, label => Assert.Contains(output, line => line.StartsWith(label, StringComparison.Ordinal)));
    }

    private static void AssertAnswer(string command, IReadOnlyList<string> output)
    {
        foreach ((string beginning, string part) in Answers)
        {
            Assert.True(
                !command.StartsWith(beginning, StringComparison.Ordinal) || output.Any(line => line.Contains(part, StringComparison.Ordinal)),
                $"{command}\ndid not answer '{part}' but:\n{string.Join('\n', output)}");
        }
    }

    private static void AssertShown(string command, IReadOnlyList<string> output, Func<string, string> normalise)
    {
        HashSet<string> real = [.. output.Select(normalise)];
        foreach (string shown in ReadmePage.OutputOf(command).Where(line => line.Trim() != "…"))
        {
            Assert.True(real.Contains(normalise(shown)), $"{command}\nThe page shows:\n{shown}\nThe output is:\n{string.Join('\n', output)}");
        }
    }

    /// <summary>The decision shown, its numbers in the text, and the formula between them.</summary>
    private static void AssertWorkedExample(string[] decisions)
    {
        using System.Text.Json.JsonDocument first = System.Text.Json.JsonDocument.Parse(decisions[0]);
        Assert.Contains($"{{\"id\":\"{first.RootElement.GetProperty("id").GetString()}\"", ReadmePage.Text, StringComparison.Ordinal);
        double strongest = 0;
        foreach (System.Text.Json.JsonElement reason in first.RootElement.GetProperty("reasons").EnumerateArray())
        {
            double weight = reason.GetProperty("indicator").GetString() == "ConcurrentNetworks" ? 0.95 : 0.7;
            // Both are of one kind of evidence.
            strongest = Math.Max(strongest, weight * reason.GetProperty("grade").GetDouble());
            Assert.Contains(FormattableString.Invariant($"{weight} x {reason.GetProperty("grade").GetDouble()}"), ReadmePage.Text, StringComparison.Ordinal);
            string part = reason.GetRawText()[..reason.GetRawText().IndexOf(",\"text\"", StringComparison.Ordinal)];
            Assert.Contains(part, ReadmePage.Text, StringComparison.Ordinal);
        }
        double score = first.RootElement.GetProperty("score").GetDouble();
        // The stretch of the calibration that the page names.
        Assert.InRange(strongest, 0.58, 0.7);
        Assert.Equal(score, 0.6 + ((strongest - 0.58) / 0.12 * 0.3), 5);
        Assert.Contains(FormattableString.Invariant($"{strongest:0.000000}, a score of {score}, a flag"), ReadmePage.Text, StringComparison.Ordinal);
        using System.Text.Json.JsonDocument second = System.Text.Json.JsonDocument.Parse(decisions[1]);
        Assert.Contains(FormattableString.Invariant($"a score of {second.RootElement.GetProperty("score").GetDouble()}"), ReadmePage.Text, StringComparison.Ordinal);
    }

    /// <summary>The row of seed 1, which the commands above it give.</summary>
    private static void AssertQualityTable(IReadOnlyList<string> output)
    {
        string text = string.Join('\n', output);
        Match flags = FlagsPattern().Match(text);
        Match blocks = BlocksPattern().Match(text);
        string row = $"| 1 | {EventsPattern().Match(text).Groups[1].Value} | {flags.Groups[1].Value} % | {flags.Groups[2].Value} % ({flags.Groups[3].Value}) | "
            + $"{blocks.Groups[1].Value} % | {blocks.Groups[2].Value} % ({blocks.Groups[3].Value}) | {MedianPattern().Match(text).Groups[1].Value} s |";
        Assert.True(ReadmePage.Text.Contains(row, StringComparison.Ordinal), $"Measure again for the table of detection quality; the row of seed 1 is now\n{row}");
    }

    /// <summary>The table names all metrics there are, and no others.</summary>
    private static void AssertMetricsTable(IReadOnlyList<string> output)
    {
        IEnumerable<string> real = output.Where(line => line.StartsWith("# TYPE ", StringComparison.Ordinal)).Select(line => line.Split(' ')[2]);
        IEnumerable<string> named = MetricPattern().Matches(ReadmePage.Text).Select(match => match.Groups[1].Value);
        Assert.Equal(real.Order(StringComparer.Ordinal), named.Distinct().Order(StringComparer.Ordinal));
    }

    private static async Task DecidedAsync(string web)
    {
        using HttpClient client = new();
        long since = Stopwatch.GetTimestamp();
        string metrics;
        do
        {
            await Task.Delay(100);
            metrics = await client.GetStringAsync(new Uri($"http://{web}/metrics"));
            Assert.True(Stopwatch.GetElapsedTime(since) < Patience, $"The recording was not decided to its end within {Patience}:\n{metrics}");
        }
        // All but the one duplicate of its 598 events: the last ones wait for a silence, and explain tells of the end.
        while (!metrics.Contains("\nautoguard_decision_stored_total 2\n", StringComparison.Ordinal)
            || !metrics.Contains("\nautoguard_event_processed_total 597\n", StringComparison.Ordinal));
    }

    /// <summary>Decisions are published after they are stored, so the topic may be a moment behind the metrics.</summary>
    private async Task<IReadOnlyList<string>> ConsumedAsync(string command)
    {
        long since = Stopwatch.GetTimestamp();
        IReadOnlyList<string> output;
        do
        {
            output = [.. (await _home.SucceedAsync(command)).Where(line => line.Length > 0)];
            Assert.True(Stopwatch.GetElapsedTime(since) < Patience, $"{command}\nshowed no two decisions within {Patience} but:\n{string.Join('\n', output)}");
        }
        while (output.Count < 2);
        return output;
    }

    [GeneratedRegex(@"in [\d.]+ s \([\d,]+/s\)")]
    private static partial Regex SpeedPattern();

    [GeneratedRegex(@"127\.0\.0\.1:\d+")]
    private static partial Regex AddressPattern();

    [GeneratedRegex(@"^[A-Z]+=\$\(.+\)$")]
    private static partial Regex AssignmentPattern();

    [GeneratedRegex("^[A-Z][a-z]+:")]
    private static partial Regex LabelPattern();

    [GeneratedRegex(@"([\d,]+) events in")]
    private static partial Regex EventsPattern();

    [GeneratedRegex(@"flags: +precision ([\d.]+) %, recall ([\d.]+) % \((\d+ of \d+) incidents\)")]
    private static partial Regex FlagsPattern();

    [GeneratedRegex(@"blocks: +precision ([\d.]+) %, recall ([\d.]+) % \((\d+ of \d+) incidents\)")]
    private static partial Regex BlocksPattern();

    [GeneratedRegex(@"`((?:autoguard|messaging)_\w+)(?:\{\w+\})?`")]
    private static partial Regex MetricPattern();

    [GeneratedRegex(@"median (\d+) s")]
    private static partial Regex MedianPattern();
}
