using AutoGuard.Core.Policy;
using AutoGuard.Simulation.Labels;
using AutoGuard.Simulation.Profiles;

namespace AutoGuard.Simulation.Tests.Labels;

public sealed class EvaluationTests
{
    private static readonly DateTimeOffset Noon = new(2025, 11, 14, 12, 0, 0, TimeSpan.Zero);

    private static readonly SimulationTruth Truth = new()
    {
        Version = SimulationTruth.CurrentVersion,
        Seed = 1,
        Profile = "by hand",
        From = Noon,
        To = Noon.AddHours(4),
        OfficialReferrers = ["arena-live.example"],
        Allowlist = [new AllowedSubject(Ip("3.208.0.9"), "own monitoring")],
        Honest = [new HonestSubjects(HonestKind.CarrierNat, [Ip("27.64.0.1")])],
        Incidents =
        [
            Case("sharing", AttackKind.TokenSharing, Difficulty.Easy, 10, ExpectedAction.Revoke, [Token("shared")], [Ip("87.128.0.5")]),
            Case("relay", AttackKind.DataCentreRelay, Difficulty.Easy, 20, ExpectedAction.Block, [Token("relay"), Ip("88.198.0.7")], [Ip("88.198.0.80")]),
            Case("subnet", AttackKind.SubnetOffenders, Difficulty.Hard, 30, ExpectedAction.Flag, [new(SubjectType.Cidr, "51.68.1.0/24"), Ip("51.68.1.4")], []),
            Case("embed", AttackKind.IllegalEmbed, Difficulty.Easy, 40, ExpectedAction.Block, [new(SubjectType.Referrer, "goal.example")], []),
        ],
    };

    [Fact]
    public void Nothing_decided_is_perfectly_precise_and_finds_nothing()
    {
        EvaluationResult result = Evaluation.Judge([], Truth);

        Assert.Equal((1.0, 0.0), (result.Flags.Precision, result.Flags.Recall));
        Assert.Equal((1.0, 0.0), (result.Blocks.Precision, result.Blocks.Recall));
        Assert.Null(result.MedianTimeToDetection);
        Assert.All(result.Incidents, i => Assert.Null(i.Action));
    }

    [Fact]
    public void Decisions_made_by_hand_have_the_precision_and_recall_counted_by_hand()
    {
        EvaluationResult result = Evaluation.Judge(
            [
                Decide(Token("shared"), DecisionAction.Flag, 11),
                Decide(Token("shared"), DecisionAction.Revoke, 14),
                Decide(Ip("88.198.0.7"), DecisionAction.Flag, 26),
                Decide(Ip("51.68.1.99"), DecisionAction.Block, 33),
                Decide(Token("somebody"), DecisionAction.Flag, 50),
                Decide(Ip("27.64.0.1"), DecisionAction.Block, 60),
                Decide(Ip("27.64.0.1"), DecisionAction.Release, 61),
            ],
            Truth);

        Assert.Equal(new DecisionQuality(TrueSubjects: 3, FalseSubjects: 2, Caught: 3, Incidents: 4), result.Flags);
        Assert.Equal(0.6, result.Flags.Precision);
        Assert.Equal(0.75, result.Flags.Recall);
        Assert.Equal(new DecisionQuality(TrueSubjects: 2, FalseSubjects: 1, Caught: 1, Incidents: 3), result.Blocks);
        Assert.Equal([true, false, true, false], result.Incidents.Select(i => i.CaughtAsExpected));
        Assert.Equal([DecisionAction.Revoke, DecisionAction.Flag, DecisionAction.Block, null], result.Incidents.Select(i => i.Action));
        Assert.Equal([1, 6, 3, null], result.Incidents.Select(i => (int?)i.TimeToDetection?.TotalMinutes));
        Assert.Equal([4, null, 3, null], result.Incidents.Select(i => (int?)i.TimeToExpectedAction?.TotalMinutes));
        Assert.Equal(TimeSpan.FromMinutes(3), result.MedianTimeToDetection);
        Assert.Equal(TimeSpan.FromMinutes(6), result.P90TimeToDetection);
        Assert.Equal(
            [new FalseSubject(Token("somebody"), DecisionAction.Flag, At(50), false), new FalseSubject(Ip("27.64.0.1"), DecisionAction.Block, At(60), true)],
            result.FalseSubjects.ToArray());
        Assert.Equal(
            new FamilyResult
            {
                Kind = AttackKind.TokenSharing,
                Difficulty = Difficulty.Easy,
                Incidents = 1,
                Caught = 1,
                CaughtAsExpected = 1,
                Flags = new DecisionQuality(1, 0, 1, 1),
                Blocks = new DecisionQuality(1, 0, 1, 1),
                Sessions = 0,
                Prevented = 0,
                MedianTimeToDetection = TimeSpan.FromMinutes(1),
                P90TimeToDetection = TimeSpan.FromMinutes(1),
            },
            result.Families[0]);
        Assert.Equal((1, 3), result.Expected(Difficulty.Easy));
        Assert.Equal((1, 1), result.Expected(Difficulty.Hard));
        Assert.Equal((2, 4), result.Expected(Difficulty.Easy, Difficulty.Hard, Difficulty.Slow));
    }

    [Fact]
    public void Difficulties_have_their_own_times_and_sessions()
    {
        EvaluationResult result = Evaluation.Judge([], Truth) with
        {
            Incidents =
            [
                Result(Difficulty.Easy, seconds: 10, caught: true, sessions: 100, prevented: 90),
                Result(Difficulty.Easy, seconds: 30, caught: false, sessions: 20, prevented: 0),
                Result(Difficulty.Easy, seconds: null, caught: false, sessions: 5, prevented: 0),
                Result(Difficulty.Slow, seconds: 20, caught: true, sessions: 50, prevented: 10),
                Result(Difficulty.Slow, seconds: 900, caught: true, sessions: 30, prevented: 1),
                Result(Difficulty.Hard, seconds: null, caught: false, sessions: 7, prevented: 0),
            ],
        };

        Assert.Equal(
            [
                ("easy", 3, 1, 125L, 90L, 10.0, 30.0),
                ("slow", 2, 2, 80, 11, 20, 900),
                ("hard", 1, 0, 7, 0, null, null),
                ("easy and slow", 5, 3, 205, 101, 20, (double?)900),
            ],
            result.Difficulties.Select(d => (
                d.Name, d.Incidents, d.CaughtAsExpected, d.Sessions, d.Prevented, (double?)d.MedianTimeToDetection?.TotalSeconds, d.P90TimeToDetection?.TotalSeconds)));
    }

    [Fact]
    public void What_was_to_be_blocked_is_told_from_what_was_to_be_flagged()
    {
        EvaluationResult result = Evaluation.Judge([], Truth) with
        {
            Incidents =
            [
                Result(Difficulty.Easy, seconds: 10, caught: true, sessions: 100, prevented: 90) with { Expected = ExpectedAction.Block },
                Result(Difficulty.Hard, seconds: 20, caught: false, sessions: 20, prevented: 4) with { Expected = ExpectedAction.Revoke },
                Result(Difficulty.Easy, seconds: null, caught: false, sessions: 50, prevented: 1),
            ],
        };

        Assert.Equal(
            [("to be blocked", 2, 1, 120L, 94L, 10.0, 20.0), ("to be flagged", 1, 0, 50, 1, null, (double?)null)],
            result.Levels.Select(l => (
                l.Name, l.Incidents, l.CaughtAsExpected, l.Sessions, l.Prevented, (double?)l.MedianTimeToDetection?.TotalSeconds, l.P90TimeToDetection?.TotalSeconds)));
    }

    [Fact]
    public void The_order_of_decisions_does_not_matter()
    {
        JudgedDecision[] decisions =
            [Decide(Token("shared"), DecisionAction.Flag, 11), Decide(Token("shared"), DecisionAction.Revoke, 14), Decide(Token("x"), DecisionAction.Flag, 5)];

        EvaluationResult forward = Evaluation.Judge(decisions, Truth);
        EvaluationResult backward = Evaluation.Judge(decisions.Reverse(), Truth);

        Assert.Equal(forward.Incidents.ToArray(), backward.Incidents.ToArray());
        Assert.Equal(forward.FalseSubjects.ToArray(), backward.FalseSubjects.ToArray());
        Assert.Equal(forward.Flags, backward.Flags);
    }

    [Fact]
    public void A_decision_before_the_misuse_began_is_false()
    {
        EvaluationResult result = Evaluation.Judge([Decide(Token("shared"), DecisionAction.Flag, 9)], Truth);

        Assert.Equal(0, result.Flags.Caught);
        Assert.Equal(Token("shared"), Assert.Single(result.FalseSubjects).Subject);
    }

    [Theory]
    [InlineData(12, 0)]
    [InlineData(15, 0)]
    [InlineData(17, 2)]
    public void Time_to_detection_counts_from_the_first_abnormal_event_and_is_never_negative(int decidedAt, int minutes)
    {
        SimulationTruth truth = Truth with { Incidents = [Truth.Incidents[0] with { FirstAbnormal = Noon.AddMinutes(15) }] };
        EvaluationResult result = Evaluation.Judge([Decide(Token("shared"), DecisionAction.Flag, decidedAt)], truth);

        Assert.Equal(TimeSpan.FromMinutes(minutes), result.MedianTimeToDetection);
    }

    [Theory]
    [InlineData("51.68.1.0/24", true, false)]
    [InlineData("51.68.1.0/28", true, false)]
    [InlineData("51.68.0.0/20", false, false)]
    [InlineData("88.198.0.0/24", false, true)]
    [InlineData("3.208.0.0/24", false, true)]
    [InlineData("27.64.0.0/20", false, true)]
    public void A_network_counts_only_when_named_and_must_not_take_the_innocent_along(string network, bool right, bool neverTouch)
    {
        EvaluationResult result = Evaluation.Judge([Decide(new(SubjectType.Cidr, network), DecisionAction.Block, 45)], Truth);

        Assert.Equal(right ? 1 : 0, result.Flags.TrueSubjects);
        Assert.Equal(right ? [] : [neverTouch], result.FalseSubjects.Select(f => f.NeverTouch));
    }

    [Fact]
    public void Who_must_never_be_touched_is_nobody_s_catch()
    {
        SimulationTruth truth = Truth with { Incidents = [.. Truth.Incidents.Select(i => i with { NeverTouch = [.. i.NeverTouch, .. i.Catch] })] };
        JudgedDecision[] decisions = [.. Truth.Incidents.SelectMany(i => i.Catch).Distinct().Select(subject => Decide(subject, DecisionAction.Revoke, 59))];

        EvaluationResult result = Evaluation.Judge(decisions, truth);

        Assert.NotEmpty(Evaluation.Judge(decisions, Truth).RightSubjects);
        Assert.Empty(result.RightSubjects);
        Assert.All(result.Incidents, incident => Assert.Equal((null, false, null), (incident.Action, incident.CaughtAsExpected, incident.TimeToDetection)));
    }

    [Fact]
    public void A_recording_without_incidents_has_full_recall_and_every_decision_is_false()
    {
        EvaluationResult result = Evaluation.Judge([Decide(Token("t"), DecisionAction.Flag, 1)], Truth with { Incidents = [] });

        Assert.Equal((0.0, 1.0), (result.Flags.Precision, result.Flags.Recall));
    }

    [Fact]
    public void Truth_survives_its_json()
    {
        SimulationTruth truth = new TrafficSimulator(SimulationProfiles.Small, 3).Truth;
        byte[] json = SimulationJson.Write(truth);

        Assert.Equal(json, SimulationJson.Write(SimulationJson.ReadTruth(json)));
        string text = System.Text.Encoding.UTF8.GetString(json);
        Assert.Contains("\"kind\": \"token-sharing\"", text, StringComparison.Ordinal);
        Assert.Contains("\"expected\": \"revoke\"", text, StringComparison.Ordinal);
        Assert.Contains("\"start\": \"2025-11-14T17:20:00.000Z\"", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("""{"version":1,"seed":1,"profile":"p","surprise":1}""")]
    public void What_is_no_truth_is_refused(string json) =>
        Assert.Throws<System.Text.Json.JsonException>(() => SimulationJson.ReadTruth(System.Text.Encoding.UTF8.GetBytes(json)));

    private static Incident Case(string id, AttackKind kind, Difficulty difficulty, int minute, ExpectedAction expected, Subject[] caught, Subject[] neverTouch) => new()
    {
        Id = id,
        Kind = kind,
        Difficulty = difficulty,
        Start = Noon.AddMinutes(minute),
        End = Noon.AddHours(3),
        Expected = expected,
        Catch = [.. caught],
        NeverTouch = [.. neverTouch],
    };

    private static IncidentResult Result(Difficulty difficulty, int? seconds, bool caught, long sessions, long prevented) => new()
    {
        Id = "by hand",
        Kind = AttackKind.TokenSharing,
        Difficulty = difficulty,
        Expected = ExpectedAction.Flag,
        Action = seconds is null ? null : DecisionAction.Flag,
        CaughtAsExpected = caught,
        TimeToDetection = seconds is { } known ? TimeSpan.FromSeconds(known) : null,
        TimeToExpectedAction = null,
        Sessions = sessions,
        Prevented = prevented,
    };

    private static JudgedDecision Decide(Subject subject, DecisionAction action, int minute) => new(subject, action, At(minute));

    private static long At(int minute) => Noon.AddMinutes(minute).ToUnixTimeMilliseconds();

    private static Subject Token(string value) => new(SubjectType.Token, value);

    private static Subject Ip(string value) => new(SubjectType.Ip, value);
}
