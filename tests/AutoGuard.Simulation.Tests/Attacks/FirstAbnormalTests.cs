using AutoGuard.Simulation.Labels;
using AutoGuard.Simulation.Profiles;
using AutoGuard.Simulation.World;

namespace AutoGuard.Simulation.Tests.Attacks;

/// <summary>The clock of time to detection: of those who play session after session the truth says when the abnormal one comes.</summary>
public sealed class FirstAbnormalTests
{
    private const int HeartbeatSeconds = 60;

    /// <summary>As many sessions of seconds come from honest homes.</summary>
    private const int ShortSessions = 18;

    private static readonly ulong[] Seeds = [1, 2, 3];

    private static readonly AttackKind[] Counted =
    [
        AttackKind.BatonSharing, AttackKind.CountryHopping, AttackKind.ResidentialRelay, AttackKind.AutomatedReconnects,
        AttackKind.SubnetOffenders, AttackKind.SilentProbing, AttackKind.TokenGuessing,
    ];

    private static readonly Lazy<Recording[]> EverySessionAfterSession = new(() => [.. Seeds.Select(seed => Recording.Of(
        With([.. Counted.SelectMany(kind => Enum.GetValues<Difficulty>().Select(difficulty => Attack(kind, difficulty, minutes: 150)))]), seed))]);

    public static TheoryData<AttackKind> Kinds => [.. Counted];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void The_abnormal_session_begins_when_the_truth_says(AttackKind kind)
    {
        foreach (Recording recording in EverySessionAfterSession.Value)
        {
            foreach (Difficulty difficulty in Enum.GetValues<Difficulty>().Where(d => (kind, d) != (AttackKind.ResidentialRelay, Difficulty.Slow)))
            {
                int index = IndexOf(recording, kind, difficulty);

                Assert.Equal(AbnormalSession(recording, index).First.Time, Abnormal(recording, index));
            }
        }
    }

    [Fact]
    public void A_relay_that_moves_within_its_session_shows_one_line_too_many_within_a_heartbeat_of_when_the_truth_says()
    {
        foreach (Recording recording in EverySessionAfterSession.Value)
        {
            int index = IndexOf(recording, AttackKind.ResidentialRelay, Difficulty.Slow);
            RecordedEvent stranger = FirstStranger(recording, index);

            Assert.Equal("heartbeat", stranger.Type);
            Assert.InRange(stranger.Time - Abnormal(recording, index), 0, (HeartbeatSeconds * 1_000) + 200);
        }
    }

    [Fact]
    public void Of_two_programs_that_reconnect_the_first_one_counts()
    {
        Recording recording = Recording.Of(With([Attack(AttackKind.AutomatedReconnects, Difficulty.Easy, minutes: 10) with { Scale = 2 }]), 4);
        RecordedSession[] sessions = [.. recording.SessionsOf(0).OrderBy(s => s.First.Time)];

        int rank = Array.FindIndex(sessions, s => s.First.Time == Abnormal(recording, 0)) + 1;
        Assert.Equal(2, Recording.MostAtOnce(sessions));
        Assert.InRange(rank, 11, 20);
    }

    [Theory]
    [InlineData(1.0, 0, 7, 9)]
    [InlineData(1.0, 60, 7, 9)]
    [InlineData(0.5, 60, 1, 8)]
    [InlineData(0.0, 0, 0, 0)]
    public void Where_an_outage_drops_a_session_before_it_the_truth_knows(double share, int recoverySeconds, int fewest, int most)
    {
        int dropped = 0;
        foreach (ulong seed in Seeds)
        {
            SimulationProfile profile = With([.. Enum.GetValues<Difficulty>().Select(d => Attack(AttackKind.BatonSharing, d, minutes: 150)), Attack(AttackKind.ResidentialRelay, Difficulty.Slow, minutes: 150)]) with
            {
                Outage = new() { At = TimeSpan.FromMinutes(20), Share = share, Recovery = TimeSpan.FromSeconds(recoverySeconds) },
            };
            Recording recording = Recording.Of(profile, seed);
            long outage = profile.Start.AddMinutes(20).ToUnixTimeMilliseconds();
            for (int index = 0; index < 3; index++)
            {
                Assert.Equal(AbnormalSession(recording, index).First.Time, Abnormal(recording, index));
                dropped += recording.SessionsOf(index).Count(s => s.Last.Type != "end" && s.Last.Time <= outage);
            }

            // Of moves the truth does not say whether the last one before it was shown.
            Assert.InRange(Abnormal(recording, 3), outage, FirstStranger(recording, 3).Time);
        }

        Assert.InRange(dropped, fewest, most);
    }

    [Fact]
    public void Where_the_attack_is_over_before_the_time_is_what_the_shortest_sessions_and_pauses_would_give()
    {
        AttackProfile[] Attacks(double minutes, double relayMinutes) =>
            [Attack(AttackKind.AutomatedReconnects, Difficulty.Hard, minutes), Attack(AttackKind.ResidentialRelay, Difficulty.Slow, relayMinutes)];
        // The places of an attack are the same however long it lasts; the longer one gets to the line that is one too many.
        Recording longer = Recording.Of(With(Attacks(90, 150)), 6);
        int rank = PlacesUntil(longer, 1, FirstStranger(longer, 1));
        Recording recording = Recording.Of(With(Attacks(1.6, (rank - 1) * 8 + 3)), 6);

        Assert.InRange(recording.SessionsOf(0).Count(), 1, ShortSessions);
        Assert.Equal(TimeSpan.FromSeconds(ShortSessions * (3 + 2)), recording.Truth.Incidents[0].FirstAbnormal - recording.Truth.Incidents[0].Start);
        Assert.InRange(recording.Events.Where(e => e.Label.Incident == 1).Select(e => e.Address).Distinct().Count(), 1, rank - 1);
        Assert.Equal(TimeSpan.FromMinutes((rank - 1) * 8), recording.Truth.Incidents[1].FirstAbnormal - recording.Truth.Incidents[1].Start);
    }

    /// <summary>
    /// The event that shows a fourth home line, of which one operator has three at most, a fifth operator or a third country; the first of the last place
    /// where there is none of them.
    /// </summary>
    internal static RecordedEvent FirstStranger(IEnumerable<RecordedEvent> events)
    {
        List<RecordedEvent> places = [];
        foreach (RecordedEvent e in events.DistinctBy(e => e.Address))
        {
            places.Add(e);
            var operators = places.GroupBy(p => p.Asn).ToArray();
            if (operators.Length > 4 || places.DistinctBy(p => p.Country).Count() > 2 || operators.Sum(o => Math.Min(3, o.Count(p => Recording.KindOf(p.Address) == NetworkKind.Home))) > 3)
            {
                return e;
            }
        }

        return places[^1];
    }

    private static SimulationProfile With(AttackProfile[] attacks) => SimulationProfiles.Small with
    {
        Viewers = 20,
        Duration = TimeSpan.FromHours(3),
        HeartbeatSeconds = HeartbeatSeconds,
        Transport = TransportProfile.Perfect,
        Attacks = [.. attacks],
    };

    private static AttackProfile Attack(AttackKind kind, Difficulty difficulty, double minutes) => new()
    {
        Kind = kind,
        Difficulty = difficulty,
        At = TimeSpan.FromMinutes(10),
        Length = TimeSpan.FromMinutes(minutes),
        Scale = kind == AttackKind.AutomatedReconnects ? 1 : 0,
    };

    private static int IndexOf(Recording recording, AttackKind kind, Difficulty difficulty) =>
        recording.Simulator.Profile.Attacks.Select((attack, i) => (attack, i)).Single(p => p.attack.Kind == kind && p.attack.Difficulty == difficulty).i;

    private static long Abnormal(Recording recording, int index) => recording.Truth.Incidents[index].FirstAbnormal.ToUnixTimeMilliseconds();

    /// <summary>The session that makes its incident abnormal, counted in the recording; at a subnet's first address.</summary>
    private static RecordedSession AbnormalSession(Recording recording, int index)
    {
        (AttackKind kind, bool isHard) = (recording.Truth.Incidents[index].Kind, recording.Truth.Incidents[index].Difficulty == Difficulty.Hard);
        RecordedSession[] sessions = [.. recording.SessionsOf(index).OrderBy(s => s.First.Time)];
        return kind switch
        {
            AttackKind.BatonSharing or AttackKind.ResidentialRelay => recording.Sessions[FirstStranger(recording, index).Session],
            AttackKind.CountryHopping => sessions.DistinctBy(s => s.First.Country).ElementAt(2),
            AttackKind.SubnetOffenders => sessions.Where(s => s.First.Address == sessions[0].First.Address).ElementAt(9),
            AttackKind.SilentProbing => sessions[isHard ? 29 : 9],
            _ => sessions[isHard ? ShortSessions : 9],
        };
    }

    private static RecordedEvent FirstStranger(Recording recording, int index) =>
        FirstStranger(recording.Events.Where(e => e.Label.Incident == index).OrderBy(e => e.Time));

    private static int PlacesUntil(Recording recording, int index, RecordedEvent last) =>
        recording.Events.Where(e => e.Label.Incident == index && e.Time <= last.Time).Select(e => e.Address).Distinct().Count();
}
