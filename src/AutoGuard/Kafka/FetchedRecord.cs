using Confluent.Kafka;

namespace AutoGuard.Kafka;

/// <summary>One record as it was read, wherever its bytes lie; good until the next one is read.</summary>
internal readonly ref struct FetchedRecord
{
    public required int Partition { get; init; }

    public required long Offset { get; init; }

    /// <summary>Empty for a record without a key; <see cref="HasKey"/> tells it from an empty one.</summary>
    public required ReadOnlySpan<byte> Key { get; init; }

    public required bool HasKey { get; init; }

    /// <summary>Empty for a record without a value; <see cref="HasValue"/> tells it from an empty one.</summary>
    public required ReadOnlySpan<byte> Value { get; init; }

    public required bool HasValue { get; init; }

    /// <summary>Null when there are none.</summary>
    public required Headers? Headers { get; init; }
}
