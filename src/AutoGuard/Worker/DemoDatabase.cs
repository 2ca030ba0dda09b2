using Dapper;
using Npgsql;

namespace AutoGuard.Worker;

/// <summary>
/// Lets every demo begin anew. A worker remembers what was decided before it started, which is right for a service and wrong
/// for a show: the same viewers come again, and their decisions would count as made already.
/// </summary>
internal static class DemoDatabase
{
    /// <summary>Kept as the database's comment, so that what a service stored in the same folder is told from a demo's.</summary>
    private const string Mark = "Holds what one AutoGuard demo decided; the next demo empties it.";

    /// <summary>Empties a database that only demos have used, the API's keys apart; leaves any other as it is.</summary>
    /// <param name="database">The embedded database, migrated.</param>
    /// <param name="cancellation">Cancels the statements; nothing is emptied in part.</param>
    /// <returns>Whether the database is empty now.</returns>
    public static async Task<bool> BeginAnewAsync(NpgsqlDataSource database, CancellationToken cancellation)
    {
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellation);
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellation);
        string? comment = await connection.ExecuteScalarAsync<string?>(Statement(
            "select shobj_description(oid, 'pg_database') from pg_database where datname = current_database()"));
        bool ofDemos = comment == Mark;
        if (ofDemos)
        {
            IEnumerable<string> tables = await connection.QueryAsync<string>(Statement(
                "select quote_ident(tablename) from pg_tables where schemaname = current_schema() and tablename not in ('schema_migrations', 'api_keys')"));
            await connection.ExecuteAsync(Statement($"truncate {string.Join(", ", tables)} restart identity"));
        }
        else if (await connection.ExecuteScalarAsync<bool>(Statement("select not exists (select from decisions) and not exists (select from rules)")))
        {
            string name = await connection.ExecuteScalarAsync<string>(Statement("select quote_ident(current_database())")) ?? "";
            await connection.ExecuteAsync(Statement($"comment on database {name} is '{Mark}'"));
            ofDemos = true;
        }
        await transaction.CommitAsync(cancellation);
        return ofDemos;

        CommandDefinition Statement(string text) => new(text, transaction: transaction, cancellationToken: cancellation);
    }

    /// <summary>Takes a demo's database into service: what is stored from now on is nobody's to empty.</summary>
    public static async Task KeepAsync(NpgsqlDataSource database, CancellationToken cancellation)
    {
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellation);
        string? name = await connection.ExecuteScalarAsync<string?>(new CommandDefinition(
            $"select quote_ident(datname) from pg_database where datname = current_database() and shobj_description(oid, 'pg_database') = '{Mark}'",
            cancellationToken: cancellation));
        if (name is not null)
        {
            await connection.ExecuteAsync(new CommandDefinition($"comment on database {name} is null", cancellationToken: cancellation));
        }
    }
}
