using System.Globalization;
using System.Text.RegularExpressions;
using AutoGuard.Core.Policy;
using AutoGuard.Simulation.Labels;
using AutoGuard.Tests.Worker;
using AutoGuard.Verbs;

namespace AutoGuard.Tests.Verbs;

/// <summary>What somebody sees who starts the demo, and starts it again.</summary>
[Collection(ServiceTests.Name)]
public sealed partial class DemoProcessTests : IDisposable
{
    private readonly WorkFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Every_demo_begins_anew_shows_decisions_and_leaves_a_report_and_touches_nobody_it_must_not()
    {
        HashSet<string> reports = [];
        for (int demo = 1; demo <= 2; demo++)
        {
            Ended ended = await ChildProgram.RunAutoGuardAsync(_folder.Path, ["demo", "--for", "15s"]);
            Assert.True(ended.Status == 0, ended.Error);
            string path = ReportLine().Match(ended.Output).Groups[1].Value;
            string page = await File.ReadAllTextAsync(path);
            JudgedDecision[] decisions = [.. Decisions(ended.Output)];
            SimulationTruth truth = DemoTraffic.World(7, TimeProvider.System).Truth;
            EvaluationResult result = Evaluation.Judge(decisions, truth);

            Assert.True(reports.Add(path), $"demo {demo} wrote over the report {path}");
            Assert.NotEmpty(decisions);
            Assert.All((string[])["Events: ", "Decisions: ", "Incidents: ", "Report: ", "Time: "], line => Assert.Contains(line, ended.Output, StringComparison.Ordinal));
            Assert.Equal(decisions.Count(decision => decision.Action == DecisionAction.Flag), int.Parse(SummaryLine().Match(ended.Output).Groups["flagged"].Value, CultureInfo.InvariantCulture));
            Assert.Empty(result.FalseSubjects.Where(subject => subject.NeverTouch));
            Assert.StartsWith("<!doctype html>", page, StringComparison.OrdinalIgnoreCase);
            Assert.EndsWith("</html>", page.TrimEnd(), StringComparison.OrdinalIgnoreCase);
            Assert.All(decisions.Select(decision => decision.Subject.Value).Distinct(), value => Assert.Contains(value, page, StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task A_second_demo_says_where_the_first_one_is_and_leaves_it_alone_and_a_killed_one_is_in_nobodys_way()
    {
        string address;
        await using (ChildProgram first = ChildProgram.AutoGuard(_folder.Path, "demo"))
        {
            address = await first.WordAfterAsync("autoguard: dashboard and API");
            await first.UntilAsync(() => DecisionLine().IsMatch(first.Output), "a decision");

            Ended second = await ChildProgram.RunAutoGuardAsync(_folder.Path, ["demo", "--for", "5s"]);

            Assert.Equal(1, second.Status);
            Assert.StartsWith("autoguard demo: a demo runs in ", second.Error, StringComparison.Ordinal);
            Assert.Contains($" already at {address}.", second.Error, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', second.Error);
            Assert.Empty(second.Output);
            using HttpClient client = new() { BaseAddress = new Uri(address) };
            Assert.Equal("", first.HasEnded ? first.Error : "");
            Assert.Contains("autoguard_decision_stored_total", await client.GetStringAsync("/metrics"), StringComparison.Ordinal);
        }

        // Left by SIGKILL.
        Ended third = await ChildProgram.RunAutoGuardAsync(_folder.Path, ["demo", "--for", "5s"]);

        Assert.True(third.Status == 0, third.Error);
        Assert.DoesNotContain(address, third.Error, StringComparison.Ordinal);
    }

    private static IEnumerable<JudgedDecision> Decisions(string output) => DecisionLine().Matches(output).Select(line => new JudgedDecision(
        new Subject(Enum.Parse<SubjectType>(line.Groups["type"].Value, ignoreCase: true), line.Groups["value"].Value),
        Enum.Parse<DecisionAction>(line.Groups["action"].Value, ignoreCase: true),
        DateTimeOffset.Parse(line.Groups["time"].Value, CultureInfo.InvariantCulture).ToUnixTimeMilliseconds()));

    [GeneratedRegex(@"^Report: (.+)$", RegexOptions.Multiline)]
    private static partial Regex ReportLine();

    [GeneratedRegex(@"^Decisions: (?<flagged>\d+) flagged", RegexOptions.Multiline)]
    private static partial Regex SummaryLine();

    [GeneratedRegex(@"^(?<time>\S+Z) (?<action>flag|block|revoke) (?<type>token|ip|cidr|referrer) (?<value>\S+) score ", RegexOptions.Multiline)]
    private static partial Regex DecisionLine();
}
