using System.Runtime.InteropServices;

namespace AutoGuard.Kafka;

/// <summary>
/// The few functions of librdkafka that Confluent.Kafka does not expose: the mock cluster and the check of a single
/// property. All of them are in every librdkafka since 1.3. <see cref="KafkaLibrary"/> decides which file is loaded.
/// </summary>
internal static partial class Librdkafka
{
    public const string Name = "librdkafka";

    private const int ErrorTextSize = 512;

    // Of Linux: the largest set of signals that a C library has, in bytes, and SIG_SETMASK.
    private const int SignalSetSize = 128;
    private const int SetMask = 2;

    public enum ConfigurationResult
    {
        Unknown = -2,
        Invalid = -1,
        Ok = 0,
    }

    /// <summary>A record as librdkafka hands it out (<c>rd_kafka_message_t</c>).</summary>
    [StructLayout(LayoutKind.Sequential)]
    public unsafe struct Message
    {
        public int Error;
        public nint Topic;
        public int Partition;
        public byte* Payload;
        public nuint Length;
        public byte* Key;
        public nuint KeyLength;
        public long Offset;
        public nint Opaque;
    }

    /// <summary>Makes a handle that owns a mock cluster and nothing else; the caller destroys it.</summary>
    public static unsafe nint NewProducer()
    {
        byte* text = stackalloc byte[ErrorTextSize];
        nint configuration = rd_kafka_conf_new();
        // Only the handle's own threads log, and only about the brokers it does not have.
        _ = rd_kafka_conf_set(configuration, "log_level", "0", text, ErrorTextSize);
        nint handle = rd_kafka_new(0, configuration, text, ErrorTextSize);
        if (handle == 0)
        {
            rd_kafka_conf_destroy(configuration);
            throw new InvalidOperationException($"The embedded Kafka broker cannot start: {Marshal.PtrToStringUTF8((nint)text)}");
        }
        return handle;
    }

    /// <summary>Starts a mock cluster; 0 when there is no port or no memory.</summary>
    /// <remarks>
    /// Its thread ends for good when a signal interrupts its poll, and whoever asks the cluster for anything then waits for ever. Every
    /// child that ends, such as PostgreSQL's pg_ctl, brings a signal. The library blocks them in its other threads and forgot this one,
    /// which takes over what is blocked in the thread that makes it.
    /// </remarks>
    public static unsafe nint NewCluster(nint handle, int brokers)
    {
        if (!OperatingSystem.IsLinux())
        {
            return rd_kafka_mock_cluster_new(handle, brokers);
        }
        byte* all = stackalloc byte[SignalSetSize];
        byte* before = stackalloc byte[SignalSetSize];
        _ = sigfillset(all);
        int failure = pthread_sigmask(SetMask, all, before);
        nint cluster = rd_kafka_mock_cluster_new(handle, brokers);
        if (failure == 0)
        {
            _ = pthread_sigmask(SetMask, before, null);
        }
        return cluster;
    }

    /// <summary>Asks librdkafka whether it takes a property; the text is its own.</summary>
    public static unsafe ConfigurationResult TrySet(string property, string value, out string text)
    {
        byte* error = stackalloc byte[ErrorTextSize];
        error[0] = 0;
        nint configuration = rd_kafka_conf_new();
        try
        {
            int result = rd_kafka_conf_set(configuration, property, value, error, ErrorTextSize);
            text = Marshal.PtrToStringUTF8((nint)error) ?? "";
            return (ConfigurationResult)result;
        }
        finally
        {
            rd_kafka_conf_destroy(configuration);
        }
    }

    /// <summary>How long the first member of a group waits for others; a librdkafka that cannot be told stays at 3 s.</summary>
    public static unsafe void SetInitialRebalanceDelay(nint cluster, int milliseconds)
    {
        if (NativeLibrary.TryGetExport(KafkaLibrary.Handle, "rd_kafka_mock_group_initial_rebalance_delay_ms", out nint function))
        {
            ((delegate* unmanaged<nint, int, void>)function)(cluster, milliseconds);
        }
    }

    /// <summary>The name librdkafka gives an error code.</summary>
    public static string ErrorText(int error) => Marshal.PtrToStringUTF8(rd_kafka_err2str(error)) ?? $"error {error}";

    [LibraryImport(Name)]
    public static partial int rd_kafka_version();

    [LibraryImport(Name)]
    private static partial nint rd_kafka_err2str(int error);

    [LibraryImport(Name)]
    private static partial nint rd_kafka_conf_new();

    [LibraryImport(Name)]
    private static partial void rd_kafka_conf_destroy(nint configuration);

    [LibraryImport(Name, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int rd_kafka_conf_set(nint configuration, string name, string value, byte* error, nuint size);

    [LibraryImport(Name)]
    private static unsafe partial nint rd_kafka_new(int type, nint configuration, byte* error, nuint size);

    [LibraryImport(Name)]
    public static partial void rd_kafka_destroy(nint handle);

    /// <summary>The queue that a consumer's records and callbacks come from; to be destroyed before the consumer.</summary>
    [LibraryImport(Name)]
    public static partial nint rd_kafka_queue_get_consumer(nint handle);

    [LibraryImport(Name)]
    public static partial void rd_kafka_queue_destroy(nint queue);

    [LibraryImport(Name)]
    public static unsafe partial nint rd_kafka_consume_batch_queue(nint queue, int timeout, nint* messages, nuint size);

    [LibraryImport(Name)]
    public static partial void rd_kafka_message_destroy(nint message);

    [LibraryImport(Name)]
    public static partial int rd_kafka_message_headers(nint message, out nint headers);

    [LibraryImport(Name)]
    public static unsafe partial int rd_kafka_header_get_all(nint headers, nuint index, out byte* name, out byte* value, out nuint length);

    [LibraryImport(Name)]
    private static partial nint rd_kafka_mock_cluster_new(nint handle, int brokers);

    [LibraryImport("libc")]
    private static unsafe partial int sigfillset(byte* set);

    [LibraryImport("libc")]
    private static unsafe partial int pthread_sigmask(int how, byte* set, byte* before);

    [LibraryImport(Name)]
    public static partial void rd_kafka_mock_cluster_destroy(nint cluster);

    [LibraryImport(Name)]
    public static partial nint rd_kafka_mock_cluster_bootstraps(nint cluster);

    [LibraryImport(Name, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int rd_kafka_mock_topic_create(nint cluster, string topic, int partitions, int replicas);

    [LibraryImport(Name)]
    public static partial int rd_kafka_mock_broker_set_down(nint cluster, int broker);

    [LibraryImport(Name)]
    public static partial int rd_kafka_mock_broker_set_up(nint cluster, int broker);

    [LibraryImport(Name)]
    public static unsafe partial void rd_kafka_mock_push_request_errors_array(nint cluster, short apiKey, nuint count, int* errors);

    [LibraryImport(Name)]
    public static partial void rd_kafka_mock_clear_request_errors(nint cluster, short apiKey);
}
