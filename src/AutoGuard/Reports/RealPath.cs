namespace AutoGuard.Reports;

/// <summary>The one path of a file that several paths may lead to.</summary>
internal static class RealPath
{
    /// <summary>As the kernel: a chain of more links leads nowhere.</summary>
    private const int MostLinks = 40;

    /// <summary>Compares paths as this system's file systems usually do.</summary>
    public static StringComparer Comparer { get; } =
        OperatingSystem.IsWindows() || OperatingSystem.IsMacOS() ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal;

    /// <summary>The full path with every link on the way followed; what is not there yet is as it was written.</summary>
    public static string Of(string path) => Follow(Path.GetFullPath(path), MostLinks);

    private static string Follow(string full, int links)
    {
        string at = Path.GetPathRoot(full) ?? "";
        foreach (string part in full[at.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries))
        {
            at = Path.Combine(at, part);
            if (new FileInfo(at).LinkTarget is not { } target)
            {
                continue;
            }
            if (links == 0)
            {
                throw new IOException($"'{full}' leads through too many links.");
            }
            at = Follow(Path.GetFullPath(target, Path.GetDirectoryName(at) ?? ""), links - 1);
        }
        return at;
    }
}
