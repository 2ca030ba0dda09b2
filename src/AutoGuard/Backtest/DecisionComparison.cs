using System.Collections.Immutable;
using AutoGuard.Core.Pipeline;
using AutoGuard.Core.Policy;

namespace AutoGuard.Backtest;

/// <summary>A subject of one tenant: what decisions are told apart by.</summary>
/// <param name="Subject">Whom it concerns.</param>
/// <param name="Organization">Tenant of a token or page. An address is everybody's, whichever tenant used it last.</param>
internal readonly record struct DecidedKey(Subject Subject, string? Organization)
{
    public static DecidedKey Of(Decision decision) => Of(decision.Subject, decision.Organization);

    public static DecidedKey Of(Judgement judgement) => Of(judgement.Subject, judgement.Organization);

    private static DecidedKey Of(Subject subject, string? organization) =>
        new(subject, subject.Type is SubjectType.Token or SubjectType.Referrer ? organization : null);
}

/// <summary>Compares what two configurations decided.</summary>
internal static class DecisionComparison
{
    /// <summary>Scores this far apart are alike.</summary>
    public const double ScoreTolerance = 0.01;

    /// <summary>Decisions by whom they concern, each group in order of time.</summary>
    public static Dictionary<DecidedKey, ImmutableArray<Decision>> BySubject(IEnumerable<Decision> decisions) =>
        decisions.GroupBy(DecidedKey.Of).ToDictionary(group => group.Key, group => group.ToImmutableArray());

    /// <summary>The strongest action among decisions of one subject.</summary>
    public static DecisionAction Strongest(ImmutableArray<Decision> decisions) => decisions.Max(decision => decision.Action);

    /// <summary>The subjects that differ, by kind, those with another strongest action first, and by time; and how many do not.</summary>
    public static (ImmutableArray<SubjectDifference> Differences, int Same) Of(IReadOnlyList<Decision> one, IReadOnlyList<Decision> other)
    {
        Dictionary<DecidedKey, ImmutableArray<Decision>> before = BySubject(one);
        Dictionary<DecidedKey, ImmutableArray<Decision>> after = BySubject(other);
        List<SubjectDifference> found = [];
        int same = 0;
        foreach (DecidedKey key in before.Keys.Union(after.Keys))
        {
            ImmutableArray<Decision> left = before.GetValueOrDefault(key, []);
            ImmutableArray<Decision> right = after.GetValueOrDefault(key, []);
            if (FirstDifference(left, right) is not { } time)
            {
                same++;
                continue;
            }
            found.Add(new SubjectDifference
            {
                Kind = right.IsEmpty ? Difference.OnlyBase : left.IsEmpty ? Difference.OnlyAgainst : Difference.Changed,
                Subject = key.Subject,
                Organization = key.Organization,
                Time = DateTimeOffset.FromUnixTimeMilliseconds(time),
                Base = left,
                Against = right,
            });
        }
        return ([.. found.OrderBy(d => d.Kind)
            .ThenBy(d => d.Kind == Difference.Changed && Strongest(d.Base) == Strongest(d.Against))
            .ThenBy(d => d.Time).ThenBy(d => d.Subject).ThenBy(d => d.Organization, StringComparer.Ordinal)], same);
    }

    private static long? FirstDifference(ImmutableArray<Decision> one, ImmutableArray<Decision> other)
    {
        for (int i = 0; i < Math.Max(one.Length, other.Length); i++)
        {
            Decision? left = i < one.Length ? one[i] : null;
            Decision? right = i < other.Length ? other[i] : null;
            if (left is null || right is null)
            {
                return (left ?? right)!.Time;
            }
            if (left.Action != right.Action || left.Time != right.Time || Math.Abs(left.Score - right.Score) > ScoreTolerance)
            {
                return Math.Min(left.Time, right.Time);
            }
        }
        return null;
    }
}
