using System.Net;
using AutoGuard.Testing;
using AutoGuard.Tests.Kafka;
using AutoGuard.Worker;

namespace AutoGuard.Tests.Worker;

/// <summary>Whatever is asked of a running worker, it goes on detecting.</summary>
[Collection(ServiceTests.Name)]
public sealed class WorkerQuestionsTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    private WorkerBench _bench = null!;
    private WorkerHost _host = null!;

    private DetectionWorker Worker => _host.Figures.Worker;

    public async Task InitializeAsync()
    {
        await postgres.InitializeAsync();
        _bench = await WorkerBench.OpenAsync(postgres);
        _host = await _bench.StartAsync();
    }

    public async Task DisposeAsync() => await _bench.DisposeAsync();

    [Fact]
    public async Task A_question_that_fails_fails_for_its_asker_only_and_is_logged()
    {
        UnansweredException failed = await Assert.ThrowsAsync<UnansweredException>(() => Worker.ExplainAsync((_, _) => throw new InvalidOperationException("broken chain"), default));

        Assert.False(failed.IsRefused);
        Assert.Equal(7, await Worker.AskAsync(_ => 7, default));
        Assert.False(_host.Ended.IsCompleted);
        Assert.Contains(_bench.Log.Lines, line => line.Contains("could not be answered; detection goes on", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Beyond_a_number_that_waits_operators_are_told_to_come_later_and_the_worker_itself_is_not()
    {
        using HttpClient client = _bench.Client(_host);
        using ManualResetEventSlim gate = new();
        using CancellationTokenSource leaving = new();
        int asked = 0;
        Task<bool> standing = Worker.AskAsync(_ => gate.Wait(Eventually.Deadline), default);
        Task[] waiting = [.. Enumerable.Range(0, WorkerQuestions.MostOfOperators).Select(_ => Worker.ExplainAsync((_, _) =>
        {
            asked++;
            return null;
        }, leaving.Token))];
        Task<int> own = Worker.AskAsync(_ => 7, default);

        using HttpResponseMessage refused = await client.GetAsync("/explain/ip/192.0.2.1");
        await leaving.CancelAsync();
        gate.Set();

        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.True(await standing);
        Assert.Equal(7, await own);
        Assert.All(waiting, task => Assert.True(task.IsCanceled));
        Assert.Equal(0, asked);
        using HttpResponseMessage later = await client.GetAsync("/explain/ip/192.0.2.1");
        Assert.Equal(HttpStatusCode.NotFound, later.StatusCode);
    }
}
