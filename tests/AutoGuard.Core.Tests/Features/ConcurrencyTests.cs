using System.Globalization;
using AutoGuard.Core.Events;
using AutoGuard.Core.Features;

namespace AutoGuard.Core.Tests.Features;

public sealed class ConcurrencyTests
{
    [Fact]
    public void Overlapping_sessions_of_one_token_are_counted_while_both_run()
    {
        TestTraffic traffic = new TestTraffic()
            .Session(0, 600, "a", "198.51.100.1", "t", "u")
            .Session(100, 500, "b", "203.0.113.1", "t", "u")
            .InOrder();

        TokenFeatures at = traffic.Measure("t", 300);

        Assert.Equal(2, at.Concurrent);
        Assert.Equal(2, at.ConcurrentNetworks);
    }

    [Fact]
    public void A_viewer_who_reconnects_without_an_end_is_never_two()
    {
        // The old session stays open until it is overdue, but nothing proves that both ran at once.
        TestTraffic traffic = new TestTraffic();
        for (int i = 0; i < 6; i++)
        {
            traffic.Session(i * 70, (i * 70) + 65, $"s{i}", "198.51.100.1", "t", "u", end: false);
        }
        traffic.InOrder();

        TokenFeatures at = traffic.Measure("t", 400);

        Assert.True(at.Open > 1, "the old session lingers");
        Assert.Equal(1, at.Concurrent);
        Assert.Equal(6, at.Sessions);
    }

    [Theory]
    [InlineData("0-100 1 A, 60-300 2 A, 0-130 3 B, 90-300 4 B", 121, 2, 2)] // two phones on their way
    [InlineData("0-230 1 A, 30-230 2 A, 200-400 3 A, 205-400 1 A", 226, 2, 2)] // of one model, where the other was
    [InlineData("0-130 1 A, 65-180 2 A, 128-300 3 A", 140, 2, 2)] // two at once remain two, whatever was left behind
    [InlineData("0-300 1 A, 60-300 2 A, 0-300 3 B", 100, 2, 2)]
    [InlineData("0-300 1 A, 60-300 2 A, 0-300 3 B", 130, 3, 3)] // it goes on for a minute
    [InlineData("0-300 1 A, 60-300 2 C, 0-300 3 B", 100, 3, 3)] // another player
    [InlineData("0-300 1 -, 60-300 2 -, 0-300 3 B", 100, 3, 3)] // nobody knows which
    [InlineData("0-300 1 A, 60-300 1 A, 0-300 3 B", 100, 3, 2)] // the same network
    [InlineData("0-300 1 A, 59-300 2 A, 0-300 3 B", 100, 3, 3)] // it had hardly begun
    [InlineData("0-100 1 A, 102-135 1 A, 130-300 2 A, 0-300 3 B", 145, 2, 2)] // it had begun anew where it was
    [InlineData("0-100. 1 A, 102-135 1 A, 130-300 2 A, 0-300 3 B", 145, 2, 2)]
    [InlineData("0-100 1 A, 0-100. 1 B, 101-300 1 B, 102-135 1 A, 130-300 2 A", 145, 2, 2)] // as did another one there
    [InlineData("60-100 1 A, 102-135 1 A, 130-300 2 A, 0-300 3 B", 145, 3, 3)] // it had hardly begun before that either
    [InlineData("0-100 1 C, 102-135 1 A, 130-300 2 A, 0-300 3 B", 145, 3, 3)] // another player had been there
    [InlineData("0-100 4 A, 102-135 1 A, 130-300 2 A, 130-300 5 C, 0-300 3 B", 145, 4, 4)] // it had been elsewhere, and went on from there
    public void What_a_player_left_behind_elsewhere_is_over(string sessions, double second, int concurrent, int places)
    {
        TestTraffic traffic = new();
        foreach (string session in sessions.Split(", "))
        {
            string[] parts = session.Split(' ', '-');
            double from = double.Parse(parts[0], CultureInfo.InvariantCulture);
            double to = double.Parse(parts[1], CultureInfo.InvariantCulture);
            bool end = parts[1].EndsWith('.');
            string? agent = parts[3].Length == 0 ? null : parts[3];
            traffic.Session(from, to, session, $"198.51.10{parts[2]}.1", "t", "u", heartbeat: 10, end: end, agent: agent);
        }

        TokenFeatures at = traffic.InOrder().Measure("t", second);

        Assert.Equal((concurrent, places), (at.Concurrent, at.PlacesAtOnce));
    }

    [Theory]
    [InlineData(3, 55, 200)]
    [InlineData(4, 55, 200)]
    [InlineData(6, 55, 200)]
    [InlineData(3, 65, 190)]
    [InlineData(4, 65, 190)]
    [InlineData(3, 65, 320)]
    public void Viewers_who_begin_a_session_each_minute_are_as_many_as_before(int viewers, int each, double second)
    {
        TestTraffic traffic = new();
        for (int i = 0; i < viewers * 6; i++)
        {
            double from = (double)i * each / viewers;
            traffic.Session(from, from + each, $"s{i}", $"198.51.{100 + (i % viewers)}.1", "t", "u", heartbeat: 5, agent: "App");
        }

        TokenFeatures at = traffic.InOrder().Measure("t", second);

        Assert.InRange(at.Concurrent, viewers - 1, viewers);
        Assert.InRange(at.PlacesAtOnce, viewers - 1, viewers);
    }

    [Fact]
    public void A_session_that_misses_its_end_closes_after_two_and_a_half_of_its_intervals()
    {
        TestTraffic traffic = new TestTraffic()
            .Session(0, 65, "silent", "198.51.100.1", "t", "u", heartbeat: 10, end: false)
            .Session(0, 400, "other", "198.51.100.2", "x", heartbeat: 10)
            .InOrder();
        traffic.Run(complete: false);

        long silentSince = TestTraffic.Noon + 60_000;
        traffic.Pipeline.AdvanceTo(TestTraffic.Noon + 120_000, traffic.Output);

        Assert.Equal(0, TokenOf(traffic, "t").Open);
        Assert.True(TestTraffic.Noon + 120_000 - silentSince < 150_000, "the common timeout has not passed");
    }

    [Fact]
    public void An_end_that_arrives_twice_closes_the_session_once()
    {
        TestTraffic traffic = new TestTraffic()
            .Session(0, 60, "a", "198.51.100.1", "t")
            .Session(0, 300, "b", "198.51.100.1", "t")
            .Event(60, "a", "198.51.100.1", "t", type: PlaybackEventType.End)
            .Event(61, "a", "198.51.100.1", "t", type: PlaybackEventType.End)
            .InOrder();

        Assert.Equal(1, traffic.Measure("t", 200).Open);
        Assert.Equal(1, traffic.Pipeline.Counters.Duplicates);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Proven_concurrency_equals_a_naive_count_over_intervals(int seed)
    {
        Random random = new(seed);
        List<(double From, double To, string Ip)> sessions = [];
        TestTraffic traffic = new();
        for (int i = 0; i < 12; i++)
        {
            double from = random.Next(0, 300);
            double to = from + random.Next(20, 400);
            string ip = $"198.51.{random.Next(1, 5)}.{random.Next(1, 4)}";
            sessions.Add((from, to, ip));
            traffic.Session(from, to, $"s{i}", ip, "t", "u", heartbeat: 10);
        }
        const double now = 300;
        TokenFeatures at = traffic.InOrder().Measure("t", now);

        // The twin: the sessions still open at `now`, each known from its start to its last event before it.
        var open = sessions.Where(s => s.From < now && s.To >= now)
            .Select(s => (s.From, Heard: s.From + (Math.Floor((Math.BitDecrement(now) - s.From) / 10) * 10)))
            .ToList();
        int expected = open.Count == 0 ? 0 : open.Max(c => open.Count(o => o.From <= c.From && o.Heard >= c.From));
        Assert.Equal(expected, at.Concurrent);
        Assert.Equal(open.Count, at.Open);
    }

    [Fact]
    public void The_number_of_open_sessions_returns_to_zero_everywhere_whatever_the_order()
    {
        TestTraffic traffic = new();
        for (int i = 0; i < 200; i++)
        {
            traffic.Session(i, i + 90 + (i % 50), $"s{i}", $"198.51.{i % 7}.{i % 11}", $"t{i % 13}", end: i % 3 != 0, referrer: i % 2 == 0 ? null : "a.example");
        }
        traffic.Disordered(5, withinSeconds: 9, duplicateShare: 0.1).Run();
        traffic.Pipeline.AdvanceTo(TestTraffic.Noon + 2_000_000, traffic.Output);

        FeatureState state = traffic.Pipeline.State;
        Assert.Equal(0, state.OpenSessions);
        Assert.All(Live(state.Tokens), index => Assert.Equal(0, state.Tokens[index].Open));
        Assert.All(Live(state.Tokens), index => Assert.Equal(-1, state.Tokens[index].FirstSession));
        Assert.All(Live(state.Addresses), index => Assert.Equal(0, state.Addresses[index].Open));
        Assert.All(Live(state.Networks), index => Assert.Equal(0, state.Networks[index].Open));
        Assert.All(Live(state.Referrers), index => Assert.Equal(0, state.Referrers[index].Open));
    }

    [Fact]
    public void A_session_that_changes_its_address_moves_and_is_one_session()
    {
        TestTraffic traffic = new TestTraffic()
            .Event(0, "a", "198.51.100.1", "t", "u", PlaybackEventType.Start)
            .Event(30, "a", "198.51.100.1", "t", "u")
            .Event(60, "a", "203.0.113.9", "t", "u")
            .Event(90, "a", "203.0.113.9", "t", "u");

        TokenFeatures at = traffic.Measure("t", 95);

        Assert.Equal(1, at.Sessions);
        Assert.Equal(1, at.Open);
        Assert.Equal(2, at.Addresses);
        FeatureState state = traffic.Pipeline.State;
        Assert.Equal(0, state.Addresses[state.Addresses.Find(new(Ip("198.51.100.1"), 0))].Open);
        Assert.Equal(1, state.Addresses[state.Addresses.Find(new(Ip("203.0.113.9"), 0))].Open);
    }

    [Fact]
    public void A_referrer_that_only_a_heartbeat_names_takes_the_missing_mark_back()
    {
        TestTraffic traffic = new TestTraffic()
            .Event(0, "a", "198.51.100.1", "t", type: PlaybackEventType.Start, referrer: null)
            .Event(30, "a", "198.51.100.1", "t", referrer: "www.example.com");

        Assert.Equal(0, traffic.Measure("t", 40).MissingReferrerShare);
    }

    [Fact]
    public void Playback_time_is_the_time_between_events()
    {
        TestTraffic traffic = new TestTraffic().Session(0, 300, "a", "198.51.100.1", "t");

        TokenFeatures at = traffic.Measure("t", 400);

        Assert.Equal(300, at.Watched, 1);
    }

    private static IpAddress Ip(string text) => IpAddress.From(System.Net.IPAddress.Parse(text));

    private static IEnumerable<int> Live<TKey, TState, THash>(StateTable<TKey, TState, THash> table)
        where TKey : struct, IEquatable<TKey>
        where TState : struct
        where THash : struct, IKeyHash<TKey> => Enumerable.Range(0, table.HighWater).Where(table.IsLive);

    private static TokenState TokenOf(TestTraffic traffic, string token)
    {
        FeatureState state = traffic.Pipeline.State;
        return state.Tokens[Live(state.Tokens).Single(i => state.Texts.Text(state.Tokens[i].Text) == token)];
    }

    /// <summary>Runs the events and lets event time reach <paramref name="second"/>, then measures the token "t".</summary>
}
