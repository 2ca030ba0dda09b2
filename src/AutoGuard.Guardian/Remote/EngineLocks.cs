using System.Collections.Concurrent;
using Npgsql;

namespace AutoGuard.Guardian.Remote;

/// <summary>Makes sure that only one at a time changes what can only be changed as a whole.</summary>
public interface IEngineLocks
{
    /// <summary>Waits for a lock; disposing gives it back.</summary>
    /// <exception cref="NpgsqlException">The database that holds the locks does not answer.</exception>
    ValueTask<IAsyncDisposable> TakeAsync(string name, CancellationToken cancellationToken);
}

/// <summary>Locks that hold across all processes on one database: advisory locks of PostgreSQL, given back when a process dies.</summary>
public sealed class PostgresEngineLocks(NpgsqlDataSource database) : IEngineLocks, IDisposable
{
    // Of this process only one asks the database, or the others' connections would sit and wait.
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _gates = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public async ValueTask<IAsyncDisposable> TakeAsync(string name, CancellationToken cancellationToken)
    {
        SemaphoreSlim gate = _gates.GetOrAdd(name, static _ => new SemaphoreSlim(1, 1));
        await gate.WaitAsync(cancellationToken);
        NpgsqlConnection? connection = null;
        try
        {
            connection = await database.OpenConnectionAsync(cancellationToken);
            await using var command = new NpgsqlCommand("select pg_advisory_lock(hashtextextended($1, 4175746))", connection) { CommandTimeout = 120 };
            command.Parameters.Add(new NpgsqlParameter { Value = name });
            await command.ExecuteNonQueryAsync(cancellationToken);
            return new Held(gate, connection, name);
        }
        catch
        {
            if (connection is not null)
            {
                await connection.DisposeAsync();
            }
            gate.Release();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (SemaphoreSlim gate in _gates.Values)
        {
            gate.Dispose();
        }
    }

    private sealed class Held(SemaphoreSlim gate, NpgsqlConnection connection, string name) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            try
            {
                await using var command = new NpgsqlCommand("select pg_advisory_unlock(hashtextextended($1, 4175746))", connection);
                command.Parameters.Add(new NpgsqlParameter { Value = name });
                await command.ExecuteNonQueryAsync(CancellationToken.None);
            }
            catch (NpgsqlException)
            {
                // The session is gone, and its locks with it.
            }
            finally
            {
                await connection.DisposeAsync();
                gate.Release();
            }
        }
    }
}
