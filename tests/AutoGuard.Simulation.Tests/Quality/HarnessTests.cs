using System.Globalization;
using System.Text.Json;
using AutoGuard.Quality;
using AutoGuard.Simulation.Labels;
using AutoGuard.Simulation.Profiles;

namespace AutoGuard.Simulation.Tests.Quality;

public sealed class HarnessTests
{
    private static readonly Lazy<Results> Small = new(() => Run("small,kickoff", 300, "1..2", tune: false));

    [Theory]
    [InlineData("7", "7")]
    [InlineData("1,3..5, 9", "1 3 4 5 9")]
    [InlineData("101..103", "101 102 103")]
    public void Lists_of_numbers_are_read(string list, string expected) =>
        Assert.Equal(expected, string.Join(' ', Plan.Numbers(list)));

    [Theory]
    [InlineData("x")]
    [InlineData("5..3")]
    [InlineData("1..2..3")]
    [InlineData("-1")]
    [InlineData("1..99999999")]
    public void Lists_that_mean_nothing_are_refused(string list) =>
        Assert.Throws<FormatException>(() => Plan.Numbers(list).Count());

    [Fact]
    public void Profiles_are_named_one_by_one_or_by_their_beginning_in_any_size()
    {
        SimulationProfile profile = Plan.Of("carrier-nat", 30_000, 1, "4", "60").Single().Profile;

        Assert.Equal((30_000, 60, TimeSpan.FromHours(1)), (profile.Viewers, profile.HeartbeatSeconds, profile.Duration));
        Assert.Equal(SimulationProfiles.HeldOut, Plan.Of("held", 1_000, 0, "1", "0").Select(r => r.Profile.Name));
        Assert.Equal(SimulationProfiles.Honest, Plan.Of("honest", 1_000, 0, "1", "0").Select(r => r.Profile.Name));
        Assert.Equal(12, Plan.Of("tune-league,small", 300, 0, "1..2", "10,30,60").Count);
        Assert.Throws<FormatException>(() => Plan.Of("no-such", 0, 0, "1", "0"));
    }

    [Theory]
    [InlineData("AutoGuard")]
    [InlineData("fixed thresholds")]
    [InlineData("published rule: rate over median")]
    [InlineData("published rule: one-minute filter")]
    [InlineData("chance")]
    [InlineData("nothing")]
    [InlineData("whoever knows the truth")]
    public void Every_detector_has_one_row_in_the_first_table(string detector)
    {
        IEnumerable<string> rows = Report.Markdown(Small.Value).Split('\n').Where(line => line.StartsWith($"| {detector} |", StringComparison.Ordinal));

        Assert.Equal(12, Assert.Single(rows).Count(c => c == '|') - 1);
    }

    [Fact]
    public void Every_row_of_every_table_has_as_many_cells_as_its_head()
    {
        int head = 0;
        int tables = 0;
        foreach (string line in Report.Markdown(Small.Value).Split('\n'))
        {
            int cells = line.StartsWith('|') ? line.Count(c => c == '|') : 0;
            Assert.True(head == 0 || cells == 0 || cells == head, line);
            tables += head == 0 && cells > 0 ? 1 : 0;
            head = cells;
        }
        Assert.Equal(7, tables);
    }

    [Theory]
    [InlineData("easy")]
    [InlineData("slow")]
    [InlineData("easy and slow")]
    [InlineData("to be blocked")]
    [InlineData("to be flagged")]
    public void Every_difficulty_and_level_that_occurs_has_a_row_for_every_detector(string name)
    {
        string[] rows = [.. Report.Markdown(Small.Value).Split('\n').Where(line => line.StartsWith($"| {name} |", StringComparison.Ordinal))];

        Assert.Equal(Small.Value.Detectors.Select(d => d.Detector), rows.Select(r => r.Split('|')[2].Trim()));
        // Whoever knows the truth: every incident, at once.
        string[] best = rows.Single(r => r.Contains("| whoever knows the truth |", StringComparison.Ordinal)).Split('|', StringSplitOptions.TrimEntries);
        PartResult own = Small.Value.Own.Difficulties.Concat(Small.Value.Own.Levels).Single(d => d.Name == name);
        Assert.Equal([$"{own.Incidents}", $"100.0 % ({own.Incidents})", "0 s", "0 s", own.Sessions.ToString("N0", CultureInfo.InvariantCulture)], best[3..8]);
    }

    [Fact]
    public void A_difficulty_that_does_not_occur_has_no_row() =>
        Assert.DoesNotContain("\n| hard |", Report.Markdown(Small.Value), StringComparison.Ordinal);

    [Theory]
    [InlineData(84, "missed")]
    [InlineData(85, "met")]
    public void Prevention_is_a_goal_for_all_sessions_and_for_those_of_incidents_to_be_blocked(long prevented, string expected)
    {
        EvaluationResult own = Small.Value.Own;
        IncidentResult incident = own.Incidents[0] with { Expected = ExpectedAction.Block, Sessions = 100, Prevented = prevented };
        EvaluationResult result = own with { Incidents = [incident, incident with { Expected = ExpectedAction.Flag, Prevented = 0 }] };

        Goal goal = Goals.Of(result).Single(g => g.Name == "of incidents to be blocked");

        Assert.Equal(("at least 85.0 %", FormattableString.Invariant($"{prevented}.00 %"), expected), (goal.Wanted, goal.Reached, goal.IsMet == true ? "met" : "missed"));
        Assert.Equal("misuse sessions prevented", Goals.Of(result).TakeWhile(g => g != goal).Last().Name);
    }

    [Fact]
    public void The_whole_is_the_sum_of_its_recordings()
    {
        Results results = Small.Value;

        Assert.Equal(4, results.Recordings.Count);
        Assert.Equal(2, results.Scenarios.Length);
        Assert.Equal(10, results.Own.Incidents.Length);
        Assert.Equal(results.Recordings.Sum(r => r.Judgements[0].Result.Impact!.HonestSessions), results.Own.Impact!.HonestSessions);
        Assert.Equal(
            results.Recordings.Sum(r => r.Judgements[0].Result.FalseSubjects.Length + r.Judgements[0].Result.RightSubjects.Length), results.Own.FalseSubjects.Length + results.Own.RightSubjects.Length);
        Assert.All(results.Detectors, d => Assert.Equal(results.Own.Impact.HonestSessions, d.Result.Impact!.HonestSessions));
    }

    [Fact]
    public void The_json_holds_what_the_tables_hold()
    {
        using JsonDocument json = JsonDocument.Parse(Small.Value.ToJson());
        JsonElement[] detectors = [.. json.RootElement.GetProperty("detectors").EnumerateArray()];

        Assert.Equal(Small.Value.Detectors.Select(d => d.Detector), detectors.Select(d => d.GetProperty("name").GetString()));
        Assert.All(detectors.Zip(Small.Value.Detectors), pair => Assert.Equal(
            pair.Second.Result.Flags.Precision, pair.First.GetProperty("evaluation").GetProperty("flags").GetProperty("precision").GetDouble(), 6));
        Assert.Equal(4, json.RootElement.GetProperty("recordings").GetArrayLength());
        Assert.All(detectors.Zip(Small.Value.Detectors), pair => Assert.Equal(
            pair.Second.Result.Difficulties.Concat(pair.Second.Result.Levels).Select(d => (d.Name, d.Incidents, d.CaughtAsExpected, d.Sessions, d.Prevented, Seconds(d.MedianTimeToDetection), Seconds(d.P90TimeToDetection))),
            Parts(pair.First.GetProperty("evaluation"), "difficulties").Concat(Parts(pair.First.GetProperty("evaluation"), "levels")).Select(d => (
                d.GetProperty("name").GetString()!, d.GetProperty("incidents").GetInt32(), d.GetProperty("caughtAsExpected").GetInt32(), d.GetProperty("sessions").GetInt64(), d.GetProperty("prevented").GetInt64(),
                Written(d, "median"), Written(d, "p90")))));

        static IEnumerable<JsonElement> Parts(JsonElement evaluation, string name) => evaluation.GetProperty(name).EnumerateArray();

        static double? Seconds(TimeSpan? time) => time is { } known ? Math.Round(known.TotalSeconds, 6) : null;

        static double? Written(JsonElement difficulty, string name) =>
            difficulty.GetProperty("secondsToDetection").GetProperty(name) is { ValueKind: JsonValueKind.Number } found ? found.GetDouble() : null;
    }

    [Fact]
    public void Two_runs_judge_alike()
    {
        Results again = Run("small", 300, "1", tune: true);
        EvaluationResult first = Small.Value.Recordings[0].Judgements[0].Result;
        EvaluationResult second = again.Recordings[0].Judgements[0].Result;

        Assert.Equal(first.Incidents.ToArray(), second.Incidents.ToArray());
        Assert.Equal(first.RightSubjects.ToArray(), second.RightSubjects.ToArray());
        Assert.Equal(first.Impact!.Honest.ToArray(), second.Impact!.Honest.ToArray());
        Assert.StartsWith("caught easy ", Report.Summary(again), StringComparison.Ordinal);
    }

    [Fact]
    public void Doing_nothing_and_chance_lose()
    {
        EvaluationResult own = Small.Value.Own;

        Assert.All(Small.Value.Detectors.Where(d => d.Detector is "chance" or "nothing"), loser => Assert.True(
            loser.Result.Flags.Recall < own.Flags.Recall, string.Create(CultureInfo.InvariantCulture, $"{loser.Detector}: {loser.Result.Flags.Recall}")));
    }

    [Fact]
    public void A_score_of_nine_tenths_is_reliable_when_nine_in_ten_are_guilty()
    {
        IReadOnlyList<ReliabilityRow> rows = Reliability.Of([(0.95, true), (0.91, true), (1, true), (0.9, false), (0.31, false), (0.39, true)]);

        Assert.Equal([new ReliabilityRow(3, 2, 1, 0.35), new ReliabilityRow(9, 4, 3, 0.94)], rows.Select(r => r with { MeanScore = Math.Round(r.MeanScore, 6) }));
        Assert.Equal(0.75, rows[1].Share);
    }

    private static Results Run(string profiles, int viewers, string seeds, bool tune)
    {
        HarnessOptions options = new()
        {
            Recordings = Plan.Of(profiles, viewers, 0, seeds, "0"),
            Sets = [],
            Outputs = [],
            Tune = tune,
            Baselines = !tune,
            Probe = false,
            Parallel = 2,
        };
        return new Harness(options, TextWriter.Null, TextWriter.Null).Run();
    }
}
