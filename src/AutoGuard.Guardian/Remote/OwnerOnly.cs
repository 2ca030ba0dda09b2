namespace AutoGuard.Guardian.Remote;

/// <summary>A file that holds a secret may be read by others than its owner.</summary>
public sealed class OwnerOnlyException(string message) : IOException(message);

/// <summary>Files that only their owner may read.</summary>
internal static class OwnerOnly
{
    private const UnixFileMode Others =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>Refuses a file that group or others have any right to. On Windows access lists rule, and nothing is checked.</summary>
    /// <exception cref="OwnerOnlyException">They have.</exception>
    /// <exception cref="IOException">There is no such file.</exception>
    public static void Check(string path)
    {
        if (!File.Exists(path))
        {
            throw new FileNotFoundException("no such file", path);
        }
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & Others) != 0)
        {
            throw new OwnerOnlyException($"{path} can be read by others than its owner: chmod 600 it, and replace what is in it if anybody may have looked.");
        }
    }

    /// <summary>Writes a new file; nobody else can read it at any moment.</summary>
    /// <exception cref="IOException">It exists, or cannot be written.</exception>
    public static void Create(string path, ReadOnlySpan<byte> content)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }
        using var file = new FileStream(path, options);
        file.Write(content);
        file.Flush(flushToDisk: true);
    }
}
