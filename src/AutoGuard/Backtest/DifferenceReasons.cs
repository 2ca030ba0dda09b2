using System.Collections.Immutable;
using AutoGuard.Configuration;
using AutoGuard.Core.Indicators;
using AutoGuard.Core.Pipeline;

namespace AutoGuard.Backtest;

/// <summary>
/// Finds out why two configurations decided differently: runs both again and looks at what each read of the differing
/// subjects at the time of the first difference.
/// </summary>
internal sealed class DifferenceReasons(SharedReplay replay)
{
    /// <summary>A judgement longer before the difference than this, milliseconds, says nothing of why nothing was done then.</summary>
    private const long Recent = 120_000;

    private const double Tolerance = 1e-6;

    /// <summary>The differences with their reasons.</summary>
    public async Task<ImmutableArray<SubjectDifference>> AddAsync(
        ImmutableArray<SubjectDifference> differences, EffectiveSettings one, EffectiveSettings other, CancellationToken cancellation)
    {
        Dictionary<DecidedKey, Look> before = Looks(differences);
        Dictionary<DecidedKey, Look> after = Looks(differences);
        await replay.RunAsync("Reasons", [Watching(one, before), Watching(other, after)], cancellation);
        return [.. differences.Select(difference => Explained(difference, before[KeyOf(difference)], after[KeyOf(difference)]))];
    }

    private static DecidedKey KeyOf(SubjectDifference difference) => new(difference.Subject, difference.Organization);

    private static Dictionary<DecidedKey, Look> Looks(ImmutableArray<SubjectDifference> differences) =>
        differences.ToDictionary(KeyOf, difference => new Look(difference.Time.ToUnixTimeMilliseconds()));

    private static Contender Watching(EffectiveSettings settings, Dictionary<DecidedKey, Look> looks) => new(settings)
    {
        Starting = pipeline =>
        {
            foreach (IGrouping<Core.Policy.Subject, KeyValuePair<DecidedKey, Look>> tenants in looks.GroupBy(pair => pair.Key.Subject))
            {
                KeyValuePair<DecidedKey, Look>[] wanted = [.. tenants];
                pipeline.Watch.Add(tenants.Key, judgement =>
                {
                    foreach ((DecidedKey key, Look look) in wanted)
                    {
                        if (DecidedKey.Of(judgement) == key)
                        {
                            look.Take(judgement, pipeline.Watch);
                        }
                    }
                });
            }
        },
    };

    private static SubjectDifference Explained(SubjectDifference difference, Look before, Look after)
    {
        ImmutableArray<IndicatorDifference> indicators = Compare(before.Last, after.Last);
        string note = difference.Kind switch
        {
            Difference.OnlyBase => after.Outcome,
            Difference.OnlyAgainst => before.Outcome,
            _ => indicators.IsEmpty ? "No indicator was read otherwise: the policy differs, or what it remembers." : "",
        };
        return difference with { Indicators = indicators, Note = note };
    }

    private static ImmutableArray<IndicatorDifference> Compare(Judgement? before, Judgement? after)
    {
        ImmutableArray<Reading> left = before?.Readings ?? [];
        ImmutableArray<Reading> right = after?.Readings ?? [];
        List<(double Size, IndicatorDifference Difference)> found = [];
        foreach (Indicator indicator in left.Concat(right).Select(reading => reading.Indicator).Distinct())
        {
            Reading? one = Find(left, indicator);
            Reading? other = Find(right, indicator);
            double grades = Math.Abs((one?.Grade ?? 0) - (other?.Grade ?? 0));
            double shares = Math.Abs(((one?.Grade * one?.Weight) ?? 0) - ((other?.Grade * other?.Weight) ?? 0));
            if (Math.Max(grades, shares) > Tolerance)
            {
                found.Add((Math.Max(grades, shares), new IndicatorDifference(
                    indicator.ToString(), Rounded(one?.Grade), Rounded(other?.Grade), one?.Weight, other?.Weight, Rounded(one?.Value), Rounded(other?.Value))));
            }
        }
        return [.. found.OrderByDescending(pair => pair.Size).ThenBy(pair => pair.Difference.Indicator, StringComparer.Ordinal).Select(pair => pair.Difference)];
    }

    private static Reading? Find(ImmutableArray<Reading> readings, Indicator indicator)
    {
        foreach (Reading reading in readings)
        {
            if (reading.Indicator == indicator)
            {
                return reading;
            }
        }
        return null;
    }

    private static double? Rounded(double? value) => value is { } known ? Math.Round(known, 6) : null;

    /// <summary>What one configuration last read of one subject by a time.</summary>
    private sealed class Look(long time)
    {
        public Judgement? Last { get; private set; }

        public string Outcome { get; private set; } = "Nothing was seen of it then.";

        public void Take(Judgement judgement, JudgementWatch watch)
        {
            if (judgement.Time > time)
            {
                return;
            }
            Last = judgement;
            if (time - judgement.Time <= Recent)
            {
                Outcome = watch.Explain(judgement).Outcome;
            }
        }
    }
}
