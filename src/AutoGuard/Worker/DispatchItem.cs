using AutoGuard.Core.Policy;
using AutoGuard.Core.Reporting;
using Confluent.Kafka;

namespace AutoGuard.Worker;

/// <summary>What detection hands to the dispatcher: once the decisions are in the log, the positions may be committed.</summary>
/// <param name="Decisions">Decisions, in order.</param>
/// <param name="Cases">Evidence, the latest of each subject last.</param>
/// <param name="Notices">What operators were told about detection itself.</param>
/// <param name="Settled">Positions before which every event has taken its full effect.</param>
internal sealed record DispatchItem(
    IReadOnlyList<Decision> Decisions, IReadOnlyList<FlaggedSubject> Cases, IReadOnlyList<Notice> Notices, IReadOnlyList<TopicPartitionOffset> Settled);
