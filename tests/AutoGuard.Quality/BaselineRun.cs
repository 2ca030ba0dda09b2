using AutoGuard.Configuration;
using AutoGuard.Core.Events;
using AutoGuard.Simulation.Baselines;
using AutoGuard.Simulation.Labels;

namespace AutoGuard.Quality;

/// <summary>The baselines over one stream, which is put in order for them once, and what each of them costs.</summary>
internal sealed class BaselineRun
{
    private readonly RandomBaseline _chance;
    private readonly IBaseline?[] _baselines;
    private readonly double[] _seconds;
    private readonly OrderedEvents _ordered;
    private double _ordering;

    public BaselineRun(StringPool strings, AutoGuardSettings settings, ulong seed)
    {
        BaselineContext context = new(strings, settings.Referrers, settings.Allowlist);
        _chance = new RandomBaseline(context, seed);
        _baselines = [new FixedThresholds(context), new RateRule(context), new MinuteRule(context), _chance, new NullBaseline()];
        _seconds = new double[_baselines.Length];
        _ordered = new OrderedEvents(settings.Detection.AllowedLateness, Deliver);
    }

    public void Process(EventBatch batch)
    {
        double before = ThreadClock.Now - _seconds.Sum();
        _ordered.Add(batch);
        _ordering += ThreadClock.Now - _seconds.Sum() - before;
    }

    public void Complete()
    {
        _ordered.Complete();
        foreach (IBaseline? baseline in _baselines)
        {
            baseline!.Complete();
        }
    }

    /// <summary>Judges all of them; each is charged with putting the events in order, since it could not do without.</summary>
    public IEnumerable<Judgement> Judge(IReadOnlyList<JudgedDecision> own, SimulationTruth truth, LabelledSessions sessions, bool measureMemory)
    {
        _chance.Imitate(own);
        for (int i = 0; i < _baselines.Length; i++)
        {
            int place = i;
            EvaluationResult result = Evaluation.Judge(_baselines[i]!.Decisions, truth, sessions);
            bool idle = _baselines[i] is NullBaseline;
            yield return new Judgement(
                _baselines[i]!.Name, result, idle ? 0 : _seconds[i] + _ordering, measureMemory ? Memory.FreedBy(() => _baselines[place] = null) : null);
        }
    }

    private void Deliver(EventBatch batch)
    {
        for (int i = 0; i < _baselines.Length; i++)
        {
            double before = ThreadClock.Now;
            _baselines[i]!.Process(batch);
            _seconds[i] += ThreadClock.Now - before;
        }
    }
}
