using System.Text;
using AutoGuard.Core.Events;
using AutoGuard.Core.Policy;
using AutoGuard.Simulation.Labels;
using AutoGuard.Simulation.Profiles;

namespace AutoGuard.Simulation.Tests.Labels;

public sealed class AttributionTests
{
    private static readonly SimulationProfile Profile = SimulationProfiles.Small;
    private static readonly Recording Recording = Recording.Of(Profile, 9);
    private static readonly ParsedRecording Parsed = ParsedRecording.Of(Profile, 9);
    private static readonly long Late = (Profile.Start + Profile.Duration).ToUnixTimeMilliseconds();

    [Fact]
    public void A_blocked_carrier_translator_is_told_by_the_kinds_of_sessions_behind_it()
    {
        Subject translator = Recording.Truth.Honest.Single(h => h.Kind == HonestKind.CarrierNat).Subjects[0];
        FalseSubject wrong = Assert.Single(Judge(new JudgedDecision(translator, DecisionAction.Block, Late)).FalseSubjects);

        Assert.True(wrong.NeverTouch);
        Assert.Null(wrong.Incident);
        Assert.Equal(HonestKind.CarrierNat, wrong.Victims);
        Assert.Equal(Tally(s => s.First.Address == translator.Value), wrong.Honest.ToArray());
        Assert.True(wrong.Honest[0].Sessions > 10);
    }

    [Fact]
    public void A_wrong_subject_whose_sessions_are_mostly_misuse_belongs_to_that_family()
    {
        Incident embed = Recording.Truth.Incidents.Single(i => i.Kind == AttackKind.IllegalEmbed);
        RecordedSession viewer = Recording.SessionsOf(Recording.Truth.Incidents.IndexOf(embed)).First(IsOnlyOfItsKind);
        EvaluationResult result = Judge(new JudgedDecision(new(SubjectType.Token, viewer.First.Token!), DecisionAction.Flag, Late));
        FalseSubject wrong = Assert.Single(result.FalseSubjects);

        Assert.Equal((embed.Id, (AttackKind.IllegalEmbed, Difficulty.Slow)), (wrong.Incident, wrong.Family!.Value));
        Assert.Null(wrong.Victims);
        Assert.True(wrong.MisuseSessions > 0);
        Assert.Equal(new DecisionQuality(0, 1, 0, 1), result.Families.Single(f => f.Kind == AttackKind.IllegalEmbed).Flags);
    }

    [Fact]
    public void Sessions_that_were_running_before_the_recording_tell_too()
    {
        RecordedSession running = Recording.Sessions.Values.First(s => s.First.Type != "start" && s.Label == new SessionLabel(-1, HonestKind.NativeApp) && IsOnlyOfItsKind(s));
        FalseSubject wrong = Assert.Single(Judge(new JudgedDecision(new(SubjectType.Token, running.First.Token!), DecisionAction.Flag, Late)).FalseSubjects);

        Assert.Equal(HonestKind.NativeApp, wrong.Victims);
    }

    [Fact]
    public void A_session_that_moved_is_found_where_it_went_and_counts_once_under_its_token()
    {
        KeyedHasher hasher = new(7, 11);
        StringPool strings = new(hasher);
        LabelledSessions sessions = new(9, strings, new IdentityKeys(hasher));
        EventParser parser = new(hasher, strings, new ClaimsPool());
        Span<byte> id = stackalloc byte[36];
        new SessionLabels(9).Write(SessionLabels.CodeOf(HonestKind.PhoneHopping), 1, id);
        string session = Encoding.ASCII.GetString(id);
        EventBatch batch = new(8);
        string[] addresses = ["203.0.113.1", "192.0.2.5", "203.0.113.1", "192.0.2.5", "192.0.2.6"];
        for (int i = 0; i < addresses.Length; i++)
        {
            byte[] line = Encoding.UTF8.GetBytes(
                $$"""{"type":"{{(i == 0 ? "start" : "heartbeat")}}","timestamp":{{Late + (i * 30_000)}},"sessionId":"{{session}}","ip":"{{addresses[i]}}","token":"t"}""");
            Assert.Equal(EventRejection.None, parser.TryParse(line, batch, 0, 0, i));
            sessions.Add(in batch.Last, line);
        }
        Subject[] subjects = [new(SubjectType.Ip, "192.0.2.5"), new(SubjectType.Ip, "192.0.2.6"), new(SubjectType.Ip, "203.0.113.1"), new(SubjectType.Token, "t")];
        EvaluationResult result = Evaluation.Judge(subjects.Select(s => new JudgedDecision(s, DecisionAction.Block, Late - 1)), Parsed.Truth, sessions);

        Assert.Equal(subjects.Order(), result.FalseSubjects.Select(f => f.Subject).Order());
        Assert.All(result.FalseSubjects, f => Assert.Equal([new HonestTally(HonestKind.PhoneHopping, 1)], f.Honest.ToArray()));
        Assert.Equal((1L, 1L), (result.Impact!.HonestSessions, result.Impact.HonestRefused));
    }

    [Fact]
    public void Somebody_who_was_never_seen_is_nobodys()
    {
        FalseSubject wrong = Assert.Single(Judge(new JudgedDecision(new(SubjectType.Token, "nobody"), DecisionAction.Flag, Late)).FalseSubjects);

        Assert.Empty(wrong.Honest);
        Assert.Null(wrong.Victims);
        Assert.Null(wrong.Incident);
    }

    [Fact]
    public void Two_recordings_pooled_count_as_one()
    {
        Subject relay = Recording.Truth.Incidents.Single(i => i.Kind == AttackKind.AutomatedReconnects).Catch.Single(s => s.Type == SubjectType.Ip);
        EvaluationResult one = Judge(new JudgedDecision(relay, DecisionAction.Block, Late - 3_600_000));
        EvaluationResult two = Judge(new JudgedDecision(new(SubjectType.Token, "nobody"), DecisionAction.Block, Late));
        EvaluationResult both = EvaluationResult.Pool([one, two]);

        Assert.Equal(new DecisionQuality(1, 1, 1, 10), both.Flags);
        Assert.Equal(new DecisionQuality(1, 1, 1, 6), both.Blocks);
        Assert.Equal((1, 8), both.Expected(Difficulty.Easy));
        Assert.Equal(one.Impact!.MisusePrevented, both.Impact!.MisusePrevented);
        Assert.Equal(one.Impact.HonestSessions * 2, both.Impact.HonestSessions);
        Assert.Equal(one.MedianTimeToDetection, both.P90TimeToDetection);
    }

    /// <summary>Whether a session's token is used by sessions of its own label alone.</summary>
    private static bool IsOnlyOfItsKind(RecordedSession session) =>
        session.First.Token is { } token && Recording.Sessions.Values.All(s => s.First.Token != token || s.Label == session.Label);

    private static EvaluationResult Judge(params JudgedDecision[] decisions) => Evaluation.Judge(decisions, Parsed.Truth, Parsed.Sessions);

    private static HonestTally[] Tally(Func<RecordedSession, bool> which) =>
        [.. Recording.Sessions.Values.Where(s => !s.Label.IsMisuse && which(s)).GroupBy(s => s.Label.Honest)
            .Select(g => new HonestTally(g.Key, g.Count())).OrderByDescending(t => t.Sessions).ThenBy(t => t.Kind)];
}
