using System.Diagnostics;
using System.Globalization;
using System.Runtime.Versioning;
using AutoGuard.Kafka;
using AutoGuard.Storage;
using AutoGuard.Testing;
using AutoGuard.Tests.Kafka;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace AutoGuard.Tests.Storage;

[UnsupportedOSPlatform("windows")]
public sealed class EmbeddedPostgresTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ag-embedded-").FullName;

    private string Data => Path.Combine(_folder, "data");

    public EmbeddedPostgresTests()
    {
        // What a user's DataDirectory is: passable for others, so that root's server, running as postgres, gets in.
        File.SetUnixFileMode(_folder, (UnixFileMode)Convert.ToInt32("755", 8));
    }

    public void Dispose()
    {
        // A test that failed half-way leaves a server; it must not outlive the test.
        foreach (string pidFile in Directory.EnumerateFiles(_folder, PostgresPidFile.Name, SearchOption.AllDirectories))
        {
            if (PostgresPidFile.Read(Path.GetDirectoryName(pidFile)!) is { } left && left.IsAlive())
            {
                Process.GetProcessById(left.ProcessId).Kill();
            }
        }
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task It_starts_keeps_what_was_written_and_stops()
    {
        string folder;
        await using (EmbeddedPostgres first = await StartAsync())
        {
            folder = first.Folder;
            await ExecuteAsync(first, "create table kept (x integer); insert into kept values (42)");
        }
        Assert.Null(PostgresPidFile.Read(folder));

        await using EmbeddedPostgres second = await StartAsync();
        Assert.Equal(42, await ExecuteAsync(second, "select x from kept"));
        Assert.Equal("on,UTC,UTF8,on", await ExecuteAsync(second, "select concat_ws(',', current_setting('fsync'), current_setting('timezone'), current_setting('server_encoding'), current_setting('data_checksums'))"));
    }

    [Fact]
    public async Task The_password_is_private_and_needed_and_never_logged()
    {
        var log = new RecordingLogger();
        await using EmbeddedPostgres server = await EmbeddedPostgres.StartAsync(Data, log, TimeProvider.System, default);
        string passwordFile = Path.Combine(Data, "postgres.password");
        string password = (await File.ReadAllTextAsync(passwordFile)).Trim();

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(passwordFile));
        Assert.Contains(password, server.ConnectionString, StringComparison.Ordinal);
        Assert.DoesNotContain(log.Lines, line => line.Contains(password, StringComparison.Ordinal));
        Assert.NotEmpty(log.Lines);
        var wrong = new NpgsqlConnectionStringBuilder(server.ConnectionString) { Password = "wrong", Pooling = false };
        await using var connection = new NpgsqlConnection(wrong.ConnectionString);
        var error = await Assert.ThrowsAsync<PostgresException>(() => connection.OpenAsync());
        Assert.Equal(PostgresErrorCodes.InvalidPassword, error.SqlState);
    }

    [Fact]
    public async Task A_killed_server_comes_back_with_everything_that_was_committed()
    {
        EmbeddedPostgres first = await StartAsync();
        await ExecuteAsync(first, "create table kept (x integer); insert into kept values (42)");
        using (Process postmaster = Process.GetProcessById(PostgresPidFile.Read(first.Folder)!.ProcessId))
        {
            postmaster.Kill();
            await postmaster.WaitForExitAsync();
        }
        await first.DisposeAsync();

        await using EmbeddedPostgres second = await StartAsync();
        Assert.Equal(42, await ExecuteAsync(second, "select x from kept"));
    }

    [Fact]
    public async Task A_server_that_a_killed_worker_left_running_is_taken_over_and_stopped_at_the_end()
    {
        string folder;
        await using (EmbeddedPostgres first = await StartAsync())
        {
            folder = first.Folder;
            await ExecuteAsync(first, "create table kept (x integer); insert into kept values (42)");
        }
        // What kill -9 leaves: the server runs, and nobody holds a lock.
        PostgresPrograms programs = await PostgresPrograms.FindAsync(null, default);
        await programs.RunAsync(
            "pg_ctl", ["start", "-s", "-w", "-l", EmbeddedPostgres.LogFile, "-o", "-c listen_addresses= -c unix_socket_directories=. -c port=5432"], folder, null, default);
        int left = PostgresPidFile.Read(folder)!.ProcessId;

        await using (EmbeddedPostgres second = await StartAsync())
        {
            Assert.Equal(42, await ExecuteAsync(second, "select x from kept"));
            Assert.Equal(left, PostgresPidFile.Read(folder)!.ProcessId);
        }
        Assert.Null(PostgresPidFile.Read(folder));
    }

    [Fact]
    public async Task A_process_number_that_now_belongs_to_another_program_does_not_stop_the_start()
    {
        string folder;
        string pidFile;
        await using (EmbeddedPostgres first = await StartAsync())
        {
            folder = first.Folder;
            pidFile = PostgresPidFile.Read(folder)!.Text;
        }
        string[] lines = pidFile.Split('\n');
        lines[0] = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        await File.WriteAllTextAsync(Path.Combine(folder, PostgresPidFile.Name), string.Join('\n', lines));

        await using EmbeddedPostgres second = await StartAsync();
        Assert.Equal(1, await ExecuteAsync(second, "select 1"));
    }

    [Fact]
    public async Task The_last_user_stops_the_server()
    {
        EmbeddedPostgres first = await StartAsync();
        EmbeddedPostgres second = await StartAsync();
        Assert.Equal(first.ConnectionString, second.ConnectionString);
        int process = PostgresPidFile.Read(first.Folder)!.ProcessId;

        await first.DisposeAsync();
        Assert.Equal(1, await ExecuteAsync(second, "select 1"));
        Assert.Equal(process, PostgresPidFile.Read(second.Folder)!.ProcessId);

        await second.DisposeAsync();
        Assert.Null(PostgresPidFile.Read(second.Folder));
        await second.DisposeAsync();
    }

    [Fact]
    public async Task Starts_at_the_same_time_share_one_server()
    {
        EmbeddedPostgres[] servers = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => StartAsync()));

        Assert.Single(servers.Select(static s => s.ConnectionString).Distinct());
        Assert.Equal(1, await ExecuteAsync(servers[2], "select 1"));
        foreach (EmbeddedPostgres server in servers)
        {
            await server.DisposeAsync();
        }
        Assert.Null(PostgresPidFile.Read(servers[0].Folder));
    }

    [Fact]
    public async Task A_folder_whose_name_is_too_long_for_a_socket_is_served_on_loopback()
    {
        string deep = Path.Combine(_folder, new string('a', 60), new string('b', 60) + " \"$'");
        EmbeddedPostgres server = await EmbeddedPostgres.StartAsync(deep, NullLogger.Instance, TimeProvider.System, default);
        Assert.Equal("127.0.0.1", new NpgsqlConnectionStringBuilder(server.ConnectionString).Host);
        Assert.Equal("127.0.0.1", await ExecuteAsync(server, "select current_setting('listen_addresses')"));
        await server.DisposeAsync();

        await using EmbeddedPostgres again = await EmbeddedPostgres.StartAsync(deep, NullLogger.Instance, TimeProvider.System, default);
        Assert.Equal(1, await ExecuteAsync(again, "select 1"));
    }

    [Fact]
    public async Task A_lost_password_is_set_anew()
    {
        await using (EmbeddedPostgres first = await StartAsync())
        {
            await ExecuteAsync(first, "create table kept (x integer)");
        }
        File.Delete(Path.Combine(Data, "postgres.password"));

        await using EmbeddedPostgres second = await StartAsync();
        Assert.Equal(0L, await ExecuteAsync(second, "select count(*) from kept"));
    }

    [Fact]
    public async Task A_start_that_was_killed_half_way_does_not_spoil_the_next()
    {
        string half = Path.Combine(Data, "postgres.new");
        Directory.CreateDirectory(half);
        await File.WriteAllTextAsync(Path.Combine(half, "PG_VERSION"), "1");

        await using EmbeddedPostgres server = await StartAsync();
        Assert.False(Directory.Exists(half));
        Assert.Equal(1, await ExecuteAsync(server, "select 1"));
    }

    [Fact]
    public async Task A_folder_of_something_else_is_refused_and_left_alone()
    {
        string taken = Path.Combine(Data, "postgres", "photos");
        Directory.CreateDirectory(taken);

        var error = await Assert.ThrowsAsync<EmbeddedPostgresException>(StartAsync);

        Assert.Contains("is no PostgreSQL data folder", error.Message, StringComparison.Ordinal);
        Assert.True(Directory.Exists(taken));
    }

    [Fact]
    public async Task A_cluster_of_another_version_is_refused_by_name()
    {
        Directory.CreateDirectory(Path.Combine(Data, "postgres"));
        await File.WriteAllTextAsync(Path.Combine(Data, "postgres", "PG_VERSION"), "9\n");

        var error = await Assert.ThrowsAsync<EmbeddedPostgresException>(StartAsync);

        Assert.Contains("was made by PostgreSQL 9", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_server_inherits_nothing_of_an_embedded_broker()
    {
        await using KafkaBench bench = new(partitions: 1);
        // Connections that the broker has accepted stay open while this one lives.
        KafkaEventSource open = bench.Source();
        open.Start();
        await Eventually.True(() => open.Counters.Partitions.Length == 1, "somebody to be connected");

        await using EmbeddedPostgres server = await StartAsync();

        int process = PostgresPidFile.Read(server.Folder)!.ProcessId;
        Assert.Contains(Sockets("self"), file => file.StartsWith("socket:", StringComparison.Ordinal));
        Assert.Empty(Sockets(process.ToString(CultureInfo.InvariantCulture)).Intersect(Sockets("self")));
    }

    /// <summary>Sockets, pipes and the like that a process has open, by what they are; two processes that name the same one share it.</summary>
    private static HashSet<string> Sockets(string process) =>
        [.. Directory.EnumerateFileSystemEntries($"/proc/{process}/fd").Select(static entry => new FileInfo(entry).LinkTarget ?? "").Where(static target => target.Contains(":[", StringComparison.Ordinal))];

    private Task<EmbeddedPostgres> StartAsync() => EmbeddedPostgres.StartAsync(Data, NullLogger.Instance, TimeProvider.System, default);

    private static async Task<object?> ExecuteAsync(EmbeddedPostgres server, string sql)
    {
        await using var connection = new NpgsqlConnection(server.ConnectionString + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }
}
