using AutoGuard.Core.Configuration;
using AutoGuard.Core.Events;
using AutoGuard.Core.Features;
using AutoGuard.Core.Pipeline;

namespace AutoGuard.Core.Tests.Features;

public sealed class FleetSeriesTests
{
    private readonly FleetTraffic _traffic = new();

    private FleetSeries Series => _traffic.Series;

    [Fact]
    public void A_kick_off_is_everyones_and_names_the_series()
    {
        int match = _traffic.Strings.Intern("match");
        for (int minute = 0; minute < 200; minute++)
        {
            _traffic.Start(100 + (minute * 7 % 13), stream: match, country: "DE");
            Series.EndMinute(minute);
            Assert.True(Series.Spike is null, $"minute {minute}: {Series.Spike}");
        }
        _traffic.Start(1_500, stream: match, country: "DE");
        Series.EndMinute(200);

        FleetFigure spike = Assert.NotNull(Series.Spike);
        Assert.Equal((FleetGroup.All, FleetMeasure.Starts, 1_500), (spike.Group, spike.Measure, spike.Value));
        Assert.InRange(spike.Rise, 2.4f, 2.8f);
        Assert.InRange(Series.AllRise, 2.4f, 2.8f);
    }

    [Fact]
    public void A_flood_from_one_network_is_nobodys_rise()
    {
        int match = _traffic.Strings.Intern("match");
        for (int minute = 0; minute < 200; minute++)
        {
            _traffic.Start(100 + (minute * 7 % 13), stream: match);
            Series.EndMinute(minute);
        }
        _traffic.Start(100, stream: match).Start(5_000, stream: match, oneNetwork: true);
        Series.EndMinute(200);

        Assert.Null(Series.Spike);
        Assert.InRange(Series.Rise(0, match), 0, 0.15f);
    }

    [Fact]
    public void A_stream_nobody_watched_before_has_no_rise_of_its_own()
    {
        int film = _traffic.Strings.Intern("film");
        int match = _traffic.Strings.Intern("match");
        for (int minute = 0; minute < 60; minute++)
        {
            _traffic.Start(1_000, stream: film);
            _traffic.Start(minute == 59 ? 200 : minute % 2, stream: match);
            Series.EndMinute(minute);
        }

        Assert.InRange(Series.Rise(0, match), 0, 0.3f);
    }

    [Fact]
    public void Lanes_go_to_the_largest_whatever_comes_besides()
    {
        for (int minute = 0; minute < 30; minute++)
        {
            for (int stream = 0; stream < 2_000; stream++)
            {
                _traffic.Start(1, stream: _traffic.Strings.Intern(FormattableString.Invariant($"noise {minute} {stream}"), StringKind.Label));
            }
            for (int stream = 0; stream < 16; stream++)
            {
                _traffic.Start(10 + stream, stream: _traffic.Strings.Intern(FormattableString.Invariant($"stream {stream:00}"), StringKind.Label));
            }
            Series.EndMinute(minute);
        }

        string[] named = [.. Starts(FleetGroup.Stream).Select(f => f.Name).Where(n => n != "(rest)").Order(StringComparer.Ordinal)];
        Assert.Equal(Enumerable.Range(0, 16).Select(i => FormattableString.Invariant($"stream {i:00}")), named);
        Assert.Equal(2_000, Starts(FleetGroup.Stream).Single(f => f.Name == "(rest)").Value);
        Assert.True(Series.Figures.Count <= FleetSeries.MostLanes * 4, $"{Series.Figures.Count} figures");
    }

    [Fact]
    public void A_stream_that_has_become_larger_takes_the_lane_of_the_smallest()
    {
        for (int minute = 0; minute < 100; minute++)
        {
            for (int stream = 0; stream < 16; stream++)
            {
                _traffic.Start(stream == 3 ? 1 : 20, stream: _traffic.Strings.Intern(FormattableString.Invariant($"stream {stream:00}"), StringKind.Label));
            }
            _traffic.Start(minute < 50 ? 0 : 15, stream: _traffic.Strings.Intern("newcomer"));
            Series.EndMinute(minute);
        }

        FleetFigure newcomer = Starts(FleetGroup.Stream).Single(f => f.Name == "newcomer");
        Assert.Equal(15, newcomer.Value);
        Assert.DoesNotContain(Starts(FleetGroup.Stream), f => f.Name == "stream 03");
    }

    [Fact]
    public void Sessions_are_counted_by_tenant_stream_country_and_kind_of_provider()
    {
        int tenant = _traffic.Strings.Intern("arena");
        int match = _traffic.Strings.Intern("match");
        for (int minute = 0; minute < 2; minute++)
        {
            _traffic.Start(30, match, tenant, "DE").Start(20, match, tenant, "FR", dataCentre: true).Start(10);
            Series.EndMinute(minute);
        }

        (FleetGroup, string, int)[] expected =
        [
            (FleetGroup.All, "", 60), (FleetGroup.Tenant, "arena", 50), (FleetGroup.Stream, "arena/match", 50),
            (FleetGroup.Country, "DE", 30), (FleetGroup.Country, "FR", 20), (FleetGroup.Country, "unknown", 10),
            (FleetGroup.ProviderKind, "elsewhere", 40), (FleetGroup.ProviderKind, "data centre", 20),
        ];
        Assert.Equal(
            expected.Order(),
            Series.Figures.Where(f => f.Measure == FleetMeasure.Starts && f.Value > 0).Select(f => (f.Group, f.Name, f.Value)).Order());
        Assert.All(Series.Figures.Where(f => f.Measure == FleetMeasure.Networks), f =>
            Assert.InRange(f.Value, 0.93 * Value(f.Group, f.Name), Value(f.Group, f.Name)));
    }

    [Theory]
    [InlineData(10)]
    [InlineData(1_000)]
    [InlineData(3_000)]
    [InlineData(200_000)]
    public void Networks_are_counted_to_a_tenth(int networks)
    {
        _traffic.Start(networks);
        Series.EndMinute(0);

        Assert.InRange(Series.Figures.First(f => f.Measure == FleetMeasure.Networks).Value, networks * 0.9, networks);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void The_order_of_arrival_within_the_lateness_and_the_secret_change_no_figure(int seed)
    {
        List<FleetFigure> ordered = Run(seed, 42, 0);
        Assert.NotEmpty(ordered);
        Assert.Equal(ordered, Run(seed, 43, 0));
        Assert.Equal(ordered, Run(seed, 44, 8));
    }

    private static List<FleetFigure> Run(int seed, ulong secret, double withinSeconds)
    {
        Random random = new(seed);
        TestTraffic traffic = new(secret: secret);
        for (int i = 0; i < 3_000; i++)
        {
            double from = random.NextDouble() * 3_600;
            string address = $"11.{random.Next(250)}.{random.Next(250)}.7";
            string country = new[] { "DE", "FR", "ES", "IT" }[random.Next(4)];
            traffic.Session(
                from, from + (random.NextDouble() * 600), $"s{i}", address, heartbeat: 60, end: random.Next(3) > 0, country: country,
                stream: $"stream {Math.Min(random.Next(40), random.Next(40))}", dataCentre: random.Next(5) == 0);
        }
        (withinSeconds > 0 ? traffic.InOrder().Disordered(seed, withinSeconds, 0.02) : traffic.InOrder()).Run();
        return [.. traffic.Pipeline.Fleet.Figures];
    }

    private IEnumerable<FleetFigure> Starts(FleetGroup group) => Series.Figures.Where(f => f.Measure == FleetMeasure.Starts && f.Group == group);

    private int Value(FleetGroup group, string name) => Starts(group).Single(f => f.Name == name).Value;
}
