using AutoGuard.Core.Configuration;
using AutoGuard.Core.Pipeline;
using AutoGuard.Core.Policy;

namespace AutoGuard.Core.Tests.Pipeline;

/// <summary>Many addresses that play without a token at once, where nearly everybody has one.</summary>
public sealed class CampaignTests
{
    private static readonly PipelineSettings s_settings = new() { Referrers = new ReferrersOptions { Official = ["www.example.com"] } };

    [Fact]
    public void A_viewer_who_lost_a_token_once_is_no_accomplice_of_those_who_attack_meanwhile()
    {
        TestTraffic traffic = Platform(new TestTraffic(s_settings));
        Bots(traffic, 24);
        for (int i = 0; i < 8; i++)
        {
            // A family: three sessions with tokens, and one whose player forgot it. They live in one network, as neighbours do.
            for (int screen = 0; screen < 3; screen++)
            {
                traffic.Session(10 + i, 1_800, $"f{i}-{screen}", $"90.1.1.{i + 1}", $"family-{i}", $"fu{i}");
            }
            traffic.Session(400, 1_800, $"forgot{i}", $"90.1.1.{i + 1}");
        }
        traffic.InOrder().Run();

        Assert.True(traffic.Decisions.Count(d => d.Subject.Value.StartsWith("77.", StringComparison.Ordinal)) >= 20, "the campaign was to be seen");
        Assert.DoesNotContain(traffic.Decisions, d => d.Subject.Value.StartsWith("90.1.1.", StringComparison.Ordinal));
    }

    [Fact]
    public void A_campaign_against_one_tenant_is_none_of_another_s_viewers()
    {
        TestTraffic traffic = Platform(Platform(new TestTraffic(s_settings), "red"), "blue");
        Bots(traffic, 24, "red");
        for (int i = 0; i < 3; i++)
        {
            traffic.Session(400, 1_800, $"forgot{i}", "77.3.3.9", organization: "blue");
        }
        traffic.InOrder().Run();

        Assert.Contains(traffic.Decisions, d => d.Organization == "red" && d.Subject.Type == SubjectType.Ip);
        Assert.DoesNotContain(traffic.Decisions, d => d.Organization == "blue");
    }

    [Fact]
    public void Where_many_have_no_token_its_lack_says_nothing()
    {
        TestTraffic traffic = Platform(new TestTraffic(s_settings));
        for (int i = 0; i < 600; i++)
        {
            traffic.Session(i % 100, 1_800, $"free{i}", $"83.{i % 200}.{i / 200}.7");
        }
        Bots(traffic, 24);
        traffic.InOrder().Run();

        Assert.DoesNotContain(traffic.Decisions, d => d.Reasons.Any(r => r.Indicator is "Campaign" or "MissingToken"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(10)]
    public void Where_hardly_anybody_has_a_token_its_lack_says_nothing_however_many_share_an_address(int inHundred)
    {
        TestTraffic traffic = new(s_settings);
        for (int i = 0; i < 2_000; i++)
        {
            bool named = i % 100 < inHundred;
            traffic.Session(i % 90, 1_800, $"v{i}", $"81.1.{i % 5}.{(i / 5 % 100) + 1}", named ? $"t{i}" : null, named ? $"u{i}" : null);
        }
        traffic.InOrder().Run();

        Assert.Empty(traffic.Decisions);
    }

    private static TestTraffic Platform(TestTraffic traffic, string? organization = null)
    {
        for (int i = 0; i < 1_800; i++)
        {
            traffic.Session(i % 240, 1_800, $"h{i}", $"81.{i % 200}.{i / 200}.7", $"honest-{i}", $"u{i}", organization: organization, heartbeat: 120);
        }
        return traffic;
    }

    private static void Bots(TestTraffic traffic, int bots, string? organization = null)
    {
        for (int bot = 0; bot < bots; bot++)
        {
            for (int i = 0; i < 5; i++)
            {
                traffic.Session(300 + bot, 1_500, $"b{bot}-{i}", $"77.{bot}.1.1", organization: organization);
            }
        }
    }
}
