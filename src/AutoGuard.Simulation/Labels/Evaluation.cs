using System.Collections.Immutable;
using AutoGuard.Core.Events;
using AutoGuard.Core.Policy;
using AutoGuard.Simulation.Profiles;

namespace AutoGuard.Simulation.Labels;

/// <summary>The part of a decision that can be right or wrong.</summary>
/// <param name="Subject">Whom it concerns.</param>
/// <param name="Action">What it asks for.</param>
/// <param name="Time">Event time, Unix milliseconds.</param>
public readonly record struct JudgedDecision(Subject Subject, DecisionAction Action, long Time)
{
    /// <summary>Takes the part out of a decision.</summary>
    public static JudgedDecision Of(Decision decision)
    {
        ArgumentNullException.ThrowIfNull(decision);
        return new(decision.Subject, decision.Action, decision.Time);
    }
}

/// <summary>Measures decisions against the truth. Pure: the order of the decisions does not matter.</summary>
public static class Evaluation
{
    /// <summary>
    /// A subject counts as rightly decided when an incident that has begun by then names it, or names a network that
    /// contains it; a network counts only when named. Releases are left out. Whatever is decided about anybody else is
    /// false, and a mistake of the worst kind when the truth says that subject must never be touched, or when a blocked
    /// network contains such an address.
    /// </summary>
    public static EvaluationResult Judge(IEnumerable<JudgedDecision> decisions, SimulationTruth truth)
    {
        ArgumentNullException.ThrowIfNull(decisions);
        ArgumentNullException.ThrowIfNull(truth);
        TruthIndex index = new(truth);
        List<JudgedDecision> judged = [.. decisions.Where(d => d.Action != DecisionAction.Release)
            .OrderBy(d => d.Time).ThenBy(d => d.Subject).ThenBy(d => d.Action)];
        Hits[] hits = [.. truth.Incidents.Select(_ => new Hits())];
        Dictionary<Subject, Verdict> verdicts = [];
        foreach (JudgedDecision decision in judged)
        {
            List<int> caught = index.IncidentsOf(decision);
            foreach (int incident in caught)
            {
                hits[incident].Add(decision, truth.Incidents[incident].Expected);
            }

            Verdict verdict = verdicts.GetValueOrDefault(decision.Subject) ?? (verdicts[decision.Subject] = new Verdict(decision));
            verdict.Add(decision, caught.Count > 0, index.MustNeverTouch(decision));
        }

        return Summarise(truth, hits, verdicts);
    }

    private static EvaluationResult Summarise(SimulationTruth truth, Hits[] hits, Dictionary<Subject, Verdict> verdicts)
    {
        ImmutableArray<IncidentResult> incidents = [.. truth.Incidents.Select((incident, i) => new IncidentResult
        {
            Id = incident.Id,
            Kind = incident.Kind,
            Difficulty = incident.Difficulty,
            Expected = incident.Expected,
            Action = hits[i].Highest,
            CaughtAsExpected = hits[i].ExpectedAt is not null,
            TimeToDetection = Since(incident, hits[i].FirstAt),
            TimeToExpectedAction = Since(incident, hits[i].ExpectedAt),
        })];
        ImmutableArray<FalseSubject> wrong = [.. verdicts.Values.Where(v => v.IsFalse)
            .Select(v => new FalseSubject(v.First.Subject, v.HighestFalse, v.FalseAt, v.NeverTouched))
            .OrderBy(f => f.Time).ThenBy(f => f.Subject)];
        int blocksExpected = incidents.Count(i => i.Expected >= ExpectedAction.Block);
        int blocksMade = incidents.Count(i => i.Expected >= ExpectedAction.Block && i.CaughtAsExpected);
        return new EvaluationResult
        {
            Incidents = incidents,
            Flags = new Quality(
                verdicts.Values.Count(v => v.RightAction is not null), wrong.Length, incidents.Count(i => i.Action is not null), incidents.Length),
            Blocks = new Quality(
                verdicts.Values.Count(v => v.RightAction >= DecisionAction.Block), wrong.Count(f => f.Action >= DecisionAction.Block), blocksMade, blocksExpected),
            Groups = [.. incidents.GroupBy(i => (i.Kind, i.Difficulty)).OrderBy(g => g.Key.Kind).ThenBy(g => g.Key.Difficulty)
                .Select(g => new GroupResult(g.Key.Kind, g.Key.Difficulty, g.Count(), g.Count(i => i.Action is not null), g.Count(i => i.CaughtAsExpected)))],
            FalseSubjects = wrong,
            MedianTimeToDetection = Percentile(incidents, 50),
            P90TimeToDetection = Percentile(incidents, 90),
        };
    }

    private static TimeSpan? Since(Incident incident, long? time) =>
        time is { } at ? DateTimeOffset.FromUnixTimeMilliseconds(at) - incident.Start : null;

    /// <summary>Nearest rank, over the incidents that were detected.</summary>
    private static TimeSpan? Percentile(ImmutableArray<IncidentResult> incidents, int percent)
    {
        TimeSpan[] times = [.. incidents.Where(i => i.TimeToDetection is not null).Select(i => i.TimeToDetection!.Value).Order()];
        return times.Length == 0 ? null : times[((times.Length * percent) + 99) / 100 - 1];
    }

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
        public JudgedDecision First { get; } = first;

        public DecisionAction? RightAction { get; private set; }

        public bool IsFalse { get; private set; }

        public bool NeverTouched { get; private set; }

        public DecisionAction HighestFalse { get; private set; }

        public long FalseAt { get; private set; }

        public void Add(JudgedDecision decision, bool right, bool neverTouch)
        {
            if (right && !neverTouch)
            {
                RightAction = RightAction is { } action && action > decision.Action ? action : decision.Action;
                return;
            }

            FalseAt = IsFalse ? FalseAt : decision.Time;
            HighestFalse = IsFalse && HighestFalse > decision.Action ? HighestFalse : decision.Action;
            NeverTouched |= neverTouch;
            IsFalse = true;
        }
    }

    /// <summary>Finds the incidents and the untouchables that a decision concerns.</summary>
    private sealed class TruthIndex
    {
        private readonly Dictionary<Subject, List<int>> _catches = [];
        private readonly List<(IpNetwork Network, int Incident)> _networks = [];
        private readonly HashSet<Subject> _untouchable = [];
        private readonly List<IpAddress> _untouchableAddresses = [];
        private readonly SimulationTruth _truth;

        public TruthIndex(SimulationTruth truth)
        {
            _truth = truth;
            for (int i = 0; i < truth.Incidents.Length; i++)
            {
                foreach (Subject subject in truth.Incidents[i].Catch)
                {
                    AddCatch(subject, i);
                }
            }

            IEnumerable<Subject> untouchable = truth.Incidents.SelectMany(i => i.NeverTouch)
                .Concat(truth.Honest.SelectMany(h => h.Subjects))
                .Concat(truth.Allowlist.Select(a => a.Subject));
            foreach (Subject subject in untouchable)
            {
                if (_untouchable.Add(subject) && subject.Type == SubjectType.Ip && IpAddress.TryParse(subject.Value, out IpAddress address))
                {
                    _untouchableAddresses.Add(address);
                }
            }
        }

        public List<int> IncidentsOf(JudgedDecision decision)
        {
            List<int> found = [.. _catches.GetValueOrDefault(decision.Subject) ?? []];
            if (AsNetwork(decision.Subject) is { } network)
            {
                found.AddRange(_networks.Where(n => n.Network.Contains(network)).Select(n => n.Incident));
            }

            return [.. found.Distinct().Where(i => decision.Time >= _truth.Incidents[i].Start.ToUnixTimeMilliseconds())];
        }

        public bool MustNeverTouch(JudgedDecision decision) =>
            _untouchable.Contains(decision.Subject)
            || (decision.Subject.Type == SubjectType.Cidr
                && AsNetwork(decision.Subject) is { } network
                && _untouchableAddresses.Exists(network.Contains));

        private void AddCatch(Subject subject, int incident)
        {
            if (!_catches.TryGetValue(subject, out List<int>? incidents))
            {
                _catches[subject] = incidents = [];
            }

            incidents.Add(incident);
            if (subject.Type == SubjectType.Cidr && AsNetwork(subject) is { } network)
            {
                _networks.Add((network, incident));
            }
        }

        private static IpNetwork? AsNetwork(Subject subject) =>
            subject.Type is SubjectType.Ip or SubjectType.Cidr && IpNetwork.TryParse(subject.Value, out IpNetwork network) ? network : null;
    }
}
