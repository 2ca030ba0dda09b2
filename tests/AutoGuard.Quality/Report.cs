using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using AutoGuard.Core.Policy;
using AutoGuard.Simulation.Labels;
using AutoGuard.Simulation.Profiles;

namespace AutoGuard.Quality;

/// <summary>The tables of a run, as Markdown that also reads well on a terminal.</summary>
internal sealed class Report(Results results)
{
    private const int MostWrong = 60;

    private readonly StringBuilder _text = new();

    /// <summary>A few lines: what a sweep over settings is about.</summary>
    public static string Summary(Results results) => new Report(results).WriteSummary();

    /// <summary>Everything.</summary>
    public static string Markdown(Results results) => new Report(results).WriteMarkdown();

    private string WriteSummary()
    {
        EvaluationResult r = results.Own;
        Line($"caught easy {Rate(r, Difficulty.Easy)}, slow {Rate(r, Difficulty.Slow)}, hard {Rate(r, Difficulty.Hard)}; flags right {Share(r.Flags)}, blocks right {Share(r.Blocks)}; refused {r.Impact!.HonestRefusedPerMillion:0}/M, prevented {r.Impact.Prevention:P1} of {results.Detectors[^1].Result.Impact!.Prevention:P1}; TTD {Span(r.MedianTimeToDetection)} / {Span(r.P90TimeToDetection)}; {results.Detectors[0].ProcessorSeconds:0.0} s");
        string missed = string.Join(", ", r.Incidents.Where(i => !i.CaughtAsExpected).GroupBy(i => (i.Kind, i.Difficulty)).OrderBy(g => g.Key)
            .Select(g => FormattableString.Invariant($"{g.Key.Kind} {g.Key.Difficulty} {g.Count()}")));
        Line($"  missed: {(missed.Length == 0 ? "none" : missed)}");
        Line($"  wrong: {WrongByKind(r)}");
        return _text.ToString();
    }

    private string WriteMarkdown()
    {
        string what = string.Join("; ", results.Recordings.GroupBy(r => (r.Recording.Profile.Name, r.Recording.Profile.Viewers, r.Recording.Profile.HeartbeatSeconds))
            .Select(g => FormattableString.Invariant($"{g.Key.Name}, {g.Key.Viewers:N0} viewers, heartbeat {g.Key.HeartbeatSeconds} s, seeds {string.Join(' ', g.Select(r => r.Recording.Seed))}")));
        Line($"{results.Recordings.Count} recordings: {what}; {results.Recordings.Sum(r => r.Events):N0} events.");
        if (results.Sets.Count > 0)
        {
            Line($"Settings: {string.Join(", ", results.Sets)}.");
        }
        Detectors();
        Parts();
        GoalTable();
        Scenarios();
        Families();
        Honest();
        ReliabilityTable();
        Wrong();
        Missed();
        Late();
        return _text.ToString();
    }

    private void Detectors()
    {
        Heading("Detectors side by side");
        Line($"| detector | caught as expected: easy | slow | hard | flagged subjects right | blocked subjects right | honest sessions refused, per million | misuse sessions prevented | time to detection: median | p90 | CPU s | memory held |");
        Line($"|---|---|---|---|---|---|---|---|---|---|---|---|");
        foreach (Judgement judgement in results.Detectors)
        {
            string held = judgement.HeldBytes is { } bytes ? FormattableString.Invariant($"{bytes / 1048576.0:0} MiB") : "-";
            Line($"| {judgement.Detector} | {Measures(judgement.Result)} | {judgement.ProcessorSeconds:0.0} | {held} |");
        }
        Line($"");
        foreach (Judgement judgement in results.Detectors)
        {
            Line($"- {judgement.Detector} hit wrongly: {WrongByKind(judgement.Result)}");
        }
    }

    private void Parts()
    {
        ImmutableArray<ImmutableArray<PartResult>> parts = [.. results.Detectors.Select(d => d.Result.Difficulties.AddRange(d.Result.Levels))];
        int[] met = [.. Enumerable.Range(0, parts[0].Length).Where(i => parts[0][i].Incidents > 0)];
        if (met.Length == 0)
        {
            return;
        }
        Heading("By difficulty, and by what was to be done");
        Line($"| which | detector | incidents | caught as expected | time to detection: median | p90 | misuse sessions | prevented |");
        Line($"|---|---|---|---|---|---|---|---|");
        foreach (int i in met)
        {
            foreach ((Judgement judgement, PartResult d) in results.Detectors.Zip(parts, (judgement, of) => (judgement, of[i])))
            {
                Line($"| {d.Name} | {judgement.Detector} | {d.Incidents} | {d.CaughtAsExpected / (double)d.Incidents:P1} ({d.CaughtAsExpected}) | {Span(d.MedianTimeToDetection)} | {Span(d.P90TimeToDetection)} | {d.Sessions:N0} | {Part(d.Prevented, d.Sessions, "P1")} |");
            }
        }
    }

    private void GoalTable()
    {
        Heading("Goals");
        Line($"| | wanted | reached | |");
        Line($"|---|---|---|---|");
        foreach (Goal goal in Goals.Of(results.Own))
        {
            Line($"| {goal.Name} | {goal.Wanted} | {goal.Reached} | {(goal.IsMet is { } met ? met ? "met" : "missed" : "")} |");
        }
    }

    private void Scenarios()
    {
        if (results.Scenarios.Length < 2)
        {
            return;
        }
        Heading("AutoGuard by scenario");
        Line($"| profile | viewers | heartbeat | caught as expected: easy | slow | hard | flagged subjects right | blocked subjects right | honest sessions refused, per million | misuse sessions prevented | time to detection: median | p90 |");
        Line($"|---|---|---|---|---|---|---|---|---|---|---|---|");
        foreach ((Recording first, Judgement own) in results.Scenarios)
        {
            Line($"| {first.Profile.Name} | {first.Profile.Viewers:N0} | {first.Profile.HeartbeatSeconds} s | {Measures(own.Result)} |");
        }
    }

    private void Families()
    {
        Heading("AutoGuard by family");
        Line($"| family | incidents | decided | as expected | flags right | blocks right | sessions | prevented | at best | time to detection: median | p90 |");
        Line($"|---|---|---|---|---|---|---|---|---|---|---|");
        foreach ((FamilyResult f, FamilyResult best) in results.Own.Families.Zip(results.Detectors[^1].Result.Families))
        {
            Line($"| {f.Kind} {f.Difficulty} | {f.Incidents} | {f.Caught} | {f.CaughtAsExpected} | {Share(f.Flags)} | {Share(f.Blocks)} | {f.Sessions:N0} | {Part(f.Prevented, f.Sessions, "P0")} | {Part(best.Prevented, best.Sessions, "P0")} | {Span(f.MedianTimeToDetection)} | {Span(f.P90TimeToDetection)} |");
        }
        int flagged = results.Own.FalseSubjects.Count(f => f.Incident is null);
        int blocked = results.Own.FalseSubjects.Count(f => f.Incident is null && f.Action >= DecisionAction.Block);
        Line($"| honest viewers | | | | {flagged} wrong | {blocked} wrong | | | | | |");
    }

    private void Honest()
    {
        Heading("Honest viewers");
        Line($"| kind | sessions | refused | per million | subjects flagged | subjects blocked |");
        Line($"|---|---|---|---|---|---|");
        foreach (HonestImpact h in results.Own.Impact!.Honest)
        {
            int flagged = results.Own.FalseSubjects.Count(f => f.Victims == h.Kind);
            int blocked = results.Own.FalseSubjects.Count(f => f.Victims == h.Kind && f.Action >= DecisionAction.Block);
            Line($"| {h.Kind} | {h.Sessions:N0} | {h.Refused:N0} | {h.Refused * 1e6 / h.Sessions:N0} | {flagged} | {blocked} |");
        }
    }

    private void ReliabilityTable()
    {
        Heading("Reliability: of the subjects with a score, how many are guilty");
        Line($"| score | subjects | mean score | guilty | share |");
        Line($"|---|---|---|---|---|");
        foreach (ReliabilityRow row in results.Reliability)
        {
            Line($"| {row.Tenth / 10.0:0.0} to {(row.Tenth + 1) / 10.0:0.0} | {row.Subjects} | {row.MeanScore:0.00} | {row.Guilty} | {row.Share:P1} |");
        }
    }

    private void Wrong()
    {
        Heading(FormattableString.Invariant($"Wrong subjects: {results.Own.FalseSubjects.Length}"));
        foreach (RecordingResult one in results.Recordings)
        {
            ImmutableArray<FalseSubject> wrong = one.Judgements[0].Result.FalseSubjects;
            foreach (FalseSubject f in wrong.Take(MostWrong))
            {
                Line($"- {Short(one)}: {DecisionNames.Of(f.Action)} {f.Subject.TypeName} {f.Subject.Value} at {DateTimeOffset.FromUnixTimeMilliseconds(f.Time):HH:mm:ss}{(f.NeverTouch ? " (must never be touched)" : "")}, score {f.Score:0.00}: {Hit(f)}; {f.Reason}");
            }
            if (wrong.Length > MostWrong)
            {
                Line($"- {Short(one)}: and {wrong.Length - MostWrong} more");
            }
        }
    }

    private void Missed()
    {
        Heading(FormattableString.Invariant($"Missed incidents: {results.Recordings.Sum(r => r.Missed.Count)}"));
        foreach (RecordingResult one in results.Recordings)
        {
            foreach (MissedIncident m in one.Missed)
            {
                string got = m.Incident.Action is { } action ? DecisionNames.Of(action) : "nothing";
                string best = m.BestScore is { } score ? FormattableString.Invariant($"; best score {score:0.00}: {m.Best}") : "";
                Line($"- {Short(one)}: {m.Incident.Id} {m.Incident.Difficulty}, expected {m.Incident.Expected}, got {got}{best}");
            }
        }
    }

    private void Late()
    {
        Heading(FormattableString.Invariant($"Detected after more than {Goals.SlowestTenth.TotalMinutes:0} minutes"));
        foreach (RecordingResult one in results.Recordings)
        {
            foreach (IncidentResult late in one.Judgements[0].Result.Incidents.Where(i => i.TimeToDetection > Goals.SlowestTenth).OrderByDescending(i => i.TimeToDetection))
            {
                Line($"- {Short(one)}: {late.Id} {late.Difficulty}, {Span(late.TimeToDetection)}");
            }
        }
    }

    private static string Part(long part, long all, string format) => all == 0 ? "-" : (part / (double)all).ToString(format, CultureInfo.InvariantCulture);

    private static string Measures(EvaluationResult r) => string.Create(
        CultureInfo.InvariantCulture,
        $"{Rate(r, Difficulty.Easy)} | {Rate(r, Difficulty.Slow)} | {Rate(r, Difficulty.Hard)} | {Share(r.Flags)} | {Share(r.Blocks)} | {r.Impact!.HonestRefusedPerMillion:N0} | {Part(r.Impact.MisusePrevented, r.Impact.MisuseSessions, "P1")} | {Span(r.MedianTimeToDetection)} | {Span(r.P90TimeToDetection)}");

    private static string WrongByKind(EvaluationResult result)
    {
        const int most = 8;
        string text = string.Join(", ", result.FalseSubjects.GroupBy(f => (f.Action, f.Subject.Type, Whom: Whom(f))).OrderByDescending(g => g.Count()).ThenBy(g => g.Key.Whom, StringComparer.Ordinal).Take(most)
            .Select(g => FormattableString.Invariant($"{DecisionNames.Of(g.Key.Action)} {g.First().Subject.TypeName} of {g.Key.Whom} {g.Count()}")));
        return text.Length == 0 ? "nobody" : text;
    }

    private static string Whom(FalseSubject subject) =>
        subject.Family is { } family ? $"misuse ({family.Kind})" : subject.Victims?.ToString() ?? "nobody seen";

    private static string Hit(FalseSubject f)
    {
        string honest = string.Join(", ", f.Honest.Select(h => FormattableString.Invariant($"{h.Sessions} sessions of {h.Kind}")));
        string misuse = f.MisuseSessions == 0 ? "" : FormattableString.Invariant($"{f.MisuseSessions} of misuse{(f.Incident is { } incident ? $", mostly {incident}" : "")}");
        return honest.Length + misuse.Length == 0 ? "no session" : string.Join(", ", new[] { honest, misuse }.Where(t => t.Length > 0));
    }

    private static string Short(RecordingResult one) =>
        FormattableString.Invariant($"{one.Recording.Profile.Name}/{one.Recording.Seed}/{one.Recording.Profile.HeartbeatSeconds} s");

    private static string Rate(EvaluationResult result, Difficulty difficulty)
    {
        (int caught, int incidents) = result.Expected(difficulty);
        return incidents == 0 ? "-" : FormattableString.Invariant($"{caught / (double)incidents:P1} ({caught}/{incidents})");
    }

    private static string Share(DecisionQuality quality) => quality.TrueSubjects + quality.FalseSubjects == 0
        ? "-"
        : FormattableString.Invariant($"{quality.Precision:P1} ({quality.TrueSubjects}/{quality.TrueSubjects + quality.FalseSubjects})");

    private static string Span(TimeSpan? span) => span is { } known ? FormattableString.Invariant($"{known.TotalSeconds:0} s") : "-";

    private void Heading(string text) => _text.Append("\n### ").Append(text).Append("\n\n");

    private void Line(FormattableString line) => _text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
}
