using System.Collections.Immutable;
using AutoGuard.Core.Policy;
using AutoGuard.Simulation.Labels;

namespace AutoGuard.Backtest;

/// <summary>Counts what a change does to everybody but the subject that it is to spare.</summary>
internal sealed class CollateralCount
{
    private readonly Subject _subject;
    private readonly SimulationTruth? _truth;
    private readonly Dictionary<DecidedKey, ImmutableArray<Decision>> _before;
    private readonly ImmutableArray<IncidentResult> _incidents;

    public CollateralCount(Subject subject, IReadOnlyList<Decision> before, SimulationTruth? truth)
    {
        _subject = subject;
        _truth = truth;
        _before = DecisionComparison.BySubject(before);
        _incidents = truth is null ? [] : Incidents(before, truth);
    }

    /// <summary>What a change that was run costs.</summary>
    public SparingChange Of(ChangeProposal proposal, IReadOnlyList<Decision> decisions)
    {
        Dictionary<DecidedKey, ImmutableArray<Decision>> after = DecisionComparison.BySubject(decisions);
        return new SparingChange
        {
            Goal = proposal.Goal,
            Name = proposal.Name,
            Settings = proposal.Settings,
            Relative = proposal.Relative is { } relative ? Math.Round(relative, 4) : null,
            Lost = Others(_before.Keys.Where(key => !after.ContainsKey(key))),
            Weakened = Others(_before.Keys.Where(key => after.TryGetValue(key, out ImmutableArray<Decision> left)
                && DecisionComparison.Strongest(left) < DecisionComparison.Strongest(_before[key]))),
            Gained = Others(after.Keys.Where(key => !_before.ContainsKey(key))),
            IncidentsLost = _truth is null ? null : [.. IncidentsLost(Incidents(decisions, _truth))],
        };
    }

    private ImmutableArray<Subject> Others(IEnumerable<DecidedKey> keys) =>
        [.. keys.Select(key => key.Subject).Where(subject => subject != _subject).Order()];

    private IEnumerable<string> IncidentsLost(ImmutableArray<IncidentResult> after)
    {
        for (int i = 0; i < after.Length; i++)
        {
            if ((_incidents[i].Action is not null && after[i].Action is null) || (_incidents[i].CaughtAsExpected && !after[i].CaughtAsExpected))
            {
                yield return after[i].Id;
            }
        }
    }

    private static ImmutableArray<IncidentResult> Incidents(IEnumerable<Decision> decisions, SimulationTruth truth) =>
        Evaluation.Judge(decisions.Select(JudgedDecision.Of), truth).Incidents;
}
