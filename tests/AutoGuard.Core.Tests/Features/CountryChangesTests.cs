using AutoGuard.Core.Configuration;
using AutoGuard.Core.Pipeline;
using AutoGuard.Core.Policy;

namespace AutoGuard.Core.Tests.Features;

/// <summary>An account that two countries share by turns shows itself by how often it goes there and back.</summary>
public sealed class CountryChangesTests
{
    private const int Turn = 1_500;

    /// <summary>An operator whose customers move from network to network.</summary>
    private const uint Carrier = 64510;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Going_there_and_back_again_is_flagged_with_one_token_as_with_a_new_one_each_time(int turnsPerToken)
    {
        TestTraffic traffic = new TestTraffic().Audience();
        Turns(traffic, 14, turnsPerToken, ["DE", "FR"], [64500, 64501], 600);
        traffic.InOrder().Run();

        Assert.Contains(traffic.Decisions, decision => decision.Reasons.Any(reason => reason.Indicator == "CountryChanges" && reason is { Value: > 8, Threshold: 8 }));
        Assert.All(traffic.Decisions, decision => Assert.Equal(DecisionAction.Flag, decision.Action));
    }

    [Theory]
    [InlineData(2, 9, false)]
    [InlineData(3, 9, true)]
    public void A_phone_at_the_border_of_two_countries_is_left_alone_and_one_in_three_is_not(int countries, int turns, bool flagged)
    {
        TestTraffic traffic = new TestTraffic().Audience();
        Turns(traffic, turns, turns, ["DE", "FR", "BE"], [64500, 64501, 64502], 600, countries);
        traffic.InOrder().Run(complete: false);
        ExplainedIndicator changes = traffic.Explain("turns0", traffic.Pipeline.Watermark)!.Indicators.Single(i => i.Indicator == "CountryChanges");

        Assert.Equal(turns - 1, changes.Value);
        Assert.Equal(flagged, changes.Grade > 0);
        Assert.Equal(flagged, traffic.Of("turns0").Any());
    }

    [Theory]
    [InlineData("DE", "DE", 64500, 64501, 0)]
    [InlineData("DE", "FR", 64500, 64500, 0)]
    [InlineData("DE", "FR", 64500, Carrier, 0)]
    [InlineData("DE", "FR", 64500, 0, 0)]
    [InlineData("DE", null, 64500, 64501, 0)]
    [InlineData("DE", "FR", 64500, 64501, 3)]
    public void Only_home_lines_of_two_operators_in_two_countries_count(string first, string? second, uint asn, uint other, int changes)
    {
        TestTraffic traffic = new TestTraffic().Audience();
        for (int i = 0; i < 60; i++)
        {
            for (int cell = 0; cell < 4; cell++)
            {
                traffic.Session((cell * 100) + i, (cell * 100) + i + 60, $"m{i}-{cell}", $"96.{i}.{cell}.1", $"mobile{i}", $"w{i}", asn: Carrier, agent: "Phone");
            }
        }
        Turns(traffic, 4, 4, [first, second], [asn, other]);
        traffic.InOrder().Run(complete: false);

        Assert.Equal(changes, traffic.Explain("turns0", traffic.Pipeline.Watermark)!.Indicators.Single(i => i.Indicator == "CountryChanges").Value);
    }

    [Theory]
    [InlineData(25)]
    [InlineData(45)]
    public void Who_works_across_the_border_with_a_phone_from_home_of_whose_operator_little_is_known_goes_nowhere(int phones)
    {
        TestTraffic traffic = new TestTraffic().Audience();
        for (int i = 0; i < phones; i++)
        {
            traffic.Session(i, 9_000, $"p{i}", $"100.100.{i}.1", $"phone{i}", $"w{i}", asn: Carrier, agent: "Phone", heartbeat: 120, country: "DE");
        }
        for (int i = 0; i < 5; i++)
        {
            double from = 2_000 + (i * 1_200);
            traffic.Session(from, from + 580, $"office{i}", "90.1.9.9", "worker", "w", asn: 64501, country: "FR", agent: "Phone");
            traffic.Session(from + 600, from + 1_180, $"phone{i}", $"100.{120 + i}.1.1", "worker", "w", asn: Carrier, country: "DE", agent: "Phone");
        }

        Assert.Empty(traffic.InOrder().Run().Decisions);
    }

    [Fact]
    public void Changes_leave_with_the_window_though_each_place_is_seen_again()
    {
        DetectionOptions detection = new() { Window = TimeSpan.FromMinutes(60) };
        TestTraffic traffic = new TestTraffic(new PipelineSettings { Detection = detection }).Audience();
        Turns(traffic, 5, 5, ["DE", "FR"], [64500, 64501]);
        traffic.InOrder().Run(complete: false);

        Assert.Equal(1, traffic.Explain("turns0", traffic.Pipeline.Watermark)!.Indicators.Single(i => i.Indicator == "CountryChanges").Value);
    }

    [Theory]
    [InlineData(64502, 3)]
    [InlineData(Carrier, 2)]
    public void Home_lines_do_not_move_to_a_third_country_however_slowly(uint third, int countries)
    {
        TestTraffic traffic = new TestTraffic().Audience();
        (string Country, uint Asn)[] places = [("DE", 64500), ("FR", 64501), ("IT", third)];
        for (int i = 0; i < places.Length; i++)
        {
            double from = 600 + (i * 3_700);
            traffic.Session(from, from + 900, $"s{i}", $"9{7 + i}.1.1.1", "slow", "u", country: places[i].Country, asn: places[i].Asn, agent: "Browser");
        }
        traffic.InOrder().Run(complete: false);

        Assert.Equal(countries, traffic.Explain("slow", traffic.Pipeline.Watermark)!.Indicators.Single(i => i.Indicator == "GeographicSpread").Value);
        Assert.All(traffic.Of("slow"), decision => Assert.Equal(DecisionAction.Flag, decision.Action));
        Assert.Equal(countries > 2, traffic.Of("slow").Any());
    }

    /// <summary>Somebody who plays by turns in one place and in the other; the last turn goes on.</summary>
    private static void Turns(TestTraffic traffic, int turns, int turnsPerToken, string?[] countries, uint[] asns, int length = Turn, int most = 2)
    {
        for (int turn = 0; turn < turns; turn++)
        {
            int place = turn % most;
            double from = 600 + (turn * length);
            traffic.Session(
                from, from + length - 60, $"turn{turn}", $"9{7 + place}.1.1.1", $"turns{turn / turnsPerToken}", "u", country: countries[place], asn: asns[place], agent: "Browser",
                end: turn < turns - 1);
        }
    }
}
