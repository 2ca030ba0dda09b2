using System.Diagnostics;

namespace AutoGuard.Guardian.Tests;

/// <summary>
/// A test of a program that the set-up installs from the distribution. A developer's machine may lack it, and the test is
/// then skipped by name; where CI=true its absence is a failure.
/// </summary>
public sealed class FactOfAttribute : FactAttribute
{
    public FactOfAttribute(string program)
    {
        if (Programs.Find(program) is null && Environment.GetEnvironmentVariable("CI") != "true")
        {
            Skip = $"{program} is not installed and could not be: apt-get install {program}.";
        }
    }
}

internal static class Programs
{
    public static string? Find(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Concat(["/usr/sbin", "/usr/local/sbin"])
            .Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    public static string Need(string name) =>
        Find(name) ?? throw new InvalidOperationException($"{name} is needed where CI=true and was not found: apt-get install {name}.");

    public static async Task<(int Status, string Output)> RunAsync(string name, params string[] arguments)
    {
        var start = new ProcessStartInfo(Need(name), arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output + await error);
    }
}

/// <summary>A program that runs until disposed, and what it has said.</summary>
internal sealed class RunningProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly System.Text.StringBuilder _said = new();

    public RunningProcess(string name, string folder, params string[] arguments)
    {
        string program = Programs.Need(name);
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder };
        // The set-up unpacks programs beside their libraries, without telling the system's loader of them.
        string libraries = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(program)!, "..", "lib"));
        if (!libraries.StartsWith("/usr/", StringComparison.Ordinal) && Directory.Exists(libraries))
        {
            start.Environment["LD_LIBRARY_PATH"] = string.Join(':', Directory.GetDirectories(libraries));
        }
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Note(line.Data);
        _process.ErrorDataReceived += (_, line) => Note(line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public string Said
    {
        get
        {
            lock (_said)
            {
                return _said.ToString();
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private void Note(string? line)
    {
        lock (_said)
        {
            _said.AppendLine(line);
        }
    }
}
