using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace AutoGuard.Storage;

/// <summary>
/// A private PostgreSQL server in the data directory, run by the machine's own binaries. It is reached through a socket in
/// its data folder, or on loopback when the folder's name is too long for a socket; a password guards both. Several
/// processes may use one data directory: the first starts the server, the last stops it, and what a killed process left
/// running is taken over.
/// </summary>
public sealed partial class EmbeddedPostgres : IAsyncDisposable
{
    internal const string LogFile = "server.log";
    private const string Database = "autoguard";
    private const int SocketPort = 5432;
    private const int LongestSocketPath = 107;
    private const long LargestLog = 8 << 20;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan RetryAfter = TimeSpan.FromMilliseconds(50);

    // Small and safe: nothing that was confirmed may be lost, so fsync and full_page_writes stay as they are by default.
    private const string Settings =
        "-c max_connections=60 -c shared_buffers=32MB -c max_wal_size=256MB -c min_wal_size=32MB -c wal_level=minimal -c max_wal_senders=0 "
        + "-c max_parallel_workers_per_gather=0 -c jit=off -c timezone=UTC -c log_timezone=UTC -c unix_socket_permissions=0700 "
        + "-c log_min_messages=warning -c log_min_error_statement=panic -c logging_collector=off -c password_encryption=scram-sha-256";

    private readonly PostgresCluster _cluster;
    private readonly string _startLock;
    private readonly string _useLock;
    private readonly FileStream _use;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private int _disposed;

    private EmbeddedPostgres(PostgresCluster cluster, string connectionString, string startLock, string useLock, FileStream use, ILogger logger, TimeProvider time)
    {
        _cluster = cluster;
        ConnectionString = connectionString;
        _startLock = startLock;
        _useLock = useLock;
        _use = use;
        _logger = logger;
        _time = time;
    }

    /// <summary>How Npgsql reaches the server. Contains the password: never log it.</summary>
    public string ConnectionString { get; }

    /// <summary>The server's data folder.</summary>
    public string Folder => _cluster.Folder;

    /// <summary>Starts the server, or joins it when it runs already.</summary>
    /// <param name="dataDirectory">Where data, password and locks are kept; made when missing.</param>
    /// <param name="logger">Where progress is told.</param>
    /// <param name="time">Clock for deadlines.</param>
    /// <param name="cancellationToken">Cancels the start.</param>
    /// <exception cref="EmbeddedPostgresException">It cannot run; the message says why and what to do.</exception>
    public static async Task<EmbeddedPostgres> StartAsync(string dataDirectory, ILogger logger, TimeProvider time, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(time);
        if (!OperatingSystem.IsLinux())
        {
            throw new EmbeddedPostgresException("The embedded PostgreSQL runs on Linux only; set ConnectionStrings:AutoGuard.");
        }
        string data = Path.GetFullPath(dataDirectory);
        try
        {
            return await StartInAsync(data, logger, time, cancellationToken);
        }
        catch (UnauthorizedAccessException error)
        {
            throw new EmbeddedPostgresException($"{data} cannot be used: {error.Message} Run AutoGuard as the user that made it, or change DataDirectory.", error);
        }
    }

    private static async Task<EmbeddedPostgres> StartInAsync(string data, ILogger logger, TimeProvider time, CancellationToken cancellationToken)
    {
        if (OperatingSystem.IsLinux() && !Directory.Exists(data))
        {
            // Root's server runs as another user, who must be able to pass through; the secrets inside have modes of their own.
            const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
            Directory.CreateDirectory(data, Environment.IsPrivilegedProcess ? Owner | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute : Owner);
        }
        string startLock = Path.Combine(data, "postgres.start.lock");
        string useLock = Path.Combine(data, "postgres.use.lock");
        long began = time.GetTimestamp();
        await using FileStream starting = await FolderLock.ExclusiveAsync(startLock, Patience, time, cancellationToken);
        PostgresCluster cluster = await PostgresCluster.OpenAsync(data, logger, cancellationToken);
        FileStream use = FolderLock.TryShared(useLock) ?? throw new EmbeddedPostgresException($"{useLock} is locked by another program.");
        try
        {
            bool joined = await RunServerAsync(cluster, time, cancellationToken);
            string connectionString = await ConnectAsync(cluster, time, cancellationToken);
            double seconds = time.GetElapsedTime(began).TotalSeconds;
            Log.Runs(logger, joined ? "Joined" : "Started", cluster.Programs.Major, cluster.Folder, seconds);
            return new EmbeddedPostgres(cluster, connectionString, startLock, useLock, use, logger, time);
        }
        catch
        {
            await use.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops the server, unless another process uses it.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 1)
        {
            return;
        }
        await using FileStream stopping = await FolderLock.ExclusiveAsync(_startLock, Patience, _time, CancellationToken.None);
        await _use.DisposeAsync();
        using FileStream? alone = FolderLock.TryExclusive(_useLock);
        if (alone is null)
        {
            Log.StaysForOthers(_logger, _cluster.Folder);
            return;
        }
        await StopServerAsync(_cluster, CancellationToken.None);
        Log.Stopped(_logger, _cluster.Folder);
    }

    internal static async Task StopServerAsync(PostgresCluster cluster, CancellationToken cancellationToken)
    {
        if (PostgresPidFile.Read(cluster.Folder)?.IsAlive() != true)
        {
            return;
        }
        PostgresPrograms.Finished finished = await cluster.Programs.RunAsync("pg_ctl", ["stop", "-s", "-w", "-t", "60", "-m", "fast"], cluster.Folder, null, cancellationToken);
        if (finished.ExitCode != 0 && PostgresPidFile.Read(cluster.Folder)?.IsAlive() == true)
        {
            throw new EmbeddedPostgresException($"The embedded PostgreSQL in {cluster.Folder} did not stop: {finished.Output}\n{cluster.LogTail()}");
        }
    }

    private static async Task<bool> RunServerAsync(PostgresCluster cluster, TimeProvider time, CancellationToken cancellationToken)
    {
        long began = time.GetTimestamp();
        while (true)
        {
            PostgresPidFile? pidFile = PostgresPidFile.Read(cluster.Folder);
            if (pidFile?.IsAlive() == true)
            {
                return true;
            }
            if (pidFile is not null && !pidFile.AnyoneAlive())
            {
                // The server would trust the process number alone, and after a reboot that may be anybody's.
                File.Delete(Path.Combine(cluster.Folder, PostgresPidFile.Name));
            }
            RotateLog(cluster.Folder);
            PostgresPrograms.Finished finished = await cluster.Programs.RunAsync(
                "pg_ctl", ["start", "-s", "-w", "-t", "60", "-l", LogFile, "-o", $"{Settings} {Transport(cluster.Folder)}"], cluster.Folder, null, cancellationToken);
            if (finished.ExitCode == 0)
            {
                return false;
            }
            string tail = cluster.LogTail();
            // Children of a killed server go within a second or two; a port may be taken between choosing and binding it.
            bool passes = tail.Contains("pre-existing shared memory block", StringComparison.Ordinal) || tail.Contains("Address already in use", StringComparison.Ordinal)
                || finished.Output.Contains("another server might be running", StringComparison.Ordinal);
            if (!passes || time.GetElapsedTime(began) > TimeSpan.FromSeconds(20))
            {
                throw new EmbeddedPostgresException($"The embedded PostgreSQL in {cluster.Folder} did not start: {finished.Output}\n{tail}");
            }
            await Task.Delay(RetryAfter, time, cancellationToken);
        }
    }

    private static string Transport(string folder) => FitsSocket(folder)
        ? string.Create(CultureInfo.InvariantCulture, $"-c listen_addresses= -c unix_socket_directories=. -c port={SocketPort}")
        : string.Create(CultureInfo.InvariantCulture, $"-c listen_addresses=127.0.0.1 -c unix_socket_directories= -c port={FreePort()}");

    // A comma or colon in a host means several hosts or a port to Npgsql.
    private static bool FitsSocket(string folder) =>
        !folder.AsSpan().ContainsAny(',', ':') && Encoding.UTF8.GetByteCount(folder) + $"/.s.PGSQL.{SocketPort}".Length <= LongestSocketPath;

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static async Task<string> ConnectAsync(PostgresCluster cluster, TimeProvider time, CancellationToken cancellationToken)
    {
        long began = time.GetTimestamp();
        while (true)
        {
            PostgresPidFile pidFile = PostgresPidFile.Read(cluster.Folder)
                ?? throw new EmbeddedPostgresException($"The embedded PostgreSQL in {cluster.Folder} ended right after its start:\n{cluster.LogTail()}");
            var target = new NpgsqlConnectionStringBuilder
            {
                Host = pidFile.HasSocket ? cluster.Folder : "127.0.0.1",
                Port = pidFile.Port == 0 ? SocketPort : pidFile.Port,
                Username = PostgresCluster.Role,
                Password = cluster.Password,
                Database = Database,
                ApplicationName = "AutoGuard",
                MaxPoolSize = 24,
                SslMode = SslMode.Disable,
            };
            try
            {
                await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(target.ConnectionString) { Pooling = false }.ConnectionString);
                await connection.OpenAsync(cancellationToken);
                return target.ConnectionString;
            }
            catch (PostgresException error) when (error.SqlState == PostgresErrorCodes.InvalidCatalogName)
            {
                await CreateDatabaseAsync(target.ConnectionString, cancellationToken);
            }
            catch (PostgresException error) when (error.SqlState == PostgresErrorCodes.InvalidPassword)
            {
                throw new EmbeddedPostgresException("The embedded PostgreSQL does not accept the password in postgres.password; delete that file to have a new one set.", error);
            }
            // A server that was taken over may still be recovering, or shutting down.
            catch (NpgsqlException error) when (time.GetElapsedTime(began) > Patience)
            {
                throw new EmbeddedPostgresException($"The embedded PostgreSQL in {cluster.Folder} does not answer: {error.Message}\n{cluster.LogTail()}", error);
            }
            catch (NpgsqlException)
            {
                await Task.Delay(RetryAfter, time, cancellationToken);
                await RunServerAsync(cluster, time, cancellationToken);
            }
        }
    }

    private static async Task CreateDatabaseAsync(string connectionString, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false, Database = "postgres" }.ConnectionString);
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand($"create database {Database}", connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static void RotateLog(string folder)
    {
        var log = new FileInfo(Path.Combine(folder, LogFile));
        if (log.Exists && log.Length > LargestLog)
        {
            log.MoveTo(log.FullName + ".1", overwrite: true);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 4111, Level = LogLevel.Information, Message = "{Verb} the embedded PostgreSQL {Major} in {Folder} within {Seconds:0.00} s.")]
        public static partial void Runs(ILogger logger, string verb, int major, string folder, double seconds);

        [LoggerMessage(EventId = 4112, Level = LogLevel.Information, Message = "Left the embedded PostgreSQL in {Folder} running for the other processes that use it.")]
        public static partial void StaysForOthers(ILogger logger, string folder);

        [LoggerMessage(EventId = 4113, Level = LogLevel.Information, Message = "Stopped the embedded PostgreSQL in {Folder}.")]
        public static partial void Stopped(ILogger logger, string folder);
    }
}
