namespace AutoGuard.Tests.Documentation;

/// <summary>The repository's own files, found from wherever the tests run.</summary>
internal static class Repository
{
    private static readonly HashSet<string> Skipped = ["artifacts", "bin", "obj", "data", "TestResults", "BenchmarkDotNet.Artifacts"];

    public static string Root { get; } = FindRoot();

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path)).ReplaceLineEndings("\n");

    /// <summary>Markdown files, relative to the root.</summary>
    public static IEnumerable<string> Pages() => Walk(new DirectoryInfo(Root))
        .Where(file => file.Extension == ".md")
        .Select(file => Path.GetRelativePath(Root, file.FullName))
        .Order(StringComparer.Ordinal);

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
