using AutoGuard.Worker;

namespace AutoGuard.Tests.Worker;

public sealed class WorkerFiguresTests
{
    private static readonly DateTimeOffset Now = new(2025, 11, 14, 18, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_worker_far_behind_with_records_waiting_is_not_ready() => Assert.Equal(
        "Detection is 12.5 minutes behind the clock, and 7 records wait.",
        WorkerFigures.BehindTheClock(Now.AddMinutes(-12.5).ToUnixTimeMilliseconds(), 7, Now, TimeSpan.FromMinutes(10)));

    [Theory]
    [InlineData(9, 7, 10)]
    [InlineData(12, 0, 10)]
    [InlineData(12, 7, 0)]
    [InlineData(null, 7, 10)]
    public void It_is_ready_near_the_clock_or_when_nothing_waits_or_when_nobody_asks(int? minutesBehind, long lag, int limit)
    {
        long? watermark = minutesBehind is { } minutes ? Now.AddMinutes(-minutes).ToUnixTimeMilliseconds() : null;

        Assert.Null(WorkerFigures.BehindTheClock(watermark, lag, Now, TimeSpan.FromMinutes(limit)));
    }
}
