using System.Globalization;

namespace AutoGuard.Storage;

/// <summary>What <c>postmaster.pid</c> says of the server that wrote it; its lines are documented in PostgreSQL's miscadmin.h.</summary>
/// <param name="Text">The whole file.</param>
/// <param name="ProcessId">The postmaster's process.</param>
/// <param name="Port">Its port, also part of the socket's name.</param>
/// <param name="HasSocket">Whether it made a socket in its data folder.</param>
internal sealed record PostgresPidFile(string Text, int ProcessId, int Port, bool HasSocket)
{
    public const string Name = "postmaster.pid";

    public static PostgresPidFile? Read(string cluster)
    {
        string text;
        try
        {
            text = File.ReadAllText(Path.Combine(cluster, Name));
        }
        catch (FileNotFoundException)
        {
            return null;
        }
        string[] lines = text.Split('\n');
        int pid = lines.Length > 0 && int.TryParse(lines[0], NumberStyles.Integer, CultureInfo.InvariantCulture, out int p) ? Math.Abs(p) : 0;
        int port = lines.Length > 3 && int.TryParse(lines[3], NumberStyles.None, CultureInfo.InvariantCulture, out int o) ? o : 0;
        return new PostgresPidFile(text, pid, port, lines.Length > 4 && lines[4].Trim().Length > 0);
    }

    /// <summary>
    /// Whether the server that wrote the file still runs. After a crash or a reboot its number may belong to any other
    /// process, so the process must also stand in this very folder, as a postmaster does.
    /// </summary>
    public bool IsAlive() => ProcessId > 0 && StandsHere($"/proc/{ProcessId}");

    /// <summary>Whether any process, be it an orphan of a killed server, still stands in the folder.</summary>
    public bool AnyoneAlive() => Directory.EnumerateDirectories("/proc")
        .Any(folder => char.IsAsciiDigit(Path.GetFileName(folder)[0]) && StandsHere(folder));

    private bool StandsHere(string process)
    {
        try
        {
            return File.ReadAllText($"{process}/cwd/{Name}") == Text && File.ReadAllText($"{process}/comm").StartsWith("postgres", StringComparison.Ordinal);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
