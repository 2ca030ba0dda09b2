using System.Text;
using System.Text.RegularExpressions;
using AutoGuard.Core.Events;
using AutoGuard.Core.Policy;
using AutoGuard.Replay;
using AutoGuard.Simulation;
using AutoGuard.Simulation.Labels;
using AutoGuard.Simulation.Profiles;

namespace AutoGuard.Tests.Samples;

/// <summary>
/// Every folder of <c>samples/</c>, replayed with its settings. <c>expected.jsonl</c> holds the decisions;
/// <c>AUTOGUARD_UPDATE_GOLDEN=1</c> rewrites it, except where <c>CI=true</c>.
/// </summary>
public sealed partial class SampleTests
{
    public static TheoryData<string> All => [.. SampleFolder.Names];

    public static TheoryData<string> Simulated => [.. SampleFolder.Names.Where(name => new SampleFolder(name).IsSimulated)];

    [Theory]
    [MemberData(nameof(All))]
    public async Task A_sample_gives_the_decisions_written_beside_it(string name)
    {
        SampleFolder sample = new(name);
        string file = Path.GetTempFileName();
        try
        {
            using ReplayRunner runner = new(sample.Settings(), [sample.Events], TextWriter.Null);
            await runner.RunAsync(file, TimeProvider.System, CancellationToken.None);
            string decisions = WithoutFingerprint(await File.ReadAllTextAsync(file));
            await UpdateAsync(sample, decisions);

            Assert.True(File.Exists(sample.Expected), $"{sample.Expected} is missing; AUTOGUARD_UPDATE_GOLDEN=1 writes it.");
            Assert.Equal(await File.ReadAllTextAsync(sample.Expected), decisions);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task The_easy_incidents_of_a_sample_are_caught_and_nobody_is_touched_who_must_not_be(string name)
    {
        SampleFolder sample = new(name);
        using ReplayRunner runner = new(sample.Settings(), [sample.Events], TextWriter.Null);
        await runner.RunAsync(null, TimeProvider.System, CancellationToken.None);
        EvaluationResult result = Evaluation.Judge(runner.Decisions.Select(JudgedDecision.Of), sample.Truth);

        Assert.Empty(result.Incidents.Where(incident => incident.Difficulty == Difficulty.Easy && incident.Action is null).Select(incident => incident.Id));
        Assert.Empty(result.FalseSubjects.Where(subject => subject.NeverTouch));
        if (sample.Truth.Incidents.IsEmpty)
        {
            Assert.Empty(runner.Decisions);
        }
    }

    [Theory]
    [MemberData(nameof(Simulated))]
    public async Task The_lines_of_a_sample_are_counted_as_its_simulation_counted_them(string name)
    {
        SampleFolder sample = new(name);
        TrafficSimulator simulator = sample.Simulator();
        SimulationFolder.WriteEvents(simulator, Stream.Null);
        using ReplayRunner runner = new(sample.Settings(), [sample.Events], TextWriter.Null);
        ReplaySummary summary = await runner.RunAsync(null, TimeProvider.System, CancellationToken.None);

        Assert.Equal(simulator.Counts.Lines, summary.Events);
        Assert.Equal(simulator.Counts.Malformed.Select(pair => (pair.Key, pair.Value)), summary.Malformed.OrderBy(pair => pair.Reason));
        Assert.Equal(summary.Events, summary.Accepted + summary.Malformed.Sum(pair => pair.Count) + summary.Late + summary.Duplicates);
    }

    [Fact]
    public void The_honest_sample_has_no_incident_and_expects_no_decision()
    {
        SampleFolder sample = new("06-honest-kick-off");

        Assert.Empty(sample.Truth.Incidents);
        Assert.Equal(0, new FileInfo(sample.Expected).Length);
    }

    [Fact]
    public void The_messy_sample_is_malformed_in_every_way_that_the_simulation_knows()
    {
        SampleFolder sample = new("07-messy-transport");
        TrafficSimulator simulator = sample.Simulator();
        SimulationFolder.WriteEvents(simulator, Stream.Null);

        Assert.True(simulator.Counts.Malformed.Count >= 12, $"only {simulator.Counts.Malformed.Count} reasons");
        Assert.Contains(EventRejection.Future, simulator.Counts.Malformed.Keys);
    }

    [Fact]
    public async Task No_encoded_token_leaves_the_messy_sample()
    {
        SampleFolder sample = new("07-messy-transport");
        using ReplayRunner runner = new(sample.Settings(), [sample.Events], TextWriter.Null);
        await runner.RunAsync(null, TimeProvider.System, CancellationToken.None);
        string report = Path.Combine(Path.GetTempPath(), $"autoguard-{Guid.NewGuid():n}.html");
        try
        {
            await AutoGuard.Reports.FlaggedReports.WriteAsync(runner.Report(), report, CancellationToken.None);
            string text = await File.ReadAllTextAsync(report) + string.Concat(runner.Decisions.Select(d => Encoding.UTF8.GetString(DecisionJson.ToUtf8(d))));

            Assert.Contains("6IwE5pVzSfHy", text, StringComparison.Ordinal);
            Assert.DoesNotMatch(EncodedToken(), text);
        }
        finally
        {
            File.Delete(report);
        }
    }

    /// <summary>The fingerprint is that of the whole configuration: a default that changes elsewhere changes it.</summary>
    private static string WithoutFingerprint(string decisions) => Fingerprint().Replace(decisions, "\"policy\":\"(fingerprint)\"");

    private static async Task UpdateAsync(SampleFolder sample, string decisions)
    {
        if (Environment.GetEnvironmentVariable("AUTOGUARD_UPDATE_GOLDEN") != "1")
        {
            return;
        }
        Assert.False(Environment.GetEnvironmentVariable("CI") == "true", "AUTOGUARD_UPDATE_GOLDEN=1 is refused where CI=true.");
        await File.WriteAllTextAsync(sample.Expected, decisions);
    }

    [GeneratedRegex("\"policy\":\"[0-9a-f]{64}\"")]
    private static partial Regex Fingerprint();

    [GeneratedRegex(@"eyJ[\w-]+\.[\w-]+\.[\w-]+")]
    private static partial Regex EncodedToken();
}
