using AutoGuard.Core.Events;
using AutoGuard.Core.Pipeline;
using AutoGuard.Core.Policy;
using AutoGuard.Simulation.Labels;

namespace AutoGuard.Quality;

/// <summary>Asks the pipeline every few minutes of event time how the subjects of running incidents score.</summary>
internal sealed class ScoreProbe(SimulationTruth truth, DetectionPipeline pipeline, Func<string, string?, Key128> tokenKey)
{
    private const long Interval = 5 * 60_000;
    private const int MostTokens = 2;
    private const int MostAddresses = 4;

    private readonly Dictionary<string, (double Score, string Text)> _best = [];
    private long _next = long.MinValue;

    /// <summary>The highest score of any subject asked about, by incident, with its indicators.</summary>
    public IReadOnlyDictionary<string, (double Score, string Text)> Best => _best;

    public void Look()
    {
        long now = pipeline.Watermark;
        if (now < _next || now == long.MinValue)
        {
            return;
        }
        _next = now + Interval;
        foreach (Incident incident in truth.Incidents)
        {
            if (now >= incident.Start.ToUnixTimeMilliseconds() && now <= incident.End.ToUnixTimeMilliseconds() + Interval)
            {
                Look(incident, now);
            }
        }
    }

    private void Look(Incident incident, long now)
    {
        IEnumerable<Subject> asked = incident.Catch.Where(s => s.Type == SubjectType.Token).Take(MostTokens)
            .Concat(incident.Catch.Where(s => s.Type == SubjectType.Ip).Take(MostAddresses));
        foreach (Subject subject in asked)
        {
            Explanation? explanation = subject.Type == SubjectType.Token ? Token(subject.Value, now)
                : IpAddress.TryParse(subject.Value, out IpAddress address) ? pipeline.Explainer.Address(address, now)
                : null;
            if (explanation is not null && (!_best.TryGetValue(incident.Id, out (double Score, string Text) best) || explanation.Score > best.Score))
            {
                string indicators = string.Join(", ", explanation.Indicators.Where(i => i.Value > 0).OrderByDescending(i => i.Contribution).Take(6)
                    .Select(i => FormattableString.Invariant($"{i.Indicator} {i.Value:0.##}/{i.Threshold:0.##} ({i.Contribution:0.00})")));
                _best[incident.Id] = (explanation.Score, FormattableString.Invariant(
                    $"{subject.TypeName} {subject.Value} at {DateTimeOffset.FromUnixTimeMilliseconds(now):HH:mm}, {explanation.Sessions} sessions: {indicators}; {explanation.Outcome}"));
            }
        }
    }

    /// <summary>The token as the tenant sees it in which it scores highest.</summary>
    private Explanation? Token(string identity, long now) => pipeline.Explainer.Organizations(identity, tokenKey)
        .Select(organization => pipeline.Explainer.Token(tokenKey(identity, organization), now))
        .MaxBy(explanation => explanation?.Score ?? -1);
}
