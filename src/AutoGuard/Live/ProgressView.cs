using System.Globalization;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace AutoGuard.Live;

/// <summary>How far a job is.</summary>
/// <param name="BytesDone">Bytes of input read, or of output written.</param>
/// <param name="BytesTotal">Bytes in all; 0 when unknown, as from standard input.</param>
/// <param name="Events">Events done.</param>
public readonly record struct ProgressReading(long BytesDone, long BytesTotal, long Events);

/// <summary>Progress of <c>replay</c> and <c>simulate</c>: a bar on a terminal, elsewhere a line every 5 seconds.</summary>
/// <param name="console">The terminal; null when there is none.</param>
/// <param name="error">Where the lines go.</param>
/// <param name="time">Clock of rates and intervals.</param>
public sealed class ProgressView(IAnsiConsole? console, TextWriter error, TimeProvider time)
{
    private const int BarWidth = 30;
    private const int TitleWidth = 40;

    private static readonly Style Dim = new(foreground: Color.Grey);
    private static readonly TimeSpan Frame = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(5);

    /// <summary>Shows progress until the job ends, and gives its result or throws its exception.</summary>
    /// <param name="title">What is being done.</param>
    /// <param name="read">Gives the present reading; called on any thread.</param>
    /// <param name="job">The job, already started.</param>
    public async Task<T> WhileAsync<T>(string title, Func<ProgressReading> read, Task<T> job)
    {
        ArgumentNullException.ThrowIfNull(read);
        ArgumentNullException.ThrowIfNull(job);
        long start = time.GetTimestamp();
        if (console is null)
        {
            while (!await EndsWithin(job, Period))
            {
                await error.WriteLineAsync(Line(title, read(), time.GetElapsedTime(start)));
            }
        }
        else
        {
            await console.Live(new Text("")).AutoClear(true).StartAsync(async context =>
            {
                do
                {
                    // Two lines, because Spectre goes back to the start of a single one by "up 0 lines", which terminals take for 1.
                    int width = Math.Max(1, console.Profile.Width - 1);
                    context.UpdateTarget(new Rows(Bar(title, read(), time.GetElapsedTime(start), width), new FrameLine(width).Append("Ctrl-C stops", Dim).Renderable));
                }
                while (!await EndsWithin(job, Frame));
            });
        }
        return await job;
    }

    /// <summary>The line of one reading.</summary>
    internal static string Line(string title, ProgressReading reading, TimeSpan elapsed)
    {
        string share = reading.BytesTotal > 0
            ? string.Create(CultureInfo.InvariantCulture, $" of {Megabytes(reading.BytesTotal)} MB ({Math.Min(1, (double)reading.BytesDone / reading.BytesTotal):P0})")
            : " MB";
        string left = Remaining(reading, elapsed) is { } remaining ? $", {Words(remaining)} left" : "";
        return TerminalText.Visible(
            string.Create(CultureInfo.InvariantCulture, $"{title}: {Megabytes(reading.BytesDone)}{share}, {reading.Events:N0} events, {Rate(reading, elapsed):N0} events/s{left}"), 200);
    }

    /// <summary>Time left at the pace so far; null when it cannot be told.</summary>
    internal static TimeSpan? Remaining(ProgressReading reading, TimeSpan elapsed)
    {
        if (reading.BytesTotal <= 0 || reading.BytesDone <= 0 || elapsed < TimeSpan.FromSeconds(1))
        {
            return null;
        }
        double left = Math.Max(0, reading.BytesTotal - reading.BytesDone);
        return TimeSpan.FromSeconds(Math.Min(elapsed.TotalSeconds * left / reading.BytesDone, TimeSpan.FromDays(99).TotalSeconds));
    }

    /// <summary>The bar of one reading, on one line.</summary>
    internal static IRenderable Bar(string title, ProgressReading reading, TimeSpan elapsed, int width)
    {
        FrameLine line = new FrameLine(width).Field(title, Math.Min(TerminalText.Cells(TerminalText.Visible(title, TitleWidth)) + 1, width));
        if (reading.BytesTotal > 0)
        {
            double share = Math.Clamp((double)reading.BytesDone / reading.BytesTotal, 0, 1);
            int full = (int)(share * BarWidth);
            line.Append(new string('#', full), new Style(foreground: Color.Aqua))
                .Append(new string('-', BarWidth - full), Dim)
                .Append(string.Create(CultureInfo.InvariantCulture, $" {share,5:P0}  "));
        }
        else
        {
            line.Append($"{Megabytes(reading.BytesDone)} MB  ");
        }
        string left = Remaining(reading, elapsed) is { } remaining ? $", {Words(remaining)} left" : "";
        return line.Append(string.Create(CultureInfo.InvariantCulture, $"{reading.Events:N0} events, {Rate(reading, elapsed):N0} events/s{left}")).Renderable;
    }

    // How the job ended is for whoever awaits it.
    private async Task<bool> EndsWithin(Task job, TimeSpan interval)
    {
        if (!job.IsCompleted)
        {
            using CancellationTokenSource ended = new();
            await Task.WhenAny(job, Task.Delay(interval, time, ended.Token));
            await ended.CancelAsync();
        }
        return job.IsCompleted;
    }

    private static double Rate(ProgressReading reading, TimeSpan elapsed) => reading.Events / Math.Max(elapsed.TotalSeconds, 0.001);

    private static string Megabytes(long bytes) => (bytes / 1e6).ToString("N1", CultureInfo.InvariantCulture);

    private static string Words(TimeSpan span) => span.TotalMinutes < 1
        ? string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(span.TotalSeconds):0} s")
        : span.TotalHours < 1
            ? string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(span.TotalMinutes):0} min")
            : string.Create(CultureInfo.InvariantCulture, $"{span.TotalHours:0.0} h");
}
