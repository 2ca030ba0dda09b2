using AutoGuard.Core.Policy;
using AutoGuard.Simulation.Baselines;
using AutoGuard.Simulation.Labels;
using AutoGuard.Simulation.Profiles;
using AutoGuard.Simulation.Tests.Labels;

namespace AutoGuard.Simulation.Tests.Baselines;

public sealed class OracleTests
{
    private static readonly Recording Recording = Recording.Of(SimulationProfiles.Small, 5);
    private static readonly ParsedRecording Parsed = ParsedRecording.Of(SimulationProfiles.Small, 5);
    private static readonly EvaluationResult Result =
        Evaluation.Judge(Oracle.Decisions(Recording.Truth, Parsed.Sessions), Recording.Truth, Parsed.Sessions);

    [Fact]
    public void It_catches_everything_and_nobody_else()
    {
        Assert.Equal((Result.Incidents.Length, Result.Incidents.Length), Result.Expected(Difficulty.Easy, Difficulty.Slow, Difficulty.Hard));
        Assert.Empty(Result.FalseSubjects);
        Assert.InRange(Result.P90TimeToDetection!.Value, TimeSpan.Zero, TimeSpan.FromMilliseconds(1));
    }

    [Fact]
    public void It_refuses_what_comes_after_the_first_abnormal_event_and_no_subjects_first_session()
    {
        IReadOnlyList<JudgedDecision> decisions = Oracle.Decisions(Recording.Truth, Parsed.Sessions);
        for (int i = 0; i < Recording.Truth.Incidents.Length; i++)
        {
            Incident incident = Recording.Truth.Incidents[i];
            Assert.All(
                decisions.Where(d => incident.Catch.Contains(d.Subject)),
                decision => Assert.True(decision.Time >= incident.FirstAbnormal.ToUnixTimeMilliseconds() || Recording.Truth.Incidents.Count(o => o.Catch.Contains(decision.Subject)) > 1));
            Assert.True(Result.Incidents[i].Prevented < Result.Incidents[i].Sessions, incident.Id);
        }
        Assert.InRange(Result.Impact!.Prevention, 0.5, 0.99);
    }

    [Fact]
    public void It_prevents_less_the_longer_it_has_to_wait_and_still_hits_nobody_else()
    {
        double before = Result.Impact!.Prevention;
        foreach (TimeSpan wait in (TimeSpan[])[TimeSpan.FromSeconds(12.5), TimeSpan.FromMinutes(5)])
        {
            EvaluationResult waiting = Evaluation.Judge(Oracle.Decisions(Recording.Truth, Parsed.Sessions, wait), Recording.Truth, Parsed.Sessions);
            Assert.InRange(waiting.Impact!.Prevention, 0, before - 0.001);
            Assert.Empty(waiting.FalseSubjects);
            Assert.InRange(waiting.MedianTimeToDetection!.Value, wait, wait + TimeSpan.FromMilliseconds(1));
            before = waiting.Impact.Prevention;
        }
    }

    [Fact]
    public void Its_families_add_up_to_all_misuse_sessions()
    {
        Assert.Equal(Result.Impact!.MisuseSessions, Result.Families.Sum(f => f.Sessions));
        Assert.Equal(Result.Impact!.MisusePrevented, Result.Families.Sum(f => f.Prevented));
    }
}
