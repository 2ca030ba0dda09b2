namespace AutoGuard.Storage;

/// <summary>
/// A lock on a file that the kernel releases when the process ends, however it ends. Shared holders exclude the exclusive
/// one and the other way round, between processes and within one.
/// </summary>
internal static class FolderLock
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromMilliseconds(25);

    public static FileStream? TryExclusive(string path) => TryOpen(path, FileAccess.ReadWrite, FileShare.None);

    public static FileStream? TryShared(string path) => TryOpen(path, FileAccess.Read, FileShare.Read);

    /// <summary>Waits for the exclusive lock.</summary>
    /// <exception cref="EmbeddedPostgresException">Another process kept it beyond the deadline.</exception>
    public static async Task<FileStream> ExclusiveAsync(string path, TimeSpan patience, TimeProvider time, CancellationToken cancellationToken)
    {
        long start = time.GetTimestamp();
        while (true)
        {
            if (TryExclusive(path) is FileStream held)
            {
                return held;
            }
            if (time.GetElapsedTime(start) > patience)
            {
                throw new EmbeddedPostgresException($"Another process has been starting or stopping the embedded PostgreSQL for more than {patience.TotalSeconds:0} s ({path} is locked).");
            }
            await Task.Delay(RetryAfter, time, cancellationToken);
        }
    }

    private static FileStream? TryOpen(string path, FileAccess access, FileShare share)
    {
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = access, Share = share, BufferSize = 0 };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }
            return new FileStream(path, options);
        }
        catch (IOException error) when (error is not DirectoryNotFoundException and not FileNotFoundException and not PathTooLongException && File.Exists(path))
        {
            return null;
        }
    }
}
