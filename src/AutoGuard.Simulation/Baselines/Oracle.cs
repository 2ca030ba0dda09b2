using AutoGuard.Core.Policy;
using AutoGuard.Simulation.Labels;

namespace AutoGuard.Simulation.Baselines;

/// <summary>
/// What no detector can do better: it knows the truth, and blocks every subject that counts as a catch with the first
/// session of the incident under it, or with the incident's first abnormal event when that is later. What it cannot
/// prevent was over before anything was wrong, and whom it refuses shares a subject with the abuser.
/// </summary>
public static class Oracle
{
    /// <summary>Its name in tables.</summary>
    public const string Name = "whoever knows the truth";

    /// <summary>Its name when it has to wait for late events, as any detector does.</summary>
    public const string NameOfWaiting = "the same, when it waits";

    /// <summary>Its decisions on a recording.</summary>
    /// <param name="truth">The truth.</param>
    /// <param name="sessions">All sessions of the same recording.</param>
    /// <param name="wait">How long after the event that it would act on it acts: what waits for late events cannot be sooner.</param>
    public static IReadOnlyList<JudgedDecision> Decisions(SimulationTruth truth, LabelledSessions sessions, TimeSpan wait = default)
    {
        ArgumentNullException.ThrowIfNull(truth);
        ArgumentNullException.ThrowIfNull(sessions);
        List<JudgedDecision> decisions = [];
        ILookup<int, LabelledSession> byIncident = sessions.All.Where(s => s.Label.IsMisuse).ToLookup(s => s.Label.Incident);
        Span<int> found = stackalloc int[SubjectIndex.MostFound];
        for (int i = 0; i < truth.Incidents.Length; i++)
        {
            Incident incident = truth.Incidents[i];
            long abnormal = incident.FirstAbnormal.ToUnixTimeMilliseconds();
            LabelledSession[] own = [.. byIncident[i].OrderBy(s => s.Time)];
            SubjectIndex index = new(sessions);
            List<(Subject Subject, string? Organization)> named = [];
            foreach (string? organization in own.Select(s => sessions.NameOf(s.Organization)).Distinct())
            {
                foreach (Subject subject in incident.Catch)
                {
                    if (index.Add(subject, organization) == named.Count)
                    {
                        named.Add((subject, organization));
                    }
                }
            }
            HashSet<int> decided = [];
            foreach (LabelledSession session in own)
            {
                foreach (int number in found[..index.Find(in session, found)])
                {
                    if (decided.Add(number))
                    {
                        (Subject subject, string? organization) = named[number];
                        DecisionAction action = subject.Type == SubjectType.Token ? DecisionAction.Revoke : DecisionAction.Block;
                        decisions.Add(new JudgedDecision(subject, action, Math.Max(abnormal, session.Time + 1) + (long)wait.TotalMilliseconds) { Organization = organization, Score = 1 });
                    }
                }
            }
        }
        return decisions;
    }
}
