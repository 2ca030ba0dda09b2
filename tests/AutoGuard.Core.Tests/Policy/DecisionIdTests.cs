using AutoGuard.Core.Policy;

namespace AutoGuard.Core.Tests.Policy;

public sealed class DecisionIdTests
{
    private static readonly Subject s_token = new(SubjectType.Token, "jti-1");

    [Fact]
    public void The_id_of_a_decision_is_the_same_in_every_run() =>
        Assert.Equal(DecisionId.Of(TestTraffic.Noon, DecisionAction.Flag, s_token, null), DecisionId.Of(TestTraffic.Noon, DecisionAction.Flag, s_token with { }, null));

    [Fact]
    public void Time_leads_the_id_as_in_every_ulid()
    {
        // 1,469,918,176,385 ms is the example of the specification.
        Assert.StartsWith("01ARYZ6S41", DecisionId.Of(1_469_918_176_385, DecisionAction.Flag, s_token, null), StringComparison.Ordinal);
        Assert.Equal(26, DecisionId.Of(0, DecisionAction.Flag, s_token, null).Length);
        string[] ids = [.. Enumerable.Range(0, 100).Select(i => DecisionId.Of(TestTraffic.Noon + i, DecisionAction.Flag, s_token, null))];
        Assert.Equal(ids.Order(StringComparer.Ordinal), ids);
    }

    [Fact]
    public void Whatever_differs_gives_another_id()
    {
        string[] ids =
        [
            DecisionId.Of(TestTraffic.Noon, DecisionAction.Flag, s_token, null),
            DecisionId.Of(TestTraffic.Noon + 1, DecisionAction.Flag, s_token, null),
            DecisionId.Of(TestTraffic.Noon, DecisionAction.Revoke, s_token, null),
            DecisionId.Of(TestTraffic.Noon, DecisionAction.Flag, s_token, "tenant"),
            DecisionId.Of(TestTraffic.Noon, DecisionAction.Flag, new Subject(SubjectType.Referrer, "jti-1"), null),
            DecisionId.Of(TestTraffic.Noon, DecisionAction.Flag, new Subject(SubjectType.Token, "jti-2"), null),
            DecisionId.Of(TestTraffic.Noon, DecisionAction.Flag, new Subject(SubjectType.Token, "a\nb"), "c"),
            DecisionId.Of(TestTraffic.Noon, DecisionAction.Flag, new Subject(SubjectType.Token, "a"), "b\nc"),
        ];

        Assert.Equal(ids.Length, ids.Distinct().Count());
    }
}
