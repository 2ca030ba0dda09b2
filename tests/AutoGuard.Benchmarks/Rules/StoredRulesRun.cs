using System.Diagnostics;
using System.Globalization;
using AutoGuard.Benchmarks.Runs;
using AutoGuard.Core.Configuration;
using AutoGuard.Core.Events;
using AutoGuard.Guardian.Rules;
using AutoGuard.Guardian.Storage;
using AutoGuard.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using NpgsqlTypes;

namespace AutoGuard.Benchmarks.Rules;

/// <summary>
/// The same rules out of PostgreSQL: what a node does when it starts, against a bare loop that reads the same columns of the
/// same rows and keeps nothing, in turns.
/// </summary>
internal static class StoredRulesRun
{
    private const int Rounds = 5;

    private const string BareSql = """
        select id, scope, value, type, tag, origin, creator, organization, stream, revision, created_at, expires_at
        from rules where expires_at is null or expires_at > $1
        """;

    public static async Task RunAsync(IEnumerable<Rule> rules, (IpAddress Address, string Token, string Host)[] questions)
    {
        // Removed by the operating system's own care for temporary folders: the server still needs it while it stops.
        string folder = Directory.CreateTempSubdirectory("ag-rules-").FullName;
        await using EmbeddedPostgres postgres = await EmbeddedPostgres.StartAsync(folder, NullLogger.Instance, TimeProvider.System, CancellationToken.None);
        await using NpgsqlDataSource database = NpgsqlDataSource.Create(postgres.ConnectionString);
        await MigrationRunner.ApplyAsync(database, NullLogger.Instance, TimeProvider.System, CancellationToken.None);
        ulong stored = await FillAsync(database, rules);
        var rails = new RuleRails(20, 48, new AllowlistOptions(), new ReferrersOptions());
        long before = RulesRun.Live();
        var matcher = new RuleMatcher();
        using var store = new RuleStore(database, rails, matcher, TimeProvider.System);
        await store.ReloadAsync(CancellationToken.None);
        RulesRun.Say($"{stored:N0} rows in PostgreSQL give {matcher.Count:N0} rules in the matcher: {(RulesRun.Live() - before) / 1024.0 / 1024:0} MiB");
        var wall = new PairedTimes("s");
        var processor = new PairedTimes("s of processor time");
        for (int round = 0; round < Rounds; round++)
        {
            (double Wall, double Processor) work = await TimeAsync(() => store.ReloadAsync(CancellationToken.None));
            (double Wall, double Processor) bare = await TimeAsync(() => ReadBareAsync(database, (long)stored));
            wall.Add(work.Wall, bare.Wall);
            processor.Add(work.Processor, bare.Processor);
        }
        RulesRun.Say($"load from PostgreSQL: {wall}");
        RulesRun.Say($"load from PostgreSQL: {processor}");
        RulesRun.Time("all three, loaded from PostgreSQL", questions, q => matcher.Check(q.Address, q.Token, q.Host, null, RulesRun.Now).Allowed);
    }

    private static async Task<ulong> FillAsync(NpgsqlDataSource database, IEnumerable<Rule> rules)
    {
        await using NpgsqlConnection connection = await database.OpenConnectionAsync();
        ulong rows;
        await using (NpgsqlBinaryImporter importer = await connection.BeginBinaryImportAsync(
            "copy rules (id, scope, value, network, type, tag, origin, creator, created_at, expires_at) from stdin (format binary)"))
        {
            foreach (Rule rule in rules.DistinctBy(static rule => rule.Id))
            {
                await importer.StartRowAsync();
                await importer.WriteAsync(rule.Id, NpgsqlDbType.Text);
                await importer.WriteAsync(RuleNames.Of(rule.Scope), NpgsqlDbType.Text);
                await importer.WriteAsync(rule.Value, NpgsqlDbType.Text);
                if (rule.Scope is RuleScope.Ip or RuleScope.Cidr)
                {
                    await importer.WriteAsync(System.Net.IPNetwork.Parse(rule.Network.ToString()), NpgsqlDbType.Cidr);
                }
                else
                {
                    await importer.WriteNullAsync();
                }
                await importer.WriteAsync(RuleNames.Of(rule.Type), NpgsqlDbType.Text);
                await importer.WriteAsync(rule.Tag, NpgsqlDbType.Text);
                await importer.WriteAsync(RuleNames.Of(rule.Origin), NpgsqlDbType.Text);
                await importer.WriteAsync(rule.Creator, NpgsqlDbType.Text);
                await importer.WriteAsync(rule.CreatedAt.UtcDateTime, NpgsqlDbType.TimestampTz);
                await importer.WriteAsync(DateTime.UtcNow.AddDays(1), NpgsqlDbType.TimestampTz);
            }
            rows = await importer.CompleteAsync();
        }
        // The server's own upkeep after so many rows would otherwise fall into the first rounds.
        await using var vacuum = new NpgsqlCommand("vacuum (analyze) rules", connection) { CommandTimeout = 0 };
        await vacuum.ExecuteNonQueryAsync();
        return rows;
    }

    private static async Task ReadBareAsync(NpgsqlDataSource database, long expected)
    {
        await using NpgsqlConnection connection = await database.OpenConnectionAsync();
        await using var command = new NpgsqlCommand(BareSql, connection) { CommandTimeout = 0, Parameters = { new() { Value = DateTime.UtcNow } } };
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync();
        (long rows, long sum) = (0, 0);
        while (await reader.ReadAsync())
        {
            for (int column = 0; column < 9; column++)
            {
                sum += reader.IsDBNull(column) ? 0 : reader.GetString(column).Length;
            }
            sum += reader.GetInt64(9) + reader.GetDateTime(10).Ticks + (reader.IsDBNull(11) ? 0 : reader.GetDateTime(11).Ticks);
            rows++;
        }
        if (rows != expected || sum == 0)
        {
            throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"{rows} rows were read instead of {expected}."));
        }
    }

    private static async Task<(double Wall, double Processor)> TimeAsync(Func<Task> action)
    {
        TimeSpan processor = Environment.CpuUsage.TotalTime;
        long start = Stopwatch.GetTimestamp();
        await action();
        return (Stopwatch.GetElapsedTime(start).TotalSeconds, (Environment.CpuUsage.TotalTime - processor).TotalSeconds);
    }
}
