using AutoGuard.Core.Configuration;
using AutoGuard.Core.Events;
using AutoGuard.Core.Features;
using AutoGuard.Core.Spikes;

namespace AutoGuard.Core.Tests.Features;

public sealed class MinuteSeriesTests
{
    private readonly FeatureState _state = new(new CapacityOptions(), 1, 2);
    private readonly FleetTraffic _fleet = new();
    private long _minute;

    [Fact]
    public void A_token_that_suddenly_starts_often_alerts_and_one_that_always_did_does_not()
    {
        MinuteSeries series = new(_state, _fleet.Series, new SpikeOptions(), new NativeSpikeEngine());
        int sudden = Enrol(series, 1);
        int steady = Enrol(series, 2);
        for (int minute = 0; minute < 40; minute++)
        {
            _state.Tokens[steady].MinuteStarts = (ushort)(40 + (minute % 3));
            EndMinute(series, 200);
        }
        _state.Tokens[steady].MinuteStarts = 41;
        _state.Tokens[sudden].MinuteStarts = 60;
        EndMinute(series, 200);

        Assert.Equal(1, _state.Tokens[sudden].SpikeAlerts & 1);
        Assert.True(_state.Tokens[sudden].SpikeLevel >= 3, $"level {_state.Tokens[sudden].SpikeLevel}");
        Assert.Equal(0, _state.Tokens[steady].SpikeAlerts & 1);
    }

    [Fact]
    public void When_everybody_starts_nobody_alerts()
    {
        MinuteSeries series = new(_state, _fleet.Series, new SpikeOptions(), new NativeSpikeEngine());
        int token = Enrol(series, 1);
        for (int minute = 0; minute < 40; minute++)
        {
            EndMinute(series, 100 + (minute % 5));
        }
        _state.Tokens[token].MinuteStarts = 20;
        EndMinute(series, 2_000);

        Assert.True(series.FleetRise > 2, $"rise {series.FleetRise}");
        Assert.Equal(0, _state.Tokens[token].SpikeAlerts);
    }

    [Fact]
    public void What_the_engine_does_not_confirm_is_no_alert()
    {
        RecordingEngine engine = new(confirms: false);
        MinuteSeries series = new(_state, _fleet.Series, new SpikeOptions(), engine);
        int token = Enrol(series, 1);
        _state.Tokens[token].MinuteStarts = 60;
        EndMinute(series, 10);

        Assert.Equal([new SpikeOptions().History + 1], engine.RecheckedLengths);
        Assert.Equal(0, _state.Tokens[token].SpikeAlerts);
    }

    [Fact]
    public void A_burst_does_not_hide_the_next_one()
    {
        MinuteSeries series = new(_state, _fleet.Series, new SpikeOptions(), new NativeSpikeEngine());
        int token = Enrol(series, 1);
        for (int burst = 0; burst < 3; burst++)
        {
            _state.Tokens[token].MinuteStarts = 500;
            EndMinute(series, 100);
            Assert.Equal(1, _state.Tokens[token].SpikeAlerts & 1);
            for (int minute = 0; minute < 4; minute++)
            {
                EndMinute(series, 100);
            }
        }
    }

    [Fact]
    public void The_fleets_season_is_asked_for_only_with_the_MlNet_engine_and_once_it_is_long_enough()
    {
        RecordingEngine native = new(confirms: true);
        RecordingEngine chosen = new(confirms: true);
        MinuteSeries usual = new(_state, _fleet.Series, new SpikeOptions(), native);
        FeatureState other = new(new CapacityOptions(), 1, 2);
        MinuteSeries seasonal = new(other, new FleetTraffic().Series, new SpikeOptions { Engine = SpikeEngine.MlNet }, chosen);
        for (int minute = 0; minute < 300; minute++)
        {
            usual.EndMinute(minute);
            usual.EndMinuteOf(0);
            seasonal.EndMinute(minute);
            seasonal.EndMinuteOf(0);
        }

        Assert.Equal(0, native.Seasons);
        Assert.Equal(300 - 150, chosen.Seasons);
        Assert.Equal(3, seasonal.FleetRise);
    }

    [Fact]
    public void A_released_token_gives_its_series_back()
    {
        MinuteSeries series = new(_state, _fleet.Series, new SpikeOptions(), new NativeSpikeEngine());
        int token = Enrol(series, 1);
        Assert.Equal(1, series.Count);

        _state.Release(token, ref _state.Tokens[token]);
        _state.Tokens.Remove(token);
        EndMinute(series, 1);

        Assert.Equal(0, series.Count);
    }

    [Fact]
    public void When_everybody_starts_one_stream_only_who_watches_it_does_not_alert()
    {
        MinuteSeries series = new(_state, _fleet.Series, new SpikeOptions(), new NativeSpikeEngine());
        int watching = Enrol(series, 1);
        int elsewhere = Enrol(series, 2);
        int match = _state.Tokens[watching].Stream = _fleet.Strings.Intern("match");
        int film = _state.Tokens[elsewhere].Stream = _fleet.Strings.Intern("film");
        for (int minute = 0; minute < 41; minute++)
        {
            _fleet.Start(minute < 40 ? 20 : 400, stream: match);
            _fleet.Start(1_000, stream: film);
            _state.Tokens[watching].MinuteStarts = _state.Tokens[elsewhere].MinuteStarts = (ushort)(minute < 40 ? 0 : 12);
            series.EndMinute(minute);
            series.EndMinuteOf(0);
        }

        Assert.InRange(series.FleetRise, 0, 0.5f);
        Assert.Equal(0, _state.Tokens[watching].SpikeAlerts);
        Assert.Equal(1, _state.Tokens[elsewhere].SpikeAlerts);
    }

    private void EndMinute(MinuteSeries series, int fleetStarts)
    {
        _fleet.Start(fleetStarts);
        series.EndMinute(_minute++);
        series.EndMinuteOf(0);
    }

    private int Enrol(MinuteSeries series, ulong key)
    {
        int index = _state.Tokens.GetOrAdd(new Key128(0, key), out _);
        _state.Tokens[index].Series = -1;
        series.Enrol(index, MinuteSeries.EarningSessions);
        return index;
    }

    private sealed class RecordingEngine(bool confirms) : ISpikeEngine
    {
        public List<int> RecheckedLengths { get; } = [];

        public int Seasons { get; private set; }

        public string Name => "recording";

        public void Recheck(ReadOnlySpan<float> blocks, RecheckSettings settings, Span<SpikePrediction> predictions)
        {
            RecheckedLengths.Add(blocks.Length);
            predictions.Fill(new SpikePrediction(confirms, 1, 1e-6));
        }

        public void ScoreSeasonal(ReadOnlySpan<float> series, SeasonalSettings settings, Span<SpikePrediction> predictions)
        {
            Seasons++;
            predictions.Fill(new SpikePrediction(false, 3, 0.5));
        }
    }
}
