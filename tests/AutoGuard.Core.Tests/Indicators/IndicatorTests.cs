using AutoGuard.Core.Configuration;
using AutoGuard.Core.Features;
using AutoGuard.Core.Indicators;
using AutoGuard.Core.Scoring;

namespace AutoGuard.Core.Tests.Indicators;

public sealed class IndicatorTests
{
    [Theory]
    [InlineData(0, 0)]
    [InlineData(2, 0)]
    [InlineData(2.0001, 0.5)]
    [InlineData(4, 0.75)]
    [InlineData(8, 1)]
    [InlineData(1e12, 1)]
    public void A_grade_is_nothing_up_to_the_threshold_and_rises_with_the_logarithm_above_it(double value, double grade) =>
        Assert.Equal(grade, new IndicatorScale(new IndicatorsOptions()).Read(Indicator.ConcurrentSessions, value).Grade, 3);

    [Theory]
    [InlineData(0, 0, 0.1, 1)]
    [InlineData(5, 5, 5.1, 1)]
    [InlineData(5, 1, 5.1, 1)]
    [InlineData(0, 1, 0, 0)]
    public void Odd_settings_give_grades_all_the_same(double threshold, double saturation, double value, double grade)
    {
        IndicatorsOptions options = new() { LongPlayback = IndicatorOptions.Of(threshold, saturation, 1) };

        Assert.Equal(grade, new IndicatorScale(options).Read(Indicator.LongPlayback, value).Grade);
    }

    [Fact]
    public void Every_indicator_reads_its_own_settings()
    {
        IndicatorsOptions options = new();
        double threshold = 1;
        foreach (var property in typeof(IndicatorsOptions).GetProperties())
        {
            property.SetValue(options, IndicatorOptions.Of(threshold++, 100, 0.5));
        }
        IndicatorScale scale = new(options);

        foreach (Indicator indicator in Enum.GetValues<Indicator>())
        {
            IndicatorOptions own = (IndicatorOptions)typeof(IndicatorsOptions).GetProperty(indicator.ToString())!.GetValue(options)!;
            Assert.Equal(own.Threshold, scale.Read(indicator, 0).Threshold);
        }
        Assert.Equal(Enum.GetValues<Indicator>().Length, typeof(IndicatorsOptions).GetProperties().Length);
    }

    [Fact]
    public void The_score_is_the_calibrated_noisy_or_and_the_contributions_add_up_to_it()
    {
        Reading[] readings =
        [
            new(Indicator.ConcurrentSessions, 8, 2, 1, 0.7),
            new(Indicator.GeographicSpread, 2, 1, 0.75, 0.6),
            new(Indicator.DataCentre, 0, 0.5, 0, 0.45),
            new(Indicator.LongPlayback, 30, 8, 1, 0),
        ];
        double[] contributions = new double[readings.Length];
        RiskScore.Contributions(readings, contributions);

        Assert.Equal(ScoreCalibration.ScoreOf(1 - (0.3 * 0.55)), RiskScore.Of(readings), 12);
        Assert.Equal(RiskScore.Of(readings), contributions.Sum(), 12);
        Assert.Equal(0, contributions[2]);
        Assert.Equal(0, contributions[3]);
        Assert.Equal(Math.Log(0.3) / Math.Log(0.55), contributions[0] / contributions[1], 12);
    }

    [Fact]
    public void Of_indicators_that_see_the_same_thing_the_strongest_counts_and_all_share_its_contribution()
    {
        Reading[] readings =
        [
            new(Indicator.ConcurrentSessions, 8, 2, 1, 0.7),
            new(Indicator.ConcurrentNetworks, 2, 1, 1, 0.35),
            new(Indicator.ToolAgent, 1, 0.5, 1, 0.5),
        ];
        double[] contributions = new double[readings.Length];
        RiskScore.Contributions(readings, contributions);

        Assert.Equal(ScoreCalibration.ScoreOf(1 - (0.3 * 0.5)), RiskScore.Of(readings), 12);
        Assert.Equal(RiskScore.Of(readings), contributions.Sum(), 12);
        Assert.Equal(2, contributions[0] / contributions[1], 12);
        Assert.Equal(Math.Log(0.3) / Math.Log(0.5), (contributions[0] + contributions[1]) / contributions[2], 12);
    }

    [Theory]
    [InlineData(9, 0, 8, 0.5)]
    [InlineData(12, 9, 9, 0.5)]
    [InlineData(9, 10, 10, 0)]
    [InlineData(32, 8, 8, 1)]
    public void A_threshold_rises_to_what_is_usual_in_the_population(double value, double usual, double threshold, double leastGrade)
    {
        Reading reading = new IndicatorScale(new IndicatorsOptions()).Read(Indicator.DistinctNetworks, value, usual);

        Assert.Equal(threshold, reading.Threshold);
        Assert.InRange(reading.Grade, leastGrade, leastGrade == 0 ? 0 : 1);
    }

    [Fact]
    public void Nothing_scores_nothing_and_certainty_stays_below_one()
    {
        double[] contribution = new double[1];
        RiskScore.Contributions([], contribution);
        Reading[] certain = [new(Indicator.DataCentre, 1, 0, 1, 1)];
        RiskScore.Contributions(certain, contribution);

        Assert.Equal(0, RiskScore.Of([]));
        Assert.InRange(RiskScore.Of(certain), 0.999, 1 - 1e-9);
        Assert.Equal(RiskScore.Of(certain), contribution[0], 12);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0.5, 0.1167)]
    [InlineData(0.58, 0.6)]
    [InlineData(0.64, 0.75)]
    [InlineData(0.7, 0.9)]
    [InlineData(1, 1)]
    public void Evidence_becomes_a_score_by_the_calibration(double evidence, double score) => Assert.Equal(score, ScoreCalibration.ScoreOf(evidence), 4);

    [Fact]
    public void More_evidence_is_always_a_higher_score()
    {
        double[] scores = [.. Enumerable.Range(0, 1001).Select(i => ScoreCalibration.ScoreOf(i / 1000.0))];

        Assert.Equal(scores.Order(), scores);
        Assert.Equal(scores.Length, scores.Distinct().Count());
    }

    [Fact]
    public void A_token_that_everybody_gets_has_no_readings_and_others_have_all()
    {
        IndicatorPanel panel = new(new IndicatorScale(new IndicatorsOptions()), 2);
        Reading[] readings = new Reading[IndicatorPanel.MostReadings];
        TokenFeatures features = new() { Concurrent = 100, Workflow = TokenWorkflow.Shared, MissingReferrerShare = 1, UnexpectedMissingShare = 0.5, SpikeLevel = 9, SpikeMinutes = 1 };
        Assert.Equal(0, panel.Read(in features, readings));

        features.Workflow = TokenWorkflow.UserBound;
        Assert.Equal(18, panel.Read(in features, readings));
        Assert.Equal(0.5, readings.Single(r => r.Indicator == Indicator.MissingReferrer && r.Weight > 0).Value);
        Assert.Equal(0, readings.Single(r => r.Indicator == Indicator.TokenSpike).Value);
    }

    [Theory]
    [InlineData(false, 0, 170)]
    [InlineData(false, 2, 250)]
    [InlineData(true, 0, 250)]
    public void Connections_that_nobody_owns_count_in_a_data_centre_or_when_they_came_suddenly(bool dataCentre, int spikeMinutes, int counted)
    {
        Reading[] readings = new Reading[IndicatorPanel.MostReadings];
        AddressFeatures features = new() { Excess = 170, Unowned = 80, DataCentre = dataCentre, SpikeMinutes = spikeMinutes };
        new IndicatorPanel(new IndicatorScale(new IndicatorsOptions()), 2).Read(in features, readings);

        Reading reading = readings.First(r => r.Indicator == Indicator.AddressConnections);
        Assert.Equal(counted, reading.Value);
        Assert.Equal(dataCentre ? 25 : 50, reading.Threshold);
    }

    [Theory]
    [InlineData(true, 0, 1, 160)]
    [InlineData(true, 0, 0.25, 100)]
    [InlineData(true, 1, 1, 80)]
    [InlineData(false, 0, 1, 0)]
    public void In_a_data_centre_where_nobody_plays_with_a_token_of_his_own_though_others_do_connections_count_twice(
        bool dataCentre, int owned, double usual, double counted)
    {
        Reading[] readings = new Reading[IndicatorPanel.MostReadings];
        AddressFeatures features = new() { Unowned = 81, Tokens = 1, Owned = owned, OwnTokensAreUsual = usual, DataCentre = dataCentre };
        new IndicatorPanel(new IndicatorScale(new IndicatorsOptions()), 2).Read(in features, readings);

        Assert.Equal(counted, readings.First(r => r.Indicator == Indicator.AddressConnections).Value);
    }

    [Theory]
    [InlineData(1, 8)]
    [InlineData(2, 8)]
    [InlineData(3, 4)]
    public void Places_of_several_operators_count_earlier_than_one_carrier_s_cells(int operators, double threshold)
    {
        Reading[] readings = new Reading[IndicatorPanel.MostReadings];
        TokenFeatures features = new() { Workflow = TokenWorkflow.UserBound, Places = 6, Operators = operators };
        new IndicatorPanel(new IndicatorScale(new IndicatorsOptions()), 2).Read(in features, readings);

        Assert.Equal(threshold, readings.First(r => r.Indicator == Indicator.DistinctNetworks).Threshold);
    }

    [Theory]
    [InlineData(1, 1, false, 3)]
    [InlineData(1, 1, true, 4)]
    [InlineData(1, 2, false, 4)]
    [InlineData(1, 3, false, 4)]
    [InlineData(1, 4, true, 3)]
    [InlineData(2, 1, false, 4)]
    [InlineData(2, 2, false, 4)]
    [InlineData(3, 2, true, 3)]
    public void Two_phones_pass_more_lines_than_one_and_three_are_no_family_on_its_way(int players, int together, bool returned, double threshold)
    {
        Reading[] readings = new Reading[IndicatorPanel.MostReadings];
        TokenFeatures features = new() { Workflow = TokenWorkflow.UserBound, Homes = 5, Agents = players, MaxConcurrent = together, Returned = returned };
        new IndicatorPanel(new IndicatorScale(new IndicatorsOptions()), 2).Read(in features, readings);

        Assert.Equal(threshold, readings.First(r => r.Indicator == Indicator.DistinctHomes).Threshold);
    }

    [Theory]
    [InlineData(true, 12, 12, 12, 0, 10)]
    [InlineData(true, 12, 12, 11, 0, 10)]
    [InlineData(true, 12, 12, 10, 0, 20.77)]
    [InlineData(true, 12, 12, 12, 1, 20.77)]
    [InlineData(true, 12, 5, 12, 0, 20.77)]
    [InlineData(false, 12, 12, 12, 0, 27)]
    public void Sessions_of_seconds_each_with_another_token_count_earlier_at_a_server(
        bool dataCentre, int sessions, int latest, int tokens, int settled, double threshold)
    {
        Reading[] readings = new Reading[IndicatorPanel.MostReadings];
        AddressFeatures features = new()
        {
            DataCentre = dataCentre, Sessions = sessions, Starts = latest, Short = latest, Shorts = sessions, Tokens = tokens, SettledTokens = settled,
        };
        new IndicatorPanel(new IndicatorScale(new IndicatorsOptions()), 2).Read(in features, readings);

        Assert.Equal(threshold, readings.First(r => r.Indicator == Indicator.AddressAttempts).Threshold, 2);
    }

    [Theory]
    [InlineData(true, 2, 2, 9, 2)]
    [InlineData(true, 1, 1, 9, 1)]
    [InlineData(false, 2, 2, 3, 0)]
    [InlineData(false, 4, 2, 4, 0)]
    [InlineData(false, 3, 3, 5, 3)]
    [InlineData(false, 3, 3, 6, 0)]
    public void Suspects_are_counted_by_token_in_a_data_centre_and_by_account_where_they_are_most_of_a_home(
        bool dataCentre, int suspects, int owners, int tokens, int counted)
    {
        Reading[] readings = new Reading[IndicatorPanel.MostReadings];
        AddressFeatures features = new() { DataCentre = dataCentre, Suspects = suspects, SuspectOwners = owners, Tokens = tokens };
        new IndicatorPanel(new IndicatorScale(new IndicatorsOptions()), 2).Read(in features, readings);

        Assert.Equal(counted, readings.First(r => r.Indicator == Indicator.SuspectTokens).Value);
    }

    [Theory]
    [InlineData(TokenWorkflow.PerSession, 1.25, true)]
    [InlineData(TokenWorkflow.PerSession, 2.5, false)]
    [InlineData(TokenWorkflow.PerSession, 0, false)]
    [InlineData(TokenWorkflow.UserBound, 1.25, false)]
    public void A_token_for_one_session_may_not_play_two_where_hardly_any_does(TokenWorkflow workflow, double usual, bool accused)
    {
        Reading[] readings = new Reading[IndicatorPanel.MostReadings];
        TokenFeatures features = new() { Workflow = workflow, Concurrent = 2 };
        features.Usual[(int)PopulationTrait.Concurrent] = usual;
        new IndicatorPanel(new IndicatorScale(new IndicatorsOptions()), 2).Read(in features, readings);

        Assert.Equal(accused, readings.First(r => r.Indicator == Indicator.ConcurrentSessions).Grade > 0);
    }

    [Theory]
    [InlineData(TokenWorkflow.PerSession, 0.6, 1)]
    [InlineData(TokenWorkflow.PerSession, 0.4, 18)]
    [InlineData(TokenWorkflow.UserBound, 0.6, 18)]
    public void What_a_foreign_page_does_with_a_token_of_nobodys_leads_to_the_page(TokenWorkflow workflow, double share, int count)
    {
        Reading[] readings = new Reading[IndicatorPanel.MostReadings];
        TokenFeatures features = new() { Workflow = workflow, UnknownReferrerShare = share, PlacesAtOnce = 9 };

        Assert.Equal(count, new IndicatorPanel(new IndicatorScale(new IndicatorsOptions()), 2).Read(in features, readings));
    }

    [Theory]
    [InlineData(12, 0, 12)]
    [InlineData(12, 9, 3)]
    [InlineData(3, 9, 1)]
    public void Places_that_everybodys_trouble_made_somebody_try_from_do_not_count(int places, int troubled, int counted)
    {
        Reading[] readings = new Reading[IndicatorPanel.MostReadings];
        TokenFeatures features = new() { Workflow = TokenWorkflow.UserBound, Places = places, Sessions = 20, TroubledSessions = troubled };
        new IndicatorPanel(new IndicatorScale(new IndicatorsOptions()), 2).Read(in features, readings);

        Assert.Equal(counted, readings.First(r => r.Indicator == Indicator.DistinctNetworks).Value);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 0)]
    [InlineData(4, 3)]
    public void In_everybodys_trouble_one_place_less_counts_and_never_less_than_none(int places, int counted)
    {
        Reading[] readings = new Reading[IndicatorPanel.MostReadings];
        TokenFeatures features = new() { Workflow = TokenWorkflow.UserBound, PlacesAtOnce = places, Trouble = true };
        new IndicatorPanel(new IndicatorScale(new IndicatorsOptions()), 2).Read(in features, readings);

        Assert.Equal(counted, readings.First(r => r.Indicator == Indicator.ConcurrentNetworks).Value);
    }

    [Fact]
    public void Sessions_that_are_only_presumed_to_run_count_one_place_less()
    {
        Reading[] readings = new Reading[IndicatorPanel.MostReadings];
        TokenFeatures features = new() { Workflow = TokenWorkflow.UserBound, PlacesAtOnce = 2, PresumedPlaces = 4 };
        new IndicatorPanel(new IndicatorScale(new IndicatorsOptions()), 2).Read(in features, readings);

        Assert.Equal(3, readings.First(r => r.Indicator == Indicator.ConcurrentNetworks).Value);
    }

    [Theory]
    [InlineData(49, 5)]
    [InlineData(50, 0)]
    public void A_spike_of_sessions_of_seconds_is_counted_as_those(int brief, double level)
    {
        Reading[] readings = new Reading[IndicatorPanel.MostReadings];
        AddressFeatures features = new() { Starts = 100, Short = brief, SpikeLevel = 5, SpikeMinutes = 3 };
        new IndicatorPanel(new IndicatorScale(new IndicatorsOptions()), 2).Read(in features, readings);

        Assert.Equal(level, readings.First(r => r.Indicator == Indicator.AddressSpike).Value);
    }

    [Theory]
    [InlineData(100, 49, 0)]
    [InlineData(100, 50, 5)]
    public void Reconnects_count_while_they_are_most_of_what_starts(int starts, int brief, double perMinute)
    {
        Reading[] readings = new Reading[IndicatorPanel.MostReadings];
        AddressFeatures features = new() { Starts = starts, Short = brief, ShortPerMinute = brief / 10.0, DataCentre = true };
        int count = new IndicatorPanel(new IndicatorScale(new IndicatorsOptions()), 2).Read(in features, readings);

        Assert.Equal(perMinute, readings.First(r => r.Indicator == Indicator.AddressReconnects).Value);
        Assert.Equal(perMinute > 0 ? 1 : 0, readings[..count].First(r => r.Indicator == Indicator.AddressDataCentre).Value);
    }

    [Theory]
    [InlineData(Indicator.ConcurrentSessions, 5, 2, "5 sessions at once for one user (limit 2)")]
    [InlineData(Indicator.DataCentre, 0.834, 0.5, "83 % of the playback time comes from data centres where hardly anybody else watches (limit 50 %)")]
    [InlineData(Indicator.LongPlayback, 12.34, 8, "one session has been playing for 12.3 hours (limit 8.0)")]
    [InlineData(Indicator.AddressDataCentre, 1, 0.5, "the address belongs to a data centre")]
    [InlineData(Indicator.SubnetOffenders, 6, 2, "6 offending addresses in one network (limit 2)")]
    [InlineData(Indicator.UnofficialReferrer, 99, 20, "99 viewers from a page that is not official (limit 20)")]
    public void Readings_are_told_in_words(Indicator indicator, double value, double threshold, string text) =>
        Assert.Equal(text, Sentences.Of(new Reading(indicator, value, threshold, 1, 1), TokenWorkflow.UserBound));

    [Fact]
    public void Every_indicator_has_a_sentence_of_its_own()
    {
        string[] sentences = [.. Enum.GetValues<Indicator>().Select(i => Sentences.Of(new Reading(i, 3, 2, 1, 1), TokenWorkflow.PerSession))];

        // The two spikes say the same of a token and of an address.
        Assert.Equal(sentences.Length - 1, sentences.Distinct().Count());
        Assert.All(sentences, s => Assert.DoesNotContain("one user", s, StringComparison.Ordinal));
    }
}
