using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.Versioning;

namespace AutoGuard.Tests.Documentation;

/// <summary>How a command ended.</summary>
/// <param name="Status">Exit status.</param>
/// <param name="Output">Lines of standard output and standard error.</param>
internal sealed record CommandResult(int Status, IReadOnlyList<string> Output);

/// <summary>
/// A folder that looks to a reader like a fresh clone: the settings, the samples, and an <c>autoguard</c> that starts the
/// program these tests were built with. Commands run there as they stand on the page.
/// </summary>
[UnsupportedOSPlatform("windows")]
internal sealed class ReaderHome : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    public ReaderHome()
    {
        Folder = Directory.CreateTempSubdirectory("ag-readme-").FullName;
        // Passable for others, so that root's PostgreSQL, running as postgres, gets into the data folder.
        File.SetUnixFileMode(Folder, Mode("755"));
        File.Copy(Path.Combine(Repository.Root, "appsettings.json"), Path.Combine(Folder, "appsettings.json"));
        File.CreateSymbolicLink(Path.Combine(Folder, "samples"), Path.Combine(Repository.Root, "samples"));
        // An HTTP error fails curl, which by itself would be content with any answer.
        File.WriteAllText(Path.Combine(Folder, ".curlrc"), "fail-with-body\nsilent\nshow-error\n");
        string launcher = Path.Combine(Folder, "autoguard");
        File.WriteAllText(launcher, $"#!/bin/sh\nexec '{Environment.ProcessPath}' '{Path.Combine(AppContext.BaseDirectory, "AutoGuard.dll")}' \"$@\"\n");
        File.SetUnixFileMode(launcher, Mode("755"));
    }

    public string Folder { get; }

    /// <summary>Further environment of the commands.</summary>
    public Dictionary<string, string> Variables { get; } = [];

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    /// <summary>Runs a command to its end.</summary>
    public async Task<CommandResult> RunAsync(string command)
    {
        using RunningCommand running = Start(command);
        return await running.EndAsync(Patience);
    }

    /// <summary>Runs a command that must succeed.</summary>
    public async Task<IReadOnlyList<string>> SucceedAsync(string command)
    {
        CommandResult result = await RunAsync(command);
        Assert.True(result.Status == 0, $"{command}\nended with exit status {result.Status}:\n{string.Join('\n', result.Output)}");
        return result.Output;
    }

    /// <summary>Starts a command.</summary>
    public RunningCommand Start(string command)
    {
        ProcessStartInfo start = new("/bin/bash")
        {
            WorkingDirectory = Folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add(command);
        start.Environment["AUTOGUARD_HOME"] = Folder;
        start.Environment["HOME"] = Folder;
        foreach ((string name, string value) in Variables)
        {
            start.Environment[name] = value;
        }
        return new RunningCommand(command, Process.Start(start)!);
    }

    private static UnixFileMode Mode(string octal) => (UnixFileMode)Convert.ToInt32(octal, 8);
}

/// <summary>A command that runs.</summary>
[UnsupportedOSPlatform("windows")]
internal sealed class RunningCommand : IDisposable
{
    private readonly string _command;
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _output = new();

    public RunningCommand(string command, Process process)
    {
        _command = command;
        _process = process;
        _process.OutputDataReceived += (_, e) => Keep(e.Data);
        _process.ErrorDataReceived += (_, e) => Keep(e.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        _process.StandardInput.Close();
    }

    /// <summary>What it has written so far.</summary>
    public IReadOnlyList<string> Output => [.. _output];

    /// <summary>Waits for a line with <paramref name="part"/> and returns it.</summary>
    public async Task<string> LineAsync(string part, TimeSpan patience)
    {
        long since = Stopwatch.GetTimestamp();
        while (true)
        {
            if (Output.FirstOrDefault(line => line.Contains(part, StringComparison.Ordinal)) is { } found)
            {
                return found;
            }
            Assert.True(
                !_process.HasExited && Stopwatch.GetElapsedTime(since) < patience,
                $"{_command}\nnever said '{part}' but:\n{string.Join('\n', Output)}");
            await Task.Delay(50);
        }
    }

    /// <summary>Asks it to stop, as a service manager does, and waits for its end.</summary>
    public async Task<CommandResult> StopAsync(TimeSpan patience)
    {
        using (Process kill = Process.Start("kill", ["-TERM", _process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]))
        {
            await kill.WaitForExitAsync();
        }
        return await EndAsync(patience);
    }

    /// <summary>Waits for its end.</summary>
    public async Task<CommandResult> EndAsync(TimeSpan patience)
    {
        using CancellationTokenSource limit = new(patience);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"{_command}\ndid not end within {patience}:\n{string.Join('\n', Output)}");
        }
        return new CommandResult(_process.ExitCode, Output);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            _process.WaitForExit();
        }
        _process.Dispose();
    }

    private void Keep(string? line)
    {
        if (line is not null)
        {
            _output.Enqueue(line);
        }
    }
}
