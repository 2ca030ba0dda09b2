using System.ComponentModel.DataAnnotations;

namespace AutoGuard.Kafka
{
    /// <summary>Section <c>Kafka</c>.</summary>
    public sealed class KafkaOptions
    {
        /// <summary>Brokers, as <c>host:port,host:port</c>; empty: the embedded broker.</summary>
        public string BootstrapServers { get; set; } = "";

        /// <summary>Topic of playback events.</summary>
        public string EventsTopic { get; set; } = "playback.events";

        /// <summary>Topic of decisions.</summary>
        public string DecisionsTopic { get; set; } = "autoguard.decisions";

        /// <summary>Topic of records that are no valid events.</summary>
        public string DeadLetterTopic { get; set; } = "autoguard.dead-letter";

        /// <summary>Consumer group.</summary>
        public string GroupId { get; set; } = "autoguard";

        /// <summary>Any librdkafka property of the consumer.</summary>
        public Dictionary<string, string> Consumer { get; set; } = [];

        /// <summary>Any librdkafka property of the producer.</summary>
        public Dictionary<string, string> Producer { get; set; } = [];
    }
}

namespace AutoGuard.Reports
{
    /// <summary>Section <c>Reports</c>.</summary>
    public sealed class ReportOptions
    {
        /// <summary>Folder of reports, below the data folder when relative.</summary>
        [Required]
        public string Folder { get; set; } = "reports";
    }
}
