using AutoGuard.Guardian.Storage;
using AutoGuard.Testing;
using Dapper;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace AutoGuard.Guardian.Tests.Storage;

public sealed class MigrationRunnerTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private static readonly Migration First = Migration.Of("0001_first.sql", "create table a (x integer);\n");
    private static readonly Migration Second = Migration.Of("0002_second.sql", "create table b (x integer);\ninsert into b values (1);\n");

    [Fact]
    public void The_migrations_compiled_in_are_numbered_without_gaps() =>
        Assert.Equal(Enumerable.Range(1, Migration.All.Count), Migration.All.Select(static m => m.Version));

    [Fact]
    public async Task An_empty_database_gets_all_and_the_second_run_finds_nothing()
    {
        await using TestDatabase database = await postgres.CreateDatabaseAsync();

        Assert.Equal(Migration.All.Count, await MigrationRunner.ApplyAsync(database.DataSource, NullLogger.Instance, TimeProvider.System, CancellationToken.None));
        Assert.Equal(0, await MigrationRunner.ApplyAsync(database.DataSource, NullLogger.Instance, TimeProvider.System, CancellationToken.None));
    }

    [Fact]
    public async Task Processes_that_start_at_once_apply_each_migration_once()
    {
        await using TestDatabase database = await postgres.CreateDatabaseAsync();
        Migration slow = Migration.Of("0001_slow.sql", "create table once (x integer); insert into once values (1); select pg_sleep(0.2);");
        NpgsqlDataSource[] processes = [.. Enumerable.Range(0, 4).Select(_ => NpgsqlDataSource.Create(database.ConnectionString + ";Pooling=false"))];

        int[] applied = await Task.WhenAll(processes.Select(p => Apply(p, slow, Second)));

        Assert.Equal(2, applied.Sum());
        Assert.Single(applied, static n => n > 0);
        await using NpgsqlConnection connection = await database.DataSource.OpenConnectionAsync();
        Assert.Equal(1, await connection.ExecuteScalarAsync<long>("select count(*) from once"));
        foreach (NpgsqlDataSource process in processes)
        {
            await process.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_changed_migration_is_refused_and_nothing_is_applied()
    {
        await using TestDatabase database = await postgres.CreateDatabaseAsync();
        await Apply(database.DataSource, First);

        var error = await Assert.ThrowsAsync<MigrationException>(() => Apply(database.DataSource, Migration.Of("0001_first.sql", "create table a (x bigint);\n"), Second));

        Assert.Contains("Migration 1 (first) was applied with other statements", error.Message, StringComparison.Ordinal);
        await using NpgsqlConnection connection = await database.DataSource.OpenConnectionAsync();
        Assert.False(await connection.ExecuteScalarAsync<bool>("select to_regclass('b') is not null"));
    }

    [Fact]
    public async Task Line_ends_do_not_change_a_migration()
    {
        await using TestDatabase database = await postgres.CreateDatabaseAsync();
        await Apply(database.DataSource, Second);

        Assert.Equal(0, await Apply(database.DataSource, Migration.Of("0002_second.sql", Second.Sql.Replace("\n", "\r\n", StringComparison.Ordinal))));
    }

    [Fact]
    public async Task A_database_of_a_newer_version_is_refused()
    {
        await using TestDatabase database = await postgres.CreateDatabaseAsync();
        await Apply(database.DataSource, First, Second);

        var error = await Assert.ThrowsAsync<MigrationException>(() => Apply(database.DataSource, First));

        Assert.Contains("migration 2 (second), which this version of AutoGuard does not know", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failing_migration_leaves_nothing_behind_and_frees_the_lock()
    {
        await using TestDatabase database = await postgres.CreateDatabaseAsync();
        Migration broken = Migration.Of("0001_broken.sql", "create table a (x integer); select 1 / 0;");

        await Assert.ThrowsAsync<PostgresException>(() => Apply(database.DataSource, broken));

        await using (NpgsqlDataSource other = NpgsqlDataSource.Create(database.ConnectionString + ";Pooling=false"))
        {
            Assert.Equal(1, await Apply(other, First));
        }
    }

    private static Task<int> Apply(NpgsqlDataSource database, params Migration[] migrations) =>
        MigrationRunner.ApplyAsync(database, migrations, NullLogger.Instance, TimeProvider.System, CancellationToken.None);
}
