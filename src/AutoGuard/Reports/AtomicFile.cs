using System.Globalization;

namespace AutoGuard.Reports;

/// <summary>Writes a file beside its place and moves it there when it is complete, so a reader never sees half a file.</summary>
internal static class AtomicFile
{
    /// <summary>Start and end of the names of files that are being written.</summary>
    public const string TemporaryPrefix = ".", TemporarySuffix = ".tmp";

    private static int _count;

    /// <summary>
    /// Writes <paramref name="path"/>, replacing what is there; folders are made. The file is readable by owner and group
    /// only: reports and decisions hold addresses and user ids. A link stays, what it leads to is replaced. A pipe or device
    /// is written as it comes.
    /// </summary>
    public static async Task WriteAsync(string path, Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken)
    {
        if (OpenForStreaming(path) is { } open)
        {
            await using (open)
            {
                await write(open, cancellationToken);
                await open.FlushAsync(cancellationToken);
            }

            return;
        }

        var full = RealPath.Of(path);
        var folder = Path.GetDirectoryName(full) ?? throw new IOException($"'{path}' names a folder, not a file.");
        Directory.CreateDirectory(folder);
        var temporary = Path.Combine(folder, string.Create(
            CultureInfo.InvariantCulture,
            $"{TemporaryPrefix}{Path.GetFileName(full)}.{Environment.ProcessId}-{Interlocked.Increment(ref _count)}{TemporarySuffix}"));
        try
        {
            await using (var stream = new FileStream(temporary, Options()))
            {
                await write(stream, cancellationToken);
                await stream.FlushAsync(cancellationToken);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, full, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    /// <summary>Whether a path is a device's or a process's own: these are never replaced by a file.</summary>
    public static bool IsDevice(string path)
    {
        var full = Path.GetFullPath(path);
        return !OperatingSystem.IsWindows() && !full.StartsWith("/dev/shm/", StringComparison.Ordinal)
            && (full.StartsWith("/dev/", StringComparison.Ordinal) || full.StartsWith("/proc/", StringComparison.Ordinal));
    }

    /// <summary>Opens what cannot be replaced; null for a file and for what is not there.</summary>
    private static FileStream? OpenForStreaming(string path)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        // Also tells a file that may not be written: renaming would replace it all the same.
        var stream = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        if (!stream.CanSeek || IsDevice(path) || IsDevice(RealPath.Of(path)))
        {
            return stream;
        }

        stream.Dispose();
        return null;
    }

    private static FileStreamOptions Options()
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            Share = FileShare.None,
            Options = FileOptions.Asynchronous,
        };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;
        }

        return options;
    }
}
