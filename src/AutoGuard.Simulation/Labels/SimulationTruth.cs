using System.Collections.Immutable;
using AutoGuard.Core.Policy;
using AutoGuard.Simulation.Profiles;

namespace AutoGuard.Simulation.Labels;

/// <summary>What really happens in a recording: the labels that decisions are measured against.</summary>
public sealed record SimulationTruth
{
    /// <summary>The version this generator writes.</summary>
    public const int CurrentVersion = 1;

    /// <summary>Version of this file's shape and of the generator: with profile and seed it determines every byte.</summary>
    public required int Version { get; init; }

    /// <summary>Seed of the recording; also the key to the labels in its session ids (<see cref="SessionLabels"/>).</summary>
    public required ulong Seed { get; init; }

    /// <summary>Name of the profile.</summary>
    public required string Profile { get; init; }

    /// <summary>First instant of the recording.</summary>
    public required DateTimeOffset From { get; init; }

    /// <summary>First instant after it.</summary>
    public required DateTimeOffset To { get; init; }

    /// <summary>What the operator has configured as <c>Referrers:Official</c>.</summary>
    public required ImmutableArray<string> OfficialReferrers { get; init; }

    /// <summary>What the operator has put on the allowlist.</summary>
    public required ImmutableArray<AllowedSubject> Allowlist { get; init; }

    /// <summary>The misuse, by start.</summary>
    public required ImmutableArray<Incident> Incidents { get; init; }

    /// <summary>Honest subjects that look odd and must never be flagged.</summary>
    public required ImmutableArray<HonestSubjects> Honest { get; init; }
}

/// <summary>One entry of the operator's allowlist.</summary>
/// <param name="Subject">Address or token.</param>
/// <param name="Reason">Why.</param>
public sealed record AllowedSubject(Subject Subject, string Reason);

/// <summary>Honest subjects of one kind.</summary>
/// <param name="Kind">Why they look odd.</param>
/// <param name="Subjects">Who they are.</param>
public sealed record HonestSubjects(HonestKind Kind, ImmutableArray<Subject> Subjects);

/// <summary>What the operator may expect of a good configuration, at least.</summary>
public enum ExpectedAction
{
    /// <summary>Flagged for a person.</summary>
    Flag,

    /// <summary>Blocked, or the token revoked.</summary>
    Block,

    /// <summary>The token revoked.</summary>
    Revoke,
}

/// <summary>One case of misuse.</summary>
public sealed record Incident
{
    /// <summary>Kind and number, for example <c>token-sharing-1</c>.</summary>
    public required string Id { get; init; }

    /// <summary>What is done.</summary>
    public required AttackKind Kind { get; init; }

    /// <summary>How well it hides.</summary>
    public required Difficulty Difficulty { get; init; }

    /// <summary>Time of the first abnormal event.</summary>
    public required DateTimeOffset Start { get; init; }

    /// <summary>No abnormal event comes after this.</summary>
    public required DateTimeOffset End { get; init; }

    /// <summary>The least that counts as dealt with.</summary>
    public required ExpectedAction Expected { get; init; }

    /// <summary>Subjects of which any counts as a catch.</summary>
    public required ImmutableArray<Subject> Catch { get; init; }

    /// <summary>Honest subjects near the attacker: touching them is a mistake even if the attacker is hit as well.</summary>
    public required ImmutableArray<Subject> NeverTouch { get; init; }
}
