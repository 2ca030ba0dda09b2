using AutoGuard.Tests.Samples;

namespace AutoGuard.Tests.Verbs;

/// <summary><c>autoguard run</c> as a process with its embedded servers.</summary>
public sealed class RunningProgram : IAsyncLifetime, IDisposable
{
    private readonly WorkFolder _folder = new();
    private ChildProgram? _program;

    internal static SampleFolder Sample { get; } = new("01-token-sharing");

    internal string Folder => _folder.Path;

    internal string Kafka { get; private set; } = "";

    internal string Address { get; private set; } = "";

    internal string Key => File.ReadAllText(_folder["data/api-key"]).Trim();

    internal ChildProgram Program => _program!;

    public async Task InitializeAsync()
    {
        _program = Start(_folder.Path);
        Kafka = await _program.WordAfterAsync("autoguard: Kafka");
        Address = await _program.WordAfterAsync("autoguard: dashboard and API");
    }

    public async Task DisposeAsync()
    {
        if (_program is { HasEnded: false })
        {
            await _program.TerminateAsync();
            await _program.EndWithinAsync(TimeSpan.FromSeconds(30));
        }
        await _program!.DisposeAsync();
    }

    public void Dispose() => _folder.Dispose();

    internal string this[string file] => _folder[file];

    /// <summary>Another verb beside the running worker, in the same folder.</summary>
    internal Task<Ended> VerbAsync(params string[] arguments) =>
        ChildProgram.RunAutoGuardAsync(_folder.Path, [.. arguments, "--set", $"Web:Address={Address}"]);

    internal static ChildProgram Start(string folder) => ChildProgram.AutoGuard(
        folder, "run", "--config", Sample["settings.json"], "--set", "Web:Address=http://127.0.0.1:0", "--set", "Detection:AllowedLateness=00:00:02",
        "--set", "Policy:Mode=Enforce", "--set", "Reports:Cron=0 0 0 1 1 ? 2099");
}
