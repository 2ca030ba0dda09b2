using AutoGuard.CommandLine;
using AutoGuard.Configuration;
using AutoGuard.Tests.Configuration;

namespace AutoGuard.Tests.CommandLine;

/// <summary>The command line with handlers that write down what they were given.</summary>
public sealed class RecordingVerbs : IDisposable
{
    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();

    /// <summary>Takes errors instead; then <see cref="Error"/> stays empty.</summary>
    public TextWriter? ErrorWriter { get; set; }

    public SettingsFolder Folder { get; } = new();

    /// <summary>Arguments of the verb that ran; null when none did.</summary>
    public object? Arguments { get; private set; }

    public VerbContext? Context { get; private set; }

    /// <summary>What handlers do after they wrote their arguments down.</summary>
    public Func<CancellationToken, Task<int>> Then { get; set; } = _ => Task.FromResult(ExitStatus.Done);

    public IReadOnlyList<CheckProbe> Probes { get; set; } = [];

    public IReadOnlyList<string> DemoPresets { get; set; } = [];

    public SettingsRule? FurtherRules { get; set; }

    public string Output => Clean(_output);

    public string Error => Clean(_error);

    public Task<int> RunAsync(params string[] arguments) => RunAsync(CancellationToken.None, arguments);

    public Task<int> RunAsync(CancellationToken cancellation, params string[] arguments) => CommandLineRoot.RunAsync(
        arguments,
        new VerbHandlers
        {
            Demo = Record,
            Run = Record,
            Replay = Record,
            Backtest = Record,
            Calibrate = Record,
            Simulate = Record,
            Report = Record,
            RulesList = Record,
            RulesAdd = Record,
            RulesRemove = Record,
            RulesImport = Record,
            RulesExport = Record,
            KeysList = Record,
            KeysAdd = Record,
            KeysRemove = Record,
            Explain = Record,
            Probes = Probes,
            DemoPresets = DemoPresets,
            FurtherRules = FurtherRules,
        },
        _output, ErrorWriter ?? _error, Folder.Environment, cancellation);

    public void Dispose()
    {
        Folder.Dispose();
        _output.Dispose();
        _error.Dispose();
    }

    private Task<int> Record<T>(T arguments, VerbContext context, CancellationToken cancellation)
    {
        Arguments = arguments;
        Context = context;
        return Then(cancellation);
    }

    private string Clean(StringWriter text) =>
        text.ToString().ReplaceLineEndings("\n").Replace(Folder.Path + Path.DirectorySeparatorChar, "", StringComparison.Ordinal);
}
