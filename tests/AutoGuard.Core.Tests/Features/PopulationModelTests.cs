using System.Collections.Frozen;
using AutoGuard.Core.Events;
using AutoGuard.Core.Features;
using AutoGuard.Core.Policy;

namespace AutoGuard.Core.Tests.Features;

/// <summary>What is usual: of the live audience, and of a model while that is too small.</summary>
public sealed class PopulationModelTests
{
    private const long Start = TestTraffic.Noon;

    [Fact]
    public void Without_a_model_nothing_is_usual_until_enough_tokens_are_active()
    {
        Population population = new();
        population.Renew(Start);
        TokenState token = default;

        Assert.Equal(0, population.Usual(in token, PopulationTrait.Sessions));

        Count(population, organization: 0, Population.Few, sessions: 7);
        population.Renew(Start);

        Assert.Equal(7 * 1.5, population.Usual(in token, PopulationTrait.Sessions));
    }

    [Fact]
    public void A_model_holds_while_the_audience_is_small_and_gives_way_even_to_a_level_of_nothing()
    {
        Population population = new();
        population.Adopt(ModelOf(("", 40, 30)), _ => "");
        population.Renew(Start);
        TokenState token = default;
        Count(population, organization: 0, Population.Few - 1, sessions: 2);
        population.Renew(Start);

        Assert.Equal(30, population.Usual(in token, PopulationTrait.Sessions));
        Assert.Equal(30, population.Usual(in token, PopulationTrait.Handovers));

        Count(population, organization: 0, 1, sessions: 2);
        population.Renew(Start + 1_000);

        Assert.Equal(2 * 1.5, population.Usual(in token, PopulationTrait.Sessions));
        Assert.Equal(0, population.Usual(in token, PopulationTrait.Handovers));

        population.Renew(Start + (2 * Population.EpochLength));

        Assert.Equal(30, population.Usual(in token, PopulationTrait.Sessions));
    }

    [Fact]
    public void What_would_harm_viewers_is_never_taken_from_a_model()
    {
        Population population = new();
        population.Adopt(ModelOf(("", 40, 30)), _ => "");
        population.Renew(Start);
        TokenState token = default;

        Assert.Equal(0, population.Seen(in token, PopulationTrait.Sessions));

        Count(population, organization: 0, Population.Few, sessions: 7);
        population.Renew(Start);

        Assert.Equal(7 * 1.5, population.Seen(in token, PopulationTrait.Sessions));
    }

    [Fact]
    public void A_tenant_has_its_own_levels_or_else_those_of_everybody()
    {
        Population population = new();
        population.Adopt(ModelOf(("big", 40, 30)), organization => organization == 5 ? "big" : "new");
        population.Renew(Start);
        TokenState big = new() { Organization = 5 };
        TokenState other = new() { Organization = 6 };

        Assert.Equal(30, population.Usual(in big, PopulationTrait.Places));
        Assert.Equal(20, population.Usual(in other, PopulationTrait.Places));

        big.User = other.User = new Key128(1, 2);

        Assert.Equal(40, population.Usual(in big, PopulationTrait.Places));
        Assert.Equal(10, population.Usual(in other, PopulationTrait.Places));
    }

    [Fact]
    public void Another_model_replaces_all_of_the_one_before()
    {
        Population population = new();
        TokenState token = default;
        population.Adopt(ModelOf(("", 40, 30)), _ => "");
        Assert.Equal(30, population.Usual(in token, PopulationTrait.Agents));

        population.Adopt(ModelOf(("", 4, 3)), _ => "");
        Assert.Equal(3, population.Usual(in token, PopulationTrait.Agents));

        population.Adopt(null, _ => "");
        Assert.Equal(0, population.Usual(in token, PopulationTrait.Agents));
    }

    [Fact]
    public void Samples_are_the_levels_in_use_and_those_of_all_tenants_together()
    {
        Population population = new();
        population.Renew(Start);
        Count(population, organization: 5, Population.Few, sessions: 4);
        Count(population, organization: 6, Population.Few / 2, sessions: 9);
        population.Renew(Start);
        TokenState token = new() { Organization = 5 };

        PopulationSample[] samples = [.. population.Samples()];

        Assert.Equal([(5, 200L), ((int?)null, 300L)], samples.Select(s => (s.Organization, s.Tokens)));
        Assert.Equal(population.Usual(in token, PopulationTrait.Sessions), samples[0].Usual[(int)PopulationTrait.Sessions]);
        Assert.Equal(9 * 1.5, samples[1].Usual[(int)PopulationTrait.Sessions]);
    }

    [Fact]
    public void An_operators_habit_is_the_models_unless_it_is_stricter_than_knowing_nothing_until_fifty_of_its_tokens_were_seen()
    {
        OperatorHabits habits = new() { Model = ModelOf(("", 1, 1)) };

        Assert.Equal(9, habits.Usual(3320));
        Assert.Equal(3, habits.Usual(3209));

        for (int i = 0; i < 50; i++)
        {
            habits.Count(3320, 1, 0);
        }

        Assert.Equal(1, habits.Usual(3320));
        Assert.Equal([(3320u, 50, 1)], habits.Known);
    }

    [Fact]
    public void Decisions_follow_the_model_and_name_its_fingerprint()
    {
        TestTraffic without = Shared(new TestTraffic());
        TestTraffic with = new();
        with.Pipeline.Adopt(ModelOf(("", 1_000, 1_000)), "with-model");
        Shared(with);
        TestTraffic harmless = new();
        harmless.Pipeline.Adopt(ModelOf(("", 0, 0)), "with-model");
        Shared(harmless);

        Assert.NotEmpty(without.Decisions);
        Assert.DoesNotContain(with.Decisions, decision => decision.Subject.Type == SubjectType.Token);
        Assert.Equal(without.Decisions.Select(d => (d.Subject, d.Action, d.Score)), harmless.Decisions.Select(d => (d.Subject, d.Action, d.Score)));
        Assert.All(harmless.Decisions, decision => Assert.Equal("with-model", decision.Policy));
    }

    private static TestTraffic Shared(TestTraffic traffic)
    {
        for (int i = 0; i < 12; i++)
        {
            traffic.Session(i * 20, 1_800, $"viewer{i}", $"{60 + i}.2.3.4", "shared", "owner");
        }
        return traffic.InOrder().Run();
    }

    private static void Count(Population population, int organization, int tokens, int sessions)
    {
        for (int i = 0; i < tokens; i++)
        {
            TokenState token = new() { Organization = organization };
            TokenFeatures features = new() { Sessions = sessions };
            population.Count(ref token, in features);
        }
    }

    /// <summary>A model of one tenant in which every trait has one level, and everybody's are 10 for bound tokens and 20 for others.</summary>
    private static DetectionModel ModelOf((string Name, double Bound, double Unbound) tenant) => new()
    {
        Name = "test",
        Digest = "sha256:00",
        Everybody = LevelsOf(10, 20),
        Tenants = new Dictionary<string, ModelLevels> { [tenant.Name] = LevelsOf(tenant.Bound, tenant.Unbound) }.ToFrozenDictionary(),
        Operators = new Dictionary<uint, int> { [3320] = 9, [3209] = 1 }.ToFrozenDictionary(),
    };

    private static ModelLevels LevelsOf(double bound, double unbound) => new(
        new PopulationLevels(1_000, 1, [.. Enumerable.Repeat(bound, PopulationBuckets.Length)]),
        new PopulationLevels(1_000, 1, [.. Enumerable.Repeat(unbound, PopulationBuckets.Length)]));
}
