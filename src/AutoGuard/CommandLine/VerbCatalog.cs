using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;
using AutoGuard.Core.Events;
using AutoGuard.Core.Policy;
using AutoGuard.Guardian.Rules;
using AutoGuard.Simulation;
using AutoGuard.Simulation.Profiles;

namespace AutoGuard.CommandLine;

/// <summary>Names, options and help of every verb.</summary>
internal sealed partial class VerbCatalog(VerbHandlers handlers, CommandLineRoot root)
{
    private static readonly string[] ReportExtensions = [".html", ".json", ".csv"];
    private static readonly string[] RuleKinds = ["ip", "cidr", "referrer", "token"];

    /// <summary>All verbs, in the order of the help.</summary>
    public IEnumerable<Command> All() => [Demo(), Run(), Replay(), Backtest(), Calibrate(), Simulate(), Report(), Rules(), Keys(), Explain(), Check()];

    private Command Demo()
    {
        Option<TimeSpan?> duration = Duration("--for", "Stop after this long, with a summary; else at Ctrl-C.");
        Command command = new("demo", "Show the whole product with nothing else installed: embedded Kafka and PostgreSQL, simulated viewers and attackers.") { duration };
        root.Attach(command, p => new DemoArguments(p.GetValue(duration)), handlers.Demo, handlers.DemoPresets);
        return command;
    }

    private Command Run()
    {
        Command command = new("run", "Run the worker until it is stopped.");
        root.Attach(command, _ => new RunArguments(), handlers.Run);
        return command;
    }

    private Command Replay()
    {
        Argument<string[]> files = Recordings("Recorded events, JSON Lines, gzip or not; - reads standard input.", allowStandardInput: true);
        files.Validators.Add(result =>
        {
            if (result.Tokens.Count(t => t.Value == "-") > 1)
            {
                result.AddError("Standard input (-) can be read only once.");
            }
        });
        Option<string?> decisions = OneFile("--decisions", "Write decisions here, one JSON object a line.", "OUT.jsonl");
        Option<string[]> reports = ReportFiles("--report", ReportExtensions);
        Option<string?> summary = OneFile("--summary", "Write the counts of the run here, one JSON object.", "OUT.json");
        Option<string?> labels = ExistingFile("--labels", "Known incidents; prints precision, recall and time to detection.", "TRUTH.json");
        Command command = new("replay", "Run recorded events through detection, in event time, as fast as it goes; without Kafka or a database.")
        {
            files, decisions, reports, summary, labels,
        };
        root.Attach(
            command,
            p => new ReplayArguments(p.GetRequiredValue(files), p.GetValue(decisions), p.GetValue(reports) ?? [], p.GetValue(summary), p.GetValue(labels)),
            handlers.Replay,
            files: (a, settings) =>
            [
                .. VerbFiles.Of(settings), .. VerbFiles.Read("FILE", a.Files), .. VerbFiles.Read("--labels", a.Labels), .. VerbFiles.Written("--decisions", a.Decisions),
                .. VerbFiles.Written("--report", a.Reports), .. VerbFiles.Written("--summary", a.Summary),
            ]);
        return command;
    }

    private Command Simulate()
    {
        Option<ulong> seed = Number<ulong>("--seed", "Same seed, same traffic", "a whole number", 0, ulong.MaxValue, 1);
        Option<int> viewers = Number("--viewers", "Honest viewers", "a whole number", 1, 10_000_000, 1_000);
        Option<double> hours = Number("--hours", "Event time covered, in hours", "a number", 0.01, 744, 1.0);
        Option<string?> folder = OneFile("--out", "Folder for the events and their labels.", "DIR");
        Option<bool> toKafka = new("--to-kafka") { Description = "Produce to the configured topic instead, at times that end now." };
        Option<string?> profile = new("--profile") { Description = $"The world to simulate: {string.Join(", ", SimulationProfiles.AnySize)}. Those but standard have 20,000 viewers and 4 hours unless said otherwise.", HelpName = "NAME" };
        profile.AcceptOnlyFromAmong([.. SimulationProfiles.AnySize]);
        Command command = new("simulate", "Make labelled traffic of viewers and attackers; deterministic for a seed.") { seed, viewers, hours, folder, toKafka, profile };
        root.Require(command, result => result.GetResult(folder) is null == IsSet(result, toKafka) ? [] : ["Give one of --out DIR and --to-kafka."]);
        root.Attach(
            command,
            p =>
            {
                bool isSized = p.GetValue(profile) is not null and not "standard";
                return new SimulateArguments(
                    p.GetValue(seed),
                    isSized && IsLeftOut(p, viewers) ? SimulationProfiles.DefaultViewers : p.GetValue(viewers),
                    TimeSpan.FromHours(isSized && IsLeftOut(p, hours) ? SimulationProfiles.DefaultHours : p.GetValue(hours)),
                    p.GetValue(folder),
                    p.GetValue(toKafka),
                    p.GetValue(profile));
            },
            handlers.Simulate,
            files: (a, settings) => a.Out is { } written ? [.. VerbFiles.Of(settings), .. VerbFiles.Written("--out", SimulationFolder.Names.Select(name => Path.Combine(written, name)))] : []);
        return command;
    }

    private static bool IsSet(CommandResult result, Option<bool> option) =>
        result.GetResult(option) is { Implicit: false, Tokens: not [{ Value: "false" }] };

    private static bool TryInstant(CommandResult result, Option<DateTimeOffset?> option, out DateTimeOffset instant)
    {
        instant = default;
        return result.GetResult(option) is { Tokens: [{ Value: var text }] } && TextForms.TryInstant(text, out instant);
    }

    private static bool IsLeftOut(ParseResult parsed, Option option) => parsed.GetResult(option) is null or { Implicit: true };

    private Command Report()
    {
        Option<DateTimeOffset?> from = Instant("--from", "Start of the period, inclusive.");
        from.Required = true;
        Option<DateTimeOffset?> to = Instant("--to", "End of the period, exclusive; now when left out.");
        Option<string[]> outputs = ReportFiles("--out", ReportExtensions);
        Command command = new("report", "Report the flagged tokens of a period from the store.") { from, to, outputs };
        root.Require(command, result => TryInstant(result, from, out DateTimeOffset start) && TryInstant(result, to, out DateTimeOffset end) && end <= start
            ? ["--to must be after --from."]
            : []);
        root.Attach(command, p => new ReportArguments(p.GetValue(from)!.Value, p.GetValue(to), p.GetValue(outputs) ?? []), handlers.Report, files: (a, settings) => [.. VerbFiles.Of(settings), .. VerbFiles.Written("--out", a.Outputs)]);
        return command;
    }

    private Command Rules()
    {
        Option<bool> json = new("--json") { Description = "One JSON object a line instead of a table." };
        Command list = new("list", "List the rules in force.") { json };
        root.Attach(list, p => new RulesListArguments(p.GetValue(json)), handlers.RulesList);

        (Argument<string> addKind, Argument<string> addValue) = SubjectArguments(RuleKinds);
        Option<TimeSpan?> duration = Duration("--for", "How long; when left out, 24 hours for addresses and networks, else until removed.");
        Option<string?> reason = new("--reason") { Description = "Why, for the operator.", HelpName = "TEXT" };
        Option<string[]> except = new("--except") { Description = "Of a token: a network where it stays good; may be given several times.", HelpName = "NETWORK" };
        Command add = new("add", "Refuse an address, network, referrer or token from now on.") { addKind, addValue, duration, reason, except };
        RequireSubject(add, RuleKinds, addKind, addValue);
        root.Require(add, result => Read(result.GetResult(except)?.Tokens.Select(static token => token.Value)).Where(static one => one.Why.Length > 0).Select(static one => $"--except: {one.Why}."));
        root.Attach(
            add,
            p => new RulesAddArguments(SubjectOf(p, addKind, addValue), p.GetValue(duration), p.GetValue(reason))
            {
                Except = p.GetValue(except) is { Length: > 0 } texts ? [.. Read(texts).Select(static one => one.Network)] : [],
            },
            handlers.RulesAdd);

        (Argument<string> removeKind, Argument<string> removeValue) = SubjectArguments(RuleKinds);
        Command remove = new("remove", "Lift a rule.") { removeKind, removeValue };
        RequireSubject(remove, RuleKinds, removeKind, removeValue);
        root.Attach(remove, p => new RulesRemoveArguments(SubjectOf(p, removeKind, removeValue)), handlers.RulesRemove);

        Argument<string> source = new("FILE") { Description = "Rules, one JSON object a line; - reads standard input." };
        source.Validators.Add(result =>
        {
            foreach (Token token in result.Tokens)
            {
                RequireFile(result, token.Value, allowStandardInput: true);
            }
        });
        Command import = new("import", "Add the rules of a file.") { source };
        root.Attach(import, p => new RulesImportArguments(p.GetRequiredValue(source)), handlers.RulesImport);

        Argument<string> target = new("FILE") { Description = "Where to write, one JSON object a line; - is standard output." };
        Command export = new("export", "Write the rules to a file.") { target };
        root.Attach(export, p => new RulesExportArguments(p.GetRequiredValue(target)), handlers.RulesExport, files: (a, settings) => [.. VerbFiles.Of(settings), .. VerbFiles.Written("FILE", a.File)]);

        return new Command("rules", "Look at and change the rules of the local guardian.") { list, add, remove, import, export };
    }

    private static IEnumerable<(IpNetwork Network, string Why)> Read(IEnumerable<string>? networks) =>
        (networks ?? []).Select(static text => (RuleExceptions.TryParse(text, out IpNetwork network, out string why) ? network : default, why));

    private Command Check()
    {
        Option<bool> dump = new("--dump") { Description = "Print the whole effective configuration too; secrets are hidden." };
        Command command = new("check", "Check configuration, lists, files and connections, and say what would run.") { dump };
        root.Attach(command, p => new CheckArguments(p.GetValue(dump)), new CheckVerb(handlers.Probes).RunAsync);
        return command;
    }

    private static (Argument<string> Kind, Argument<string> Value) SubjectArguments(string[] kinds)
    {
        Argument<string> kind = new("KIND") { Description = $"One of {string.Join(", ", kinds)}." };
        kind.AcceptOnlyFromAmong(kinds);
        return (kind, new Argument<string>("VALUE") { Description = "The subject." });
    }

    private void RequireSubject(Command command, string[] kinds, Argument<string> kind, Argument<string> value) => root.Require(command, result =>
        result.GetResult(kind) is { Tokens: [var kindToken] } && result.GetResult(value) is { Tokens: [var valueToken] } && kinds.Contains(kindToken.Value)
        && TextForms.Subject(kindToken.Value, valueToken.Value, out string allowed) is null
            ? [$"{Configuration.Secrets.Show(valueToken.Value, secret: false)} is not allowed as VALUE; must be {allowed}."]
            : []);

    private static Subject SubjectOf(ParseResult parsed, Argument<string> kind, Argument<string> value) =>
        TextForms.Subject(parsed.GetRequiredValue(kind), parsed.GetRequiredValue(value), out string allowed)
        ?? throw new VerbException($"VALUE must be {allowed}.", ExitStatus.Usage);

    private static Option<TimeSpan?> Duration(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "60s",
        CustomParser = result => Parsed<TimeSpan>(result, TextForms.TryDuration, TextForms.DurationForm),
    };

    private static Option<DateTimeOffset?> Instant(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "TIME",
        CustomParser = result => Parsed<DateTimeOffset>(result, TextForms.TryInstant, TextForms.InstantForm),
    };

    private delegate bool TryRead<T>(string text, out T value);

    private static T? Parsed<T>(ArgumentResult result, TryRead<T> read, string form)
        where T : struct
    {
        string text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
        if (read(text, out T value))
        {
            return value;
        }
        result.AddError($"{Configuration.Secrets.Show(text, secret: false)} is not allowed for {NameOf(result)}; must be {form}.");
        return null;
    }

    private static string NameOf(SymbolResult result) => result.Parent is OptionResult option ? option.Option.Name : "the argument";

    private static Option<string?> OneFile(string name, string description, string form)
    {
        Option<string?> option = new(name) { Description = description, HelpName = form };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var value }] && string.IsNullOrWhiteSpace(value))
            {
                result.AddError($"{name} needs a name.");
            }
        });
        return option;
    }

    private static Option<string?> ExistingFile(string name, string description, string form)
    {
        Option<string?> option = OneFile(name, description, form);
        option.Validators.Add(result =>
        {
            foreach (Token token in result.Tokens.Where(t => !string.IsNullOrWhiteSpace(t.Value)))
            {
                RequireFile(result, token.Value, allowStandardInput: false);
            }
        });
        return option;
    }

    private static Argument<string[]> Recordings(string description, bool allowStandardInput)
    {
        Argument<string[]> files = new("FILE") { Description = description, Arity = ArgumentArity.OneOrMore };
        files.Validators.Add(result =>
        {
            foreach (Token token in result.Tokens)
            {
                RequireFile(result, token.Value, allowStandardInput);
            }
        });
        return files;
    }

    private static Option<string[]> ReportFiles(string name, string[] extensions)
    {
        Option<string[]> option = new(name)
        {
            Description = "Write a report here; may be given several times. The extension says which kind.",
            HelpName = $"OUT{string.Join('|', extensions)}",
            Arity = ArgumentArity.OneOrMore,
        };
        option.Validators.Add(result =>
        {
            foreach (Token token in result.Tokens.Where(t => !extensions.Contains(Path.GetExtension(t.Value), StringComparer.OrdinalIgnoreCase)))
            {
                result.AddError($"{Configuration.Secrets.Show(token.Value, secret: false)} is not allowed for {name}; must end in {string.Join(", ", extensions[..^1])} or {extensions[^1]}.");
            }
        });
        return option;
    }

    private static Option<T> Number<T>(string name, string description, string kind, T least, T most, T standard)
        where T : struct, INumber<T>
    {
        string allowed = string.Create(CultureInfo.InvariantCulture, $"{kind} from {least} to {most}");
        return new Option<T>(name)
        {
            Description = $"{description}: {allowed}.",
            HelpName = "N",
            DefaultValueFactory = _ => standard,
            CustomParser = result => Parsed(
                result,
                (string text, out T value) => T.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out value) && value >= least && value <= most,
                allowed) ?? standard,
        };
    }

    private static void RequireFile(SymbolResult result, string path, bool allowStandardInput)
    {
        if (path == "-" && allowStandardInput)
        {
            return;
        }
        string shown = Configuration.Secrets.Show(path, secret: false);
        if (Directory.Exists(path))
        {
            result.AddError($"{shown} is a folder; must be a file.");
        }
        else if (!File.Exists(path))
        {
            result.AddError(path is ['-', _, ..] && result is ArgumentResult { Parent: CommandResult verb } ? NoSuchOption(verb.Command, path, shown) : $"{shown} is not there; must be a file.");
        }
    }

    // To the parser a word that begins with a hyphen and is no option is an argument like any other.
    private static string NoSuchOption(Command verb, string word, string shown)
    {
        IEnumerable<string> names = verb.Options.Concat(verb.Parents.OfType<Command>().SelectMany(parent => parent.Options).Where(option => option.Recursive)).Select(option => option.Name);
        return $"{shown} is no option of {verb.Name}" + (Configuration.KeySuggestions.Nearest(names, word) is { } nearest ? $"; did you mean {nearest}?" : ".");
    }
}
