using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using AutoGuard.CommandLine;
using AutoGuard.Guardian.Api;
using AutoGuard.Guardian.Rules;
using AutoGuard.Live;
using AutoGuard.Worker;
using Npgsql;

namespace AutoGuard.Verbs;

/// <summary><c>keys list|add|remove</c>: the keys of the HTTP API, straight in its database; for who has lost the last administrator's, too.</summary>
internal static class KeysVerbs
{
    private const string Creator = "command line";

    public static Task<int> ListAsync(KeysListArguments arguments, VerbContext context, CancellationToken cancellation) =>
        WithKeysAsync(context, async (keys, _) =>
        {
            IReadOnlyList<ApiKey> all = await keys.ListAsync(cancellation);
            foreach (ApiKey key in all)
            {
                KeyLine line = new(key.Name, ApiKeys.NameOf(key.Role), key.Organization);
                await context.Output.WriteLineAsync(arguments.Json
                    ? JsonSerializer.Serialize(line, KeyLineJson.Default.KeyLine)
                    : TerminalText.Visible($"{line.Role,-7}  {line.Name}  {(line.Organization is null ? "all organizations" : $"organization {line.Organization}")}", 400));
            }
            if (!arguments.Json)
            {
                await context.Output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{all.Count} keys"));
            }
        }, cancellation);

    public static Task<int> AddAsync(KeysAddArguments arguments, VerbContext context, CancellationToken cancellation) =>
        WithKeysAsync(context, async (keys, audit) =>
        {
            // As the service would at its first start, which would find keys and make none.
            string dataDirectory = context.Settings.Values.DataDirectory;
            if (await OperatorKey.EnsureAsync(keys, dataDirectory, cancellation) is not null)
            {
                await context.Error.WriteLineAsync($"autoguard: the first administrator's key was made too; it is kept in {OperatorKey.PathIn(dataDirectory)}");
            }
            string text = await keys.CreateAsync(new ApiKey(arguments.Name, arguments.Role, arguments.Organization), cancellation)
                ?? throw new VerbException($"There is or was a key of the name {arguments.Name}.");
            await audit.WriteAsync(Creator, "add", arguments.Reason ?? "", "key:" + arguments.Name, cancellation);
            await context.Error.WriteLineAsync($"autoguard: the {ApiKeys.NameOf(arguments.Role)} key {arguments.Name} is shown only now; its text is not kept:");
            await context.Output.WriteLineAsync(text);
        }, cancellation);

    public static Task<int> RemoveAsync(KeysRemoveArguments arguments, VerbContext context, CancellationToken cancellation) =>
        WithKeysAsync(context, async (keys, audit) =>
        {
            if (!await keys.RevokeAsync(arguments.Name, cancellation))
            {
                throw new VerbException($"There is no key {arguments.Name}.");
            }
            await audit.WriteAsync(Creator, "remove", "", "key:" + arguments.Name, cancellation);
            await context.Output.WriteLineAsync($"removed {arguments.Name}");
        }, cancellation);

    private static async Task<int> WithKeysAsync(VerbContext context, Func<ApiKeys, RuleAudit, Task> work, CancellationToken cancellation)
    {
        using ILoggerFactory loggers = LoggerFactory.Create(WorkerLogging.Quiet(context.Settings, context.Verbose));
        await using Backend backend = await Backend.OpenAsync(context.Settings, loggers, TimeProvider.System, cancellation);
        NpgsqlDataSource database = backend.Database;
        await work(new ApiKeys(database, TimeProvider.System), new RuleAudit(database, TimeProvider.System));
        return ExitStatus.Done;
    }
}

/// <summary>A key as JSON.</summary>
internal sealed record KeyLine(string Name, string Role, string? Organization);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(KeyLine))]
internal sealed partial class KeyLineJson : JsonSerializerContext;
