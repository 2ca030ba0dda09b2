using System.Collections.Immutable;
using AutoGuard.Core.Events;
using AutoGuard.Core.Policy;

namespace AutoGuard.Core.Tests.Policy;

public sealed class FootprintsTests
{
    private const long Noon = TestTraffic.Noon;
    private const int Agent = 7;
    private const int Stream = 9;

    [Theory]
    [InlineData("198.51.100.7", Agent, Stream, 1.0)]
    [InlineData("198.51.100.7", Agent, 10, 0.75)]
    [InlineData("198.51.100.7", 8, Stream, 0.75)]
    [InlineData("198.51.100.7", 8, 10, 0.5)]
    [InlineData("198.51.100.8", Agent, Stream, 0.75)]
    [InlineData("198.51.100.8", Agent, 10, 0)]
    [InlineData("198.51.100.8", 8, Stream, 0)]
    [InlineData("198.51.101.7", Agent, Stream, 0)]
    public void Likeness_is_how_much_of_the_footprint_is_the_same(string address, int agent, int stream, double expected)
    {
        Footprints footprints = new();
        footprints.Remember(Of("A", 0));

        Succession found = footprints.Compare(1, Address(address), agent, stream, Noon + 1, Noon + 1);

        Assert.Equal(expected, found.Likeness);
        Assert.Equal(expected > 0, found.Footprint is not null);
        Assert.Equal(expected == 1, found.IsExact);
        Assert.Equal(0, footprints.Compare(2, Address(address), agent, stream, Noon + 1, Noon + 1).Likeness);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(StringPool.Overflow)]
    public void What_is_not_known_is_like_nothing(int unknown)
    {
        Footprints footprints = new();
        footprints.Remember(Of("A", 0) with { Agents = [unknown], Streams = [unknown] });

        Assert.Equal(0.5, footprints.Compare(1, Address("198.51.100.7"), unknown, unknown, Noon + 1, Noon + 1).Likeness);
        Assert.Null(footprints.Compare(1, Address("198.51.100.8"), unknown, unknown, Noon + 1, Noon + 1).Footprint);
    }

    [Fact]
    public void Only_a_token_first_seen_after_the_decision_follows_it()
    {
        Footprints footprints = new();
        footprints.Remember(Of("A", 60));

        Assert.False(footprints.MayFollow(Noon + 60_000));
        Assert.True(footprints.MayFollow(Noon + 60_001));
        Assert.Null(footprints.Compare(1, Address("198.51.100.7"), Agent, Stream, Noon + 60_000, Noon + 90_000).Footprint);
        Assert.Equal("A", footprints.Compare(1, Address("198.51.100.7"), Agent, Stream, Noon + 60_001, Noon + 90_000).Footprint!.Decision);
    }

    [Fact]
    public void A_footprint_is_gone_after_a_day_whether_pruned_or_not()
    {
        Footprints footprints = new();
        footprints.Remember(Of("A", 0));
        long dayLater = Noon + Footprints.Memory;

        footprints.Prune(dayLater);
        Assert.Equal(1, footprints.Compare(1, Address("198.51.100.7"), Agent, Stream, Noon + 1, dayLater).Likeness);
        Assert.Equal(0, footprints.Compare(1, Address("198.51.100.7"), Agent, Stream, Noon + 1, dayLater + 1).Likeness);
        Assert.True(footprints.IsKin(Of("A", 0).Token));

        footprints.Prune(dayLater + 1);
        Assert.Equal(0, footprints.Count);
        Assert.Equal(0, footprints.Places);
        Assert.False(footprints.IsKin(Of("A", 0).Token));
        Assert.False(footprints.MayFollow(dayLater));
    }

    [Fact]
    public void What_is_left_is_found_when_older_footprints_are_gone()
    {
        Footprints footprints = new();
        for (int i = 0; i < 200; i++)
        {
            footprints.Remember(Of($"D{i:D3}", i) with { Addresses = [Address($"203.0.{i}.1"), Address("198.51.100.7")] });
        }
        long later = Noon + (100 * 1000L) + Footprints.Memory;

        footprints.Prune(later);

        Assert.Equal(100, footprints.Count);
        for (int i = 0; i < 200; i++)
        {
            Assert.Equal(i < 100 ? 0 : 1, footprints.Compare(1, Address($"203.0.{i}.1"), Agent, Stream, later, later).Likeness);
        }
        Assert.Equal("D199", footprints.Compare(1, Address("198.51.100.7"), Agent, Stream, later, later).Footprint!.Decision);
    }

    [Fact]
    public void Memory_is_bounded_and_the_oldest_go_first()
    {
        Footprints footprints = new();
        const int Extra = 100;
        for (int i = 0; i < Footprints.Most + Extra; i++)
        {
            ImmutableArray<IpAddress> addresses = [.. Enumerable.Range(0, 20).Select(j => Address($"{1 + (i >> 8)}.{i & 255}.{j}.1"))];
            footprints.Remember(Of($"D{i:D6}", i) with { Token = (ulong)(i + 1), Addresses = addresses });
        }

        Assert.Equal(Footprints.Most, footprints.Count);
        Assert.Equal(Footprints.Most * 2 * Footprints.MostPlaces, footprints.Places);
        long now = Noon + 3_600_000 * 10;
        Assert.Null(footprints.Compare(1, Address($"1.{Extra - 1}.0.1"), 0, 0, now, now).Footprint);
        Assert.Equal($"D{Extra:D6}", footprints.Compare(1, Address($"1.{Extra}.0.1"), 0, 0, now, now).Footprint!.Decision);
        Assert.Null(footprints.Compare(1, Address($"1.{Extra}.{Footprints.MostPlaces}.1"), 0, 0, now, now).Footprint);
    }

    [Fact]
    public void Of_several_at_one_place_the_most_like_is_found_and_of_equals_the_latest()
    {
        Footprints footprints = new();
        footprints.Remember(Of("A", 0));
        footprints.Remember(Of("B", 60));
        footprints.Remember(Of("C", 120) with { Agents = [99] });

        Assert.Equal("B", footprints.Compare(1, Address("198.51.100.7"), Agent, Stream, Noon + 130_000, Noon + 130_000).Footprint!.Decision);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(20261121)]
    public void What_is_found_does_not_depend_on_the_order_of_remembering(int seed)
    {
        Random random = new(seed);
        Footprint[] all = [.. Enumerable.Range(0, 300).Select(i => Of($"D{i}", random.Next(40)) with
        {
            Token = (ulong)(i + 1),
            Addresses = [Address($"198.51.{random.Next(3)}.{random.Next(4)}"), Address($"203.0.{random.Next(3)}.{random.Next(4)}")],
            Agents = [2 + random.Next(3)],
            Streams = [2 + random.Next(3)],
        })];
        Footprints one = new();
        Footprints other = new();
        foreach (Footprint footprint in all)
        {
            one.Remember(footprint);
        }
        random.Shuffle(all);
        foreach (Footprint footprint in all)
        {
            other.Remember(footprint);
        }

        for (int i = 0; i < 500; i++)
        {
            IpAddress address = Address($"{(i % 2 == 0 ? "198.51" : "203.0")}.{random.Next(3)}.{random.Next(6)}");
            (int agent, int stream) = (2 + random.Next(3), 2 + random.Next(3));
            long first = Noon + random.Next(60_000);
            Assert.True(
                one.Compare(1, address, agent, stream, first, Noon + 60_000) == other.Compare(1, address, agent, stream, first, Noon + 60_000),
                $"seed {seed}, step {i}");
        }
    }

    [Fact]
    public void A_footprint_without_a_place_is_none()
    {
        Footprints footprints = new();
        footprints.Remember(Of("A", 0) with { Addresses = [] });

        Assert.Equal(0, footprints.Count);
        Assert.False(footprints.IsKin(Of("A", 0).Token));
    }

    private static Footprint Of(string decision, int second) => new()
    {
        Decision = decision,
        DecidedAt = Noon + (second * 1000L),
        Organization = 1,
        Token = 77,
        Evidence = 4,
        Addresses = [Address("198.51.100.7")],
        Agents = [Agent],
        Streams = [Stream],
    };

    private static IpAddress Address(string text) => IpAddress.From(System.Net.IPAddress.Parse(text));
}
