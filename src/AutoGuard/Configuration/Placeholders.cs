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
    /// <summary>Section <c>Reports</c>: flagged-token reports written on a schedule.</summary>
    public sealed class ReportOptions
    {
        /// <summary>Where reports are written; empty: <c>reports</c> in the data directory. A relative path starts at the data directory.</summary>
        public string Folder { get; set; } = "";

        /// <summary>
        /// When reports are written, a Quartz cron expression (seconds first) on the wall clock of <see cref="TimeZone"/>; empty:
        /// never. Not more often than once a minute.
        /// </summary>
        public string Cron { get; set; } = "0 0 6 * * ?";

        /// <summary>IANA time zone of the schedule, of the period's cut and of the times shown.</summary>
        [Required]
        public string TimeZone { get; set; } = "UTC";

        /// <summary>Formats to write, separated by commas: <c>html</c>, <c>json</c>, <c>csv</c>. A text, so that an overlay replaces it as a whole.</summary>
        [Required]
        public string Formats { get; set; } = "html,json,csv";

        /// <summary>Days after which a report of the schedule is deleted, 1 to 3,650.</summary>
        [Range(1, 3_650)]
        public int Retention { get; set; } = 90;

        /// <summary>
        /// Length of the period, which ends when the schedule fires. Whole days are days of the calendar, of 23 or 25 hours when
        /// the clocks change. 1 minute to 366 days.
        /// </summary>
        [TimeRange("00:01:00", "366.00:00:00")]
        public TimeSpan Period { get; set; } = TimeSpan.FromDays(1);

        /// <summary>
        /// How long after the end of the period a report is read, so that the last events are decided and stored; more than
        /// <c>Detection:AllowedLateness</c> and a few ticks. 0 to 1 hour.
        /// </summary>
        [TimeRange("00:00:00", "01:00:00")]
        public TimeSpan Settling { get; set; } = TimeSpan.FromMinutes(2);
    }
}
