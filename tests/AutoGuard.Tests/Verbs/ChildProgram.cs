using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace AutoGuard.Tests.Verbs;

/// <summary>What a program that has ended left behind.</summary>
internal sealed record Ended(int Status, string Output, string Error);

/// <summary>A program as a child process, such as AutoGuard itself, with all it writes.</summary>
internal sealed class ChildProgram : IAsyncDisposable
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(90);

    private readonly Process _process;
    private readonly string _name;
    private readonly ConcurrentQueue<string> _output = new();
    private readonly ConcurrentQueue<string> _error = new();

    private ChildProgram(Process process, string name)
    {
        _process = process;
        _name = name;
        process.OutputDataReceived += (_, line) => Keep(_output, line.Data);
        process.ErrorDataReceived += (_, line) => Keep(_error, line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public bool HasEnded => _process.HasExited;

    public string Error => string.Join('\n', _error);

    public string Output => string.Join('\n', _output);

    /// <summary>Starts AutoGuard as a user would at a terminal, in a folder of its own: what ignores its end (nohup) would hand that down.</summary>
    public static ChildProgram AutoGuard(string folder, params string[] arguments) =>
        Start("env", folder, ["--default-signal=HUP", "dotnet", Path.Combine(AppContext.BaseDirectory, "AutoGuard.dll"), .. arguments], $"autoguard {arguments.FirstOrDefault()}");

    /// <summary>Runs AutoGuard to its end.</summary>
    public static async Task<Ended> RunAutoGuardAsync(string folder, string[] arguments, Stream? input = null)
    {
        await using ChildProgram program = AutoGuard(folder, arguments);
        return await program.EndAsync(input);
    }

    /// <summary>Runs another program to its end.</summary>
    public static async Task<Ended> RunAsync(string name, params string[] arguments)
    {
        await using ChildProgram program = Start(name, Path.GetTempPath(), arguments);
        return await program.EndAsync();
    }

    /// <summary>Waits for a line of standard error that contains a text, and returns what follows it, up to a space.</summary>
    public async Task<string> WordAfterAsync(string text)
    {
        string? found = null;
        await UntilAsync(
            () => (found = _error.FirstOrDefault(line => line.Contains(text, StringComparison.Ordinal))) is not null, $"a line with \"{text}\"");
        string rest = found![(found!.IndexOf(text, StringComparison.Ordinal) + text.Length)..].TrimStart();
        return rest.Split(' ', ',')[0];
    }

    public async Task UntilAsync(Func<bool> condition, string what)
    {
        var watch = Stopwatch.StartNew();
        while (!condition())
        {
            if (_process.HasExited || watch.Elapsed > Deadline)
            {
                string why = _process.HasExited ? $"{_name} ended with {_process.ExitCode}" : $"waited {Deadline.TotalSeconds} s";
                throw new TimeoutException($"{why}; in vain for {what}. Standard error:\n{Error}\nStandard output:\n{Output}");
            }
            await Task.Delay(20);
        }
    }

    /// <summary>Sends SIGTERM, as an init system does.</summary>
    public Task TerminateAsync() => SignalAsync("TERM");

    /// <summary>Sends a signal, by its name.</summary>
    public async Task SignalAsync(string signal)
    {
        using Process kill = Process.Start("kill", ["-" + signal, _process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
        Assert.Equal(0, kill.ExitCode);
    }

    /// <summary>Waits for the end.</summary>
    public async Task<Ended> EndAsync(Stream? input = null)
    {
        if (input is not null)
        {
            await input.CopyToAsync(_process.StandardInput.BaseStream);
        }
        _process.StandardInput.Close();
        return await EndWithinAsync(Deadline);
    }

    public async Task<Ended> EndWithinAsync(TimeSpan limit)
    {
        using CancellationTokenSource deadline = new(limit);
        try
        {
            await _process.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"Waited {limit.TotalSeconds} s in vain for {_name} to end. Standard error:\n{Error}");
        }
        return new Ended(_process.ExitCode, Output, Error);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }
        _process.Dispose();
    }

    private static ChildProgram Start(string name, string folder, string[] arguments, string? title = null)
    {
        ProcessStartInfo start = new(name, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string variable in start.Environment.Keys.Where(key => key.StartsWith("AUTOGUARD", StringComparison.OrdinalIgnoreCase)).ToArray())
        {
            start.Environment.Remove(variable);
        }
        Process process = Process.Start(start) ?? throw new InvalidOperationException($"{name} did not start.");
        return new ChildProgram(process, title ?? name);
    }

    private static void Keep(ConcurrentQueue<string> lines, string? line)
    {
        if (line is not null)
        {
            lines.Enqueue(line);
        }
    }
}
