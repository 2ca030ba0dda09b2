using AutoGuard.Core.Events;
using AutoGuard.Core.Policy;

namespace AutoGuard.Simulation.Labels;

/// <summary>Finds the incidents and the untouchables that a decision concerns.</summary>
internal sealed class TruthIndex
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
