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
    /// only: reports hold addresses and user ids.
    /// </summary>
    public static async Task WriteAsync(string path, Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken)
    {
        var full = Path.GetFullPath(path);
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
