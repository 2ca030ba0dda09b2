using AutoGuard.Core.Guardian;
using AutoGuard.Core.Policy;
using AutoGuard.Core.Reporting;
using AutoGuard.Guardian.Planning;

namespace AutoGuard.Guardian.Tests.Planning;

/// <content>What became of the traffic.</content>
public sealed partial class ResponderTests
{
    [Fact]
    public async Task A_block_of_six_minutes_is_not_judged_in_the_fifth()
    {
        Decision block = await LogAsync(Block());
        _view.Traffic[Address] = new SubjectTraffic(0, 4, 100, [], ["jti-1", "jti-2"]);
        await RespondAsync(_blocker);
        _time.Advance(TimeSpan.FromMinutes(5));
        _view.See(Address, At(), 3, 120);
        Assert.Equal(0, await _meter.MeasureAsync(default));
        Assert.Null((await _effects.FindAsync(block.Id, default))!.SessionsAtEffect);

        _time.Advance(TimeSpan.FromMinutes(1.1));
        _view.See(Address, At(), 2, 130);
        Assert.Equal(0, await _meter.MeasureAsync(default));
        Assert.Equal(130, (await _effects.FindAsync(block.Id, default))!.SessionsAtEffect);

        _time.Advance(TimeSpan.FromMinutes(5));
        _view.See(Address, At(), 0, 130);
        Assert.Equal(1, await _meter.MeasureAsync(default));
        WatchedEffect effect = (await _effects.FindAsync(block.Id, default))!;
        Assert.Equal((Effect.Stopped, 0L, 0), (effect.Effect, effect.NewSessions!.Value, effect.OpenSessions!.Value));
    }

    [Fact]
    public async Task Traffic_that_turns_up_elsewhere_has_moved()
    {
        Decision block = await LogAsync(Block());
        Subject token = new(SubjectType.Token, "jti-2");
        _view.Traffic[Address] = new SubjectTraffic(0, 4, 100, [], ["jti-1", "jti-2"]);
        await RespondAsync(_blocker);
        _time.Advance(TimeSpan.FromMinutes(6.1));
        _view.See(Address, At(), 2, 100);
        _view.See(token, At(), 1, 7);
        await _meter.MeasureAsync(default);
        _time.Advance(TimeSpan.FromMinutes(5));
        _view.See(Address, At(), 0, 100);
        _view.See(token, At(), 2, 9);
        await _meter.MeasureAsync(default);
        Assert.Equal(Effect.Moved, (await _effects.FindAsync(block.Id, default))!.Effect);
    }

    [Fact]
    public async Task Nothing_is_judged_before_the_events_of_that_time_were_seen()
    {
        Decision block = await LogAsync(Block());
        await RespondAsync(_blocker);
        _time.Advance(TimeSpan.FromHours(1));
        _view.See(Address, At() - 3_600_000, 4, 100);
        Assert.Equal(0, await _meter.MeasureAsync(default));
        _time.Advance(TimeSpan.FromHours(24));
        Assert.Equal(1, await _meter.MeasureAsync(default));
        Assert.Equal(Effect.Unknown, (await _effects.FindAsync(block.Id, default))!.Effect);
    }
}
