using AutoGuard.Testing;
using AutoGuard.Tests.Documentation;
using AutoGuard.Tests.Kafka;
using AutoGuard.Tests.Verbs;
using AutoGuard.Worker;

namespace AutoGuard.Tests.Worker;

/// <summary>A running worker and the file of its model.</summary>
[Collection(ServiceTests.Name)]
public sealed class ModelSwapTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task A_worker_takes_up_a_changed_model_and_keeps_the_last_good_one_when_the_file_breaks()
    {
        using WorkFolder folder = new();
        string first = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "models", "example.json"));
        string second = first.Replace("\"name\": \"example\"", "\"name\": \"second\"", StringComparison.Ordinal);
        string third = first.Replace("\"name\": \"example\"", "\"name\": \"third\"", StringComparison.Ordinal);
        string path = folder.Write("model.json", first);
        await using WorkerBench bench = await WorkerBench.OpenAsync(postgres, $"Detection:Model={path}");
        WorkerHost host = await bench.StartAsync();
        string before = await FingerprintAsync(host);
        Assert.Equal("example", await ModelAsync(host));

        await File.WriteAllTextAsync(path, second);
        await UntilLoggedAsync(bench, "Model second (sha256:");
        string after = await FingerprintAsync(host);
        Assert.Equal("second", await ModelAsync(host));
        Assert.NotEqual(before, after);

        await File.WriteAllTextAsync(path, second.Replace("\"format\": 1", "\"format\": 7", StringComparison.Ordinal));
        await UntilLoggedAsync(bench, "format: 7 is not allowed; must be a whole number from 1 to 1. The last good one (sha256:");
        Assert.Equal("second", await ModelAsync(host));

        File.Delete(path);
        await UntilLoggedAsync(bench, "the file cannot be read");
        Assert.Equal(("second", after), (await ModelAsync(host), await FingerprintAsync(host)));

        string beside = folder.Write("beside.json", third);
        File.Move(beside, path);
        await UntilLoggedAsync(bench, "Model third (sha256:");
        Assert.Equal("third", await ModelAsync(host));
        Assert.Equal(2, bench.Log.Lines.Count(line => line.Contains("The last good one", StringComparison.Ordinal)));
        Assert.False(host.Ended.IsCompleted);
    }

    private static Task<string?> ModelAsync(WorkerHost host) =>
        host.Figures.Worker.AskAsync(pipeline => pipeline.State.Habits.Model?.Name, CancellationToken.None);

    private static async Task<string> FingerprintAsync(WorkerHost host) =>
        (await host.Reports.ReadAsync(DateTimeOffset.UnixEpoch, DateTimeOffset.UtcNow, CancellationToken.None)).Policy;

    private static Task UntilLoggedAsync(WorkerBench bench, string text) =>
        Eventually.True(() => bench.Log.Lines.Any(line => line.Contains(text, StringComparison.Ordinal)), $"a log line with \"{text}\"");
}
