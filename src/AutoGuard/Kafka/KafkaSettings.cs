using System.Globalization;

namespace AutoGuard.Kafka;

/// <summary>
/// The librdkafka properties of each client: AutoGuard's defaults, then what the user wrote under <c>Kafka:Consumer</c> or
/// <c>Kafka:Producer</c>, then the few that its guarantees rest on.
/// </summary>
/// <param name="options">The section.</param>
/// <param name="bootstrapServers">Addresses of the brokers in use.</param>
/// <param name="isEmbedded">Whether they are the embedded broker's.</param>
public sealed class KafkaSettings(KafkaOptions options, string bootstrapServers, bool isEmbedded)
{
    /// <summary>Properties a user may not set, and what to set instead or why.</summary>
    internal static readonly IReadOnlyDictionary<string, string> Reserved = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["bootstrap.servers"] = "set Kafka:BootstrapServers instead",
        ["metadata.broker.list"] = "set Kafka:BootstrapServers instead",
        ["group.id"] = "set Kafka:GroupId instead",
        ["enable.auto.commit"] = "AutoGuard commits what it has dealt with, and nothing else",
        ["enable.auto.offset.store"] = "AutoGuard commits what it has dealt with, and nothing else",
        ["enable.partition.eof"] = "AutoGuard needs it to know that a partition was read to its end",
        ["statistics.interval.ms"] = "AutoGuard needs it to know whether brokers answer",
        ["delivery.report.only.error"] = "AutoGuard waits for every delivery",
    };

    /// <summary>The section.</summary>
    public KafkaOptions Options { get; } = options;

    /// <summary>Addresses of the brokers in use.</summary>
    public string BootstrapServers { get; } = bootstrapServers;

    /// <summary>Whether the brokers are the embedded one.</summary>
    public bool IsEmbedded { get; } = isEmbedded;

    /// <summary>
    /// Whether the events topic is read as a whole without asking the group, whose brokers make its first member wait for others:
    /// the embedded one for 3 s. Only for brokers that no other worker reads from, such as this process's own.
    /// </summary>
    public bool ReadsAlone { get; init; }

    /// <summary>Whether records are consumed one after the other through the client, as where its native handle cannot be had.</summary>
    internal bool ReadsOneByOne { get; init; }

    /// <summary>Properties of the consumer of events.</summary>
    internal Dictionary<string, string> ForConsumer(Version native)
    {
        Dictionary<string, string> properties = Common();
        properties["auto.offset.reset"] = "earliest";
        properties["partition.assignment.strategy"] = "cooperative-sticky";
        properties["auto.commit.interval.ms"] = "1000";
        // A consumer whose queue is full waits before it fetches again: one second, unless the library lets it be set.
        if (native >= new Version(2, 2))
        {
            properties["fetch.queue.backoff.ms"] = "5";
        }
        else
        {
            properties["queued.max.messages.kbytes"] = "131072";
        }
        if (IsEmbedded)
        {
            // The embedded broker answers an empty fetch only after all of the wait. It makes the first member of a group wait
            // 3 s, and later ones the session time-out less 1 s; a session shorter than the 3 s would never be admitted.
            properties["fetch.wait.max.ms"] = "10";
            properties["session.timeout.ms"] = "4000";
            properties["heartbeat.interval.ms"] = "1000";
        }
        Overlay(properties, Options.Consumer);
        properties["group.id"] = Options.GroupId;
        // What has been dealt with is stored explicitly; librdkafka then sends it every interval, on revocation and on leaving.
        properties["enable.auto.commit"] = "true";
        properties["enable.auto.offset.store"] = "false";
        properties["enable.partition.eof"] = "true";
        properties["statistics.interval.ms"] = ((int)StatisticsInterval.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);
        // Neither topic (there is one) nor broker time stamps are used; not marshalling them saves an allocation each.
        properties["dotnet.consumer.consume.result.fields"] = "headers";
        return properties;
    }

    /// <summary>Properties of a producer whose deliveries are awaited.</summary>
    internal Dictionary<string, string> ForProducer()
    {
        Dictionary<string, string> properties = Common();
        properties["enable.idempotence"] = "true";
        properties["linger.ms"] = "5";
        Overlay(properties, Options.Producer);
        return properties;
    }

    /// <summary>Properties of the producer of simulated events: large batches, compressed.</summary>
    internal Dictionary<string, string> ForBulkProducer()
    {
        Dictionary<string, string> properties = Common();
        properties["linger.ms"] = "10";
        properties["batch.num.messages"] = "20000";
        properties["compression.type"] = "lz4";
        properties["queue.buffering.max.messages"] = "200000";
        Overlay(properties, Options.Producer);
        return properties;
    }

    /// <summary>How often librdkafka reports on its connections.</summary>
    internal static TimeSpan StatisticsInterval { get; } = TimeSpan.FromSeconds(5);

    private Dictionary<string, string> Common()
    {
        return new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["client.id"] = "autoguard",
            ["bootstrap.servers"] = BootstrapServers,
            ["socket.keepalive.enable"] = "true",
            ["reconnect.backoff.max.ms"] = "3000",
        };
    }

    private static void Overlay(Dictionary<string, string> properties, Dictionary<string, string> user)
    {
        foreach ((string property, string value) in user)
        {
            if (!Reserved.ContainsKey(property))
            {
                properties[property] = value;
            }
        }
    }
}
