using AutoGuard.Core.Configuration;
using AutoGuard.Core.Events;
using AutoGuard.Core.Features;
using AutoGuard.Core.Pipeline;
using AutoGuard.Core.Policy;
using AutoGuard.Core.Reporting;
using AutoGuard.Core.Tests.Features;

namespace AutoGuard.Core.Tests.Pipeline;

[Collection(nameof(MemoryGroup))]
public sealed class CaseFilesTests
{
    [Fact]
    public void Two_tenants_tokens_of_the_same_name_have_a_case_each()
    {
        TestTraffic traffic = new();
        foreach (string tenant in (string[])["north", "south"])
        {
            for (int i = 0; i < 10; i++)
            {
                for (int beat = 0; beat < 25; beat++)
                {
                    traffic.Event(
                        60 + (i * 10) + (beat * 30), $"s{i}", $"9{i}.1.{(tenant == "north" ? 1 : 2)}.3", "shared", "owner",
                        beat == 0 ? PlaybackEventType.Start : PlaybackEventType.Heartbeat, organization: tenant);
                }
            }
        }
        traffic.InOrder().Run();

        foreach (string tenant in (string[])["north", "south"])
        {
            FlaggedSubject file = traffic.Output.Cases.Last(c => c.Organization == tenant);
            Assert.NotEmpty(file.Decisions);
            Assert.All(file.Decisions, d => Assert.Equal(tenant, d.Organization));
            Assert.Equal(10, file.Sessions);
        }
    }

    [Fact]
    public void A_session_that_went_elsewhere_is_not_shown_as_running_where_it_was()
    {
        TestTraffic traffic = new();
        for (int i = 0; i < 10; i++)
        {
            traffic.Session(60 + (i * 10), 900, $"s{i}", $"9{i}.1.2.3", "shared", "owner", end: false);
            traffic.Event(905, $"s{i}", $"9{i}.9.9.9", "shared", "owner");
        }
        traffic.InOrder().Run();

        FlaggedSubject file = traffic.Output.Cases.Last(c => c.Subject.Value == "shared");
        Assert.Equal(20, file.Timeline.Length);
        Assert.All(file.Timeline.Where(s => s.Address.EndsWith(".1.2.3", StringComparison.Ordinal)), s => Assert.False(s.Running));
        Assert.All(file.Timeline.Where(s => s.Address.EndsWith(".9.9.9", StringComparison.Ordinal)), s => Assert.True(s.Running));
    }

    private static readonly string[] s_countries = ["DE", "FR", "GB", "US"];

    [Fact]
    public void More_suspects_than_there_is_room_for_still_get_their_evidence()
    {
        TestTraffic traffic = new(new PipelineSettings { Policy = new PolicyOptions { FlagScore = 0.3, BlockScore = 1, FlagsPerMinute = 10_000 } });
        for (int token = 0; token < 9_000; token++)
        {
            for (int i = 0; i < 4; i++)
            {
                traffic.Session(
                    (token / 10) + (i * 3), (token / 10) + 60, $"s{token}-{i}", $"{60 + i}.{token / 250}.{token % 250}.9", $"t{token}", $"u{token}", heartbeat: 20, country: s_countries[i]);
            }
        }
        traffic.InOrder().Run();

        List<FlaggedSubject> cases = [.. traffic.Output.Cases.Where(c => c.Subject.Type == SubjectType.Token).GroupBy(c => c.Subject).Select(g => g.First())];
        Assert.Equal(9_000, cases.Count);
        Assert.All(cases, file => Assert.NotEmpty(file.Timeline));
    }
}
