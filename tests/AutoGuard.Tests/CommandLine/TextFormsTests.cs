using AutoGuard.CommandLine;

namespace AutoGuard.Tests.CommandLine;

public sealed class TextFormsTests
{
    [Theory]
    [InlineData("60s", 60)]
    [InlineData("0.5s", 0.5)]
    [InlineData("5m", 300)]
    [InlineData("1h30m", 5_400)]
    [InlineData("1d2h3m4s", 93_784)]
    [InlineData("366d", 31_622_400)]
    [InlineData("00:01:00", 60)]
    [InlineData("1.00:00:01", 86_401)]
    public void Durations_are_read(string text, double seconds)
    {
        Assert.True(TextForms.TryDuration(text, out TimeSpan duration));
        Assert.Equal(TimeSpan.FromSeconds(seconds), duration);
    }

    [Theory]
    [InlineData("")]
    [InlineData("60")]
    [InlineData("s")]
    [InlineData("0s")]
    [InlineData("-5s")]
    [InlineData("-00:01:00")]
    [InlineData("5m1h")]
    [InlineData("5 m")]
    [InlineData("1w")]
    [InlineData("5M")]
    [InlineData("1e3s")]
    [InlineData("367d")]
    [InlineData("999999999s")]
    [InlineData("60s\n")]
    public void Anything_else_is_no_duration(string text) => Assert.False(TextForms.TryDuration(text, out _));
}
