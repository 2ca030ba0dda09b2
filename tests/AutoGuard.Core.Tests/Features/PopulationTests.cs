using AutoGuard.Core.Events;
using AutoGuard.Core.Features;

namespace AutoGuard.Core.Tests.Features;

public sealed class PopulationTests
{
    private const long Epoch = 300_000;

    [Fact]
    public void Of_few_tokens_nothing_is_usual()
    {
        Crowd crowd = new();
        crowd.Count(199, sessions: 5);

        Assert.Equal(0, crowd.Usual(PopulationTrait.Sessions));
    }

    [Fact]
    public void Of_some_it_is_the_98th_percentile_and_a_half()
    {
        Crowd crowd = new();
        crowd.Count(394, sessions: 4);
        crowd.Count(6, sessions: 90);

        Assert.Equal(4 * 1.5, crowd.Usual(PopulationTrait.Sessions));
    }

    [Fact]
    public void Of_many_it_is_the_99th_and_a_half_percentile_and_a_quarter()
    {
        Crowd crowd = new();
        crowd.Count(1_992, sessions: 4);
        crowd.Count(8, sessions: 90);

        Assert.Equal(4 * 1.25, crowd.Usual(PopulationTrait.Sessions));
    }

    [Fact]
    public void What_everybody_does_at_once_is_usual()
    {
        Crowd crowd = new();
        crowd.Count(2_000, sessions: 12);

        Assert.Equal(12 * 1.25, crowd.Usual(PopulationTrait.Sessions));
        Assert.Equal(0, crowd.Usual(PopulationTrait.Places));
    }

    [Fact]
    public void A_token_counts_once_in_an_epoch_with_its_latest_value()
    {
        Crowd crowd = new();
        crowd.Count(1_000, sessions: 1);
        TokenState one = default;
        for (int i = 0; i < 500; i++)
        {
            crowd.Count(ref one, 10 + i);
        }

        Assert.Equal(1.25, crowd.Usual(PopulationTrait.Sessions));
    }

    [Fact]
    public void Two_epochs_without_a_token_forget_it()
    {
        Crowd crowd = new();
        crowd.Count(1_000, sessions: 9);
        crowd.Pass(Epoch);
        Assert.Equal(9 * 1.25, crowd.Usual(PopulationTrait.Sessions));

        crowd.Pass(Epoch);

        Assert.Equal(0, crowd.Usual(PopulationTrait.Sessions));
    }

    [Fact]
    public void A_long_silence_forgets_all_at_once()
    {
        Crowd crowd = new();
        crowd.Count(1_000, sessions: 9);

        crowd.Pass(20 * Epoch);

        Assert.Equal(0, crowd.Usual(PopulationTrait.Sessions));
    }

    [Fact]
    public void Tenants_are_kept_apart()
    {
        Crowd crowd = new();
        crowd.Count(1_000, sessions: 40, organization: 7);
        crowd.Count(1_000, sessions: 2, organization: 8);

        Assert.Equal(2 * 1.25, crowd.Usual(PopulationTrait.Sessions, organization: 8));
        Assert.True(crowd.Usual(PopulationTrait.Sessions, organization: 7) >= 40);
        Assert.Equal(0, crowd.Usual(PopulationTrait.Sessions, organization: 9));
    }

    [Fact]
    public void Tokens_that_are_bound_to_a_user_are_compared_with_their_like()
    {
        Crowd crowd = new();
        crowd.Count(1_000, sessions: 3);
        crowd.Count(1_000, sessions: 14, bound: true);

        Assert.Equal(3 * 1.25, crowd.Usual(PopulationTrait.Sessions));
        Assert.Equal(14 * 1.25, crowd.Usual(PopulationTrait.Sessions, bound: true));
    }

    [Fact]
    public void A_token_that_is_bound_now_and_unbound_then_stays_one_token()
    {
        // Hostile sessions name a user and do not, by turns: the tokens of others must not vanish, nor this one multiply.
        Crowd crowd = new();
        crowd.Count(1_000, sessions: 1);
        crowd.Count(1_000, sessions: 1, bound: true);
        TokenState one = default;
        for (int i = 0; i < 1_000; i++)
        {
            (one.User, one.TotalSessions, one.UserSessions) = (new Key128(1, 1), 2, i % 2 == 0 ? 2u : 0u);
            crowd.Count(ref one, 10 + (i % 200));
        }

        Assert.Equal(1.25, crowd.Usual(PopulationTrait.Sessions));
        Assert.Equal(1.25, crowd.Usual(PopulationTrait.Sessions, bound: true));
    }

    [Fact]
    public void Tenants_nobody_hears_of_any_more_make_room_for_others()
    {
        Crowd crowd = new();
        for (int tenant = 1; tenant <= 5_000; tenant++)
        {
            crowd.Count(1, sessions: 1, organization: tenant);
        }
        crowd.Pass(Epoch);
        crowd.Pass(Epoch);
        crowd.Count(1_000, sessions: 6, organization: 70_000);
        crowd.Count(1_000, sessions: 200, organization: 70_001);

        Assert.Equal(6 * 1.25, crowd.Usual(PopulationTrait.Sessions, organization: 70_000));
    }

    [Theory]
    [InlineData(PopulationTrait.Sessions, 17)]
    [InlineData(PopulationTrait.Places, 3)]
    [InlineData(PopulationTrait.Operators, 2)]
    [InlineData(PopulationTrait.Concurrent, 5)]
    [InlineData(PopulationTrait.PlacesAtOnce, 4)]
    [InlineData(PopulationTrait.Handovers, 30)]
    [InlineData(PopulationTrait.Playing, 8)]
    [InlineData(PopulationTrait.Agents, 6)]
    public void Every_trait_has_its_own_value(PopulationTrait trait, double value)
    {
        TokenFeatures features = new()
        {
            Sessions = 17, Places = 3, Operators = 2, Concurrent = 5, PlacesAtOnce = 4, Handovers = 30, PlayingFor = 7_200, Agents = 6,
        };

        Assert.Equal(value, Population.ValueOf(trait, in features));
    }

    [Theory]
    [InlineData(16)]
    [InlineData(100)]
    [InlineData(5_000)]
    [InlineData(int.MaxValue)]
    public void The_usual_level_of_a_large_value_is_not_below_it_by_more_than_a_bucket(int value)
    {
        Crowd crowd = new();
        crowd.Count(1_000, sessions: value);

        double most = Math.Min(value, 65_536);
        Assert.InRange(crowd.Usual(PopulationTrait.Sessions), most, most * Math.Pow(2, 0.25) * 1.25 + 1);
    }

    private sealed class Crowd
    {
        private readonly Population _population = new();
        private long _now = TestTraffic.Noon;

        public Crowd() => _population.Renew(_now);

        public void Pass(long time) => _population.Renew(_now += time);

        public void Count(int tokens, int sessions, int organization = 0, bool bound = false)
        {
            for (int i = 0; i < tokens; i++)
            {
                TokenState token = Token(organization, bound);
                Count(ref token, sessions);
            }
        }

        public void Count(ref TokenState token, int sessions)
        {
            TokenFeatures features = new() { Sessions = sessions };
            _population.Count(ref token, in features);
        }

        public double Usual(PopulationTrait trait, int organization = 0, bool bound = false)
        {
            _population.Renew(_now);
            return _population.Usual(Token(organization, bound), trait);
        }

        private static TokenState Token(int organization, bool bound) =>
            new() { Organization = organization, User = bound ? new Key128(1, 2) : default, TotalSessions = 1, UserSessions = bound ? 1u : 0 };
    }
}
