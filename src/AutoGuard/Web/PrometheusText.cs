using System.Globalization;
using System.Text;
using AutoGuard.Core.Events;
using AutoGuard.Guardian.Planning;
using AutoGuard.Worker;

namespace AutoGuard.Web;

/// <summary>The worker's figures in Prometheus' text format, version 0.0.4. No label ever holds a token or an address.</summary>
internal static class PrometheusText
{
    public static string Of(WorkerFigures figures)
    {
        StringBuilder text = new();
        DetectionWorker worker = figures.Worker;
        Counter(text, "messaging_client_consumed_messages_total", "Records read from Kafka.", figures.Source.Consumed);
        Counter(text, "autoguard_event_processed_total", "Events that took effect.", worker.Counters.Accepted);
        Head(text, "autoguard_event_dropped_total", "Events without effect, by reason.", "counter");
        foreach (EventRejection reason in Enum.GetValues<EventRejection>())
        {
            long count = figures.Source.Rejected(reason) + (reason == EventRejection.Future ? worker.Counters.Future : 0);
            if (reason != EventRejection.None && count > 0)
            {
                Line(text, "autoguard_event_dropped_total", $"{{reason=\"{Replay.ReplaySummary.Name(reason)}\"}}", count);
            }
        }
        Line(text, "autoguard_event_dropped_total", "{reason=\"late\"}", worker.Counters.Late);
        Line(text, "autoguard_event_dropped_total", "{reason=\"duplicate\"}", worker.Counters.Duplicates);
        Head(text, "autoguard_state_key_count", "Keys held, by family.", "gauge");
        Line(text, "autoguard_state_key_count", "{family=\"token\"}", worker.Tokens);
        Line(text, "autoguard_state_key_count", "{family=\"address\"}", worker.Addresses);
        Line(text, "autoguard_state_key_count", "{family=\"session\"}", worker.OpenSessions);
        Counter(text, "autoguard_state_eviction_total", "Keys given away because a table was full.", worker.Evictions);
        Counter(text, "autoguard_text_lost_total", "Names of streams, operators, pages, players and tenants given away or refused because Detection:Capacity:Strings was full.", worker.TextsLost);
        Head(text, "autoguard_decision_total", "Decisions, by action.", "counter");
        Line(text, "autoguard_decision_total", "{action=\"flag\"}", worker.Counters.Flags);
        Line(text, "autoguard_decision_total", "{action=\"block\"}", worker.Counters.Blocks);
        Line(text, "autoguard_decision_total", "{action=\"revoke\"}", worker.Counters.Revocations);
        Counter(text, "autoguard_decision_stored_total", "Decisions in the log.", figures.Stored);
        Counter(text, "autoguard_decision_published_total", "Decisions that the decisions topic has taken.", figures.Published);
        Counter(text, "autoguard_decision_enforced_total", "Decisions a guardian applied.", figures.Applied);
        Counter(text, "autoguard_decision_refused_total", "Decisions a guardian refused for good.", figures.Refused);
        Head(text, "autoguard_engine_up", "0 while an engine does not answer or refuses the credentials.", "gauge");
        foreach (DecisionEnforcer engine in figures.Enforcers)
        {
            Line(text, "autoguard_engine_up", $"{{engine=\"{engine.Name}\"}}", engine.Problem is null ? 1 : 0);
        }
        Head(text, "autoguard_decision_effect_total", "What subjects' traffic did after an action took effect.", "counter");
        foreach (Effect effect in Enum.GetValues<Effect>())
        {
            if (effect != Effect.Waiting)
            {
                Line(text, "autoguard_decision_effect_total", $"{{effect=\"{EffectLog.NameOf(effect)}\"}}", figures.Effects.Settled(effect));
            }
        }
        Counter(text, "autoguard_block_refused_total", "Blocks that became flags for the harm they would have done.", worker.Counters.BlocksRefused);
        Gauge(text, "autoguard_breaker_open", "1 while blocks become flags because they would touch too many or the input looks sick.", worker.Breaker is null ? 0 : 1);
        Counter(text, "autoguard_breaker_opened_total", "How often the breaker opened.", worker.BreakerOpenings);
        Counter(text, "autoguard_breaker_refused_total", "Blocks that became flags because of the breaker.", worker.BreakerRefused);
        Gauge(text, "autoguard_kafka_lag", "Records not yet read.", figures.Lag);
        Gauge(text, "autoguard_kafka_paused", "1 while partitions are paused because detection cannot keep up.", figures.Source.IsPaused ? 1 : 0);
        Counter(text, "autoguard_kafka_paused_total", "How often partitions were paused because detection could not keep up.", figures.Source.Pauses);
        Counter(text, "autoguard_dead_letter_total", "Records copied to the dead-letter topic.", figures.Source.DeadLettered);
        Head(text, "autoguard_queue_length", "Batches or decisions that wait between two stages now; the limits are autoguard_queue_limit.", "gauge");
        Line(text, "autoguard_queue_length", "{queue=\"detection\"}", figures.BatchesWaiting);
        Line(text, "autoguard_queue_length", "{queue=\"log\"}", figures.DecisionsWaiting);
        Head(text, "autoguard_queue_limit", "Most that may wait; then the stage before waits, and in the end partitions are paused.", "gauge");
        Line(text, "autoguard_queue_limit", "{queue=\"detection\"}", figures.MostBatchesWaiting);
        Line(text, "autoguard_queue_limit", "{queue=\"log\"}", DecisionDispatcher.MostWaiting);
        Gauge(text, "autoguard_event_held", "Events that wait for the allowed lateness to pass.", worker.Held);
        Head(text, "autoguard_start_seconds", "From the start of the process to the first event that detection was given; 0 before it.", "gauge");
        text.Append(CultureInfo.InvariantCulture, $"autoguard_start_seconds {figures.StartUp?.TotalSeconds ?? 0:0.000}\n");
        Gauge(text, "autoguard_watermark_seconds", "Event time up to which all is decided, Unix seconds.", (worker.Watermark ?? 0) / 1000);
        return text.ToString();
    }

    private static void Counter(StringBuilder text, string name, string help, long value)
    {
        Head(text, name, help, "counter");
        Line(text, name, "", value);
    }

    private static void Gauge(StringBuilder text, string name, string help, long value)
    {
        Head(text, name, help, "gauge");
        Line(text, name, "", value);
    }

    private static void Head(StringBuilder text, string name, string help, string type) =>
        text.Append("# HELP ").Append(name).Append(' ').Append(help).Append("\n# TYPE ").Append(name).Append(' ').Append(type).Append('\n');

    private static void Line(StringBuilder text, string name, string labels, long value) =>
        text.Append(name).Append(labels).Append(' ').Append(value.ToString(CultureInfo.InvariantCulture)).Append('\n');
}
