using AutoGuard.Configuration;

namespace AutoGuard.CommandLine;

/// <summary>Exit status of the program.</summary>
public static class ExitStatus
{
    /// <summary>Done.</summary>
    public const int Done = 0;

    /// <summary>Failed on the way.</summary>
    public const int Failed = 1;

    /// <summary>Wrong usage or configuration; nothing was started.</summary>
    public const int Usage = 2;
}

/// <summary>What every verb is given besides its arguments.</summary>
/// <param name="Settings">The checked configuration.</param>
/// <param name="Verbose">Whether details of failures are wanted.</param>
/// <param name="Output">Results.</param>
/// <param name="Error">Everything else: errors, progress.</param>
public sealed record VerbContext(EffectiveSettings Settings, bool Verbose, TextWriter Output, TextWriter Error)
{
    /// <summary>
    /// Loads the same configuration with changes laid over all of it: a file, or none, and then texts of <c>--set</c>.
    /// Throws <see cref="SettingsException"/> when the whole is wrong.
    /// </summary>
    public required Func<string?, IReadOnlyList<string>, EffectiveSettings> With { get; init; }
}

/// <summary>Carries a verb out. Cancellation is Ctrl-C, SIGTERM or SIGHUP: finish cleanly and return.</summary>
/// <returns>An <see cref="ExitStatus"/>.</returns>
public delegate Task<int> VerbHandler<in TArguments>(TArguments arguments, VerbContext context, CancellationToken cancellation);

/// <summary>A failure that the operator can understand from its message; ends the program without a stack trace.</summary>
/// <param name="message">A sentence.</param>
/// <param name="status">An <see cref="ExitStatus"/>.</param>
public sealed class VerbException(string message, int status = ExitStatus.Failed) : Exception(message)
{
    /// <summary>The exit status.</summary>
    public int Status { get; } = status;
}

/// <summary>One line of <c>check</c>.</summary>
/// <param name="Name">What was looked at, a word or two.</param>
/// <param name="Text">What was found.</param>
/// <param name="Passed">False when the worker could not do its job with it.</param>
public sealed record CheckLine(string Name, string Text, bool Passed = true);

/// <summary>Looks at one thing for <c>check</c>: the Kafka library, the spike engine, a connection.</summary>
public delegate Task<CheckLine> CheckProbe(EffectiveSettings settings, CancellationToken cancellation);

/// <summary>Who carries out which verb.</summary>
public sealed record VerbHandlers
{
    /// <summary><c>demo</c>.</summary>
    public required VerbHandler<DemoArguments> Demo { get; init; }

    /// <summary>What <c>demo</c> sets otherwise than <c>appsettings.json</c>, as texts of <c>--set</c>.</summary>
    public IReadOnlyList<string> DemoPresets { get; init; } = [];

    /// <summary><c>run</c>.</summary>
    public required VerbHandler<RunArguments> Run { get; init; }

    /// <summary><c>replay</c>.</summary>
    public required VerbHandler<ReplayArguments> Replay { get; init; }

    /// <summary><c>backtest</c>.</summary>
    public required VerbHandler<BacktestArguments> Backtest { get; init; }

    /// <summary><c>calibrate</c>.</summary>
    public required VerbHandler<CalibrateArguments> Calibrate { get; init; }

    /// <summary><c>simulate</c>.</summary>
    public required VerbHandler<SimulateArguments> Simulate { get; init; }

    /// <summary><c>report</c>.</summary>
    public required VerbHandler<ReportArguments> Report { get; init; }

    /// <summary><c>rules list</c>.</summary>
    public required VerbHandler<RulesListArguments> RulesList { get; init; }

    /// <summary><c>rules add</c>.</summary>
    public required VerbHandler<RulesAddArguments> RulesAdd { get; init; }

    /// <summary><c>rules remove</c>.</summary>
    public required VerbHandler<RulesRemoveArguments> RulesRemove { get; init; }

    /// <summary><c>rules import</c>.</summary>
    public required VerbHandler<RulesImportArguments> RulesImport { get; init; }

    /// <summary><c>rules export</c>.</summary>
    public required VerbHandler<RulesExportArguments> RulesExport { get; init; }

    /// <summary><c>keys list</c>.</summary>
    public required VerbHandler<KeysListArguments> KeysList { get; init; }

    /// <summary><c>keys add</c>.</summary>
    public required VerbHandler<KeysAddArguments> KeysAdd { get; init; }

    /// <summary><c>keys remove</c>.</summary>
    public required VerbHandler<KeysRemoveArguments> KeysRemove { get; init; }

    /// <summary><c>explain</c>.</summary>
    public required VerbHandler<ExplainArguments> Explain { get; init; }

    /// <summary>What <c>check</c> looks at beyond the configuration, in order.</summary>
    public IReadOnlyList<CheckProbe> Probes { get; init; } = [];

    /// <summary>Rules of the configuration that only other parts know.</summary>
    public SettingsRule? FurtherRules { get; init; }
}
