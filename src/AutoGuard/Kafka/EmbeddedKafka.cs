using System.Runtime.InteropServices;

namespace AutoGuard.Kafka;

/// <summary>
/// A Kafka broker inside the process: librdkafka's mock cluster. It speaks the real protocol on 127.0.0.1, so any client
/// of this machine can use it, and keeps everything in memory.
/// </summary>
/// <remarks>
/// Limits, all of them librdkafka's: each partition keeps its last 5 MiB (as compressed) and 100,000 batches, the oldest
/// are dropped; no TLS or SASL; no compaction; offsets cannot be looked up by time; other topics than those created here
/// appear on first use with 4 partitions. Listing or deleting consumer groups on it aborts the process. The port is free to
/// choose for the system only.
/// </remarks>
public sealed class EmbeddedKafka : IDisposable
{
    private const int TopicAlreadyExists = 36;

    private readonly Lock _gate = new();
    private readonly nint _handle;
    private readonly nint _cluster;
    private bool _disposed;

    private EmbeddedKafka(nint handle, nint cluster)
    {
        _handle = handle;
        _cluster = cluster;
        BootstrapServers = Marshal.PtrToStringUTF8(Librdkafka.rd_kafka_mock_cluster_bootstraps(cluster))
            ?? throw new InvalidOperationException("The embedded Kafka broker has no address.");
    }

    /// <summary>Addresses of the brokers as <c>host:port</c>, separated by commas.</summary>
    public string BootstrapServers { get; }

    /// <summary>Starts brokers on free ports of the loopback address.</summary>
    /// <param name="brokers">Number of brokers, from 1.</param>
    /// <exception cref="InvalidOperationException">There is no librdkafka, or it refuses; the message says why.</exception>
    public static EmbeddedKafka Start(int brokers = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(brokers, 1);
        KafkaLibrary.Require();
        nint handle = Librdkafka.NewProducer();
        nint cluster = Librdkafka.NewCluster(handle, brokers);
        if (cluster == 0)
        {
            Librdkafka.rd_kafka_destroy(handle);
            throw new InvalidOperationException("The embedded Kafka broker cannot start: no free port, or no memory.");
        }
        Librdkafka.SetInitialRebalanceDelay(cluster, 100);
        return new EmbeddedKafka(handle, cluster);
    }

    /// <summary>Starts one broker with the topics of <paramref name="options"/>.</summary>
    public static EmbeddedKafka Start(KafkaOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        EmbeddedKafka kafka = Start();
        kafka.CreateTopic(options.EventsTopic, options.EmbeddedPartitions);
        kafka.CreateTopic(options.DecisionsTopic, 1);
        kafka.CreateTopic(options.DeadLetterTopic, 1);
        return kafka;
    }

    /// <summary>Creates a topic; one that exists stays as it is.</summary>
    public void CreateTopic(string topic, int partitions)
    {
        ArgumentException.ThrowIfNullOrEmpty(topic);
        ArgumentOutOfRangeException.ThrowIfLessThan(partitions, 1);
        int error = OnCluster(cluster => Librdkafka.rd_kafka_mock_topic_create(cluster, topic, partitions, 1));
        if (error is not (0 or TopicAlreadyExists))
        {
            throw new InvalidOperationException($"The embedded Kafka broker cannot create topic {topic}: {Librdkafka.ErrorText(error)}");
        }
    }

    /// <summary>Closes a broker's connections and refuses new ones; its port and its records stay.</summary>
    /// <param name="broker">Number of the broker, from 1.</param>
    internal void TakeDown(int broker = 1) => OnCluster(cluster => Librdkafka.rd_kafka_mock_broker_set_down(cluster, broker));

    /// <summary>Lets a broker that was taken down answer again.</summary>
    internal void BringUp(int broker = 1) => OnCluster(cluster => Librdkafka.rd_kafka_mock_broker_set_up(cluster, broker));

    /// <summary>Lets the next requests of a kind fail, each with the next of the errors.</summary>
    internal unsafe void FailRequests(short apiKey, params int[] errors) => OnCluster(cluster =>
    {
        fixed (int* first = errors)
        {
            Librdkafka.rd_kafka_mock_push_request_errors_array(cluster, apiKey, (nuint)errors.Length, first);
        }
        return 0;
    });

    /// <summary>Lets requests of a kind succeed again.</summary>
    internal void AllowRequests(short apiKey) => OnCluster(cluster =>
    {
        Librdkafka.rd_kafka_mock_clear_request_errors(cluster, apiKey);
        return 0;
    });

    /// <summary>Stops the brokers and forgets everything.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }
            _disposed = true;
            Librdkafka.rd_kafka_mock_cluster_destroy(_cluster);
            Librdkafka.rd_kafka_destroy(_handle);
        }
    }

    private int OnCluster(Func<nint, int> call)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return call(_cluster);
        }
    }
}
