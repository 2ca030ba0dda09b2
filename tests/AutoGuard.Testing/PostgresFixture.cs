using System.Collections.Concurrent;
using Npgsql;
using Xunit;

namespace AutoGuard.Testing;

/// <summary>
/// Databases on a real PostgreSQL. Use as <c>IClassFixture&lt;PostgresFixture&gt;</c>: all fixtures of a test process share
/// one server, so classes run in parallel, each test in a database of its own.
/// </summary>
public sealed class PostgresFixture : IAsyncLifetime
{
    private static readonly ConcurrentDictionary<string, Lazy<Task<string>>> Templates = new(StringComparer.Ordinal);
    private static int s_databases;

    /// <summary>Starts the server if this process has none yet.</summary>
    public async Task InitializeAsync() => await PostgresServer.GetAsync();

    public Task DisposeAsync() => Task.CompletedTask;

    /// <summary>A new, empty database.</summary>
    public Task<TestDatabase> CreateDatabaseAsync() => CreateFromAsync("template0");

    /// <summary>
    /// A new database that is a copy of a template; <paramref name="prepare"/> fills the template the first time that its name
    /// is asked for, and must leave no connection open.
    /// </summary>
    public async Task<TestDatabase> CreateDatabaseAsync(string template, Func<NpgsqlDataSource, Task> prepare)
    {
        Lazy<Task<string>> prepared = Templates.GetOrAdd(template, name => new Lazy<Task<string>>(() => PrepareAsync("template_" + name, prepare)));
        return await CreateFromAsync(await prepared.Value);
    }

    private static async Task<string> PrepareAsync(string name, Func<NpgsqlDataSource, Task> prepare)
    {
        PostgresServer server = await PostgresServer.GetAsync();
        await ExecuteAsync(server, $"create database {name} template template0");
        await using (NpgsqlDataSource source = NpgsqlDataSource.Create(server.ConnectionString(name, pooling: false)))
        {
            await prepare(source);
        }
        return name;
    }

    private static async Task<TestDatabase> CreateFromAsync(string template)
    {
        PostgresServer server = await PostgresServer.GetAsync();
        string name = $"test_{Interlocked.Increment(ref s_databases)}";
        await ExecuteAsync(server, $"create database {name} template {template} strategy file_copy");
        return new TestDatabase(server.ConnectionString(name), async () => await ExecuteAsync(server, $"drop database {name} with (force)"));
    }

    private static async Task ExecuteAsync(PostgresServer server, string sql)
    {
        await using var connection = new NpgsqlConnection(server.ConnectionString("postgres"));
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}

/// <summary>One test's database; dropped when disposed.</summary>
public sealed class TestDatabase : IAsyncDisposable
{
    private readonly Func<Task> _drop;

    internal TestDatabase(string connectionString, Func<Task> drop)
    {
        ConnectionString = connectionString;
        DataSource = NpgsqlDataSource.Create(connectionString);
        _drop = drop;
    }

    public string ConnectionString { get; }

    public NpgsqlDataSource DataSource { get; }

    public async ValueTask DisposeAsync()
    {
        await DataSource.DisposeAsync();
        await _drop();
    }
}
