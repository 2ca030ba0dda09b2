using AutoGuard.Tests.Worker;

namespace AutoGuard.Tests.Verbs;

/// <summary>How the long-running verbs begin and end.</summary>
[Collection(ServiceTests.Name)]
public sealed class StopProcessTests : IDisposable
{
    private readonly WorkFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Sigterm_ends_a_worker_and_its_database_and_the_next_start_finds_everything()
    {
        string key = "";
        for (int start = 1; start <= 2; start++)
        {
            await using ChildProgram worker = RunningProgram.Start(_folder.Path);
            string address = await worker.WordAfterAsync("autoguard: dashboard and API");
            await worker.WordAfterAsync("autoguard: the API key");
            string server = ServerProcess();
            Assert.True(Runs(server), "the embedded PostgreSQL does not run");
            await worker.TerminateAsync();
            Ended ended = await worker.EndWithinAsync(TimeSpan.FromSeconds(10));

            Assert.True(ended.Status == 0, ended.Error);
            Assert.StartsWith("http://127.0.0.1:", address, StringComparison.Ordinal);
            // What takes long at the first start is not done again.
            Assert.Equal(start == 1, ended.Error.Contains("Made a PostgreSQL", StringComparison.Ordinal));
            Assert.Equal(start == 1, ended.Error.Contains("Applied migration", StringComparison.Ordinal));
            Assert.False(Runs(server), "the embedded PostgreSQL runs on");
            string kept = await File.ReadAllTextAsync(_folder["data/api-key"]);
            Assert.Equal(start == 1 ? kept : key, kept);
            Assert.Equal(start == 1, ended.Error.Contains(kept.Trim(), StringComparison.Ordinal));
            key = kept;
        }
    }

    [Fact]
    public async Task A_terminal_that_is_closed_ends_a_worker_and_its_database_as_Sigterm_does()
    {
        await using ChildProgram worker = RunningProgram.Start(_folder.Path);
        await worker.WordAfterAsync("autoguard: the API key");
        string server = ServerProcess();

        await worker.SignalAsync("HUP");
        Ended ended = await worker.EndWithinAsync(TimeSpan.FromSeconds(10));

        Assert.True(ended.Status == 0, ended.Error);
        Assert.False(Runs(server), "the embedded PostgreSQL runs on");
    }

    [Fact]
    public async Task A_mistake_is_told_even_while_a_database_is_waited_for()
    {
        await File.WriteAllTextAsync(_folder["model.json"], "{}");

        Ended ended = await ChildProgram.RunAutoGuardAsync(
            _folder.Path, ["run", "--set", $"Detection:Model={_folder["model.json"]}", "--set", "ConnectionStrings:AutoGuard=Host=127.0.0.1;Port=9;Timeout=1", "--set", "Web:Address=http://127.0.0.1:0"]);

        Assert.Equal(2, ended.Status);
        Assert.Contains("is no model that can be used", ended.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Explain_says_so_when_no_worker_runs()
    {
        Ended ended = await ChildProgram.RunAutoGuardAsync(_folder.Path, ["explain", "token", "abc", "--set", "Web:Address=http://127.0.0.1:9"]);

        Assert.Equal(1, ended.Status);
        Assert.Contains("No running worker answers at Web:Address http://127.0.0.1:9", ended.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_place_that_is_taken_is_named()
    {
        using System.Net.Sockets.TcpListener taken = new(System.Net.IPAddress.Loopback, 0);
        taken.Start();
        Ended ended = await ChildProgram.RunAutoGuardAsync(_folder.Path, ["run", "--set", $"Web:Address=http://{taken.LocalEndpoint}"]);

        Assert.Equal(1, ended.Status);
        Assert.Contains($"Web:Address http://{taken.LocalEndpoint} cannot be used", ended.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(" at ", ended.Error.Split('\n').Last(), StringComparison.Ordinal);
        Assert.DoesNotContain("Hosting failed to start", ended.Error, StringComparison.Ordinal);
    }

    /// <summary>Where nobody collects orphans, an ended one stays as a zombie.</summary>
    private static bool Runs(string process)
    {
        string status = $"/proc/{process}/status";
        return File.Exists(status) && !File.ReadLines(status).Any(line => line.StartsWith("State:\tZ", StringComparison.Ordinal));
    }

    private string ServerProcess() => File.ReadLines(Directory.GetFiles(_folder["data"], "postmaster.pid", SearchOption.AllDirectories).Single()).First();
}
