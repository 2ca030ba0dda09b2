namespace AutoGuard.Core.Tests.Architecture;

/// <summary>The repository's own text files, found from wherever the tests run.</summary>
internal static class RepositoryFiles
{
    private static readonly HashSet<string> Skipped = ["artifacts", "bin", "obj", "TestResults", "node_modules"];

    private static readonly HashSet<string> TextExtensions =
        [".cs", ".razor", ".csproj", ".props", ".targets", ".json", ".md", ".sql", ".css", ".js", ".html", ".sh", ".yml", ".yaml", ".txt"];

    public static string Root { get; } = FindRoot();

    /// <summary>Paths relative to the root with forward slashes, optionally below a folder and of one extension.</summary>
    public static IEnumerable<string> List(string folder = "", string? extension = null) =>
        Walk(new DirectoryInfo(Path.Combine(Root, folder)))
            .Where(file => extension is null ? TextExtensions.Contains(file.Extension) : file.Extension == extension)
            .Select(file => Path.GetRelativePath(Root, file.FullName).Replace('\\', '/'))
            .Order(StringComparer.Ordinal);

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    private static IEnumerable<FileInfo> Walk(DirectoryInfo folder) =>
        folder.EnumerateFiles().Concat(folder.EnumerateDirectories()
            .Where(child => child.LinkTarget is null && child.Name[0] != '.' && !Skipped.Contains(child.Name))
            .SelectMany(Walk));

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "AutoGuard.sln")))
            {
                return folder.FullName;
            }
        }
        throw new InvalidOperationException($"No AutoGuard.sln at or above {AppContext.BaseDirectory}");
    }
}
