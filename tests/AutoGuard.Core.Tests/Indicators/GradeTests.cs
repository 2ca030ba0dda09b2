using AutoGuard.Core.Configuration;
using AutoGuard.Core.Features;
using AutoGuard.Core.Indicators;

namespace AutoGuard.Core.Tests.Indicators;

/// <summary>That a key has no grade is asked apart from its readings: both must agree on whatever is measured.</summary>
public sealed class GradeTests
{
    private static readonly TokenWorkflow[] s_workflows = [TokenWorkflow.UserBound, TokenWorkflow.PerSession, TokenWorkflow.Shared];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_token_has_a_grade_exactly_when_one_of_its_readings_has_one(int seed)
    {
        Random random = new(seed);
        IndicatorPanel panel = Panel(random);
        Reading[] readings = new Reading[IndicatorPanel.MostReadings];
        int graded = 0;
        for (int i = 0; i < 100_000; i++)
        {
            TokenFeatures features = default;
            features.Concurrent = Some(random, 4);
            features.Alike = Some(random, 8);
            features.PlacesAtOnce = Some(random, 4);
            features.PresumedPlaces = Some(random, 5);
            features.Handovers = Some(random, 12);
            features.Places = Some(random, 12);
            features.Operators = Some(random, 6);
            features.Homes = Some(random, 5);
            features.Agents = Some(random, 5);
            features.Sessions = Some(random, 60);
            features.TroubledSessions = Some(random, 5);
            features.Countries = Some(random, 4);
            features.Longest = Some(random, 12) * 3_600;
            features.PlayingFor = Some(random, 12) * 3_600;
            features.DataCentreShare = Share(random);
            features.LonelyDataCentres = Share(random);
            features.ToolShare = Share(random);
            features.UnknownReferrerShare = Share(random);
            features.UnexpectedMissingShare = Share(random);
            features.Likeness = Share(random);
            features.SpikeLevel = Some(random, 6);
            features.SpikeMinutes = Some(random, 5);
            features.Trouble = random.Next(5) == 0;
            features.Workflow = s_workflows[random.Next(s_workflows.Length)];
            foreach (PopulationTrait trait in Enum.GetValues<PopulationTrait>())
            {
                features.Usual[(int)trait] = random.Next(3) == 0 ? random.Next(20) * 0.75 : 0;
            }
            bool expected = HasGrade(readings.AsSpan(0, panel.Read(in features, readings)));
            Assert.Equal(expected, panel.HasGrade(in features));
            graded += expected ? 1 : 0;
        }
        Assert.InRange(graded, 10_000, 90_000);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void An_address_has_a_grade_exactly_when_one_of_its_readings_has_one(int seed)
    {
        Random random = new(seed);
        IndicatorPanel panel = Panel(random);
        Reading[] readings = new Reading[IndicatorPanel.MostReadings];
        int graded = 0;
        for (int i = 0; i < 100_000; i++)
        {
            AddressFeatures features = default;
            features.DataCentre = random.Next(3) == 0;
            features.Excess = Some(random, 60);
            features.Unowned = Some(random, 60);
            features.Owned = Some(random, 3);
            features.OwnTokensAreUsual = Share(random);
            features.Open = Some(random, 60);
            features.OpenTokens = Some(random, 40);
            features.Starts = Some(random, 60);
            features.Short = Some(random, 40);
            features.ShortPerMinute = Some(random, 6);
            features.UsualShortPerMinute = Some(random, 3);
            features.Shorts = Some(random, 30);
            features.SettledTokens = Some(random, 10);
            features.Campaign = Some(random, 8);
            features.Tokens = Some(random, 170);
            features.Suspects = Some(random, 3);
            features.SuspectOwners = Some(random, 4);
            features.Tokenless = Some(random, 5);
            features.TokensAreUsual = Share(random);
            features.ToolShare = Share(random);
            features.SpikeLevel = Some(random, 6);
            features.SpikeMinutes = Some(random, 5);
            features.Trouble = random.Next(5) == 0;
            bool expected = HasGrade(readings.AsSpan(0, panel.Read(in features, readings)));
            Assert.Equal(expected, panel.HasGrade(in features));
            graded += expected ? 1 : 0;
        }
        Assert.InRange(graded, 10_000, 90_000);
    }

    /// <summary>Two indicators are not computed, and two only observed.</summary>
    private static IndicatorPanel Panel(Random random)
    {
        IndicatorsOptions options = new();
        IndicatorOptions[] all = [.. typeof(IndicatorsOptions).GetProperties().Select(property => (IndicatorOptions)property.GetValue(options)!)];
        random.Shuffle(all);
        all[0].Enabled = all[1].Enabled = false;
        all[2].ObserveOnly = all[3].ObserveOnly = true;
        return new IndicatorPanel(new IndicatorScale(options), spikePersistence: 2);
    }

    private static bool HasGrade(ReadOnlySpan<Reading> readings)
    {
        bool any = false;
        foreach (ref readonly Reading reading in readings)
        {
            any |= reading.Grade > 0;
        }
        return any;
    }

    /// <summary>Nearly always nothing, so that what has no grade comes up as well as what has one.</summary>
    private static int Some(Random random, int most) => random.Next(8) == 0 ? random.Next(most + 1) : 0;

    private static double Share(Random random) => random.Next(8) == 0 ? random.NextDouble() : 0;
}
