using AutoGuard.Core.Features;

namespace AutoGuard.Core.Tests.Features;

public sealed class PlaceCounterTests
{
    [Fact]
    public void Both_protocols_of_a_line_are_one_place()
    {
        PlaceCounter places = Counter();
        places.Add(64500, isV4: true, 1, false, false);
        places.Add(64500, isV4: false, 2, false, false);

        Assert.Equal(2, places.Networks);
        Assert.Equal(1, places.Count);
    }

    [Fact]
    public void Of_an_operator_the_larger_number_of_either_protocol_counts()
    {
        PlaceCounter places = Counter();
        for (ulong i = 1; i <= 5; i++)
        {
            places.Add(64500, isV4: i <= 2, i, false, false);
        }
        places.Add(64501, isV4: true, 9, false, false);

        Assert.Equal(3 + 1, places.Count);
        Assert.Equal(2, places.HomeOperators);
    }

    [Fact]
    public void A_network_counts_once()
    {
        PlaceCounter places = Counter();
        places.Add(64500, true, 1, false, false);
        places.Add(64500, true, 1, false, false);
        places.Add(64501, true, 1, false, false);

        Assert.Equal(1, places.Networks);
        Assert.Equal(1, places.Count);
        Assert.Equal(1, places.HomeOperators);
    }

    [Fact]
    public void All_ways_out_that_people_share_are_one_place_together_and_no_home()
    {
        PlaceCounter places = Counter();
        for (ulong i = 1; i <= 20; i++)
        {
            places.Add(13335 + (uint)(i % 2), true, i, sharedEgress: true, dataCentre: true);
        }
        places.Add(64500, true, 99, false, false);

        Assert.Equal(21, places.Networks);
        Assert.Equal(2, places.Count);
        Assert.Equal(1, places.HomeOperators);
    }

    [Fact]
    public void A_data_centre_is_a_place_but_no_home_and_an_unknown_operator_neither_home()
    {
        PlaceCounter places = Counter();
        places.Add(64999, true, 1, false, dataCentre: true);
        places.Add(0, true, 2, false, false);

        Assert.Equal(2, places.Count);
        Assert.Equal(0, places.HomeOperators);
    }

    [Fact]
    public void Beyond_the_operators_told_apart_every_network_is_a_place()
    {
        PlaceCounter places = Counter();
        for (uint i = 1; i <= PlaceCounter.MostOperators; i++)
        {
            places.Add(i, true, i, false, false);
        }
        places.Add(1_000, true, 1_000, false, false);
        places.Add(1_000, false, 1_001, false, false);

        Assert.Equal(PlaceCounter.MostOperators + 2, places.Count);
        Assert.Equal(PlaceCounter.MostOperators, places.HomeOperators);
    }

    [Fact]
    public void What_is_usual_for_an_operator_s_customer_is_one_place()
    {
        OperatorHabits habits = new();
        for (int i = 0; i < 100; i++)
        {
            habits.Count(64500, 6, habits.Count(64500, 1, 0));
            habits.Count(64501, 1, 0);
        }
        PlaceCounter places = Counter();
        for (ulong i = 1; i <= 8; i++)
        {
            places.Add(64500, true, i, false, false);
        }
        for (ulong i = 11; i <= 15; i++)
        {
            places.Add(64501, true, i, false, false);
        }

        Assert.Equal(13, places.Count);
        // Of an operator of lines, which may be dialled anew, three at most.
        Assert.Equal(1 + (8 - 6) + 3, places.Of(habits).Places);
    }

    [Fact]
    public void Home_lines_are_networks_of_operators_whose_customers_have_one_and_three_of_each_at_most()
    {
        const uint Lines = 64500, OtherLines = 64501, Phones = 64502, Unknown = 64503, Servers = 64504;
        OperatorHabits habits = new();
        for (int i = 0; i < 100; i++)
        {
            habits.Count(Lines, 1, 0);
            habits.Count(OtherLines, 2, habits.Count(OtherLines, 1, 0));
            habits.Count(Phones, 6, habits.Count(Phones, 1, 0));
            habits.Count(Servers, 1, 0);
        }
        PlaceCounter places = Counter();
        ulong network = 1;
        foreach ((uint asn, int networks) in (ReadOnlySpan<(uint, int)>)[(Lines, 5), (OtherLines, 2), (Phones, 4), (Unknown, 4), (Servers, 4), (0, 4)])
        {
            for (int i = 0; i < networks; i++)
            {
                places.Add(asn, true, network++, false, dataCentre: asn == Servers);
            }
        }
        // The other protocol of a line is no other line.
        places.Add(OtherLines, false, network, false, false);

        Assert.Equal(3 + 2, places.Of(habits).Homes);
        Assert.Equal(3 + 4, places.Of(habits).Carriers);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void Servers_and_lines_of_one_operator_are_told_apart_whichever_comes_first(int servers)
    {
        OperatorHabits habits = new();
        for (int i = 0; i < 100; i++)
        {
            habits.Count(64500, 1, 0);
        }
        PlaceCounter places = Counter();
        for (int i = 0; i < 4; i++)
        {
            places.Add(64500, true, (ulong)i + 1, false, dataCentre: i == servers);
        }

        Assert.Equal(3, places.Of(habits).Homes);
        Assert.Equal(1, places.HomeOperators);
    }

    private static PlaceCounter Counter() => new(new ulong[128], new PlaceCounter.Operator[PlaceCounter.MostOperators]);
}
