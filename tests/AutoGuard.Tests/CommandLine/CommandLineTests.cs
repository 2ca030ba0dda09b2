using AutoGuard.CommandLine;
using AutoGuard.Core.Policy;
using AutoGuard.Guardian.Api;
using AutoGuard.Tests.Live;

namespace AutoGuard.Tests.CommandLine;

public sealed class CommandLineTests : IDisposable
{
    private readonly RecordingVerbs _verbs = new();

    public void Dispose() => _verbs.Dispose();

    public static TheoryData<string, object> Lines() => new()
    {
        { "demo", new DemoArguments(null) },
        { "demo --for 60s", new DemoArguments(TimeSpan.FromSeconds(60)) },
        { "demo --for 1h30m", new DemoArguments(TimeSpan.FromMinutes(90)) },
        { "demo --for 00:01:00", new DemoArguments(TimeSpan.FromMinutes(1)) },
        { "run", new RunArguments() },
        { "simulate --seed 7 --viewers 250 --hours 1.5 --out traffic", new SimulateArguments(7, 250, TimeSpan.FromMinutes(90), "traffic", false) },
        { "simulate --to-kafka", new SimulateArguments(1, 1_000, TimeSpan.FromHours(1), null, true) },
        { "simulate --out d --profile held-cup", new SimulateArguments(1, 20_000, TimeSpan.FromHours(4), "d", false, "held-cup") },
        { "simulate --out d --profile outage --viewers 50 --hours 2", new SimulateArguments(1, 50, TimeSpan.FromHours(2), "d", false, "outage") },
        { "simulate --out d --profile standard", new SimulateArguments(1, 1_000, TimeSpan.FromHours(1), "d", false, "standard") },
        { "rules list", new RulesListArguments(false) },
        { "rules list --json", new RulesListArguments(true) },
        { "rules add ip 2001:DB8::1", new RulesAddArguments(new Subject(SubjectType.Ip, "2001:db8::1"), null, null) },
        { "rules add cidr 203.0.113.0/24 --for 24h --reason relay", new RulesAddArguments(new Subject(SubjectType.Cidr, "203.0.113.0/24"), TimeSpan.FromHours(24), "relay") },
        { "rules add referrer Bad.Example", new RulesAddArguments(new Subject(SubjectType.Referrer, "bad.example"), null, null) },
        { "rules add token @jti", new RulesAddArguments(new Subject(SubjectType.Token, "@jti"), null, null) },
        { "rules remove ip 10.0.0.1", new RulesRemoveArguments(new Subject(SubjectType.Ip, "10.0.0.1")) },
        { "rules import -", new RulesImportArguments("-") },
        { "rules export rules.jsonl", new RulesExportArguments("rules.jsonl") },
        { "keys list", new KeysListArguments(false) },
        { "keys add edge-1 --role bouncer", new KeysAddArguments("edge-1", ApiRole.Bouncer, null, null) },
        { "keys add ops --role admin --organization red --reason shift", new KeysAddArguments("ops", ApiRole.Admin, "red", "shift") },
        { "keys remove edge-1", new KeysRemoveArguments("edge-1") },
        { "explain token jti-1", new ExplainArguments(new Subject(SubjectType.Token, "jti-1")) },
        { "explain ip 10.0.0.1", new ExplainArguments(new Subject(SubjectType.Ip, "10.0.0.1")) },
    };

    [Theory]
    [MemberData(nameof(Lines))]
    public async Task Each_verb_gets_its_arguments(string line, object expected)
    {
        Assert.Equal(ExitStatus.Done, await _verbs.RunAsync(line.Split(' ')));
        Assert.Equal(expected, _verbs.Arguments);
    }

    [Fact]
    public async Task A_rule_against_a_token_takes_networks_where_it_stays_good()
    {
        Assert.Equal(ExitStatus.Done, await _verbs.RunAsync("rules", "add", "token", "t", "--except", "203.0.113.0/24", "--except", "2001:DB8:1:2::/64", "--except", "192.0.2.7"));

        RulesAddArguments arguments = Assert.IsType<RulesAddArguments>(_verbs.Arguments);
        Assert.Equal(["203.0.113.0/24", "2001:db8:1:2::/64", "192.0.2.7/32"], arguments.Except.Select(network => network.ToString()));
    }

    [Fact]
    public async Task Replay_takes_files_and_every_kind_of_output()
    {
        string first = _verbs.Folder.Write("one.jsonl", "");
        string second = _verbs.Folder.Write("two.jsonl.gz", "");
        string labels = _verbs.Folder.Write("truth.json", "{}");

        Assert.Equal(ExitStatus.Done, await _verbs.RunAsync(
            "replay", first, "-", second, "--decisions", "d.jsonl", "--report", "r.html", "--report", "r.csv", "--summary", "s.json", "--labels", labels));

        ReplayArguments replay = Assert.IsType<ReplayArguments>(_verbs.Arguments);
        Assert.Equal([first, "-", second], replay.Files);
        Assert.Equal("d.jsonl", replay.Decisions);
        Assert.Equal(["r.html", "r.csv"], replay.Reports);
        Assert.Equal("s.json", replay.Summary);
        Assert.Equal(labels, replay.Labels);
    }

    [Fact]
    public async Task Replay_of_standard_input_needs_nothing_else()
    {
        Assert.Equal(ExitStatus.Done, await _verbs.RunAsync("replay", "-"));

        ReplayArguments replay = Assert.IsType<ReplayArguments>(_verbs.Arguments);
        Assert.Equal(["-"], replay.Files);
        Assert.Null(replay.Decisions);
        Assert.Empty(replay.Reports);
    }

    [Fact]
    public async Task Report_takes_a_period_in_UTC()
    {
        Assert.Equal(ExitStatus.Done, await _verbs.RunAsync("report", "--from", "2026-01-31", "--to", "2026-02-01T01:00:00+01:00", "--out", "r.json"));

        ReportArguments report = Assert.IsType<ReportArguments>(_verbs.Arguments);
        Assert.Equal(new DateTimeOffset(2026, 1, 31, 0, 0, 0, TimeSpan.Zero), report.From);
        Assert.Equal(new DateTimeOffset(2026, 2, 1, 0, 0, 0, TimeSpan.Zero), report.To);
        Assert.Equal(["r.json"], report.Outputs);
    }

    [Theory]
    [InlineData("", "autoguard: Required command was not provided.", "autoguard")]
    [InlineData("repaly -", "autoguard: \"repaly\" is no verb; did you mean replay?", "autoguard")]
    [InlineData("rules drop x", "autoguard: \"drop\" is no verb.", "autoguard rules")]
    [InlineData("run extra", "autoguard: Unrecognized command or argument 'extra'.", "autoguard run")]
    [InlineData("run --fast", "autoguard: Unrecognized command or argument '--fast'.", "autoguard run")]
    [InlineData("demo --for 10", "autoguard: \"10\" is not allowed for --for; must be a duration as 60s, 5m, 1h30m, 2d or 00:01:00.", "autoguard demo")]
    [InlineData("demo --for 0s", "autoguard: \"0s\" is not allowed for --for; must be a duration as 60s, 5m, 1h30m, 2d or 00:01:00.", "autoguard demo")]
    [InlineData("replay", "autoguard: Required argument 'FILE' missing for command: 'replay'.", "autoguard replay")]
    [InlineData("replay gone.jsonl", "autoguard: \"gone.jsonl\" is not there; must be a file.", "autoguard replay")]
    [InlineData("replay - -", "autoguard: Standard input (-) can be read only once.", "autoguard replay")]
    [InlineData("replay - --report r.pdf", "autoguard: \"r.pdf\" is not allowed for --report; must end in .html, .json or .csv.", "autoguard replay")]
    [InlineData("simulate", "autoguard: Give one of --out DIR and --to-kafka.", "autoguard simulate")]
    [InlineData("simulate --out d --to-kafka", "autoguard: Give one of --out DIR and --to-kafka.", "autoguard simulate")]
    [InlineData("simulate --out d --viewers 0", "autoguard: \"0\" is not allowed for --viewers; must be a whole number from 1 to 10000000.", "autoguard simulate")]
    [InlineData("simulate --out d --hours NaN", "autoguard: \"NaN\" is not allowed for --hours; must be a number from 0.01 to 744.", "autoguard simulate")]
    [InlineData("report", "autoguard: Option '--from' is required.", "autoguard report")]
    [InlineData("report --from yesterday", "autoguard: \"yesterday\" is not allowed for --from; must be a time as 2026-01-31T18:00:00Z, or a day as 2026-01-31 (UTC).", "autoguard report")]
    [InlineData("report --from 2026-02-01 --to 2026-02-01", "autoguard: --to must be after --from.", "autoguard report")]
    [InlineData("report --from 2025-11-14 --to foo", "autoguard: \"foo\" is not allowed for --to; must be a time as 2026-01-31T18:00:00Z, or a day as 2026-01-31 (UTC).", "autoguard report")]
    [InlineData("report --from foo --to 2025-11-14", "autoguard: \"foo\" is not allowed for --from; must be a time as 2026-01-31T18:00:00Z, or a day as 2026-01-31 (UTC).", "autoguard report")]
    [InlineData("report --from 2025-11-14 --to", "autoguard: Required argument missing for option: '--to'.", "autoguard report")]
    [InlineData("simulate --seed x", "autoguard: \"x\" is not allowed for --seed; must be a whole number from 0 to 18446744073709551615.\nautoguard: Give one of --out DIR and --to-kafka.", "autoguard simulate")]
    [InlineData("replay --bogus", "autoguard: \"--bogus\" is no option of replay.", "autoguard replay")]
    [InlineData("replay - --decision", "autoguard: \"--decision\" is no option of replay; did you mean --decisions?", "autoguard replay")]
    [InlineData("replay /", "autoguard: \"/\" is a folder; must be a file.", "autoguard replay")]
    [InlineData("replay - --labels /", "autoguard: \"/\" is a folder; must be a file.", "autoguard replay")]
    [InlineData("rules add ip nobody --for 10", "autoguard: \"10\" is not allowed for --for; must be a duration as 60s, 5m, 1h30m, 2d or 00:01:00.\nautoguard: \"nobody\" is not allowed as VALUE; must be an IPv4 or IPv6 address.", "autoguard rules add")]
    [InlineData("rules add token t --except 203.0.113.7/24 --except 10.0.0.0/7", "autoguard: --except: '203.0.113.7/24' is no network whose host bits are zero, such as 203.0.113.0/24 or 2001:db8:1:2::/64.\nautoguard: --except: '10.0.0.0/7' is wider than /8, the widest network that may be excepted.", "autoguard rules add")]
    [InlineData("rules add cidr 203.0.113.7/24", "autoguard: \"203.0.113.7/24\" is not allowed as VALUE; must be a network whose host bits are zero, as 203.0.113.0/24.", "autoguard rules add")]
    [InlineData("rules import gone.jsonl", "autoguard: \"gone.jsonl\" is not there; must be a file.", "autoguard rules import")]
    [InlineData("keys add edge-1", "autoguard: Option '--role' is required.", "autoguard keys add")]
    [InlineData("keys add edge-1 --role root", "autoguard: Argument 'root' not recognized. Must be one of: 'bouncer' 'read' 'write' 'admin'", "autoguard keys add")]
    [InlineData("keys remove a/b", "autoguard: \"a/b\" is not allowed as NAME; must be at most 64 letters, digits, dots, hyphens and underscores.", "autoguard keys remove")]
    [InlineData("explain cidr 10.0.0.0/8", "autoguard: Argument 'cidr' not recognized. Must be one of: 'token' 'ip'", "autoguard explain")]
    [InlineData("explain token eyJhbGciOiJub25lIn0.e30.x", "autoguard: (hidden) is not allowed as VALUE; must be the identity of a token: its jti, its text, or sha256: and its digest.", "autoguard explain")]
    [InlineData("check --set", "autoguard: Required argument missing for option: '--set'.", "autoguard check")]
    public async Task Wrong_usage_ends_with_2_before_anything_starts(string line, string expected, string command)
    {
        Assert.Equal(ExitStatus.Usage, await _verbs.RunAsync(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)));
        Assert.Equal($"{expected}\nRun \"{command} --help\" for the usage.\n", _verbs.Error);
        Assert.Equal("", _verbs.Output);
        Assert.Null(_verbs.Arguments);
    }

    /// <summary>Every option of every verb, given nothing, nonsense, and twice: whatever the words are, the program answers.</summary>
    [Theory]
    [InlineData("demo")]
    [InlineData("run")]
    [InlineData("replay -")]
    [InlineData("backtest /dev/null")]
    [InlineData("calibrate /dev/null")]
    [InlineData("simulate")]
    [InlineData("report")]
    [InlineData("rules list")]
    [InlineData("rules add ip 10.0.0.1")]
    [InlineData("rules remove ip 10.0.0.1")]
    [InlineData("rules import -")]
    [InlineData("rules export -")]
    [InlineData("keys list")]
    [InlineData("keys add one")]
    [InlineData("keys remove one")]
    [InlineData("explain token x")]
    [InlineData("check")]
    public async Task No_command_line_breaks_the_parser(string verb)
    {
        await _verbs.RunAsync([.. verb.Split(' '), "--help"]);
        string[] options = [.. System.Text.RegularExpressions.Regex.Matches(_verbs.Output, "--[a-z-]+").Select(match => match.Value).Distinct().Where(name => name != "--help")];
        Assert.Contains("--config", options);
        foreach (string one in options)
        {
            foreach (string other in options)
            {
                foreach (string[] words in (string[][])[[one], [one, "foo"], [one, "foo", one, "bar"], [one, "2025-11-14", other], [one, "foo", other, "2025-11-14"], [one, "2025-11-14", other, "foo"], [one, "", other, ""]])
                {
                    int status = await _verbs.RunAsync([.. verb.Split(' '), .. words]);

                    Assert.True(status is ExitStatus.Usage or ExitStatus.Done, $"{verb} {string.Join(' ', words)} ended with {status}: {_verbs.Error}");
                }
            }
        }
    }

    [Fact]
    public async Task A_wrong_configuration_ends_with_2_and_lists_every_error()
    {
        Assert.Equal(ExitStatus.Usage, await _verbs.RunAsync("run", "--config", "gone.json", "--set", "Policy:Mode=On", "--set", "Policy:FlagScore=2"));
        Assert.Equal(
            $"""
            The configuration is wrong in 3 places:
              gone.json: no such file: {Path.GetFullPath("gone.json")} (given by --config)
              Policy:Mode: "On" is not allowed; must be Observe or Enforce (--set)
              Policy:FlagScore: "2" is not allowed; must be a number from 0 to 1 (--set)

            """.ReplaceLineEndings("\n"),
            _verbs.Error);
        Assert.Null(_verbs.Arguments);
    }

    [Fact]
    public async Task Settings_come_from_files_and_single_values_before_or_after_the_verb()
    {
        string overlay = _verbs.Folder.Write("one.json", """{ "Policy": { "FlagScore": 0.3, "BlockScore": 0.95 } }""");

        Assert.Equal(ExitStatus.Done, await _verbs.RunAsync("--config", overlay, "run", "--set", "Policy:FlagScore=0.4"));
        Assert.Equal(0.4, _verbs.Context!.Settings.Values.Policy.FlagScore);
        Assert.Equal(0.95, _verbs.Context.Settings.Values.Policy.BlockScore);
    }

    [Fact]
    public async Task Presets_of_the_demo_lie_over_appsettings_and_under_the_user()
    {
        _verbs.DemoPresets = ["Policy:Mode=Enforce", "Policy:FlagScore=0.5"];
        _verbs.Folder.Write("appsettings.json", """{ "Policy": { "Mode": "Observe" } }""");

        Assert.Equal(ExitStatus.Done, await _verbs.RunAsync("demo", "--set", "Policy:FlagScore=0.55"));
        Assert.Equal(EnforcementMode.Enforce, _verbs.Context!.Settings.Values.Policy.Mode);
        Assert.Equal(0.55, _verbs.Context.Settings.Values.Policy.FlagScore);
    }

    [Fact]
    public async Task Rules_of_other_parts_count_as_configuration_errors()
    {
        _verbs.FurtherRules = values => values.Kafka.Consumer.Select(p => ($"Kafka:Consumer:{p.Key}", "no such property"));

        Assert.Equal(ExitStatus.Usage, await _verbs.RunAsync("run", "--set", "Kafka:Consumer:nonsense=1"));
        Assert.Equal("The configuration is wrong:\n  Kafka:Consumer:nonsense: no such property (--set)\n", _verbs.Error);
    }

    [Fact]
    public async Task An_unexpected_exception_is_one_line_with_a_hint()
    {
        _verbs.Then = _ => throw new InvalidOperationException("the disk\nis full");

        Assert.Equal(ExitStatus.Failed, await _verbs.RunAsync("rules", "list"));
        Assert.Equal("autoguard rules list: failed: the disk is full (InvalidOperationException). Run again with --verbose for the details.\n", _verbs.Error);
    }

    [Fact]
    public async Task A_failure_that_cannot_be_told_since_the_terminal_was_closed_is_in_the_status()
    {
        using ClosedWriter closed = new();
        _verbs.ErrorWriter = closed;
        _verbs.Then = _ => throw new InvalidOperationException("the disk is full");

        Assert.Equal(ExitStatus.Failed, await _verbs.RunAsync("run", "--verbose"));
    }

    [Fact]
    public async Task Verbose_shows_the_stack_of_an_unexpected_exception()
    {
        _verbs.Then = _ => throw new InvalidOperationException("the disk is full");

        Assert.Equal(ExitStatus.Failed, await _verbs.RunAsync("run", "--verbose"));
        Assert.StartsWith("autoguard run: failed: the disk is full (InvalidOperationException).\nSystem.InvalidOperationException", _verbs.Error, StringComparison.Ordinal);
        Assert.Contains(" at ", _verbs.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_verb_may_fail_with_a_sentence_and_a_status()
    {
        _verbs.Then = _ => throw new VerbException("no decision is stored for this token.", ExitStatus.Usage);

        Assert.Equal(ExitStatus.Usage, await _verbs.RunAsync("explain", "token", "x"));
        Assert.Equal("autoguard explain: no decision is stored for this token.\n", _verbs.Error);
    }

    [Fact]
    public async Task The_status_of_a_handler_is_the_status_of_the_program()
    {
        _verbs.Then = _ => Task.FromResult(ExitStatus.Failed);

        Assert.Equal(ExitStatus.Failed, await _verbs.RunAsync("run"));
        Assert.Equal("", _verbs.Error);
    }

    [Fact]
    public async Task A_cancelled_verb_says_that_it_was_interrupted()
    {
        using CancellationTokenSource source = new();
        _verbs.Then = async cancellation =>
        {
            await source.CancelAsync();
            cancellation.ThrowIfCancellationRequested();
            return ExitStatus.Done;
        };

        Assert.Equal(ExitStatus.Failed, await _verbs.RunAsync(source.Token, "run"));
        Assert.Equal("autoguard run: interrupted.\n", _verbs.Error);
    }

    [Theory]
    [InlineData("--help", "simulate")]
    [InlineData("replay --help", "--labels <TRUTH.json>")]
    [InlineData("demo --help", "--for <60s>")]
    [InlineData("rules add --help", "--reason <TEXT>")]
    public async Task Help_goes_to_standard_output_with_status_0(string line, string expected)
    {
        Assert.Equal(ExitStatus.Done, await _verbs.RunAsync(line.Split(' ')));
        Assert.Contains(expected, _verbs.Output, StringComparison.Ordinal);
        Assert.Contains("autoguard", _verbs.Output, StringComparison.Ordinal);
        Assert.Equal("", _verbs.Error);
    }
}
