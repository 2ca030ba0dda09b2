using System.Diagnostics;

namespace AutoGuard.Benchmarks.Runs;

/// <summary>This program once more, for a part whose processor time must not be counted here. It is over when its input ends.</summary>
internal sealed class ChildBenchmark : IDisposable
{
    private readonly Process _process;

    public ChildBenchmark(params string[] arguments)
    {
        ProcessStartInfo start = new(Environment.ProcessPath!) { RedirectStandardInput = true, RedirectStandardOutput = true };
        foreach (string argument in (string[])[typeof(ChildBenchmark).Assembly.Location, .. arguments])
        {
            start.ArgumentList.Add(argument);
        }
        if (Path.GetFileNameWithoutExtension(start.FileName) != "dotnet")
        {
            start.ArgumentList.RemoveAt(0);
        }
        _process = Process.Start(start)!;
    }

    /// <summary>The next line of its output.</summary>
    /// <exception cref="InvalidOperationException">It has ended.</exception>
    public async Task<string> LineAsync() =>
        await _process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("The other process has ended; it says why above.");

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }
}
