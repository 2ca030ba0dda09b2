using System.Collections.Immutable;

namespace AutoGuard.Simulation.Labels;

/// <summary>Finds out whom wrong decisions concerned, by the sessions that fall under their subjects.</summary>
internal static class Attribution
{
    /// <summary>
    /// A wrong subject belongs to the incident that most of its sessions are of, when misuse is most of its sessions: it is a
    /// part of the misuse that the truth does not name, or it was decided on before the misuse began. Else it is somebody honest.
    /// </summary>
    public static ImmutableArray<FalseSubject> Of(ImmutableArray<FalseSubject> wrong, LabelledSessions sessions, SimulationTruth truth)
    {
        SubjectIndex index = new(sessions);
        foreach (FalseSubject subject in wrong)
        {
            index.Add(subject.Subject, subject.Organization);
        }
        Dictionary<SessionLabel, int>[] labels = [.. wrong.Select(_ => new Dictionary<SessionLabel, int>())];
        Span<int> found = stackalloc int[SubjectIndex.MostFound];
        foreach (LabelledSession session in sessions.All)
        {
            foreach (int number in found[..index.Find(in session, found)])
            {
                labels[number][session.Label] = labels[number].GetValueOrDefault(session.Label) + 1;
            }
        }
        return [.. wrong.Select((subject, i) => Describe(subject, labels[i], truth))];
    }

    private static FalseSubject Describe(FalseSubject subject, Dictionary<SessionLabel, int> labels, SimulationTruth truth)
    {
        int misuse = labels.Where(pair => pair.Key.IsMisuse).Sum(pair => pair.Value);
        Incident? incident = 2 * misuse <= labels.Values.Sum()
            ? null
            : truth.Incidents[labels.Where(pair => pair.Key.IsMisuse).OrderByDescending(pair => pair.Value).ThenBy(pair => pair.Key.Incident).First().Key.Incident];
        return subject with
        {
            MisuseSessions = misuse,
            Honest = [.. labels.Where(pair => !pair.Key.IsMisuse).OrderByDescending(pair => pair.Value).ThenBy(pair => pair.Key.Honest)
                .Select(pair => new HonestTally(pair.Key.Honest, pair.Value))],
            Incident = incident?.Id,
            Family = incident is null ? null : (incident.Kind, incident.Difficulty),
        };
    }
}
