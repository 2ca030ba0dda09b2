using AutoGuard.Core.Events;
using AutoGuard.Core.Features;
using AutoGuard.Core.Policy;

namespace AutoGuard.Core.Tests.Features;

public sealed class PlayerPairsTests
{
    private const uint Lines = 64500;
    private const uint Carrier = 64510;
    private const uint Unknown = 64520;
    private const uint Steady = 64530;

    private static readonly OperatorHabits s_habits = Habits();

    [Fact]
    public void One_device_that_passes_many_networks_is_one() =>
        Assert.Equal(1, Count([.. Enumerable.Range(1, 20).Select(i => Member(agent: 7, network: i))]));

    [Fact]
    public void Devices_of_one_line_are_one() =>
        Assert.Equal(1, Count([.. Enumerable.Range(1, 6).Select(i => Member(agent: i, network: 1))]));

    [Fact]
    public void Who_take_turns_bring_a_device_and_a_line_each() =>
        Assert.Equal(6, Count([.. Enumerable.Range(1, 6).Select(i => Member(agent: i, network: i))]));

    [Fact]
    public void A_household_counts_its_line_and_the_devices_that_leave_it() =>
        // Television, laptop and two phones at home; one of the phones also on its way.
        Assert.Equal(2, Count([Member(1, 1), Member(2, 1), Member(3, 1), Member(4, 1), Member(4, 2), Member(4, 3), Member(4, 4)]));

    [Fact]
    public void Some_have_to_make_room_for_others() =>
        // First come takes the network that is the only one of who comes later.
        Assert.Equal(3, Count([Member(1, 1), Member(1, 2), Member(2, 2), Member(2, 3), Member(3, 1)]));

    [Theory]
    [InlineData(Lines)]
    [InlineData(0)]
    public void A_line_that_shows_both_protocols_is_not_two(uint asn) =>
        Assert.Equal(1, Count([Member(1, 1) with { Asn = asn }, Member(2, 2, address: "2001:db8::1") with { Asn = asn }]));

    [Fact]
    public void Data_centres_ways_out_that_many_share_and_the_nameless_are_left_out() =>
        Assert.Equal(
            1,
            Count([Member(1, 1) with { DataCentre = true }, Member(2, 2) with { SharedEgress = true }, Member(0, 3), Member(4, 4) with { LastSeen = 9 }, Member(5, 5)]));

    [Theory]
    [InlineData(40)]
    [InlineData(56)]
    public void In_which_order_a_token_s_addresses_stand_makes_no_difference(int networks)
    {
        // One phone that passes nearly all of them, and eight others at home.
        AddressMember[] members = [.. Enumerable.Range(1, networks).Select(i => Member(agent: 7, network: i)), .. Enumerable.Range(1, 8).Select(i => Member(agent: 10 + i, network: 100 + i))];

        Assert.Equal((9, 9), (Count(members), Count([.. members.Reverse()])));
    }

    [Fact]
    public void All_that_are_asked_about_are_told_apart() =>
        Assert.Equal(PlayerPairs.Most, Count([.. Enumerable.Range(1, PlayerPairs.Most).Select(i => Member(agent: i, network: i))]));

    [Theory]
    [InlineData(Steady, 6)]
    [InlineData(Lines, 3)]
    [InlineData(Carrier, 2)]
    [InlineData(Unknown, 2)]
    [InlineData(0, 6)]
    public void Of_an_operator_few_networks_count_and_those_of_nobody_knows_whom_all(uint asn, int pairs) =>
        Assert.Equal(pairs, Count([.. Enumerable.Range(1, 6).Select(i => Member(agent: i, network: i) with { Asn = asn })]));

    [Fact]
    public void Of_two_places_of_one_player_the_one_counts_whose_operator_has_room() =>
        // The carrier's two are taken before the third player comes, who was at home, too.
        Assert.Equal(
            3,
            Count([Member(1, 1) with { Asn = Carrier }, Member(1, 9) with { Asn = Lines }, Member(2, 2) with { Asn = Carrier }, Member(3, 3) with { Asn = Carrier }]));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void It_is_the_largest_matching_with_so_many_of_each_operator(int seed)
    {
        Random random = new(seed);
        uint[] operators = [0, Lines, Carrier, Unknown, Lines];
        for (int round = 0; round < 500; round++)
        {
            AddressMember[] members = [.. Enumerable.Range(0, 1 + random.Next(10)).Select(_ =>
            {
                int network = 1 + random.Next(9);
                return Member(1 + random.Next(6), network) with { Asn = operators[network % operators.Length] };
            })];

            Assert.Equal(Largest(members), Count(members));
        }
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(900, false)]
    public void An_account_that_goes_from_hand_to_hand_is_flagged_though_its_operator_gives_many_networks(double overlap, bool isFlagged)
    {
        TestTraffic traffic = Phones();
        for (int i = 0; i < 5; i++)
        {
            // Twenty minutes each, with a quarter of an hour in common or none.
            double from = 3_000 + (i * (1_230 - overlap));
            // Two on a carrier's phones, the others at home with three operators.
            traffic.Session(from, from + 1_200, $"s{i}", $"100.{64 + i}.9.9", "shared", "u", asn: i < 2 ? 64510 : 64500 + (uint)i, agent: $"Phone/{i}");
        }
        traffic.InOrder().Run();

        Assert.Equal(isFlagged, traffic.Of("shared").Any(d => d.Reasons.Any(r => r.Indicator == "DistinctAgents")));
        Assert.DoesNotContain(traffic.Decisions, d => d.Subject.Value != "shared");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(900)]
    public void A_household_behind_a_carriers_router_is_not_though_each_session_of_its_five_screens_leaves_through_another_network(double overlap)
    {
        TestTraffic traffic = Phones();
        for (int i = 0; i < 7; i++)
        {
            double from = 3_000 + (i * (930 - (overlap / 2)));
            traffic.Session(from, from + 900, $"s{i}", $"100.{64 + i}.9.9", "household", "u", asn: 64510, agent: $"Screen/{i % 5}");
        }

        Assert.Empty(traffic.InOrder().Run().Decisions);
    }

    [Fact]
    public void Strangers_who_take_turns_within_one_operator_are_flagged_where_nobody_s_line_ever_changes_and_not_revoked_for_it_alone()
    {
        TestTraffic traffic = new TestTraffic().Audience();
        for (int i = 0; i < 450; i++)
        {
            traffic.Session(i, 9_000, $"n{i}", $"90.{i / 200}.{i % 200}.1", $"neighbour{i}", $"n{i}", asn: Steady, agent: "Browser", heartbeat: 120);
        }
        for (int i = 0; i < 8; i++)
        {
            double from = 2_000 + (i * 800);
            traffic.Session(from, from + 780, $"s{i}", $"91.7.{i}.1", "shared", "u", asn: Steady, agent: $"Player/{i}");
        }

        Decision flag = Assert.Single(traffic.InOrder().Run().Decisions);

        Assert.Equal(("shared", DecisionAction.Flag), (flag.Subject.Value, flag.Action));
        Assert.Contains(flag.Reasons, r => r.Indicator == "DistinctAgents");
    }

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public void A_household_that_had_two_screens_open_is_one_on_its_next_token_too(bool atOnce, bool isFlagged)
    {
        TestTraffic traffic = new TestTraffic().Audience();
        traffic.Session(2_000, 3_000, "tv", "81.3.9.1", "first", "u", asn: 64500, agent: "Television");
        traffic.Session(atOnce ? 2_200 : 3_010, atOnce ? 2_900 : 3_300, "phone", "81.3.9.1", "first", "u", asn: 64500, agent: "Phone");
        for (int i = 0; i < 4; i++)
        {
            traffic.Session(3_600 + (i * 500), 4_080 + (i * 500), $"s{i}", $"83.{i}.9.1", "next", "u", asn: i < 2 ? 64510u : 64511, agent: $"Player/{i}");
        }

        Assert.Equal(isFlagged, traffic.InOrder().Run().Decisions.Any(d => d.Subject.Value == "next"));
    }

    /// <summary>People whose phones show eight networks of their carrier each.</summary>
    private static TestTraffic Phones()
    {
        TestTraffic traffic = new TestTraffic().Audience();
        for (int i = 0; i < 120; i++)
        {
            for (int j = 0; j < 8; j++)
            {
                traffic.Session(i + (j * 300), i + (j * 300) + 280, $"p{i}-{j}", $"100.{100 + j}.{i}.1", $"phone{i}", $"w{i}", asn: 64510, agent: "Phone/1", heartbeat: 60);
            }
        }
        return traffic;
    }

    /// <summary>By trying every way to give each agent one of its networks or none.</summary>
    private static int Largest(AddressMember[] members)
    {
        AddressMember[][] places = [.. members.GroupBy(m => m.Agent).Select(g => g.DistinctBy(m => m.Network).ToArray())];
        int best = 0;
        Try(0, []);
        return best;

        void Try(int agent, AddressMember[] taken)
        {
            if (agent == places.Length)
            {
                best = Math.Max(best, taken.Length);
                return;
            }
            Try(agent + 1, taken);
            foreach (AddressMember place in places[agent])
            {
                int most = place.Asn switch { 0 => int.MaxValue, Lines => 3, _ => 2 };
                if (taken.All(t => t.Network != place.Network) && taken.Count(t => t.Asn == place.Asn) < most)
                {
                    Try(agent + 1, [.. taken, place]);
                }
            }
        }
    }

    private static int Count(AddressMember[] members) => PlayerPairs.Count(members, s_habits, 10);

    private static OperatorHabits Habits()
    {
        OperatorHabits habits = new();
        for (int i = 0; i < 400; i++)
        {
            habits.Count(Lines, i < 4 ? 5 : 1, 0);
            habits.Count(Carrier, 9, 0);
            habits.Count(Steady, 1, 0);
        }
        return habits;
    }

    private static AddressMember Member(int agent, int network, string address = "203.0.113.1") => new()
    {
        Identity = (ulong)((agent * 100) + network + 1),
        LastSeen = 20,
        Agent = agent,
        Network = (ulong)network,
        Asn = address == "203.0.113.1" ? 64000 + (uint)network : Lines,
        Address = IpAddress.From(System.Net.IPAddress.Parse(address)),
    };
}
