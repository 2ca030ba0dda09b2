using System.Collections.Immutable;
using AutoGuard.Core.Configuration;
using AutoGuard.Core.Events;
using AutoGuard.Core.Pipeline;
using AutoGuard.Core.Policy;
using AutoGuard.Core.Scoring;

namespace AutoGuard.Core.Tests.Pipeline;

public sealed class ExplainerTests
{
    private const long Now = TestTraffic.Noon + 600_000;

    [Fact]
    public void Equal_token_ids_of_several_tenants_are_told_apart()
    {
        TestTraffic traffic = new TestTraffic()
            .Event(1, "a", "81.1.1.1", "t", organization: "red").Event(2, "b", "82.1.1.1", "t", organization: "red")
            .Event(3, "c", "83.1.1.1", "t", organization: "blue").Event(4, "d", "84.1.1.1", "t")
            .Event(5, "e", "85.1.1.1", "other", organization: "green").Run();

        Assert.Equal(new string?[] { null, "blue", "red" }, traffic.Pipeline.Explainer.Organizations("t", traffic.TokenKey).ToArray());
        Assert.Equal(new string?[] { "green" }, traffic.Pipeline.Explainer.Organizations("other", traffic.TokenKey).ToArray());
        Assert.Empty(traffic.Pipeline.Explainer.Organizations("unheard of", traffic.TokenKey));
        Assert.Equal((2, "red"), SessionsOf(traffic.Explain("t", Now, "red")));
        Assert.Equal((1, "blue"), SessionsOf(traffic.Explain("t", Now, "blue")));
        Assert.Equal((1, null), SessionsOf(traffic.Explain("t", Now)));
        Assert.Null(traffic.Explain("t", Now, "green"));
    }

    [Fact]
    public void What_speaks_for_a_token_is_what_is_within_its_limits()
    {
        TestTraffic traffic = new TestTraffic().Session(0, 500, "tv", "81.1.1.1", "t", "anna", country: "DE").Session(10, 500, "phone", "81.1.1.2", "t", "anna", country: "DE").InOrder().Run();

        ImmutableArray<string> evidence = traffic.Explain("t", Now)!.CounterEvidence;

        Assert.Equal("the token is bound to one user, who may have several screens", evidence[0]);
        Assert.Contains("what runs at once comes from one network, as in one household", evidence);
        Assert.Contains("all sessions come from one country", evidence);
        Assert.Contains("nothing is played from a data centre", evidence);
        Assert.Contains("starts per minute are as usual", evidence);
    }

    [Fact]
    public void What_is_not_known_speaks_for_nobody()
    {
        TestTraffic traffic = new TestTraffic().Session(0, 500, "tv", "81.1.1.1", "t").InOrder().Run();

        Assert.DoesNotContain(traffic.Explain("t", Now)!.CounterEvidence, text => text.Contains("countr", StringComparison.Ordinal));
    }

    [Fact]
    public void A_shared_token_says_why_it_counts_as_shared()
    {
        TestTraffic traffic = new();
        for (int i = 0; i < 20; i++)
        {
            traffic.Event(i, $"s{i}", $"81.1.{i}.1", "public");
        }
        Explanation explanation = traffic.Run().Explain("public", Now)!;

        Assert.Equal(TokenWorkflow.Shared, explanation.Workflow);
        Assert.Equal("the token is shared by design: several networks used it within minutes of its first sight", Assert.Single(explanation.CounterEvidence));
        Assert.Equal("Nothing was done: the token is one that everybody gets, so reuse says nothing.", explanation.Outcome);
    }

    [Fact]
    public void The_allowlist_comes_first_and_spares()
    {
        PipelineSettings settings = new() { Allowlist = new AllowlistOptions { Addresses = [new AllowlistEntry { Value = "198.51.100.66", Reason = "our probe" }] } };
        TestTraffic traffic = Flood(new TestTraffic(settings)).InOrder().Run(complete: false);

        Explanation explanation = Explain(traffic, "198.51.100.66");

        Assert.True(explanation.Score >= settings.Policy.FlagScore);
        Assert.Equal("address on the allowlist: our probe", explanation.CounterEvidence[0]);
        Assert.Equal("Nothing was done: address on the allowlist: our probe.", explanation.Outcome);
    }

    [Fact]
    public void Neighbours_that_a_block_would_cut_off_are_counted_and_keep_it_from_being_made()
    {
        TestTraffic traffic = Flood(new TestTraffic());
        for (int i = 0; i < 9; i++)
        {
            traffic.Session(i, 900, $"n{i}", "198.51.100.66", $"n{i}", $"n{i}");
        }
        traffic.InOrder().Run(complete: false);

        Explanation explanation = Explain(traffic, "198.51.100.66");

        Assert.Equal(new HarmPreview(9, 9, 9), explanation.Harm);
        const string neighbours = "a block would cut off 9 other viewers (9 known users, 9 running sessions; the limit is 3)";
        Assert.Contains(neighbours, explanation.CounterEvidence);
        Assert.Equal($"It was flagged and not blocked: {neighbours}.", explanation.Outcome);
    }

    [Fact]
    public void A_private_address_says_that_no_rule_may_name_it()
    {
        TestTraffic traffic = Flood(new TestTraffic(), "10.1.2.3").InOrder().Run(complete: false);

        Assert.Contains("10.1.2.3/32 lies in 10.0.0.0/8, which is private", Explain(traffic, "10.1.2.3").CounterEvidence);
    }

    [Fact]
    public void Every_judgement_of_a_watched_subject_is_shown_and_of_nobody_else()
    {
        TestTraffic traffic = Flood(new TestTraffic()).Session(0, 900, "quiet", "81.9.9.9", "quiet", "someone").InOrder();
        List<Judgement> seen = [];
        List<string> outcomes = [];
        Subject flooder = new(SubjectType.Ip, "198.51.100.66");
        traffic.Pipeline.Watch.Add(flooder, judgement =>
        {
            seen.Add(judgement);
            outcomes.Add(traffic.Pipeline.Watch.Explain(judgement).Outcome);
        });
        traffic.Run();

        Decision[] decisions = [.. traffic.Decisions.Where(decision => decision.Subject == flooder)];
        Assert.NotEmpty(decisions);
        Assert.All(seen, judgement => Assert.Equal(flooder, judgement.Subject));
        Assert.Equal(seen.Select(judgement => judgement.Time).Distinct().Order(), seen.Select(judgement => judgement.Time));
        foreach (Decision decision in decisions)
        {
            int at = seen.FindIndex(judgement => judgement.Time == decision.Time);
            Assert.Equal(decision.Score, seen[at].Score, 6);
            Assert.Equal(decision.Score, RiskScore.Of([.. seen[at].Readings]), 6);
            Assert.StartsWith("It ", outcomes[at], StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Who_watches_changes_nothing()
    {
        TestTraffic Traffic() => Flood(new TestTraffic()).Session(0, 900, "quiet", "81.9.9.9", "quiet", "someone").InOrder();
        TestTraffic alone = Traffic().Run();
        TestTraffic watched = Traffic();
        watched.Pipeline.Watch.Add(new Subject(SubjectType.Ip, "198.51.100.66"), judgement => watched.Pipeline.Watch.Explain(judgement));
        watched.Pipeline.AfterSlice = now => watched.Pipeline.Explainer.Organizations("quiet", watched.TokenKey);
        watched.Run();

        Assert.Equal(alone.Decisions.Select(Text), watched.Decisions.Select(Text));
    }

    private static string Text(Decision decision) => System.Text.Encoding.UTF8.GetString(DecisionJson.ToUtf8(decision));

    private static (int Sessions, string? Organization) SessionsOf(Explanation? explanation) => (explanation!.Sessions, explanation.Organization);

    private static Explanation Explain(TestTraffic traffic, string address) =>
        traffic.Pipeline.Explainer.Address(IpAddress.From(System.Net.IPAddress.Parse(address)), traffic.Pipeline.Watermark)!;

    private static TestTraffic Flood(TestTraffic traffic, string address = "198.51.100.66")
    {
        for (int i = 0; i < 400; i++)
        {
            traffic.Session(100 + (i * 1.5), 104 + (i * 1.5), $"f{i}", address, "f-token");
        }
        return traffic;
    }
}
