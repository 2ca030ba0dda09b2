using System.Globalization;
using System.Text.RegularExpressions;
using AutoGuard.Core.Policy;
using AutoGuard.Simulation.Labels;
using AutoGuard.Tests.Worker;
using AutoGuard.Verbs;

namespace AutoGuard.Tests.Verbs;

/// <summary>How the long-running verbs begin and end.</summary>
[Collection(ServiceTests.Name)]
public sealed partial class StopProcessTests : IDisposable
{
    private readonly WorkFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Sigterm_ends_a_worker_and_its_database_and_the_next_start_finds_everything()
    {
        string key = "";
        for (int start = 1; start <= 2; start++)
        {
            await using ChildProgram worker = RunningProgram.Start(_folder.Path);
            string address = await worker.WordAfterAsync("autoguard: dashboard and API");
            await worker.WordAfterAsync("autoguard: the API key");
            string server = ServerProcess();
            Assert.True(Runs(server), "the embedded PostgreSQL does not run");
            await worker.TerminateAsync();
            Ended ended = await worker.EndWithinAsync(TimeSpan.FromSeconds(10));

            Assert.True(ended.Status == 0, ended.Error);
            Assert.StartsWith("http://127.0.0.1:", address, StringComparison.Ordinal);
            // What takes long at the first start is not done again.
            Assert.Equal(start == 1, ended.Error.Contains("Made a PostgreSQL", StringComparison.Ordinal));
            Assert.Equal(start == 1, ended.Error.Contains("Applied migration", StringComparison.Ordinal));
            Assert.False(Runs(server), "the embedded PostgreSQL runs on");
            string kept = await File.ReadAllTextAsync(_folder["data/api-key"]);
            Assert.Equal(start == 1 ? kept : key, kept);
            Assert.Equal(start == 1, ended.Error.Contains(kept.Trim(), StringComparison.Ordinal));
            key = kept;
        }
    }

    [Fact]
    public async Task Explain_says_so_when_no_worker_runs()
    {
        Ended ended = await ChildProgram.RunAutoGuardAsync(_folder.Path, ["explain", "token", "abc", "--set", "Web:Address=http://127.0.0.1:9"]);

        Assert.Equal(1, ended.Status);
        Assert.Contains("No running worker answers at Web:Address http://127.0.0.1:9", ended.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_place_that_is_taken_is_named()
    {
        using System.Net.Sockets.TcpListener taken = new(System.Net.IPAddress.Loopback, 0);
        taken.Start();
        Ended ended = await ChildProgram.RunAutoGuardAsync(_folder.Path, ["run", "--set", $"Web:Address=http://{taken.LocalEndpoint}"]);

        Assert.Equal(1, ended.Status);
        Assert.Contains($"Web:Address http://{taken.LocalEndpoint} cannot be used", ended.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(" at ", ended.Error.Split('\n').Last(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_demo_shows_decisions_and_leaves_a_report_and_touches_nobody_it_must_not()
    {
        Ended ended = await ChildProgram.RunAutoGuardAsync(_folder.Path, ["demo", "--for", "15s"]);
        Assert.True(ended.Status == 0, ended.Error);
        string path = ReportLine().Match(ended.Output).Groups[1].Value;
        string page = await File.ReadAllTextAsync(path);
        JudgedDecision[] decisions =
        [
            .. DecisionLine().Matches(ended.Output).Select(line => new JudgedDecision(
                new Subject(Enum.Parse<SubjectType>(line.Groups["type"].Value, ignoreCase: true), line.Groups["value"].Value),
                Enum.Parse<DecisionAction>(line.Groups["action"].Value, ignoreCase: true),
                DateTimeOffset.Parse(line.Groups["time"].Value, CultureInfo.InvariantCulture).ToUnixTimeMilliseconds())),
        ];
        SimulationTruth truth = DemoTraffic.World(7, TimeProvider.System).Truth;
        EvaluationResult result = Evaluation.Judge(decisions, truth);

        Assert.NotEmpty(decisions);
        Assert.All((string[])["Events: ", "Decisions: ", "Incidents: ", "Report: ", "Time: "], line => Assert.Contains(line, ended.Output, StringComparison.Ordinal));
        Assert.DoesNotContain("0 flagged", SummaryLine().Match(ended.Output).Value, StringComparison.Ordinal);
        Assert.Empty(result.FalseSubjects.Where(subject => subject.NeverTouch));
        Assert.StartsWith("<!doctype html>", page, StringComparison.OrdinalIgnoreCase);
        Assert.EndsWith("</html>", page.TrimEnd(), StringComparison.OrdinalIgnoreCase);
        Assert.All(decisions.Select(decision => decision.Subject.Value).Distinct(), value => Assert.Contains(value, page, StringComparison.Ordinal));
    }

    /// <summary>Where nobody collects orphans, an ended one stays as a zombie.</summary>
    private static bool Runs(string process)
    {
        string status = $"/proc/{process}/status";
        return File.Exists(status) && !File.ReadLines(status).Any(line => line.StartsWith("State:\tZ", StringComparison.Ordinal));
    }

    private string ServerProcess() => File.ReadLines(Directory.GetFiles(_folder["data"], "postmaster.pid", SearchOption.AllDirectories).Single()).First();

    [GeneratedRegex(@"^Report: (.+)$", RegexOptions.Multiline)]
    private static partial Regex ReportLine();

    [GeneratedRegex(@"^Decisions: .+$", RegexOptions.Multiline)]
    private static partial Regex SummaryLine();

    [GeneratedRegex(@"^(?<time>\S+Z) (?<action>flag|block|revoke) (?<type>token|ip|cidr|referrer) (?<value>\S+) score ", RegexOptions.Multiline)]
    private static partial Regex DecisionLine();
}
