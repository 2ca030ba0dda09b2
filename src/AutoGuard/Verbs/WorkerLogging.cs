using AutoGuard.Configuration;
using AutoGuard.Live;

namespace AutoGuard.Verbs;

/// <summary>Where the worker's log goes: to standard error, or to a file while a live view owns the terminal.</summary>
internal static class WorkerLogging
{
    /// <summary>Configures logging; <paramref name="file"/> is null for standard error.</summary>
    public static Action<ILoggingBuilder> To(EffectiveSettings settings, TextWriter? file) => logging =>
    {
        settings.Values.Logging.Configure(logging);
        if (file is null)
        {
            logging.AddSimpleConsole(console =>
            {
                console.SingleLine = true;
                console.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z' ";
                console.UseUtcTimestamp = true;
            });
            logging.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(
                options => options.LogToStandardErrorThreshold = LogLevel.Trace);
        }
        else
        {
            logging.AddProvider(new TextLoggerProvider(file));
        }
    };

    /// <summary>
    /// Configures logging for a verb that only uses the servers: to standard error what goes wrong, and what goes on as
    /// well when details are wanted.
    /// </summary>
    public static Action<ILoggingBuilder> Quiet(EffectiveSettings settings, bool verbose) => logging =>
    {
        To(settings, null)(logging);
        if (!verbose)
        {
            logging.Services.Configure<LoggerFilterOptions>(options =>
            {
                options.Rules.Clear();
                options.MinLevel = LogLevel.Warning;
            });
        }
    };

    /// <summary>Whether a live view draws on the terminal.</summary>
    public static bool ViewOwnsTerminal => Terminal.OutputIsInteractive;
}
