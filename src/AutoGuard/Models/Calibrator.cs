using System.Collections.Immutable;
using AutoGuard.Core.Events;
using AutoGuard.Core.Features;
using AutoGuard.Core.Pipeline;

namespace AutoGuard.Models;

/// <summary>
/// Watches a pipeline and learns what is usual. The level of a trait is the 90th percentile, by nearest rank, over the
/// recording's epochs: near the highest, since a level that is too low harms honest viewers at a kick-off; but not the highest,
/// since an outage or an epidemic of sharing of less than a tenth of the time must not be learned as usual. Below ten epochs it is
/// the highest.
/// </summary>
internal sealed class Calibrator
{
    private const int Percentile = 90;

    /// <summary>Tokens of an operator from which on its habit is worth keeping: the habit is what one in a hundred exceeds.</summary>
    private const int LeastOfOperator = 300;

    private const long HourLength = 3_600_000;
    private const double MinuteLength = 60_000;

    private readonly DetectionPipeline _pipeline;
    private readonly StringPool _strings;
    private readonly long _tick;
    private readonly Dictionary<(int? Organization, bool IsBound), List<PopulationSample>> _samples = [];
    private readonly double[] _recorded = new double[24];
    private readonly long[] _started = new long[24];
    private long _epoch = long.MinValue;
    private long _last = long.MinValue;
    private long _sessions;

    /// <param name="pipeline">The pipeline, before its first event.</param>
    /// <param name="strings">Names of tenants.</param>
    /// <param name="tickInterval"><c>Detection:TickInterval</c>.</param>
    public Calibrator(DetectionPipeline pipeline, StringPool strings, TimeSpan tickInterval)
    {
        _pipeline = pipeline;
        _strings = strings;
        _tick = (long)tickInterval.TotalMilliseconds;
        pipeline.AfterTick = Tick;
    }

    /// <summary>Time of the first event that counted, Unix milliseconds.</summary>
    public long From => _pipeline.State.FirstEvent;

    /// <summary>Event time up to which all was judged, Unix milliseconds; events said to be later were refused.</summary>
    public long To => _last;

    /// <summary>What was learned. To be called when the recording has ended.</summary>
    public ModelDocument Build(string name, ModelSource source)
    {
        ILookup<int?, (bool IsBound, PopulationLevels Levels)> levels = _samples.ToLookup(
            pair => pair.Key.Organization, pair => (pair.Key.IsBound, LevelsOf(pair.Value)));
        return new ModelDocument
        {
            Name = name,
            Source = source,
            Everybody = Both(levels[null]),
            Tenants =
            [
                .. levels.Where(tenant => tenant.Key is not (null or StringPool.Overflow))
                    .Select(tenant => (Name: _strings.Text(tenant.Key!.Value), Levels: Both(tenant)))
                    .OrderByDescending(tenant => (tenant.Levels.Bound?.Tokens ?? 0) + (tenant.Levels.Unbound?.Tokens ?? 0))
                    .ThenBy(tenant => tenant.Name, StringComparer.Ordinal)
                    .Take(ModelDocument.MostTenants)
                    .OrderBy(tenant => tenant.Name, StringComparer.Ordinal),
            ],
            Starts =
            [
                .. Enumerable.Range(0, 24).Where(hour => _recorded[hour] > 0)
                    .Select(hour => new HourStarts(hour, _recorded[hour] / MinuteLength, _started[hour] * MinuteLength / _recorded[hour])),
            ],
            Operators =
            [
                .. _pipeline.State.Habits.Known
                    .Where(one => one.Tokens >= LeastOfOperator)
                    .OrderByDescending(one => one.Tokens).ThenBy(one => one.Asn)
                    .Take(ModelDocument.MostOperators)
                    .OrderBy(one => one.Asn)
                    .Select(one => new OperatorLevel(one.Asn, one.Tokens, one.Networks)),
            ],
        };
    }

    private void Tick(long now)
    {
        CountStarts(now);
        long epoch = now / Population.EpochLength;
        if (epoch == _epoch)
        {
            return;
        }
        // The first tick of an epoch knows exactly the one that has ended.
        _epoch = epoch;
        foreach (PopulationSample sample in _pipeline.Population.Samples())
        {
            (int?, bool) key = (sample.Organization, sample.IsBound);
            if (!_samples.TryGetValue(key, out List<PopulationSample>? samples))
            {
                _samples.Add(key, samples = []);
            }
            samples.Add(sample);
        }
    }

    private void CountStarts(long now)
    {
        long sessions = _pipeline.State.TotalSessions;
        _started[HourOf(now - 1)] += sessions - _sessions;
        _sessions = sessions;
        for (long at = _last == long.MinValue ? now - _tick : _last; at < now;)
        {
            long end = Math.Min(now, ((at / HourLength) + 1) * HourLength);
            _recorded[HourOf(at)] += end - at;
            at = end;
        }
        _last = now;
    }

    private static int HourOf(long time) => (int)(time / HourLength % 24);

    private static ModelLevels Both(IEnumerable<(bool IsBound, PopulationLevels Levels)> kinds)
    {
        ModelLevels levels = new(null, null);
        foreach ((bool isBound, PopulationLevels one) in kinds)
        {
            levels = isBound ? levels with { Bound = one } : levels with { Unbound = one };
        }
        return levels;
    }

    private static PopulationLevels LevelsOf(List<PopulationSample> samples)
    {
        ImmutableArray<double>.Builder usual = ImmutableArray.CreateBuilder<double>(PopulationBuckets.Length);
        int rank = ((samples.Count * Percentile) + 99) / 100;
        for (int trait = 0; trait < PopulationBuckets.Length; trait++)
        {
            double[] values = [.. samples.Select(sample => sample.Usual[trait]).Order()];
            usual.Add(values[rank - 1]);
        }
        return new PopulationLevels(samples.Max(sample => sample.Tokens), samples.Count, usual.MoveToImmutable());
    }
}
