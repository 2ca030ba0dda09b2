using System.ComponentModel.DataAnnotations;
using AutoGuard.Core.Configuration;

namespace AutoGuard.Kafka
{
    /// <summary>Section <c>Kafka</c>: where events come from and where decisions go.</summary>
    public sealed class KafkaOptions
    {
        /// <summary>Name of the section.</summary>
        public const string Section = "Kafka";

        private const string TopicPattern = "^[a-zA-Z0-9._-]{1,249}$";
        private const string TopicRule = "1 to 249 letters, digits, '.', '_' or '-'";

        /// <summary>Brokers as <c>host:port</c>, separated by commas; empty: the embedded broker.</summary>
        public string BootstrapServers { get; set; } = "";

        /// <summary>Topic of playback events.</summary>
        [Required, RegularExpression(TopicPattern, ErrorMessage = TopicRule)]
        public string EventsTopic { get; set; } = "playback.events";

        /// <summary>Topic that receives decisions.</summary>
        [Required, RegularExpression(TopicPattern, ErrorMessage = TopicRule)]
        public string DecisionsTopic { get; set; } = "autoguard.decisions";

        /// <summary>Topic that receives records that are not valid events.</summary>
        [Required, RegularExpression(TopicPattern, ErrorMessage = TopicRule)]
        public string DeadLetterTopic { get; set; } = "autoguard.dead-letter";

        /// <summary>Consumer group. Workers of one group share the partitions.</summary>
        [Required, StringLength(255, MinimumLength = 1, ErrorMessage = "1 to 255 characters")]
        public string GroupId { get; set; } = "autoguard";

        /// <summary>Events in one batch handed to detection, 16 to 65,536. Larger costs memory, smaller costs hand-overs.</summary>
        [Range(16, 65_536)]
        public int BatchSize { get; set; } = 2_048;

        /// <summary>
        /// Batches that may wait for detection before partitions are paused, 1 to 1,024. About 256 bytes of memory for each
        /// event of each batch.
        /// </summary>
        [Range(1, 1_024)]
        public int QueuedBatches { get; set; } = 16;

        /// <summary>
        /// A partition that was read to its end and brought nothing for this long no longer holds event time back.
        /// 1 second to 1 hour.
        /// </summary>
        [TimeRange("00:00:01", "01:00:00")]
        public TimeSpan IdlePartitionTimeout { get; set; } = TimeSpan.FromSeconds(30);

        /// <summary>Partitions of the events topic on the embedded broker, 1 to 256. Each keeps its last 5 MiB.</summary>
        [Range(1, 256)]
        public int EmbeddedPartitions { get; set; } = 4;

        /// <summary>Any librdkafka property for the consumer, such as <c>security.protocol</c> or <c>auto.offset.reset</c>.</summary>
        public Dictionary<string, string> Consumer { get; set; } = new(StringComparer.Ordinal);

        /// <summary>Any librdkafka property for the producers.</summary>
        public Dictionary<string, string> Producer { get; set; } = new(StringComparer.Ordinal);
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
