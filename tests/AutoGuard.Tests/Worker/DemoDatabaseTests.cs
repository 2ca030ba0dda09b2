using AutoGuard.Guardian.Storage;
using AutoGuard.Testing;
using AutoGuard.Worker;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace AutoGuard.Tests.Worker;

/// <summary>A demo empties what demos stored, and nothing else.</summary>
public sealed class DemoDatabaseTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task What_a_demo_stored_is_gone_at_the_next_and_the_keys_stay()
    {
        await using TestDatabase database = await MigratedAsync();
        bool first = await DemoDatabase.BeginAnewAsync(database.DataSource, CancellationToken.None);
        await StoreAsync(database);
        bool second = await DemoDatabase.BeginAnewAsync(database.DataSource, CancellationToken.None);

        Assert.True(first && second);
        Assert.Equal(0, await CountAsync(database, "notices"));
        Assert.Equal(0, await CountAsync(database, "rules"));
        Assert.Equal(1, await CountAsync(database, "api_keys"));
        Assert.Equal(0, await MigrationRunner.ApplyAsync(database.DataSource, NullLogger.Instance, TimeProvider.System, CancellationToken.None));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_a_service_stored_is_left_alone(bool demoBefore)
    {
        await using TestDatabase database = await MigratedAsync();
        if (demoBefore)
        {
            await DemoDatabase.BeginAnewAsync(database.DataSource, CancellationToken.None);
            await DemoDatabase.KeepAsync(database.DataSource, CancellationToken.None);
        }
        await StoreAsync(database);

        Assert.False(await DemoDatabase.BeginAnewAsync(database.DataSource, CancellationToken.None));
        Assert.Equal(1, await CountAsync(database, "notices"));
        Assert.Equal(1, await CountAsync(database, "rules"));
    }

    private static async Task StoreAsync(TestDatabase database)
    {
        await using NpgsqlCommand command = database.DataSource.CreateCommand("""
            insert into notices (time, kind, text, recorded_at) values (now(), 'breaker_opened', 'opened', now());
            insert into rules (id, scope, value, type, origin, creator, created_at) values ('r1', 'token', 'abc', 'deny', 'api', 'operator', now());
            insert into api_keys (name, hash, role, created_at) values ('first', '\x01', 'admin', now())
            """);
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<long> CountAsync(TestDatabase database, string table)
    {
        await using NpgsqlCommand command = database.DataSource.CreateCommand("select count(*) from " + table);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private async Task<TestDatabase> MigratedAsync()
    {
        TestDatabase database = await postgres.CreateDatabaseAsync();
        await MigrationRunner.ApplyAsync(database.DataSource, NullLogger.Instance, TimeProvider.System, CancellationToken.None);
        return database;
    }
}
