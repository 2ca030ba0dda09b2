using AutoGuard.Guardian.Api;

namespace AutoGuard.Worker;

/// <summary>
/// The first key of the HTTP API, made at set-up, kept in a file of the data folder that only its owner can read, so that
/// the operator on this machine and the command line can use it.
/// </summary>
internal static class OperatorKey
{
    private const string FileName = "api-key";

    /// <summary>Where the key of a data folder is.</summary>
    public static string PathIn(string dataDirectory) => Path.Combine(dataDirectory, FileName);

    /// <summary>Makes the first key if there is none and keeps it; returns it when it was made now.</summary>
    public static async Task<string?> EnsureAsync(ApiKeys keys, string dataDirectory, CancellationToken cancellation)
    {
        string? made = await keys.EnsureFirstKeyAsync(cancellation);
        if (made is not null)
        {
            // The mode of a file that is there would stay what it was.
            File.Delete(PathIn(dataDirectory));
            FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }
            await using StreamWriter writer = new(PathIn(dataDirectory), options);
            await writer.WriteLineAsync(made.AsMemory(), cancellation);
        }
        return made;
    }

    /// <summary>The key kept in a data folder, or null.</summary>
    public static async Task<string?> ReadAsync(string dataDirectory, CancellationToken cancellation)
    {
        string path = PathIn(dataDirectory);
        return File.Exists(path) ? (await File.ReadAllTextAsync(path, cancellation)).Trim() : null;
    }
}
