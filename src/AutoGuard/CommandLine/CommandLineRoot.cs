using System.Collections;
using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Runtime.InteropServices;
using AutoGuard.Configuration;

namespace AutoGuard.CommandLine;

/// <summary>The program's command line.</summary>
public sealed class CommandLineRoot
{
    // A worker that stops drains its queues first; after this the process ends whatever it is doing.
    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(30);

    private const string ProgramName = "autoguard";

    private readonly VerbHandlers _handlers;
    private readonly IDictionary _environment;
    private readonly List<(Command Command, Func<CommandResult, IEnumerable<string>> Complaints)> _requirements = [];

    private readonly Option<string[]> _configs = new("--config")
    {
        Description = "Settings file laid over appsettings.json; may be given several times, the later over the earlier.",
        HelpName = "FILE",
        Recursive = true,
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<string[]> _sets = new("--set")
    {
        Description = "One setting, over all others; may be given several times.",
        HelpName = "Section:Key=Value",
        Recursive = true,
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<bool> _verbose = new("--verbose") { Description = "Show the details of a failure.", Recursive = true };

    private CommandLineRoot(VerbHandlers handlers, IDictionary environment)
    {
        _handlers = handlers;
        _environment = environment;
    }

    private RootCommand Build()
    {
        RootCommand command = new("AutoGuard watches playback events and finds tokens, addresses and pages that abuse them.")
        {
            HelpName = ProgramName,
        };
        command.Options.Add(_configs);
        command.Options.Add(_sets);
        command.Options.Add(_verbose);
        VerbCatalog catalog = new(_handlers, this);
        foreach (Command verb in catalog.All())
        {
            command.Subcommands.Add(verb);
        }
        return command;
    }

    /// <summary>Parses, runs, and returns the exit status; never throws.</summary>
    public static async Task<int> RunAsync(
        IReadOnlyList<string> arguments, VerbHandlers handlers, TextWriter? output = null, TextWriter? error = null,
        IDictionary? environment = null, CancellationToken cancellation = default)
    {
        InvocationConfiguration invocation = new()
        {
            Output = output ?? Console.Out,
            Error = error ?? Console.Error,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = ShutdownTimeout,
        };
        // "@" begins no response file here: it may begin a token or a user.
        ParserConfiguration parser = new() { ResponseFileTokenReplacer = null, EnablePosixBundling = false };
        CommandLineRoot root = new(handlers, environment ?? Environment.GetEnvironmentVariables());
        ParseResult parsed;
        try
        {
            parsed = root.Build().Parse(arguments, parser);
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or FormatException)
        {
            // The parser throws where a check asks for a value that cannot be read: the words are wrong, not the program.
            await invocation.Error.WriteLineAsync($"autoguard: {OneLine(e.Message)}");
            await invocation.Error.WriteLineAsync($"Run \"{ProgramName} --help\" for the usage.");
            return ExitStatus.Usage;
        }
        Command command = parsed.CommandResult.Command;
        bool asksForVerb = parsed.Action is ParseErrorAction || parsed.Action == command.Action;
        string[] complaints = asksForVerb ? [.. root.Complaints(parsed).Distinct()] : [];
        if (complaints.Length == 0)
        {
            return await InvokeAsync(parsed, invocation, cancellation);
        }
        foreach (string message in complaints)
        {
            await invocation.Error.WriteLineAsync($"autoguard: {message}");
        }
        await invocation.Error.WriteLineAsync($"Run \"{FullName(command)} --help\" for the usage.");
        return ExitStatus.Usage;
    }

    /// <summary>Runs the verb. Interrupt and SIGTERM are the parser's; a terminal that is closed ends a verb in the same orderly way.</summary>
    private static async Task<int> InvokeAsync(ParseResult parsed, InvocationConfiguration invocation, CancellationToken cancellation)
    {
        using CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using PosixSignalRegistration hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
        {
            signal.Cancel = true;
            try
            {
                ending.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // It came while the verb ended by itself, and there is nothing left to end.
            }
        });
        return await parsed.InvokeAsync(invocation, ending.Token);
    }

    // For an unknown verb the parser has one message for each word after it, and one for the verb that is then missing.
    private IEnumerable<string> Complaints(ParseResult parsed)
    {
        Command command = parsed.CommandResult.Command;
        if (command.Subcommands.Count > 0 && parsed.UnmatchedTokens.FirstOrDefault(t => !t.StartsWith('-')) is { } unknown)
        {
            string? nearest = KeySuggestions.Nearest(command.Subcommands.Select(c => c.Name), unknown);
            return [$"{Secrets.Show(unknown, secret: false)} is no verb" + (nearest is null ? "." : $"; did you mean {nearest}?")];
        }
        return [
            .. parsed.Errors.Select(e => OneLine(e.Message)),
            .. _requirements.Where(requirement => requirement.Command == command).SelectMany(requirement => requirement.Complaints(parsed.CommandResult)),
        ];
    }

    /// <summary>
    /// Adds what several words of a verb must agree in; told together with what is wrong with single ones. Options that
    /// cannot be read are complained of elsewhere, and their values must not be asked for.
    /// </summary>
    internal void Require(Command command, Func<CommandResult, IEnumerable<string>> complaints) => _requirements.Add((command, complaints));

    private static string OneLine(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    /// <summary>Attaches a handler: settings are loaded and checked before it is called.</summary>
    /// <param name="command">The verb.</param>
    /// <param name="read">Makes its arguments of the words.</param>
    /// <param name="handler">Carries it out.</param>
    /// <param name="presets">What the verb sets otherwise, as texts of <c>--set</c>.</param>
    /// <param name="files">The files that it reads and writes; none is replaced that another word means.</param>
    internal void Attach<TArguments>(
        Command command, Func<ParseResult, TArguments> read, VerbHandler<TArguments> handler, IReadOnlyList<string>? presets = null,
        Func<TArguments, EffectiveSettings, IEnumerable<VerbFile>>? files = null) =>
        command.SetAction((parsed, cancellation) => RunAsync(command, parsed, read, handler, presets, files, cancellation));

    private async Task<int> RunAsync<TArguments>(
        Command command, ParseResult parsed, Func<ParseResult, TArguments> read, VerbHandler<TArguments> handler,
        IReadOnlyList<string>? presets, Func<TArguments, EffectiveSettings, IEnumerable<VerbFile>>? files, CancellationToken cancellation)
    {
        TextWriter error = parsed.InvocationConfiguration.Error;
        bool verbose = parsed.GetValue(_verbose);
        string name = FullName(command);
        try
        {
            VerbContext context = new(Load(null, []), verbose, parsed.InvocationConfiguration.Output, error) { With = Load };
            TArguments arguments = read(parsed);
            string[] complaints = files is null ? [] : [.. VerbFiles.Complaints(files(arguments, context.Settings)).Distinct()];
            foreach (string complaint in complaints)
            {
                await error.WriteLineAsync($"{name}: {complaint}");
            }
            return complaints.Length > 0 ? ExitStatus.Usage : await handler(arguments, context, cancellation);
        }
        catch (SettingsException e)
        {
            await TellAsync(error, e.Errors.Count == 1 ? "The configuration is wrong:" : $"The configuration is wrong in {e.Errors.Count} places:");
            foreach (SettingError one in e.Errors)
            {
                await TellAsync(error, $"  {one}");
            }
            return ExitStatus.Usage;
        }
        catch (VerbException e)
        {
            await TellAsync(error, $"{name}: {e.Message}");
            await DetailAsync(error, e, verbose && e.InnerException is not null);
            return e.Status;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            await TellAsync(error, $"{name}: interrupted.");
            return ExitStatus.Failed;
        }
        catch (Exception e)
        {
            string message = OneLine(e.Message);
            string hint = verbose ? "" : " Run again with --verbose for the details.";
            await TellAsync(error, $"{name}: failed: {message} ({e.GetType().Name}).{hint}");
            await DetailAsync(error, e, verbose);
            return ExitStatus.Failed;
        }

        EffectiveSettings Load(string? over, IReadOnlyList<string> changes) => SettingsLoader.Load(
            parsed.GetValue(_configs) ?? [], parsed.GetValue(_sets) ?? [], _environment, presets, _handlers.FurtherRules, over: over, changes: changes);
    }

    private static Task DetailAsync(TextWriter error, Exception exception, bool wanted) =>
        wanted ? TellAsync(error, exception.ToString()) : Task.CompletedTask;

    /// <summary>Tells of the end. On a terminal that was closed nobody reads it: then the exit status alone tells.</summary>
    private static async Task TellAsync(TextWriter error, string line)
    {
        try
        {
            await error.WriteLineAsync(line);
        }
        catch (IOException)
        {
            // There is no other place to tell it.
        }
    }

    private static string FullName(Command command) =>
        command is RootCommand ? ProgramName : $"{FullName(command.Parents.OfType<Command>().First())} {command.Name}";
}
