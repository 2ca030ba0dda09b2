using AutoGuard.Live;
using Spectre.Console;

namespace AutoGuard.Tests.Live;

public sealed class ProgressViewTests
{
    [Fact]
    public void A_line_tells_share_rate_and_time_left() => Assert.Equal(
        "replay: 250.0 of 1,000.0 MB (25 %), 1,000,000 events, 100,000 events/s, 30 s left",
        ProgressView.Line("replay", new ProgressReading(250_000_000, 1_000_000_000, 1_000_000), TimeSpan.FromSeconds(10)));

    [Fact]
    public void A_line_of_unknown_length_tells_what_it_can() => Assert.Equal(
        "replay: 2.5 MB, 5,000 events, 2,500 events/s",
        ProgressView.Line("replay", new ProgressReading(2_500_000, 0, 5_000), TimeSpan.FromSeconds(2)));

    [Theory]
    [InlineData(0, 100, 10, null)]
    [InlineData(50, 100, 0.5, null)]
    [InlineData(50, 100, 10, 10.0)]
    [InlineData(120, 100, 10, 0.0)]
    public void Time_left_follows_the_pace_so_far(long done, long total, double elapsed, double? expected) => Assert.Equal(
        expected, ProgressView.Remaining(new ProgressReading(done, total, 0), TimeSpan.FromSeconds(elapsed))?.TotalSeconds);

    [Theory]
    [InlineData(1)]
    [InlineData(30)]
    [InlineData(200)]
    public void A_bar_is_never_wider_than_the_terminal(int width)
    {
        using StringWriter text = new();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(text) });
        console.Profile.Width = width;

        console.Write(ProgressView.Bar(new string('界', 100), new ProgressReading(50, 100, 7), TimeSpan.FromSeconds(3), width));

        string line = Assert.Single(text.ToString().Split('\n'));
        Assert.InRange(line.Sum(c => c > 0x2fff ? 2 : 1), 1, width);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_result_or_the_failure_of_the_job_comes_through(bool terminal)
    {
        using StringWriter text = new();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.Yes, ColorSystem = ColorSystemSupport.NoColors, Interactive = InteractionSupport.Yes, Out = new AnsiConsoleOutput(text),
        });
        ProgressView view = new(terminal ? console : null, text, TimeProvider.System);
        TaskCompletionSource<int> job = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<int> shown = view.WhileAsync("replay [red]", () => new ProgressReading(50, 100, 7), job.Task);
        job.SetResult(42);

        Assert.Equal(42, await shown.WaitAsync(TimeSpan.FromSeconds(30)));
        await Assert.ThrowsAsync<IOException>(() => view.WhileAsync("replay", () => default, Task.FromException<int>(new IOException("gone"))));
    }

    [Fact]
    public async Task On_a_terminal_a_bar_is_drawn()
    {
        using StringWriter text = new();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.Yes, ColorSystem = ColorSystemSupport.NoColors, Interactive = InteractionSupport.Yes, Out = new AnsiConsoleOutput(text),
        });
        console.Profile.Width = 160;
        TaskCompletionSource<int> job = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int reads = 0;

        await new ProgressView(console, text, TimeProvider.System).WhileAsync(
            "replay [red]",
            () =>
            {
                if (++reads == 5)
                {
                    job.SetResult(0);
                }
                return new ProgressReading(50, 100, 7);
            },
            job.Task).WaitAsync(TimeSpan.FromSeconds(30));

        Assert.DoesNotContain("\u001b[0A", text.ToString(), StringComparison.Ordinal);
        Assert.Contains("replay [red]", text.ToString(), StringComparison.Ordinal);
        Assert.Contains("###############---------------  50 %", text.ToString(), StringComparison.Ordinal);
    }
}
