namespace AutoGuard.Tests.Reports;

public sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("autoguard-reports-").FullName;

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public string[] Names => [.. Directory.EnumerateFileSystemEntries(Path).Select(path => System.IO.Path.GetFileName(path)!).Order(StringComparer.Ordinal)];

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
