using System.Collections.Immutable;
using AutoGuard.Core.Policy;
using AutoGuard.Core.Reporting;

namespace AutoGuard.Reports;

/// <summary>
/// Makes a report from what the pipeline or the store says, in any order: updates of the evidence and decisions. Per
/// subject and organization the latest evidence stands (the one that reaches furthest in event time; of equals the one
/// added last), decisions are united by their id, and the score is the highest seen. Listed is whoever has a decision
/// within the period.
/// </summary>
public sealed class FlaggedReportBuilder(DateTimeOffset from, DateTimeOffset to, string timeZone, int limit = FlaggedReportBuilder.DefaultLimit)
{
    /// <summary>Most subjects of a report; beyond it those with the lowest scores are left out and counted.</summary>
    public const int DefaultLimit = 500;

    private readonly long _from = from.ToUnixTimeMilliseconds();
    private readonly long _to = to.ToUnixTimeMilliseconds();
    private readonly Dictionary<(Subject Subject, string? Organization), Entry> _entries = [];

    /// <summary>Takes the evidence of a subject, with the decisions it carries.</summary>
    public void Add(FlaggedSubject evidence)
    {
        ArgumentNullException.ThrowIfNull(evidence);
        var entry = EntryOf(evidence.Subject, evidence.Organization);
        if (entry.Evidence is null || evidence.LastEnd >= entry.Evidence.LastEnd)
        {
            entry.Evidence = evidence;
        }

        entry.Score = Math.Max(entry.Score, evidence.Score);
        foreach (var decision in evidence.Decisions.IsDefault ? [] : evidence.Decisions)
        {
            Add(decision);
        }
    }

    /// <summary>Takes a decision; one outside the period, or known already, changes nothing.</summary>
    public void Add(Decision decision)
    {
        ArgumentNullException.ThrowIfNull(decision);
        if (decision.Time >= _from && decision.Time < _to)
        {
            var entry = EntryOf(decision.Subject, decision.Organization);
            entry.Decisions[decision.Id] = decision;
            entry.Score = Math.Max(entry.Score, decision.Score);
        }
    }

    /// <summary>Builds the report, highest score first, at most the limit of subjects.</summary>
    public FlaggedReport Build(string source, string policy, EnforcementMode mode, long? events = null, long? sessions = null)
    {
        var subjects = _entries
            .Where(entry => entry.Value.Decisions.Count > 0)
            .Select(entry => Merge(entry.Key.Subject, entry.Key.Organization, entry.Value))
            .OrderByDescending(subject => subject.Score)
            .ThenBy(subject => subject.Subject)
            .ThenBy(subject => subject.Organization, StringComparer.Ordinal)
            .ToList();
        return new FlaggedReport
        {
            From = _from,
            To = _to,
            TimeZone = timeZone,
            Source = source,
            Policy = policy,
            Mode = mode,
            Events = events,
            Sessions = sessions,
            Subjects = [.. subjects.Take(limit)],
            LeftOut = Math.Max(0, subjects.Count - limit),
        };
    }

    private static FlaggedSubject Merge(Subject subject, string? organization, Entry entry)
    {
        ImmutableArray<Decision> decisions =
            [.. entry.Decisions.Values.OrderBy(decision => decision.Time).ThenBy(decision => decision.Action).ThenBy(decision => decision.Id, StringComparer.Ordinal)];
        var evidence = entry.Evidence ?? DecisionsOnly(subject, organization, decisions);
        return evidence with { Decisions = decisions, Score = entry.Score };
    }

    /// <summary>A subject whose evidence was not kept: all figures are zero, which the writers show as unknown.</summary>
    private static FlaggedSubject DecisionsOnly(Subject subject, string? organization, ImmutableArray<Decision> decisions) => new()
    {
        Subject = subject,
        Organization = organization,
        Score = 0,
        Decisions = decisions,
        DurationSum = 0,
        DurationAverage = 0,
        Sessions = 0,
        Addresses = 0,
        Tokens = 0,
        MaxConcurrency = 0,
        FirstStart = decisions[0].Time,
        LastEnd = decisions[^1].Time,
        Recommendation = "Look at the reasons; the sessions behind them are no longer stored.",
    };

    private Entry EntryOf(Subject subject, string? organization)
    {
        if (!_entries.TryGetValue((subject, organization), out var entry))
        {
            _entries.Add((subject, organization), entry = new Entry());
        }

        return entry;
    }

    private sealed class Entry
    {
        public FlaggedSubject? Evidence { get; set; }

        public double Score { get; set; }

        public Dictionary<string, Decision> Decisions { get; } = new(StringComparer.Ordinal);
    }
}
