using System.Text;
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

    /// <summary>
    /// Makes the first key if there is none and keeps it; returns it when it was made now. The file is on the disk under
    /// another name before the key counts: a crash at any point loses no key that opens something. What a start that was cut
    /// off left under that name is taken up by the next one.
    /// </summary>
    public static async Task<string?> EnsureAsync(ApiKeys keys, string dataDirectory, CancellationToken cancellation)
    {
        string path = PathIn(dataDirectory);
        string unfinished = path + ".new";
        string? made = await keys.EnsureFirstKeyAsync((key, token) => WriteAsync(unfinished, key, token), cancellation);
        if (made is null && File.Exists(unfinished))
        {
            string left = (await File.ReadAllTextAsync(unfinished, cancellation)).Trim();
            made = await keys.FindAsync(left, cancellation) is null ? null : left;
            if (made is null)
            {
                File.Delete(unfinished);
            }
        }
        if (made is not null)
        {
            try
            {
                File.Move(unfinished, path, overwrite: true);
            }
            catch (FileNotFoundException) when (File.Exists(path))
            {
                // Another program that started at the same time on this folder was faster.
            }
        }
        return made;
    }

    /// <summary>The key kept in a data folder, or null.</summary>
    public static async Task<string?> ReadAsync(string dataDirectory, CancellationToken cancellation)
    {
        string path = PathIn(dataDirectory);
        return File.Exists(path) ? (await File.ReadAllTextAsync(path, cancellation)).Trim() : null;
    }

    private static async Task WriteAsync(string path, string key, CancellationToken cancellation)
    {
        // The mode of a file that is there would stay what it was.
        File.Delete(path);
        FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }
        await using FileStream file = new(path, options);
        await file.WriteAsync(Encoding.UTF8.GetBytes(key + "\n"), cancellation);
        file.Flush(flushToDisk: true);
    }
}
