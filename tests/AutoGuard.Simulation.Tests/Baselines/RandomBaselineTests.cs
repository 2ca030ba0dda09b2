using AutoGuard.Core.Policy;
using AutoGuard.Simulation.Baselines;
using AutoGuard.Simulation.Labels;

namespace AutoGuard.Simulation.Tests.Baselines;

public sealed class RandomBaselineTests
{
    private static readonly JudgedDecision[] Model =
    [
        Decide(SubjectType.Token, "a", DecisionAction.Flag, 50),
        Decide(SubjectType.Token, "a", DecisionAction.Revoke, 80),
        Decide(SubjectType.Ip, "192.0.2.1", DecisionAction.Block, 60),
        Decide(SubjectType.Cidr, "192.0.2.0/24", DecisionAction.Block, 70),
        Decide(SubjectType.Referrer, "pub.example", DecisionAction.Block, 90),
    ];

    [Fact]
    public void Chance_decides_as_often_on_subjects_of_the_same_types_at_the_same_times()
    {
        IReadOnlyList<JudgedDecision> drawn = Draw(1);

        Assert.Equal(
            Model.OrderBy(d => d.Time).Select(d => (d.Subject.Type, d.Action, d.Time, d.Expires)), drawn.Select(d => (d.Subject.Type, d.Action, d.Time, d.Expires)));
        Assert.Equal(drawn[0].Subject, drawn.Single(d => d.Action == DecisionAction.Revoke).Subject);
    }

    [Fact]
    public void Only_what_had_been_seen_by_then_is_drawn_and_nobody_on_the_allowlist()
    {
        HashSet<string> tokens = [];
        for (ulong seed = 0; seed < 200; seed++)
        {
            tokens.Add(Draw(seed)[0].Subject.Value);
        }

        // One token is seen each second, and the model's decision is at second 50; the first is the probe's.
        Assert.Equal(Enumerable.Range(1, 50).Select(i => $"token-{i}").Order(), tokens.Order());
    }

    [Fact]
    public void Equal_seeds_draw_equally_and_others_do_not()
    {
        Assert.Equal(Draw(7), Draw(7));
        Assert.NotEqual(Draw(7), Draw(8));
    }

    private static IReadOnlyList<JudgedDecision> Draw(ulong seed)
    {
        HandMadeEvents events = new();
        for (int i = 0; i < 100; i++)
        {
            events.Add(i, $"s{i}", i == 0 ? "probe" : $"token-{i}", $"203.0.{i}.1", $"page-{i}.example");
        }
        RandomBaseline? baseline = null;
        events.Decisions(c => baseline = new RandomBaseline(c, seed));
        baseline!.Imitate(Model);
        return baseline.Decisions;
    }

    private static JudgedDecision Decide(SubjectType type, string value, DecisionAction action, int second) =>
        new(new Subject(type, value), action, HandMadeEvents.At(second)) { Expires = type == SubjectType.Ip ? HandMadeEvents.At(second + 600) : null };
}
