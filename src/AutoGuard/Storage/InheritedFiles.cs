using System.Globalization;
using System.Runtime.InteropServices;

namespace AutoGuard.Storage;

/// <summary>What children of this process get of its open files.</summary>
internal static partial class InheritedFiles
{
    private const int StandardError = 2;

    // Of Linux's fcntl.h.
    private const int GetFlags = 1;
    private const int SetFlags = 2;
    private const int CloseOnExec = 1;

    /// <summary>
    /// Keeps this process's open files, the standard ones apart, from children that are started from now on. .NET keeps its own to itself;
    /// librdkafka does not with its pipes and the connections that the embedded broker has accepted. In a server that outlives a killed
    /// worker they would stay open, and whoever was connected would not learn that the broker is gone.
    /// </summary>
    public static void Withhold()
    {
        foreach (string entry in Directory.EnumerateFileSystemEntries("/proc/self/fd"))
        {
            int file = int.Parse(Path.GetFileName(entry), NumberStyles.None, CultureInfo.InvariantCulture);
            // One that was closed meanwhile has no flags.
            if (file > StandardError && fcntl(file, GetFlags, 0) is >= 0 and int flags && (flags & CloseOnExec) == 0)
            {
                _ = fcntl(file, SetFlags, flags | CloseOnExec);
            }
        }
    }

    [LibraryImport("libc")]
    private static partial int fcntl(int file, int command, int argument);
}
