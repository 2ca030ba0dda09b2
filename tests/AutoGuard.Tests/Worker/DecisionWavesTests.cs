using System.Collections.Immutable;
using System.Globalization;
using AutoGuard.Core.Policy;
using AutoGuard.Guardian.Storage;
using AutoGuard.Worker;

namespace AutoGuard.Tests.Worker;

public sealed class DecisionWavesTests
{
    [Theory]
    [InlineData("a b c", 1, "a|b|c")]
    [InlineData("a b c d e", 2, "a b|c d|e")]
    [InlineData("a b a c", 8, "a b|a c")]
    [InlineData("a a a", 8, "a|a|a")]
    [InlineData("a b c b a", 3, "a b c|b a")]
    [InlineData("", 8, "")]
    public void Decisions_go_in_order_at_most_so_many_at_once_and_never_two_on_one_subject(string subjects, int atOnce, string expected)
    {
        PendingDecision[] pending = [.. subjects.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Pending)];

        IReadOnlyList<PendingDecision>[] waves = [.. DecisionEnforcer.Waves(pending, atOnce)];

        Assert.Equal(expected, string.Join('|', waves.Select(wave => string.Join(' ', wave.Select(item => item.Decision.Subject.Value)))));
        Assert.Equal(pending, waves.SelectMany(wave => wave));
    }

    private static PendingDecision Pending(string subject, int number) => new(
        new Decision
        {
            Id = number.ToString(CultureInfo.InvariantCulture),
            Time = number,
            Action = DecisionAction.Block,
            Mode = EnforcementMode.Enforce,
            Subject = new Subject(SubjectType.Token, subject),
            Score = 0.9,
            Reasons = ImmutableArray<DecisionReason>.Empty,
            Harm = new HarmPreview(0, 0, 0),
            Policy = "p",
            Source = new SourcePosition("playback.events", 0, number),
        },
        0);
}
