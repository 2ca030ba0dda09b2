using System.Collections.Immutable;
using AutoGuard.Core.Events;
using AutoGuard.Core.Policy;
using AutoGuard.Core.Reporting;

namespace AutoGuard.Guardian.Tests;

internal static class Sample
{
    public static long Now(TimeProvider time) => time.GetUtcNow().ToUnixTimeMilliseconds();

    public static ImmutableArray<IpNetwork> Networks(params string[] texts) =>
        [.. texts.Select(static text => IpNetwork.TryParse(text, out IpNetwork network) ? network : throw new FormatException(text))];

    public static Decision Decision(int number, TimeProvider time) => new()
    {
        Id = $"decision-{number}",
        Time = Now(time) + number,
        Action = DecisionAction.Flag,
        Mode = EnforcementMode.Observe,
        Subject = new Subject(SubjectType.Token, "jti-1"),
        Score = 0.93,
        Reasons = [new DecisionReason("ConcurrentSessions", 0.98, 5, 2, 0.93, "5 sessions at once for one user (limit 2)")],
        Harm = new HarmPreview(1, 2, 3),
        Policy = "ab12",
        Source = new SourcePosition("playback.events", 3, 81723 + number),
    };

    public static FlaggedSubject Flagged(Decision decision) => new()
    {
        Subject = decision.Subject,
        Organization = decision.Organization,
        Score = decision.Score,
        Decisions = [decision],
        DurationSum = 10.5,
        DurationAverage = 5.25,
        Sessions = 2,
        Addresses = 2,
        Tokens = 1,
        MaxConcurrency = 2,
        FirstStart = decision.Time - 1000,
        LastEnd = decision.Time,
        Recommendation = "Look at it.",
    };
}
