using AutoGuard.CommandLine;
using AutoGuard.Configuration;

namespace AutoGuard.Verbs;

/// <summary>The log file of a run whose terminal belongs to the live view; none where there is no terminal.</summary>
internal sealed class LogFile : IDisposable
{
    private LogFile(string? path, StreamWriter? writer)
    {
        Path = path;
        Writer = writer;
    }

    /// <summary>Where it is; null when the log goes to standard error.</summary>
    public string? Path { get; }

    /// <summary>Takes the log; null for standard error.</summary>
    public StreamWriter? Writer { get; }

    /// <summary>Opens the file in the data folder, unless the log can go to standard error.</summary>
    public static LogFile Open(EffectiveSettings settings, string name, bool always = false)
    {
        if (!WorkerLogging.ViewOwnsTerminal && !always)
        {
            return new LogFile(null, null);
        }
        try
        {
            string folder = System.IO.Path.Combine(settings.Values.DataDirectory, "logs");
            Directory.CreateDirectory(folder);
            string path = System.IO.Path.Combine(folder, name);
            return new LogFile(path, new StreamWriter(path, append: true));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new VerbException($"DataDirectory {settings.Values.DataDirectory} cannot be written: {error.Message}", ExitStatus.Usage);
        }
    }

    /// <summary>Closes it. Lines that a full disk does not take are lost, which is no reason for a run to fail at its end.</summary>
    public void Dispose()
    {
        try
        {
            Writer?.Dispose();
        }
        catch (IOException)
        {
            // Each line was flushed, or counted as lost, when it was written.
        }
    }
}
