using System.Net;
using System.Text.Json;
using AutoGuard.Core.Policy;
using AutoGuard.Guardian.Storage;
using AutoGuard.Testing;
using AutoGuard.Tests.Kafka;
using AutoGuard.Worker;
using Npgsql;

namespace AutoGuard.Tests.Worker;

/// <summary>What a worker does while a part it needs is away.</summary>
[Collection(ServiceTests.Name)]
public sealed class OutageTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const short Produce = 0;
    private const int TopicAuthorizationFailed = 29;

    [Fact]
    public async Task While_the_database_is_away_decisions_wait_and_are_stored_once_when_it_is_back()
    {
        Traffic traffic = Traffic.Now("01-token-sharing");
        await using WorkerBench bench = await WorkerBench.OpenAsync(postgres, ["Policy:Mode=Enforce", .. RestartTests.Sets("01-token-sharing")]);
        await using WorkerHost host = await bench.StartAsync();
        using HttpClient client = bench.Client(host, withKey: false);
        await Eventually.True(() => host.Figures.NotReady is null, "the worker to be ready");

        await TakeAwayAsync(bench);
        Traffic.Produce(bench.Kafka, traffic.Lines);
        await Eventually.True(() => host.Figures.Worker.DecisionCount == 2 && host.Figures.NotReady is not null, "decisions that cannot be stored");
        using HttpResponseMessage ready = await client.GetAsync("/health/ready");
        using HttpResponseMessage live = await client.GetAsync("/health/live");
        long stored = host.Figures.Stored;
        long committed = bench.Committed().Values.Where(offset => offset > 0).Sum();
        await BringBackAsync(bench);
        await bench.UntilSettledAsync(host, traffic.Lines.Count);
        await Eventually.True(() => host.Figures.Applied == 1, "the revocation to be enforced");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        Assert.Equal(HttpStatusCode.OK, live.StatusCode);
        Assert.Equal(0, stored);
        Assert.True(committed < traffic.Lines.Count, "positions were committed beyond decisions that were not stored");
        Assert.Equal([DecisionAction.Flag, DecisionAction.Revoke], (await bench.DecisionsAsync()).Select(decision => decision.Action));
        Assert.Equal(2, bench.Read(bench.Options.DecisionsTopic).Count);
        Assert.Equal(traffic.Lines.Count, bench.Committed().Values.Sum());
        Assert.InRange(bench.Log.Lines.Count(line => line.Contains("cannot be written; nothing is lost", StringComparison.Ordinal)), 1, 20);
    }

    [Fact]
    public async Task A_worker_whose_database_stays_away_stops_in_time_and_commits_nothing_it_could_not_store()
    {
        Traffic traffic = Traffic.Now("01-token-sharing");
        await using WorkerBench bench = await WorkerBench.OpenAsync(postgres, RestartTests.Sets("01-token-sharing"));
        WorkerHost first = await bench.StartAsync();
        await Eventually.True(() => first.Figures.NotReady is null, "the worker to be ready");
        await TakeAwayAsync(bench);
        Traffic.Produce(bench.Kafka, traffic.Lines);
        await Eventually.True(() => first.Figures.Worker.DecisionCount == 2, "two decisions");

        await first.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10));
        await BringBackAsync(bench);
        await using WorkerHost second = await bench.StartAsync();
        await Eventually.True(() => second.Figures.Stored == 2, "the decisions to be made again and stored");

        Assert.Equal([DecisionAction.Flag, DecisionAction.Revoke], (await bench.DecisionsAsync()).Select(decision => decision.Action));
    }

    [Fact]
    public async Task What_was_stored_before_a_stop_but_not_published_is_published_by_the_next_worker()
    {
        Traffic traffic = Traffic.Now("01-token-sharing");
        await using WorkerBench bench = await WorkerBench.OpenAsync(postgres, RestartTests.Sets("01-token-sharing"));
        Traffic.Produce(bench.Kafka, traffic.Lines);
        // As many attempts as there may be within the time that a stop waits.
        bench.Broker.FailRequests(Produce, [.. Enumerable.Repeat(TopicAuthorizationFailed, 5)]);
        WorkerHost first = await bench.StartAsync();
        await Eventually.True(() => first.Figures.NotReady == "Decisions cannot be stored or published.", "the decisions topic to refuse");
        await first.DisposeAsync();
        string[] stored = [.. (await bench.DecisionsAsync()).Select(decision => decision.Id)];
        int published = bench.Read(bench.Options.DecisionsTopic).Count;

        await using WorkerHost second = await bench.StartAsync();
        await bench.UntilSettledAsync(second, 1);
        await Eventually.True(() => second.Figures.Published > 0, "what was left to be published");

        Assert.NotEmpty(stored);
        Assert.Equal(0, published);
        Assert.Equal((await bench.DecisionsAsync()).Select(decision => decision.Id).Order(), OnTopic(bench).Select(record => record.Id).Order());
        Assert.Equal(0, await bench.CountAsync("decisions where not published"));
    }

    [Fact]
    public async Task While_the_topic_takes_nothing_of_what_was_left_a_new_decision_is_stored_and_later_follows_it_on_the_topic()
    {
        Traffic traffic = Traffic.Now("01-token-sharing");
        await using WorkerBench bench = await WorkerBench.OpenAsync(postgres, RestartTests.Sets("01-token-sharing"));
        Decision left = Left();
        await using (WorkerHost first = await bench.StartAsync())
        {
            await Eventually.True(() => first.Figures.NotReady is null, "the worker to be ready");
        }
        await new PostgresDecisionStore(bench.Database, TimeProvider.System).AppendAsync([left], [], default);
        Traffic.Produce(bench.Kafka, traffic.Lines);
        bench.Broker.FailRequests(Produce, [.. Enumerable.Repeat(TopicAuthorizationFailed, 100)]);

        await using WorkerHost second = await bench.StartAsync();
        await Eventually.True(() => second.Figures.Stored == 2, "the new decisions to be stored");
        // A group may be rebalancing at this moment, which is said first.
        await Eventually.True(() => second.Figures.NotReady == "Decisions cannot be stored or published.", "the decisions topic to refuse");
        long published = second.Figures.Published;
        bench.Broker.AllowRequests(Produce);
        await bench.UntilSettledAsync(second, traffic.Lines.Count);

        Assert.Equal(0, published);
        (string Id, long At)[] onTopic = OnTopic(bench);
        long leftAt = onTopic.Single(record => record.Id == left.Id).At;
        Assert.Equal((await bench.DecisionsAsync()).Select(decision => decision.Id).Order(), onTopic.Select(record => record.Id).Order());
        Assert.All(onTopic, record => Assert.True(record.At >= leftAt, "a new decision was published before the one that was left"));
        Assert.Equal(0, await bench.CountAsync("decisions where not published"));
    }

    [Fact]
    public async Task A_broker_that_is_away_at_the_start_is_waited_for()
    {
        Traffic traffic = Traffic.Now("01-token-sharing");
        await using WorkerBench bench = await WorkerBench.OpenAsync(postgres, RestartTests.Sets("01-token-sharing"));
        await bench.Broker.TakeDownAsync();
        await using WorkerHost host = await bench.StartAsync();
        await Eventually.True(() => Unreachable(bench) >= 2, "two lines that say that no broker answers");
        string? notReady = host.Figures.NotReady;
        int lines = bench.Log.Lines.Count(line => line.Contains("roker", StringComparison.Ordinal));

        await bench.Broker.BringUpAsync();
        Traffic.Produce(bench.Kafka, traffic.Lines);
        await bench.UntilSettledAsync(host, traffic.Lines.Count);

        Assert.Equal("Kafka does not answer.", notReady);
        Assert.InRange(lines, 2, 20);
        Assert.Equal(2, (await bench.DecisionsAsync()).Count);
        Assert.Null(host.Figures.NotReady);
    }

    private static (string Id, long At)[] OnTopic(WorkerBench bench) =>
        [.. bench.Read(bench.Options.DecisionsTopic).Select(record =>
            (JsonDocument.Parse(record.Message.Value).RootElement.GetProperty("id").GetString()!, record.Message.Timestamp.UnixTimestampMs))];

    private static Decision Left() => new()
    {
        Id = "left",
        Time = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds(),
        Action = DecisionAction.Flag,
        Mode = EnforcementMode.Observe,
        Subject = new Subject(SubjectType.Token, "jti-left"),
        Score = 0.9,
        Reasons = [],
        Harm = new HarmPreview(1, 1, 1),
        Policy = "p",
        Source = new SourcePosition("playback.events", 0, 0),
    };

    private static int Unreachable(WorkerBench bench) =>
        bench.Log.Lines.Count(line => line.Contains("has answered for", StringComparison.Ordinal));

    /// <summary>The server ends all connections to the database and takes no new ones, as in a fail-over.</summary>
    private static async Task TakeAwayAsync(WorkerBench bench)
    {
        await ExecuteAsync(bench, $"alter database {Name(bench)} with allow_connections false");
        await ExecuteAsync(bench, $"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{Name(bench)}'");
    }

    private static Task BringBackAsync(WorkerBench bench) => ExecuteAsync(bench, $"alter database {Name(bench)} with allow_connections true");

    private static string Name(WorkerBench bench) => new NpgsqlConnectionStringBuilder(bench.Database.ConnectionString).Database!;

    private static async Task ExecuteAsync(WorkerBench bench, string sql)
    {
        string elsewhere = new NpgsqlConnectionStringBuilder(bench.Database.ConnectionString) { Database = "postgres", Pooling = false }.ConnectionString;
        await using NpgsqlConnection connection = new(elsewhere);
        await connection.OpenAsync();
        await using NpgsqlCommand command = new(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
