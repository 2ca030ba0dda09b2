using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using AutoGuard.CommandLine;
using AutoGuard.Configuration;
using AutoGuard.Core.Events;
using AutoGuard.Core.Policy;
using AutoGuard.Guardian.Rules;
using AutoGuard.Live;
using AutoGuard.Reports;
using AutoGuard.Worker;

namespace AutoGuard.Verbs;

/// <summary><c>rules list|add|remove|import|export</c>: the local engine's rules, straight in its database.</summary>
internal static class RulesVerbs
{
    private const string Creator = "command line";

    /// <summary>Exceptions of a rule that a list shows.</summary>
    private const int MostShown = 4;

    public static Task<int> ListAsync(RulesListArguments arguments, VerbContext context, CancellationToken cancellation) =>
        WithStoreAsync(context, async store =>
        {
            int count = 0;
            await foreach (Rule rule in AllAsync(store))
            {
                count++;
                await context.Output.WriteLineAsync(arguments.Json ? Json(rule) : Text(rule));
            }
            if (!arguments.Json)
            {
                await context.Output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{count} rules"));
            }
        }, cancellation);

    public static Task<int> AddAsync(RulesAddArguments arguments, VerbContext context, CancellationToken cancellation) =>
        WithStoreAsync(context, async store =>
        {
            RuleTarget target = Target(arguments.Subject);
            if (!RuleExceptions.Permits(target, RuleType.Deny, arguments.Except, out string unfit))
            {
                throw new VerbException($"--except: {unfit}", ExitStatus.Usage);
            }
            RuleExpiry expiry = arguments.For is { } length ? RuleExpiry.Until(TimeProvider.System.GetUtcNow() + length) : RuleExpiry.Default;
            RuleDraft draft = new()
            {
                Target = target,
                Type = RuleType.Deny,
                Except = arguments.Except,
                Tag = Creator,
                Reason = arguments.Reason ?? "",
                Origin = RuleOrigin.Api,
                Creator = Creator,
                Expiry = expiry,
            };
            RuleChange change = await store.AddAsync(draft, cancellation);
            if (change.Rule is null)
            {
                throw new VerbException(change.Why);
            }
            await context.Output.WriteLineAsync(Text(change.Rule));
        }, cancellation);

    public static Task<int> RemoveAsync(RulesRemoveArguments arguments, VerbContext context, CancellationToken cancellation) =>
        WithStoreAsync(context, async store =>
        {
            string id = RuleDraft.IdOf(Target(arguments.Subject), RuleType.Deny, null);
            RuleChange change = await store.RemoveAsync(id, Creator, "removed by the operator", null, cancellation);
            if (change.Rule is null)
            {
                throw new VerbException($"There is no rule against {arguments.Subject.TypeName} {arguments.Subject.Value}.");
            }
            await context.Output.WriteLineAsync($"removed {Text(change.Rule)}");
        }, cancellation);

    public static Task<int> ExportAsync(RulesExportArguments arguments, VerbContext context, CancellationToken cancellation) =>
        WithStoreAsync(context, store => arguments.File == "-"
            ? ExportAsync(store, context.Output)
            : AtomicFile.WriteAsync(arguments.File, async (stream, _) =>
            {
                await using StreamWriter writer = new(stream, leaveOpen: true);
                await ExportAsync(store, writer);
            }, cancellation), cancellation);

    public static Task<int> ImportAsync(RulesImportArguments arguments, VerbContext context, CancellationToken cancellation) =>
        WithStoreAsync(context, async store =>
        {
            // Every line is checked before any rule is added: a file is taken whole or not at all.
            List<RuleDraft> drafts = await ReadAsync(arguments.File, cancellation);
            int added = 0;
            foreach (RuleChange change in await store.AddAsync(drafts, cancellation))
            {
                if (change.Rule is null)
                {
                    await context.Error.WriteLineAsync($"autoguard: refused: {change.Why}");
                }
                else
                {
                    added++;
                }
            }
            await context.Output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{added} of {drafts.Count} rules imported"));
        }, cancellation);

    private static async Task ExportAsync(RuleStore store, TextWriter writer)
    {
        await foreach (Rule rule in AllAsync(store))
        {
            await writer.WriteLineAsync(Json(rule));
        }
    }

    private static async Task<List<RuleDraft>> ReadAsync(string path, CancellationToken cancellation)
    {
        List<RuleDraft> drafts = [];
        List<string> problems = [];
        using TextReader reader = path == "-" ? Console.In : Open(path);
        for (int number = 1; await reader.ReadLineAsync(cancellation) is { } line; number++)
        {
            if (line.Length == 0)
            {
                continue;
            }
            try
            {
                drafts.Add(Draft(JsonSerializer.Deserialize(line, RuleLineJson.Default.RuleLine) ?? throw new FormatException("null is no rule")));
            }
            catch (Exception error) when (error is JsonException or FormatException)
            {
                string fault = error is JsonException json ? JsonFault.Of(json) : TerminalText.Visible(error.Message, 200);
                problems.Add(string.Create(CultureInfo.InvariantCulture, $"line {number}: {fault}"));
            }
        }
        return problems.Count == 0
            ? drafts
            : throw new VerbException($"Nothing was imported.{Environment.NewLine}{string.Join(Environment.NewLine, problems)}", ExitStatus.Usage);
    }

    private static StreamReader Open(string path)
    {
        try
        {
            return new StreamReader(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new VerbException($"{path} cannot be read: {error.Message}", ExitStatus.Usage);
        }
    }

    private static RuleDraft Draft(RuleLine line)
    {
        RuleTarget target;
        string why;
        bool known = line.Scope switch
        {
            "ip" or "cidr" => RuleTarget.TryParseAddress(line.Value, out target, out why),
            "referrer" => RuleTarget.TryParseReferrer(line.Value, out target, out why),
            "token" => RuleTarget.TryParseToken(line.Value, out target, out why),
            _ => throw new FormatException($"scope '{line.Scope}' is not one of ip, cidr, referrer, token"),
        };
        if (!known)
        {
            throw new FormatException($"value: {why}");
        }
        RuleType type = RuleType.Deny;
        if (line.Type is not null && !RuleNames.TryParse(line.Type, out type))
        {
            throw new FormatException($"type '{line.Type}' is not one of deny, allow");
        }
        ImmutableArray<IpNetwork> except = Exceptions(line.Except ?? []);
        if (!RuleExceptions.Permits(target, type, except, out why))
        {
            throw new FormatException($"except: {why}");
        }
        return new RuleDraft
        {
            Target = target,
            Type = type,
            Except = except,
            Tag = line.Tag ?? "",
            Reason = line.Reason ?? "",
            Organization = line.Organization,
            Stream = line.Stream,
            Origin = RuleOrigin.Import,
            Creator = Creator,
            Expiry = line.ExpiresAt is { } at ? RuleExpiry.Until(at) : RuleExpiry.Never,
        };
    }

    private static ImmutableArray<IpNetwork> Exceptions(IEnumerable<string> texts) =>
        [.. texts.Select(static text => RuleExceptions.TryParse(text, out IpNetwork network, out string why) ? network : throw new FormatException($"except: {why}"))];

    private static RuleTarget Target(Subject subject) =>
        RuleTarget.TryFrom(subject, out RuleTarget target, out string why) ? target : throw new VerbException(why, ExitStatus.Usage);

    private static async IAsyncEnumerable<Rule> AllAsync(RuleStore store)
    {
        long? before = null;
        while (true)
        {
            IReadOnlyList<Rule> page = await store.Queries.ListAsync(new RuleFilter { Limit = RuleFilter.LargestPage, Before = before }, CancellationToken.None);
            foreach (Rule rule in page)
            {
                yield return rule;
            }
            if (page.Count < RuleFilter.LargestPage)
            {
                yield break;
            }
            before = page[^1].Sequence;
        }
    }

    private static string Json(Rule rule) => JsonSerializer.Serialize(RuleLine.Of(rule), RuleLineJson.Default.RuleLine);

    private static string Text(Rule rule)
    {
        string expires = rule.ExpiresAt is { } at ? at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture) : "until removed";
        string more = rule.Except.Length > MostShown ? FormattableString.Invariant($" and {rule.Except.Length - MostShown} more") : "";
        string except = rule.Except.IsEmpty ? "" : $" except {string.Join(", ", rule.Except.Take(MostShown))}{more}";
        return TerminalText.Visible($"{RuleNames.Of(rule.Type),-5}  {RuleNames.Of(rule.Scope),-8}  {rule.Value}{except}  {expires}  {rule.Creator}  {rule.Reason}", 400);
    }

    private static async Task<int> WithStoreAsync(VerbContext context, Func<RuleStore, Task> work, CancellationToken cancellation)
    {
        TimeProvider time = TimeProvider.System;
        using ILoggerFactory loggers = LoggerFactory.Create(WorkerLogging.Quiet(context.Settings, context.Verbose));
        await using Backend backend = await Backend.OpenAsync(context.Settings, loggers, time, cancellation);
        AutoGuardSettings values = context.Settings.Values;
        RuleRails rails = new(values.Policy.WidestPrefixV4, values.Policy.WidestPrefixV6, values.Allowlist, values.Referrers);
        using RuleStore store = new(backend.Database, rails, new RuleMatcher(), time);
        await work(store);
        return ExitStatus.Done;
    }
}
