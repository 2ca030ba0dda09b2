using AutoGuard.Core.Configuration;
using AutoGuard.Core.Events;
using AutoGuard.Core.Pipeline;
using AutoGuard.Core.Policy;

namespace AutoGuard.Core.Tests.Pipeline;

/// <summary>Pages that embed the streams: which are acted on, and as what.</summary>
public sealed class PageTests
{
    private static readonly PipelineSettings s_settings = new()
    {
        Referrers = new ReferrersOptions { Official = ["www.example.com"] },
        Policy = new PolicyOptions { Mode = EnforcementMode.Enforce, BreakerAudienceFloor = 80 },
    };

    [Theory]
    [InlineData(EventParser.InvalidReferrer)]
    [InlineData("file:")]
    [InlineData("data:")]
    [InlineData("android-app://com.pirate.tv")]
    [InlineData("[2001:db8::1]")]
    [InlineData("a b.example")]
    public void A_page_that_no_rule_can_name_is_flagged_and_costs_the_breaker_nothing(string page)
    {
        TestTraffic traffic = Crowd(new TestTraffic(s_settings));
        Viewers(traffic, 50, _ => page, "q");
        Viewers(traffic, 50, _ => "pirate.example", "p", from: 600);
        traffic.InOrder().Run();

        Assert.Equal([DecisionAction.Flag], Of(traffic, page));
        Assert.Equal(DecisionAction.Block, Of(traffic, "pirate.example")[^1]);
        Assert.Equal(0, traffic.Pipeline.Breaker.Openings);
    }

    private static DecisionAction[] Of(TestTraffic traffic, string page) =>
        [.. traffic.Decisions.Where(d => d.Subject == new Subject(SubjectType.Referrer, page)).Select(static d => d.Action)];

    /// <summary>Viewers of the official page, each with a line and a token of their own.</summary>
    private static TestTraffic Crowd(TestTraffic traffic, int count = 200)
    {
        for (int i = 0; i < count; i++)
        {
            traffic.Session(i, 3_600, $"crowd{i}", $"{30 + (i % 50)}.{i / 50}.{i}.1", $"crowd{i}", $"crowd{i}", asn: 64_500 + (uint)(i % 7));
        }
        return traffic;
    }

    /// <summary>Viewers of other pages, each with a line of their own and a token that is nobody's.</summary>
    private static void Viewers(TestTraffic traffic, int count, Func<int, string> page, string prefix, double from = 0, bool tokens = true, int operators = 5)
    {
        for (int i = 0; i < count; i++)
        {
            traffic.Session(
                from + i, 3_600, $"{prefix}{i}", $"{100 + (i % 50)}.{(int)prefix[0]}.{i % 250}.1",
                tokens ? $"{prefix}{i}" : null, referrer: page(i), asn: 64_600 + (uint)(i % operators));
        }
    }
}
