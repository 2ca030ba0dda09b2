using AutoGuard.CommandLine;
using AutoGuard.Configuration;
using AutoGuard.Guardian.Storage;
using AutoGuard.Storage;
using Npgsql;

namespace AutoGuard.Worker;

/// <summary>The database of this run: the configured server, or the embedded one started for it; migrated and ready.</summary>
internal sealed partial class Backend : IAsyncDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(15);

    private readonly EmbeddedPostgres? _embedded;

    private Backend(EmbeddedPostgres? embedded, NpgsqlDataSource database, string description)
    {
        _embedded = embedded;
        Database = database;
        Description = description;
    }

    /// <summary>Connections to it.</summary>
    public NpgsqlDataSource Database { get; }

    /// <summary>Where it is; without password.</summary>
    public string Description { get; }

    /// <summary>Starts or finds the database. A configured server that does not answer is waited for, with a line now and then.</summary>
    /// <exception cref="VerbException">The embedded server cannot be started.</exception>
    public static async Task<Backend> OpenAsync(EffectiveSettings settings, ILoggerFactory loggers, TimeProvider time, CancellationToken cancellation)
    {
        ILogger logger = loggers.CreateLogger("AutoGuard.Storage");
        string connection = settings.Values.ConnectionStrings.AutoGuard;
        EmbeddedPostgres? embedded = null;
        if (connection.Length == 0)
        {
            try
            {
                embedded = await EmbeddedPostgres.StartAsync(settings.Values.DataDirectory, logger, time, cancellation);
            }
            catch (EmbeddedPostgresException error)
            {
                throw new VerbException(error.Message);
            }
            connection = embedded.ConnectionString;
        }
        NpgsqlDataSource database = NpgsqlDataSource.Create(connection);
        NpgsqlConnectionStringBuilder parts = new(connection);
        Backend backend = new(embedded, database, embedded is null ? $"{parts.Host}:{parts.Port}/{parts.Database}" : $"embedded PostgreSQL in {embedded.Folder}");
        try
        {
            await backend.MigrateAsync(logger, time, cancellation);
            return backend;
        }
        catch
        {
            await backend.DisposeAsync();
            throw;
        }
    }

    /// <summary>Makes the embedded database a demo's, which begins anew, or a service's, which goes on; a configured server is never touched.</summary>
    /// <param name="anew">Whether what earlier demos stored is to be emptied.</param>
    /// <param name="loggers">Where it is told that a service's data stays.</param>
    /// <param name="cancellation">Cancels it.</param>
    public async Task TakeUpAsync(bool anew, ILoggerFactory loggers, CancellationToken cancellation)
    {
        if (_embedded is null)
        {
            return;
        }
        if (!anew)
        {
            await DemoDatabase.KeepAsync(Database, cancellation);
        }
        else if (!await DemoDatabase.BeginAnewAsync(Database, cancellation))
        {
            Log.HoldsMore(loggers.CreateLogger("AutoGuard.Storage"), Description);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Database.DisposeAsync();
        if (_embedded is not null)
        {
            await _embedded.DisposeAsync();
        }
    }

    private async Task MigrateAsync(ILogger logger, TimeProvider time, CancellationToken cancellation)
    {
        TimeSpan pause = FirstPause;
        while (true)
        {
            try
            {
                await MigrationRunner.ApplyAsync(Database, logger, time, cancellation);
                return;
            }
            catch (MigrationException error)
            {
                throw new VerbException(error.Message);
            }
            catch (PostgresException error) when (error.SqlState[..2] is "28" or "3D" or "42")
            {
                // Wrong password, no such database, no right to create tables: waiting does not help.
                throw new VerbException($"PostgreSQL at {Description} refuses: {error.MessageText}");
            }
            catch (NpgsqlException error)
            {
                Log.Waiting(logger, Description, pause.TotalSeconds, error.Message);
            }
            await Task.Delay(pause, time, cancellation);
            pause = TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, LongestPause.Ticks));
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 3301, Level = LogLevel.Warning, Message = "PostgreSQL at {Server} does not answer; the next attempt is in {Seconds} s: {Reason}")]
        public static partial void Waiting(ILogger logger, string server, double seconds, string reason);

        [LoggerMessage(EventId = 3302, Level = LogLevel.Warning, Message = "The {Server} holds what a service decided. The demo leaves it there and goes on from it: what was decided then is not decided again. With another DataDirectory it begins anew.")]
        public static partial void HoldsMore(ILogger logger, string server);
    }
}
