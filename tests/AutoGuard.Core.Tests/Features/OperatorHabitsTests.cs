using AutoGuard.Core.Features;

namespace AutoGuard.Core.Tests.Features;

public sealed class OperatorHabitsTests
{
    private const uint Carrier = 64500;

    [Fact]
    public void Of_an_operator_with_few_tokens_three_networks_are_taken_for_usual()
    {
        OperatorHabits habits = new();
        for (int i = 0; i < 49; i++)
        {
            Show(habits, Carrier, 1);
        }

        Assert.Equal(3, habits.Usual(Carrier));
    }

    [Fact]
    public void Where_every_token_stays_at_home_one_network_is_usual()
    {
        OperatorHabits habits = new();
        for (int i = 0; i < 100; i++)
        {
            Show(habits, Carrier, 1);
        }

        Assert.Equal(1, habits.Usual(Carrier));
        Assert.Equal(3, habits.Usual(Carrier + 1));
    }

    [Fact]
    public void Where_many_tokens_move_it_is_what_one_in_a_hundred_exceeds()
    {
        OperatorHabits habits = new();
        for (int i = 0; i < 1_000; i++)
        {
            Show(habits, Carrier, i < 8 ? 20 : i < 100 ? 7 : 2);
        }

        Assert.Equal(7, habits.Usual(Carrier));
    }

    [Theory]
    [InlineData(19, 0, false)]
    [InlineData(19, 1, true)]
    [InlineData(18, 2, false)]
    [InlineData(950, 50, true)]
    [InlineData(940, 60, false)]
    public void An_operator_has_lines_where_no_more_than_one_in_twenty_shows_more_networks(int settled, int dialling, bool hasLines)
    {
        OperatorHabits habits = new();
        for (int i = 0; i < settled; i++)
        {
            Show(habits, Carrier, 1 + (i % 2));
        }
        for (int i = 0; i < dialling; i++)
        {
            Show(habits, Carrier, 12);
        }

        Assert.Equal(hasLines, habits.HasLines(Carrier));
        Assert.False(habits.HasLines(Carrier + 1));
        Assert.False(habits.HasLines(0));
    }

    [Fact]
    public void One_token_counts_once_however_many_networks_it_shows_and_however_often()
    {
        OperatorHabits habits = new();
        for (int i = 0; i < 3_000; i++)
        {
            Show(habits, Carrier, 1);
        }

        int counted = Show(habits, Carrier, 200);
        for (int round = 0; round < 500; round++)
        {
            // Networks leave the window, and others come.
            counted = habits.Count(Carrier, 10 + (round % 30), counted);
        }

        Assert.Equal(1, habits.Usual(Carrier));
    }

    [Fact]
    public void A_leaked_token_with_churning_networks_does_not_make_its_own_use_usual()
    {
        // Two thousand homes of an operator; one token is played in sixty of them, which change from hour to hour.
        TestTraffic traffic = new();
        for (int i = 0; i < 2_000; i++)
        {
            traffic.Session(i % 600, 3_600, $"h{i}", $"81.{i / 200}.{i % 200}.7", $"home-{i}", $"u{i}", heartbeat: 300, asn: Carrier);
        }
        for (int i = 0; i < 60; i++)
        {
            traffic.Session(i * 60, (i * 60) + 50, $"l{i}", $"82.1.{i}.7", "leaked", "victim", asn: Carrier);
        }
        traffic.InOrder().Run(complete: false);

        Assert.Equal(1, traffic.Pipeline.State.Habits.Usual(Carrier));
    }

    [Fact]
    public void What_operators_nobody_knows_do_is_not_counted()
    {
        OperatorHabits habits = new();
        for (int i = 0; i < 100; i++)
        {
            Assert.Equal(0, habits.Count(0, 1, 0));
        }

        Assert.Equal(1, habits.Usual(0));
    }

    [Fact]
    public void Operators_beyond_those_that_fit_are_passed_over()
    {
        OperatorHabits habits = new();
        for (uint asn = 1; asn <= 65_536; asn++)
        {
            habits.Count(asn, 1, 0);
        }

        Assert.Equal(0, habits.Count(4_000_000_000, 1, 0));
        Assert.Equal(2, habits.Count(1, 2, 1));
    }

    [Fact]
    public void Old_tokens_are_forgotten_by_halves_and_a_new_habit_becomes_usual()
    {
        OperatorHabits habits = new();
        for (int i = 0; i < 40_000; i++)
        {
            Show(habits, Carrier, 1);
        }
        Assert.Equal(1, habits.Usual(Carrier));
        for (int i = 0; i < 2_000; i++)
        {
            Show(habits, Carrier, 5);
        }

        Assert.Equal(5, habits.Usual(Carrier));
    }

    [Theory]
    [InlineData(25, 1)]
    [InlineData(60, 2)]
    [InlineData(200, 7)]
    public void Who_is_on_the_way_where_hardly_anybody_is_does_not_live_in_many_homes(int phones, int commuters)
    {
        TestTraffic traffic = new TestTraffic().Audience();
        for (int i = 0; i < phones; i++)
        {
            traffic.Session(i, 9_000, $"p{i}", $"100.100.{i}.1", $"phone{i}", $"w{i}", asn: 64510, agent: "Phone/1", heartbeat: 120);
        }
        for (int i = 0; i < commuters; i++)
        {
            // From home past five cells and a café to work.
            Watch(1_200, $"81.{i}.77.1", 64500);
            for (int cell = 0; cell < 5; cell++)
            {
                Watch(1_500 + (cell * 300), $"101.{cell}.{i}.1", 64510);
            }
            Watch(3_000, $"82.1.{i}.1", 64501);
            Watch(3_300, $"82.2.{i}.1", 64502);

            void Watch(double from, string address, uint asn) => traffic.Session(from + i, from + i + 280, $"c{i}-{from}", address, $"commuter{i}", $"c{i}", asn: asn, agent: "Phone/2");
        }

        Assert.Empty(traffic.InOrder().Run().Decisions);
    }

    /// <summary>A fresh token comes to show so many networks one after the other.</summary>
    private static int Show(OperatorHabits habits, uint asn, int networks)
    {
        int counted = 0;
        for (int n = 1; n <= networks; n++)
        {
            counted = habits.Count(asn, n, counted);
        }
        return counted;
    }
}
