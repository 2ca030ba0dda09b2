using System.Collections.Immutable;
using AutoGuard.Core.Events;

namespace AutoGuard.Simulation;

/// <summary>What a simulation has written so far, as its own accounting sees it.</summary>
public sealed record TrafficCounts
{
    /// <summary>Lines of every kind.</summary>
    public required long Lines { get; init; }

    /// <summary>Distinct events.</summary>
    public required long Events { get; init; }

    /// <summary>Lines that repeat an event.</summary>
    public required long Duplicates { get; init; }

    /// <summary>Events delayed by 1 to 9 seconds.</summary>
    public required long Late { get; init; }

    /// <summary>Events delayed by 11 to 180 seconds.</summary>
    public required long VeryLate { get; init; }

    /// <summary>Ends that were lost.</summary>
    public required long MissingEnds { get; init; }

    /// <summary>Starts that were lost.</summary>
    public long MissingStarts { get; init; }

    /// <summary>Malformed lines by the reason they are made to be refused for.</summary>
    public required ImmutableSortedDictionary<EventRejection, long> Malformed { get; init; }
}
