using Spectre.Console;

namespace AutoGuard.Live;

/// <summary>Where output goes, and what may be drawn there.</summary>
public static class Terminal
{
    /// <summary>Whether standard output is a terminal that a view can be drawn on: not piped, not CI, not dumb.</summary>
    public static bool OutputIsInteractive => !Console.IsOutputRedirected && !IsPlain;

    /// <summary>The same of standard error.</summary>
    public static bool ErrorIsInteractive => !Console.IsErrorRedirected && !IsPlain;

    private static bool IsPlain =>
        Environment.GetEnvironmentVariable("TERM") is "dumb" || !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("CI"));

    /// <summary>The view for standard output: drawn on a terminal, lines elsewhere.</summary>
    public static ILiveView LiveView(TimeProvider time)
    {
        ILiveView view = OutputIsInteractive ? new LiveView(AnsiConsole.Console, time) : new PlainLiveView(Console.Out, time);
        // A file that takes no more is an error; a terminal that is gone is not.
        return Console.IsOutputRedirected ? view : new TerminalView(view);
    }

    /// <summary>The progress for standard error, so that results on standard output can be piped.</summary>
    public static ProgressView Progress(TimeProvider time) => new(
        ErrorIsInteractive ? AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) }) : null,
        Console.Error,
        time);
}

/// <summary>Shows what the worker does while it runs.</summary>
public interface ILiveView
{
    /// <summary>Shows snapshots until cancelled, then the last one, and returns.</summary>
    /// <param name="read">Gives the present snapshot; called a few times a second, on any thread.</param>
    /// <param name="cancellation">The end of the view, not an error.</param>
    Task RunAsync(Func<LiveSnapshot> read, CancellationToken cancellation);

    /// <summary>Shows what a demo came to.</summary>
    void Conclude(DemoSummary summary);
}
