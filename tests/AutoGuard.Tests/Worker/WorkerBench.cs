using System.Collections;
using System.Net.Http.Headers;
using System.Text;
using AutoGuard.Configuration;
using AutoGuard.Core.Policy;
using AutoGuard.Guardian.Storage;
using AutoGuard.Kafka;
using AutoGuard.Testing;
using AutoGuard.Tests.Kafka;
using AutoGuard.Tests.Storage;
using AutoGuard.Tests.Verbs;
using AutoGuard.Verbs;
using AutoGuard.Worker;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace AutoGuard.Tests.Worker;

/// <summary>What workers need around them: a broker, a database, a folder; and ways to look at what they did.</summary>
internal sealed class WorkerBench : IAsyncDisposable
{
    private readonly WorkFolder _folder = new();
    private readonly TestDatabase _database;
    private readonly List<string> _sets;
    private readonly List<HttpClient> _clients = [];
    private readonly List<WorkerHost> _hosts = [];

    private WorkerBench(TestDatabase database, IEnumerable<string> sets)
    {
        _database = database;
        _sets =
        [
            $"DataDirectory={_folder.Path}", $"ConnectionStrings:AutoGuard={database.ConnectionString}", "Web:Address=http://127.0.0.1:0",
            "Reports:Cron=0 0 0 1 1 ? 2099", .. sets,
        ];
        Options = Settings().Values.Kafka;
        Broker = EmbeddedKafka.Start(Options);
        Kafka = new KafkaSettings(Options, Broker.BootstrapServers, isEmbedded: true);
    }

    public EmbeddedKafka Broker { get; }

    public KafkaOptions Options { get; }

    public KafkaSettings Kafka { get; }

    public RecordingLogger Log { get; } = new();

    public Npgsql.NpgsqlDataSource Database => _database.DataSource;

    public static async Task<WorkerBench> OpenAsync(PostgresFixture postgres, params string[] sets) => new(await postgres.CreateDatabaseAsync(), sets);

    /// <summary>Starts a worker; several may be started one after the other.</summary>
    public async Task<WorkerHost> StartAsync()
    {
        WorkerHost host = await WorkerHost.StartAsync(
            Settings($"Kafka:BootstrapServers={Broker.BootstrapServers}", "Kafka:Consumer:fetch.wait.max.ms=10", "Kafka:Consumer:session.timeout.ms=4000", "Kafka:Consumer:heartbeat.interval.ms=1000"),
            logging => logging.AddProvider(new Provider(Log)), TimeProvider.System, CancellationToken.None);
        _hosts.Add(host);
        return host;
    }

    /// <summary>Waits until a worker has read everything, stored its decisions, and committed the end of every partition.</summary>
    public async Task UntilSettledAsync(WorkerHost host, long records)
    {
        await Eventually.True(() => host.Figures.Source.Consumed >= records || host.Ended.IsCompleted, $"{records} records to be read");
        await Eventually.True(
            () => host.Figures.Stored == host.Figures.Worker.DecisionCount
                && host.Figures.Source.Partitions is { Length: > 0 } partitions && partitions.All(p => p.End >= 0 && p.Committed == p.End || p.End == 0),
            $"all positions to be committed; they are {string.Join(", ", host.Figures.Source.Partitions)}");
    }

    public HttpClient Client(WorkerHost host, bool withKey = true)
    {
        HttpClient client = new() { BaseAddress = new Uri(host.WebAddress), Timeout = TimeSpan.FromSeconds(30) };
        if (withKey)
        {
            client.DefaultRequestHeaders.Add("X-BINTU-APIKEY", Key);
        }
        _clients.Add(client);
        return client;
    }

    public string Key => File.ReadAllText(Path.Combine(_folder.Path, "api-key")).Trim();

    public AuthenticationHeaderValue Password =>
        new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes("operator:" + Key)));

    public Task<IReadOnlyList<Decision>> DecisionsAsync() =>
        new PostgresDecisionStore(Database, TimeProvider.System).ReadDecisionsAsync(DateTimeOffset.UnixEpoch, DateTimeOffset.MaxValue.AddYears(-1), CancellationToken.None);

    public async Task<long> CountAsync(string table)
    {
        await using Npgsql.NpgsqlCommand command = Database.CreateCommand("select count(*) from " + table);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>The positions the group committed, by partition.</summary>
    public Dictionary<int, long> Committed()
    {
        using IConsumer<byte[], byte[]> consumer = new ConsumerBuilder<byte[], byte[]>(
            new ConsumerConfig { BootstrapServers = Broker.BootstrapServers, GroupId = Options.GroupId }).Build();
        return consumer.Committed(
            Enumerable.Range(0, Options.EmbeddedPartitions).Select(partition => new TopicPartition(Options.EventsTopic, partition)), Eventually.Deadline)
            .ToDictionary(position => position.Partition.Value, position => position.Offset.Value);
    }

    /// <summary>Everything in a topic's partition, up to its end.</summary>
    public List<ConsumeResult<byte[]?, byte[]?>> Read(string topic, int partition = 0)
    {
        using IConsumer<byte[]?, byte[]?> consumer = new ConsumerBuilder<byte[]?, byte[]?>(new ConsumerConfig
        {
            BootstrapServers = Broker.BootstrapServers,
            GroupId = "reader",
            EnableAutoCommit = false,
            EnablePartitionEof = true,
            FetchWaitMaxMs = 10,
        }).Build();
        consumer.Assign(new TopicPartitionOffset(topic, partition, Offset.Beginning));
        List<ConsumeResult<byte[]?, byte[]?>> records = [];
        using CancellationTokenSource deadline = new(Eventually.Deadline);
        while (true)
        {
            ConsumeResult<byte[]?, byte[]?> next = consumer.Consume(deadline.Token);
            if (next.IsPartitionEOF)
            {
                return records;
            }
            records.Add(next);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (HttpClient client in _clients)
        {
            client.Dispose();
        }
        foreach (WorkerHost host in _hosts)
        {
            await host.DisposeAsync();
        }
        Broker.Dispose();
        await _database.DisposeAsync();
        _folder.Dispose();
    }

    private EffectiveSettings Settings(params string[] more) =>
        SettingsLoader.Load([], [.. _sets, .. more], new Hashtable(), rules: Probes.FurtherRules);

    private sealed class Provider(ILogger logger) : ILoggerProvider
    {
        public ILogger CreateLogger(string categoryName) => logger;

        public void Dispose()
        {
        }
    }
}
