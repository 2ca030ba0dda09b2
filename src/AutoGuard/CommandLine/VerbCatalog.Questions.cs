using System.CommandLine;
using System.CommandLine.Parsing;
using AutoGuard.Core.Policy;
using AutoGuard.Models;

namespace AutoGuard.CommandLine;

/// <summary>The verbs that answer why and what if.</summary>
internal sealed partial class VerbCatalog
{
    private static readonly string[] ComparisonExtensions = [".html", ".json"];
    private static readonly string[] ExplainedKinds = ["token", "ip"];
    private static readonly string[] SubjectKinds = ["token", "ip", "cidr", "referrer"];

    private Command Backtest()
    {
        Argument<string[]> files = Recordings("Recorded events, JSON Lines, gzip or not. They are read more than once, so standard input will not do.", allowStandardInput: false);
        Option<string?> against = ExistingFile("--against", "The other configuration: a settings file laid over everything else, --set included.", "OVERLAY.json");
        Option<string?> labels = ExistingFile("--labels", "Known incidents; says what each configuration catches of them.", "TRUTH.json");
        Option<string[]> reports = ReportFiles("--report", ComparisonExtensions);
        Option<Subject?> subject = new("--subject")
        {
            Description = "Find the cheapest change of one threshold that would have spared this subject, and what else it would have cost.",
            HelpName = "TYPE:VALUE",
            CustomParser = ReadSubject,
        };
        Command command = new("backtest", "Compare two configurations on recorded events, or find the change that spares one subject.")
        {
            files, against, labels, reports, subject,
        };
        root.Require(command, result => result.GetResult(against) is null && result.GetResult(subject) is null
            ? ["Give --against OVERLAY.json, --subject TYPE:VALUE, or both."]
            : []);
        root.Attach(
            command,
            p => new BacktestArguments(p.GetRequiredValue(files), p.GetValue(against), p.GetValue(labels), p.GetValue(reports) ?? [], p.GetValue(subject)),
            handlers.Backtest,
            files: (a, settings) =>
            [
                .. VerbFiles.Of(settings), .. VerbFiles.Read("FILE", a.Files), .. VerbFiles.Read("--against", a.Against), .. VerbFiles.Read("--labels", a.Labels),
                .. VerbFiles.Written("--report", a.Reports),
            ]);
        return command;
    }

    private Command Calibrate()
    {
        Argument<string[]> files = Recordings("Recorded events, JSON Lines, gzip or not. With labels they are read twice, so standard input will not do.", allowStandardInput: false);
        Option<string?> model = OneFile("--out", "Write the model here; the file's name is the model's.", "NAME.json");
        model.Required = true;
        model.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var path }] && !string.IsNullOrWhiteSpace(path)
                && !(Path.GetExtension(path) == ".json" && ModelReader.IsName(Path.GetFileNameWithoutExtension(path))))
            {
                result.AddError($"{Configuration.Secrets.Show(path, secret: false)} is not allowed for --out; must be NAME.json, the name {ModelReader.NameForm}.");
            }
        });
        Option<string?> labels = ExistingFile("--labels", "Known incidents; the model then says how detection did with and without it.", "TRUTH.json");
        Command command = new("calibrate", "Learn from recorded events what is usual on this platform, for Detection:Model.") { files, model, labels };
        root.Attach(
            command,
            p => new CalibrateArguments(p.GetRequiredValue(files), p.GetRequiredValue(model)!, p.GetValue(labels)),
            handlers.Calibrate,
            files: (a, settings) => [.. VerbFiles.Of(settings, withModel: false), .. VerbFiles.Read("FILE", a.Files), .. VerbFiles.Read("--labels", a.Labels), .. VerbFiles.Written("--out", a.Out)]);
        return command;
    }

    private Command Explain()
    {
        (Argument<string> kind, Argument<string> value) = SubjectArguments(ExplainedKinds);
        Option<string?> organization = new("--organization")
        {
            Description = "The organization whose token is meant, where several use the same id; \"\" is the one without a name.",
            HelpName = "NAME",
        };
        Option<string?> recording = ExistingFile("--from", "Replay these recorded events instead of asking the running worker.", "FILE");
        Option<DateTimeOffset?> at = Instant("--at", "Event time to explain; where the subject scored highest when left out.");
        Option<bool> json = new("--json") { Description = "One JSON object instead of text." };
        Command command = new("explain", "Show every indicator of one token or address, what speaks for it, and why it was or was not acted on.")
        {
            kind, value, organization, recording, at, json,
        };
        RequireSubject(command, ExplainedKinds, kind, value);
        root.Require(command, result => result.GetResult(at) is not null && result.GetResult(recording) is null
            ? ["--at needs --from FILE: a running worker knows only its present."]
            : []);
        root.Require(command, result => result.GetResult(organization) is not null && result.GetResult(kind) is { Tokens: [{ Value: "ip" }] }
            ? ["--organization goes with tokens: an address is the same for all organizations."]
            : []);
        root.Attach(
            command,
            p => new ExplainArguments(SubjectOf(p, kind, value), p.GetValue(organization), p.GetValue(recording), p.GetValue(at), p.GetValue(json)),
            handlers.Explain);
        return command;
    }

    private static Subject? ReadSubject(ArgumentResult result)
    {
        string text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        string kind = colon < 0 ? "" : text[..colon];
        string allowed = "TYPE:VALUE, the type one of " + string.Join(", ", SubjectKinds);
        if (SubjectKinds.Contains(kind) && TextForms.Subject(kind, text[(colon + 1)..], out allowed) is { } subject)
        {
            return subject;
        }
        bool secret = Configuration.Secrets.LooksLikeEncodedToken(text[(colon + 1)..]);
        result.AddError($"{Configuration.Secrets.Show(text, secret)} is not allowed for --subject; must be {allowed}.");
        return null;
    }
}
