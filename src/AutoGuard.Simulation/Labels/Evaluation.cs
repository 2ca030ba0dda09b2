using System.Collections.Immutable;
using AutoGuard.Core.Policy;

namespace AutoGuard.Simulation.Labels;

/// <summary>Measures decisions against the truth. Pure: the order of the decisions does not matter.</summary>
public static class Evaluation
{
    /// <summary>
    /// A subject counts as rightly decided when an incident that has begun by then names it, or names a network that
    /// contains it; a network counts only when named. Releases are left out. Whatever is decided about anybody else is
    /// false, and a mistake of the worst kind when the truth says that subject must never be touched, or when a blocked
    /// network contains such an address.
    /// </summary>
    /// <param name="decisions">All decisions, in any order.</param>
    /// <param name="truth">The truth of the same recording.</param>
    /// <param name="sessions">All its sessions: tells whom wrong decisions concerned and what blocks would have refused; null: not known.</param>
    public static EvaluationResult Judge(IEnumerable<JudgedDecision> decisions, SimulationTruth truth, LabelledSessions? sessions = null)
    {
        ArgumentNullException.ThrowIfNull(decisions);
        ArgumentNullException.ThrowIfNull(truth);
        TruthIndex index = new(truth);
        List<JudgedDecision> all = [.. decisions];
        List<JudgedDecision> judged = [.. all.Where(d => d.Action != DecisionAction.Release)
            .OrderBy(d => d.Time).ThenBy(d => d.Subject).ThenBy(d => d.Action)];
        Hits[] hits = [.. truth.Incidents.Select(_ => new Hits())];
        Dictionary<Subject, Verdict> verdicts = [];
        foreach (JudgedDecision decision in judged)
        {
            bool neverTouch = index.MustNeverTouch(decision);
            // Who must never be touched is nobody's catch, whatever incident names him as well.
            List<int> caught = neverTouch ? [] : index.IncidentsOf(decision);
            foreach (int incident in caught)
            {
                hits[incident].Add(decision, truth.Incidents[incident].Expected);
            }

            Verdict verdict = verdicts.GetValueOrDefault(decision.Subject) ?? (verdicts[decision.Subject] = new Verdict(decision));
            verdict.Add(decision, caught, neverTouch);
        }

        ImmutableArray<FalseSubject> wrong = [.. verdicts.Values.Where(v => v.False is not null).Select(v => v.False!)
            .OrderBy(f => f.Time).ThenBy(f => f.Subject)];
        SessionImpact? impact = sessions is null ? null : SessionImpact.Of(all, sessions);
        Dictionary<int, MisuseImpact> misuse = impact?.Misuse.ToDictionary(m => m.Incident) ?? [];
        return new EvaluationResult
        {
            Incidents = [.. truth.Incidents.Select((incident, i) => ResultOf(incident, hits[i], misuse.GetValueOrDefault(i)))],
            RightSubjects = [.. verdicts.Values.Where(v => v.RightAction is not null).Select(v => v.Right(truth)).OrderBy(r => r.Subject)],
            FalseSubjects = sessions is null ? wrong : Attribution.Of(wrong, sessions, truth),
            Impact = impact,
        };
    }

    /// <summary>Tells which subjects are ones that an incident names and that may be touched, whenever they are decided.</summary>
    public static Func<Subject, bool> Guilt(SimulationTruth truth)
    {
        ArgumentNullException.ThrowIfNull(truth);
        TruthIndex index = new(truth);
        return subject =>
        {
            JudgedDecision last = new(subject, DecisionAction.Flag, long.MaxValue);
            return index.IncidentsOf(last).Count > 0 && !index.MustNeverTouch(last);
        };
    }

    private static IncidentResult ResultOf(Incident incident, Hits hits, MisuseImpact impact) => new()
    {
        Id = incident.Id,
        Kind = incident.Kind,
        Difficulty = incident.Difficulty,
        Expected = incident.Expected,
        Action = hits.Highest,
        CaughtAsExpected = hits.ExpectedAt is not null,
        TimeToDetection = Since(incident, hits.FirstAt),
        TimeToExpectedAction = Since(incident, hits.ExpectedAt),
        Sessions = impact.Sessions,
        Prevented = impact.Prevented,
    };

    /// <summary>Nothing is detected before it can be seen: what was decided on its harmless beginnings took no time.</summary>
    private static TimeSpan? Since(Incident incident, long? time) =>
        time is { } at ? TimeSpan.FromMilliseconds(Math.Max(0, at - incident.FirstAbnormal.ToUnixTimeMilliseconds())) : null;

    private sealed class Hits
    {
        public DecisionAction? Highest { get; private set; }

        public long? FirstAt { get; private set; }

        public long? ExpectedAt { get; private set; }

        public void Add(JudgedDecision decision, ExpectedAction expected)
        {
            Highest = Highest is { } highest && highest > decision.Action ? highest : decision.Action;
            FirstAt ??= decision.Time;
            DecisionAction least = expected switch
            {
                ExpectedAction.Flag => DecisionAction.Flag,
                ExpectedAction.Block => DecisionAction.Block,
                _ => DecisionAction.Revoke,
            };
            if (decision.Action >= least)
            {
                ExpectedAt ??= decision.Time;
            }
        }
    }

    /// <summary>What became of one subject: right and wrong are kept apart, as a token may be decided before it is misused.</summary>
    private sealed class Verdict(JudgedDecision first)
    {
        private double _rightScore;
        private int _incident;

        public DecisionAction? RightAction { get; private set; }

        public FalseSubject? False { get; private set; }

        public void Add(JudgedDecision decision, List<int> caught, bool neverTouch)
        {
            if (caught.Count > 0)
            {
                _incident = RightAction is null ? caught[0] : _incident;
                RightAction = RightAction is { } action && action > decision.Action ? action : decision.Action;
                _rightScore = Math.Max(_rightScore, decision.Score);
                return;
            }

            False ??= new FalseSubject(first.Subject, decision.Action, decision.Time, false) { Organization = decision.Organization, Reason = decision.Reason };
            False = False with
            {
                Action = False.Action > decision.Action ? False.Action : decision.Action,
                NeverTouch = False.NeverTouch || neverTouch,
                Score = Math.Max(False.Score, decision.Score),
            };
        }

        public RightSubject Right(SimulationTruth truth) => new(
            first.Subject, RightAction!.Value, truth.Incidents[_incident].Kind, truth.Incidents[_incident].Difficulty, _rightScore);
    }
}
