using System.Diagnostics;
using System.Globalization;
using Npgsql;

namespace AutoGuard.Testing;

/// <summary>
/// One throw-away PostgreSQL per test process, started on first use in a temporary folder. A shell watches over it: when
/// the test process ends, however it ends, the shell's standard input closes, and it kills the server and deletes the folder.
/// </summary>
internal sealed class PostgresServer
{
    private const string Script = """
        trap '' INT HUP TERM
        as="$1"; bin="$2"; dir="$3"
        stop() { kill -QUIT "$pid" 2>/dev/null; wait "$pid" 2>/dev/null; rm -rf "$dir"; }
        $as "$bin/initdb" -D "$dir/data" --username=autoguard --auth=trust --encoding=UTF8 --no-locale --no-sync >"$dir/log" 2>&1 \
          || { cat "$dir/log"; rm -rf "$dir"; exit 1; }
        $as "$bin/postgres" -D "$dir/data" -c listen_addresses= -c unix_socket_directories="$dir" -c fsync=off -c full_page_writes=off \
          -c synchronous_commit=off -c shared_buffers=32MB -c max_wal_size=256MB -c max_connections=120 -c jit=off -c timezone=UTC >>"$dir/log" 2>&1 </dev/null &
        pid=$!
        echo started
        cat >/dev/null
        stop
        """;

    private static readonly Lazy<Task<PostgresServer>> Shared = new(StartAsync);

    // Never disposed on purpose: the open pipe is what keeps the server alive, and its end with the process what stops it.
    private readonly Process _shell;

    private PostgresServer(Process shell, string folder)
    {
        _shell = shell;
        Folder = folder;
    }

    /// <summary>Where its socket and log are.</summary>
    public string Folder { get; }

    public int ShellProcessId => _shell.Id;

    public static Task<PostgresServer> GetAsync() => Shared.Value;

    public string ConnectionString(string database, bool pooling = true) => new NpgsqlConnectionStringBuilder
    {
        Host = Folder,
        Username = "autoguard",
        Database = database,
        Pooling = pooling,
        MaxPoolSize = 20,
        IncludeErrorDetail = true,
    }.ConnectionString;

    private static async Task<PostgresServer> StartAsync()
    {
        string binaries = FindBinaries();
        bool isRoot = Environment.UserName == "root";
        string folder = Directory.CreateTempSubdirectory("ag-pg-").FullName;
        if (isRoot)
        {
            await RunAsync("chown", "postgres:postgres", folder);
        }
        var start = new ProcessStartInfo("/bin/sh") { RedirectStandardInput = true, RedirectStandardOutput = true, WorkingDirectory = "/" };
        foreach (string argument in (string[])["-c", Script, "postgres-for-tests", isRoot ? "setpriv --reuid=postgres --regid=postgres --clear-groups --" : "", binaries, folder])
        {
            start.ArgumentList.Add(argument);
        }
        foreach (string name in start.Environment.Keys.Where(static k => k.StartsWith("PG", StringComparison.Ordinal)).ToArray())
        {
            start.Environment.Remove(name);
        }
        start.Environment["LC_ALL"] = "C";
        Process shell = Process.Start(start) ?? throw new InvalidOperationException("/bin/sh did not start.");
        string? answer = await shell.StandardOutput.ReadLineAsync();
        if (answer != "started")
        {
            throw new InvalidOperationException($"PostgreSQL for the tests did not start: {answer} {await shell.StandardOutput.ReadToEndAsync()}");
        }
        var server = new PostgresServer(shell, folder);
        await server.WaitUntilReadyAsync();
        return server;
    }

    private async Task WaitUntilReadyAsync()
    {
        long deadline = Stopwatch.GetTimestamp() + (30 * Stopwatch.Frequency);
        while (true)
        {
            try
            {
                await using var connection = new NpgsqlConnection(ConnectionString("postgres", pooling: false));
                await connection.OpenAsync();
                return;
            }
            catch (NpgsqlException) when (Stopwatch.GetTimestamp() < deadline)
            {
                await Task.Delay(20);
            }
            catch (NpgsqlException error)
            {
                throw new InvalidOperationException($"Waited 30 s for PostgreSQL in {Folder} to accept connections: {await File.ReadAllTextAsync(Path.Combine(Folder, "log"))}", error);
            }
        }
    }

    private static string FindBinaries()
    {
        IEnumerable<string> onPath = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        IEnumerable<string> packaged = Directory.Exists("/usr/lib/postgresql")
            ? Directory.GetDirectories("/usr/lib/postgresql").OrderByDescending(static d => int.TryParse(Path.GetFileName(d), NumberStyles.None, CultureInfo.InvariantCulture, out int v) ? v : 0).Select(static d => Path.Combine(d, "bin"))
            : [];
        return onPath.Concat(packaged).FirstOrDefault(static d => File.Exists(Path.Combine(d, "initdb")) && File.Exists(Path.Combine(d, "postgres")))
            ?? throw new InvalidOperationException("PostgreSQL binaries were not found; install the package postgresql.");
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments)) ?? throw new InvalidOperationException($"{program} did not start.");
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}.");
        }
    }
}
