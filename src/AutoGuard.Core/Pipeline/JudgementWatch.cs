using System.Collections.Immutable;
using AutoGuard.Core.Indicators;
using AutoGuard.Core.Policy;

namespace AutoGuard.Core.Pipeline;

/// <summary>One judgement of a watched subject: what was read and what came of it.</summary>
/// <param name="Time">Event time of the tick, Unix milliseconds.</param>
/// <param name="Subject">Whom it concerns.</param>
/// <param name="Organization">Tenant, or null.</param>
/// <param name="Score">Score, 0 to 1.</param>
/// <param name="Evidence">What is held against <c>Policy:MinimumSessions</c>.</param>
/// <param name="Readings">The readings that the score was made of, those without a grade among them.</param>
public sealed record Judgement(
    long Time, Subject Subject, string? Organization, double Score, int Evidence, ImmutableArray<Reading> Readings);

/// <summary>
/// Shows every judgement of chosen subjects to whoever looks, without a part in it. For recordings: while subjects are
/// watched, each judgement of their kind makes a text to compare.
/// </summary>
public sealed class JudgementWatch
{
    private readonly Explainer _explainer;
    private readonly Dictionary<Subject, Action<Judgement>> _watched = [];
    private readonly bool[] _types = new bool[Enum.GetValues<SubjectType>().Length];
    private int _index;

    internal JudgementWatch(Explainer explainer) => _explainer = explainer;

    /// <summary>
    /// Watches a subject, of any tenant. <paramref name="judged"/> is called on the detection thread after each judgement,
    /// when a decision that followed is made; within it, <see cref="Explain"/> explains the same subject.
    /// </summary>
    public void Add(Subject subject, Action<Judgement> judged)
    {
        ArgumentNullException.ThrowIfNull(judged);
        _watched[subject] = judged;
        _types[(int)subject.Type] = true;
    }

    /// <summary>
    /// Called after each judgement that came to <see cref="LeastScore"/> or more, with the subject and its score, on the
    /// detection thread: what a measurement of the scores themselves is about, whatever the policy made of them.
    /// </summary>
    public Action<Subject, double>? Scored { get; set; }

    /// <summary>The least score that <see cref="Scored"/> is told of, 0 to 1.</summary>
    public double LeastScore { get; set; }

    /// <summary>The explanation of a judgement while it is shown.</summary>
    public Explanation Explain(Judgement judgement)
    {
        ArgumentNullException.ThrowIfNull(judgement);
        return _explainer.At(judgement.Subject.Type, _index, judgement.Time);
    }

    internal void Judged(SubjectType type, int index, double score, long now)
    {
        if (Scored is { } scored && score >= LeastScore)
        {
            scored(_explainer.SubjectAt(type, index), score);
        }
        if (!_types[(int)type] || !_watched.TryGetValue(_explainer.SubjectAt(type, index), out Action<Judgement>? judged))
        {
            return;
        }
        _index = index;
        judged(_explainer.JudgementAt(type, index, now));
    }
}
