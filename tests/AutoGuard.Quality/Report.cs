using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using AutoGuard.Simulation.Labels;
using AutoGuard.Simulation.Profiles;

namespace AutoGuard.Quality;

/// <summary>The tables of a run.</summary>
internal sealed class Report(IReadOnlyList<RecordingResult> results, HarnessOptions options)
{
    private const int MostWrong = 60;

    private readonly StringBuilder _text = new();

    /// <summary>Two lines or three: what a sweep over settings is about.</summary>
    public string Summary()
    {
        _text.Clear();
        Judgement own = Pooled()[0];
        EvaluationResult r = own.Result;
        Line($"caught easy {Rate(r, Difficulty.Easy)}, slow {Rate(r, Difficulty.Slow)}, hard {Rate(r, Difficulty.Hard)}; flags right {Share(r.Flags)}, blocks right {Share(r.Blocks)}; refused {r.Impact!.HonestRefusedPerMillion:0}/M, prevented {r.Impact.Prevention:P1}; TTD {Span(r.MedianTimeToDetection)} / {Span(r.P90TimeToDetection)}; {own.ProcessorSeconds:0.0} s");
        string missed = string.Join(", ", r.Incidents.Where(i => !i.CaughtAsExpected).GroupBy(i => (i.Kind, i.Difficulty)).OrderBy(g => g.Key).Select(g => $"{g.Key.Kind} {g.Key.Difficulty} {g.Count()}"));
        string wrong = string.Join(", ", r.FalseSubjects.GroupBy(f => (f.Action, f.Subject.TypeName, Whom(f))).OrderBy(g => g.Key).Select(g => $"{g.Key.Action} {g.Key.TypeName} of {g.Key.Item3} {g.Count()}"));
        Line($"  missed: {(missed.Length == 0 ? "none" : missed)}");
        Line($"  wrong: {(wrong.Length == 0 ? "none" : wrong)}");
        return _text.ToString();
    }

    /// <summary>Everything, as Markdown.</summary>
    public string Markdown()
    {
        _text.Clear();
        ImmutableArray<Judgement> pooled = Pooled();
        Line($"{results.Count} recordings: {string.Join("; ", results.GroupBy(r => (r.Recording.Profile.Name, r.Recording.Profile.Viewers, r.Recording.Profile.HeartbeatSeconds)).Select(g => FormattableString.Invariant($"{g.Key.Name}, {g.Key.Viewers:N0} viewers, heartbeat {g.Key.HeartbeatSeconds} s, seeds {string.Join(' ', g.Select(r => r.Recording.Seed))}")))}; {results.Sum(r => r.Events):N0} events.");
        if (options.Sets.Count > 0)
        {
            Line($"Settings: {string.Join(", ", options.Sets)}.");
        }
        Line($"");
        Detectors(pooled);
        WrongOf(pooled);
        Families(pooled[0].Result);
        Honest(pooled[0].Result);
        Wrong(pooled[0].Result);
        Missed();
        Reliability();
        return _text.ToString();
    }

    public byte[] Json() => [];

    private ImmutableArray<Judgement> Pooled() =>
        [.. results[0].Judgements.Select((first, i) => new Judgement(
            first.Detector,
            EvaluationResult.Pool(results.Select(r => r.Judgements[i].Result)),
            results.Sum(r => r.Judgements[i].ProcessorSeconds),
            results.Max(r => r.Judgements[i].HeldBytes)))];

    private void Detectors(ImmutableArray<Judgement> judgements)
    {
        Line($"| detector | caught as expected: easy | slow | hard | flagged subjects right | blocked subjects right | honest sessions refused, per million | misuse sessions prevented | time to detection: median | p90 | CPU s | memory held |");
        Line($"|---|---|---|---|---|---|---|---|---|---|---|---|");
        foreach (Judgement judgement in judgements)
        {
            EvaluationResult r = judgement.Result;
            Line($"| {judgement.Detector} | {Rate(r, Difficulty.Easy)} | {Rate(r, Difficulty.Slow)} | {Rate(r, Difficulty.Hard)} | {Share(r.Flags)} | {Share(r.Blocks)} | {r.Impact!.HonestRefusedPerMillion:N0} | {r.Impact.Prevention:P1} | {Span(r.MedianTimeToDetection)} | {Span(r.P90TimeToDetection)} | {judgement.ProcessorSeconds:0.0} | {(judgement.HeldBytes is { } bytes ? FormattableString.Invariant($"{bytes / 1048576.0:0} MiB") : "-")} |");
        }
    }

    private void WrongOf(ImmutableArray<Judgement> judgements)
    {
        Line($"");
        foreach (Judgement judgement in judgements)
        {
            string wrong = string.Join(", ", judgement.Result.FalseSubjects.GroupBy(f => (f.Subject.Type, f.Action, Whom: Whom(f))).OrderByDescending(g => g.Count()).Take(8)
                .Select(g => FormattableString.Invariant($"{g.First().Subject.TypeName} {g.Key.Action} {g.Key.Whom} {g.Count()}")));
            Line($"- {judgement.Detector} hit wrongly: {(wrong.Length == 0 ? "nobody" : wrong)}");
        }
    }

    private void Families(EvaluationResult result)
    {
        Line($"");
        Line($"| family | incidents | decided | as expected | flags right | blocks right | time to detection: median | p90 |");
        Line($"|---|---|---|---|---|---|---|---|");
        foreach (FamilyResult f in result.Families)
        {
            Line($"| {f.Kind} {f.Difficulty} | {f.Incidents} | {f.Caught} | {f.CaughtAsExpected} | {Share(f.Flags)} | {Share(f.Blocks)} | {Span(f.MedianTimeToDetection)} | {Span(f.P90TimeToDetection)} |");
        }
        int flagged = result.FalseSubjects.Count(f => f.Incident is null);
        int blocked = result.FalseSubjects.Count(f => f.Incident is null && f.Action >= Core.Policy.DecisionAction.Block);
        Line($"| honest viewers | | | | {flagged} wrong | {blocked} wrong | | |");
    }

    private void Honest(EvaluationResult result)
    {
        Line($"");
        Line($"| honest viewers | sessions | refused | per million | subjects flagged | subjects blocked |");
        Line($"|---|---|---|---|---|---|");
        foreach (HonestImpact h in result.Impact!.Honest)
        {
            int flagged = result.FalseSubjects.Count(f => f.Victims == h.Kind);
            int blocked = result.FalseSubjects.Count(f => f.Victims == h.Kind && f.Action >= Core.Policy.DecisionAction.Block);
            Line($"| {h.Kind} | {h.Sessions:N0} | {h.Refused:N0} | {h.Refused * 1e6 / h.Sessions:N0} | {flagged} | {blocked} |");
        }
    }

    private void Wrong(EvaluationResult result)
    {
        Line($"");
        Line($"Wrong subjects: {result.FalseSubjects.Length}");
        Line($"");
        foreach (RecordingResult one in results)
        {
            foreach (FalseSubject f in one.Judgements[0].Result.FalseSubjects.Take(MostWrong))
            {
                string honest = string.Join(", ", f.Honest.Select(h => FormattableString.Invariant($"{h.Sessions} of {h.Kind}")));
                Line($"- {one.Recording.Profile.Name}/{one.Recording.Seed}/{one.Recording.Profile.HeartbeatSeconds} s: {f.Action} {f.Subject.TypeName} {f.Subject.Value} at {DateTimeOffset.FromUnixTimeMilliseconds(f.Time):HH:mm:ss}{(f.NeverTouch ? " (must never be touched)" : "")}, score {f.Score:0.00}: {(honest.Length == 0 ? "no honest session" : honest)}{(f.MisuseSessions > 0 ? FormattableString.Invariant($", {f.MisuseSessions} of misuse{(f.Incident is null ? "" : $" ({f.Incident})")}") : "")}; {f.Reason}");
            }
        }
    }

    private void Missed()
    {
        Line($"");
        Line($"Missed incidents: {results.Sum(r => r.Missed.Count)}");
        Line($"");
        foreach (RecordingResult one in results)
        {
            foreach (MissedIncident m in one.Missed)
            {
                Line($"- {one.Recording.Profile.Name}/{one.Recording.Seed}/{one.Recording.Profile.HeartbeatSeconds} s: {m.Incident.Id} {m.Incident.Difficulty}, expected {m.Incident.Expected}, got {(m.Incident.Action is { } action ? action.ToString() : "nothing")}{(m.BestScore is { } score ? FormattableString.Invariant($"; best score {score:0.00}: {m.Best}") : "")}");
            }
        }
    }

    private void Reliability()
    {
        Line($"");
        Line($"| score | subjects | guilty | share |");
        Line($"|---|---|---|---|");
        foreach (var bin in results.SelectMany(r => r.Scores).GroupBy(s => Math.Min(9, (int)(s.Score * 10))).OrderBy(g => g.Key))
        {
            int guilty = bin.Count(s => s.Guilty);
            Line($"| {bin.Key / 10.0:0.0} to {(bin.Key + 1) / 10.0:0.0} | {bin.Count()} | {guilty} | {guilty / (double)bin.Count():P1} |");
        }
    }

    private static string Whom(FalseSubject subject) => subject.Incident is not null ? $"misuse {subject.Family?.Kind}" : subject.Victims?.ToString() ?? "nobody known";

    private static string Rate(EvaluationResult result, Difficulty difficulty)
    {
        (int caught, int incidents) = result.Expected(difficulty);
        return incidents == 0 ? "-" : FormattableString.Invariant($"{caught / (double)incidents:P1} ({caught}/{incidents})");
    }

    private static string Share(DecisionQuality quality) => quality.TrueSubjects + quality.FalseSubjects == 0
        ? "-"
        : FormattableString.Invariant($"{quality.Precision:P1} ({quality.TrueSubjects}/{quality.TrueSubjects + quality.FalseSubjects})");

    private static string Span(TimeSpan? span) => span is { } known ? FormattableString.Invariant($"{known.TotalSeconds:0} s") : "-";

    private void Line(FormattableString line) => _text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
}
