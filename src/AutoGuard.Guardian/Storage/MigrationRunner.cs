using System.Data;
using Dapper;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace AutoGuard.Guardian.Storage;

/// <summary>The schema in the database is not one that this program may change.</summary>
public sealed class MigrationException(string message) : Exception(message);

/// <summary>
/// Brings the database's schema up to date. Safe to call from several processes at once: an advisory lock lets one work
/// while the others wait and then find nothing to do.
/// </summary>
public static partial class MigrationRunner
{
    // Any constant serves, so long as nothing else in the database uses it: "AutoGrd" and a counter in ASCII.
    private const long LockKey = 0x4175_746F_4772_6401;
    private const int LockTimeoutSeconds = 120;

    private const string CreateVersionTable = """
        create table if not exists schema_migrations (
          version integer primary key,
          name text not null,
          checksum text not null,
          applied_at timestamptz not null
        )
        """;

    /// <summary>Applies what is missing and returns how many migrations that were.</summary>
    /// <exception cref="MigrationException">An applied migration was changed, or the database is newer than this program.</exception>
    public static Task<int> ApplyAsync(NpgsqlDataSource database, ILogger logger, TimeProvider time, CancellationToken cancellationToken) =>
        ApplyAsync(database, Migration.All, logger, time, cancellationToken);

    internal static async Task<int> ApplyAsync(
        NpgsqlDataSource database, IReadOnlyList<Migration> migrations, ILogger logger, TimeProvider time, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(database);
        ArgumentNullException.ThrowIfNull(time);
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(
            "select pg_advisory_lock(@LockKey)", new { LockKey }, commandTimeout: LockTimeoutSeconds, cancellationToken: cancellationToken));
        try
        {
            await connection.ExecuteAsync(new CommandDefinition(CreateVersionTable, cancellationToken: cancellationToken));
            int present = await CheckAppliedAsync(connection, migrations, cancellationToken);
            foreach (Migration migration in migrations.Where(m => m.Version > present))
            {
                await ApplyOneAsync(connection, migration, time, cancellationToken);
                Log.Applied(logger, migration.Version, migration.Name);
            }
            return migrations.Count(m => m.Version > present);
        }
        finally
        {
            // The pool keeps the session, and with it the lock, unless it is given back; a broken session gave it back itself.
            if (connection.State == ConnectionState.Open)
            {
                await connection.ExecuteAsync(new CommandDefinition("select pg_advisory_unlock(@LockKey)", new { LockKey }, cancellationToken: CancellationToken.None));
            }
        }
    }

    private static async Task<int> CheckAppliedAsync(NpgsqlConnection connection, IReadOnlyList<Migration> migrations, CancellationToken cancellationToken)
    {
        IEnumerable<AppliedRow> applied = await connection.QueryAsync<AppliedRow>(new CommandDefinition(
            "select version, name, checksum from schema_migrations order by version", cancellationToken: cancellationToken));
        int highest = 0;
        foreach (AppliedRow row in applied)
        {
            Migration known = migrations.FirstOrDefault(m => m.Version == row.Version)
                ?? throw new MigrationException(
                    $"The database has migration {row.Version} ({row.Name}), which this version of AutoGuard does not know: a newer version made it. Start that version, or restore the database from before the upgrade.");
            if (known.Checksum != row.Checksum)
            {
                throw new MigrationException(
                    $"Migration {row.Version} ({row.Name}) was applied with other statements than this version of AutoGuard has. Applied migrations are never edited: use an unmodified build, or restore the database that belongs to this one.");
            }
            highest = row.Version;
        }
        return highest;
    }

    private static async Task ApplyOneAsync(NpgsqlConnection connection, Migration migration, TimeProvider time, CancellationToken cancellationToken)
    {
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(migration.Sql, transaction: transaction, commandTimeout: 0, cancellationToken: cancellationToken));
        await connection.ExecuteAsync(new CommandDefinition(
            "insert into schema_migrations (version, name, checksum, applied_at) values (@Version, @Name, @Checksum, @At)",
            new { migration.Version, migration.Name, migration.Checksum, At = time.GetUtcNow().UtcDateTime },
            transaction,
            cancellationToken: cancellationToken));
        await transaction.CommitAsync(cancellationToken);
    }

    private sealed class AppliedRow
    {
        public int Version { get; init; }

        public string Name { get; init; } = "";

        public string Checksum { get; init; } = "";
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 4001, Level = LogLevel.Information, Message = "Applied migration {Version} ({Name}) to the database.")]
        public static partial void Applied(ILogger logger, int version, string name);
    }
}
