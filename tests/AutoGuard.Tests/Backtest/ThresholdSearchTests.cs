using System.Globalization;
using AutoGuard.Backtest;
using AutoGuard.Configuration;
using AutoGuard.Core.Configuration;
using AutoGuard.Core.Pipeline;
using AutoGuard.Core.Policy;
using AutoGuard.Tests.Samples;

namespace AutoGuard.Tests.Backtest;

public sealed class ThresholdSearchTests
{
    public static TheoryData<string> Decided => ["01-token-sharing", "02-leaked-token", "03-data-centre-relay", "04-address-flood", "05-illegal-embed"];

    [Theory]
    [MemberData(nameof(Decided))]
    public async Task Recorded_readings_give_the_recorded_score_again(string name)
    {
        SampleFolder sample = new(name);
        (Subject _, List<Judgement> judgements) = await RecordedAsync(sample);
        IndicatorsOptions options = sample.Settings().Values.Detection.Indicators;

        Rescoring same = new(options, "DistinctNetworks", _ => { });

        Assert.NotEmpty(judgements);
        Assert.All(judgements, judgement => Assert.Equal(judgement.Score, same.Score(judgement), 12));
    }

    [Theory]
    [InlineData("05-illegal-embed", SparingGoal.NotBlocked, "UnofficialReferrer")]
    [InlineData("05-illegal-embed", SparingGoal.NotDecided, "UnofficialReferrer")]
    public async Task Where_one_indicator_tips_the_scale_its_threshold_is_proposed(string name, object goal, string indicator)
    {
        SampleFolder sample = new(name);
        (Subject _, List<Judgement> judgements) = await RecordedAsync(sample);

        Assert.NotNull(new ThresholdSearch(sample.Settings().Values, (SparingGoal)goal, judgements).Threshold(indicator));
    }

    [Theory]
    [MemberData(nameof(Decided))]
    public async Task A_proposal_takes_every_score_below_the_level_and_half_of_it_does_not(string name)
    {
        SampleFolder sample = new(name);
        (Subject _, List<Judgement> judgements) = await RecordedAsync(sample);
        AutoGuardSettings values = sample.Settings().Values;
        foreach (SparingGoal goal in Enum.GetValues<SparingGoal>())
        {
            double level = goal == SparingGoal.NotBlocked ? values.Policy.BlockScore : values.Policy.FlagScore;
            ThresholdSearch search = new(values, goal, judgements);
            foreach (string indicator in search.Contributing)
            {
                if (search.Threshold(indicator) is not { } proposal)
                {
                    Rescoring without = new(values.Detection.Indicators, indicator, options => options.Enabled = false);
                    Assert.Contains(judgements, judgement => without.Score(judgement) >= level);
                    continue;
                }
                Assert.All(judgements, judgement => Assert.True(Rescored(values, proposal, 1).Score(judgement) < level, $"{indicator} {judgement.Time}"));
                Assert.Contains(judgements, judgement => Rescored(values, proposal, 0.5).Score(judgement) >= level);
                Assert.Contains(judgements, judgement => Rescored(values, proposal, 0.97).Score(judgement) >= level);
            }
            if (judgements.Exists(judgement => judgement.Score >= level))
            {
                double raised = double.Parse(search.Level()!.Settings[0].To, CultureInfo.InvariantCulture);
                double highest = judgements.Max(judgement => judgement.Score);
                Assert.InRange(raised, Math.BitIncrement(highest), highest + 0.000_101);
            }
        }
    }

    /// <summary>Judgements of the first subject that the sample's settings decide on.</summary>
    private static async Task<(Subject Subject, List<Judgement> Judgements)> RecordedAsync(SampleFolder sample)
    {
        SharedReplay replay = new([sample.Events], TextWriter.Null, TimeProvider.System);
        Contender plain = new(sample.Settings());
        await replay.RunAsync("", [plain], CancellationToken.None);
        Subject subject = plain.Decisions[0].Subject;
        List<Judgement> judgements = [];
        Contender watching = new(sample.Settings()) { Starting = pipeline => pipeline.Watch.Add(subject, judgements.Add) };
        await replay.RunAsync("", [watching], CancellationToken.None);
        Assert.Equal(plain.Decisions.Select(decision => decision.Id), watching.Decisions.Select(decision => decision.Id));
        return (subject, judgements);
    }

    private static Rescoring Rescored(AutoGuardSettings values, ChangeProposal proposal, double share) => new(values.Detection.Indicators, proposal.Name, options =>
    {
        foreach (SettingChange change in proposal.Settings)
        {
            double from = double.Parse(change.From, CultureInfo.InvariantCulture);
            double to = double.Parse(change.To, CultureInfo.InvariantCulture);
            double value = from + ((to - from) * share);
            if (change.Key.EndsWith(":Threshold", StringComparison.Ordinal))
            {
                options.Threshold = value;
            }
            else
            {
                options.Saturation = value;
            }
        }
    });
}
