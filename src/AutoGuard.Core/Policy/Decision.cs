using System.Collections.Immutable;
using AutoGuard.Core.Events;

namespace AutoGuard.Core.Policy;

/// <summary>What a decision asks for, in rising order of harm.</summary>
public enum DecisionAction
{
    /// <summary>A block or revocation is lifted.</summary>
    Release,

    /// <summary>A person should look.</summary>
    Flag,

    /// <summary>New connections of an address, network or referrer are to be refused.</summary>
    Block,

    /// <summary>A token is to be revoked.</summary>
    Revoke,
}

/// <summary>Whether decisions reach the guardians.</summary>
public enum EnforcementMode
{
    /// <summary>Decisions are made, stored and reported, and nothing is enforced.</summary>
    Observe,

    /// <summary>Decisions are enforced.</summary>
    Enforce,
}

/// <summary>One indicator's part in a decision.</summary>
/// <param name="Indicator">Name of the indicator, as in the configuration.</param>
/// <param name="Grade">How far beyond its threshold, in [0, 1].</param>
/// <param name="Value">The measured value, in the indicator's unit.</param>
/// <param name="Threshold">The configured threshold, in the same unit.</param>
/// <param name="Contribution">The share of the score that is due to it; contributions of a decision add up to its score.</param>
/// <param name="Text">A sentence an operator would say.</param>
public sealed record DecisionReason(string Indicator, double Grade, double Value, double Threshold, double Contribution, string Text);

/// <summary>Who else the action would have cut off, over the harm window.</summary>
/// <param name="OtherTokens">Distinct other tokens, and viewers without one (each of their sessions counts).</param>
/// <param name="OtherUsers">Distinct other users.</param>
/// <param name="OtherSessions">Sessions of those tokens and viewers that are running.</param>
public sealed record HarmPreview(int OtherTokens, int OtherUsers, int OtherSessions);

/// <summary>Coordinates of the event whose processing led to the decision.</summary>
/// <param name="Topic">Kafka topic, or file name.</param>
/// <param name="Partition">Partition; 0 for a file.</param>
/// <param name="Offset">Offset; line number from 0 for a file.</param>
public sealed record SourcePosition(string Topic, int Partition, long Offset);

/// <summary>
/// A decision: the product's output. A pure function of the events, the configuration and the lists, so equal input gives
/// equal decisions, identifiers included.
/// </summary>
public sealed record Decision
{
    /// <summary>ULID made of the event time and a digest of subject, action and organization: the same in every run.</summary>
    public required string Id { get; init; }

    /// <summary>Event time, Unix milliseconds.</summary>
    public required long Time { get; init; }

    /// <summary>What is asked for.</summary>
    public required DecisionAction Action { get; init; }

    /// <summary>Whether it is to be enforced.</summary>
    public required EnforcementMode Mode { get; init; }

    /// <summary>Whom it concerns.</summary>
    public required Subject Subject { get; init; }

    /// <summary>Tenant; null when the events name none.</summary>
    public string? Organization { get; init; }

    /// <summary>Combined risk score in [0, 1].</summary>
    public required double Score { get; init; }

    /// <summary>The indicators that led here, largest contribution first.</summary>
    public required ImmutableArray<DecisionReason> Reasons { get; init; }

    /// <summary>Who else it would touch.</summary>
    public required HarmPreview Harm { get; init; }

    /// <summary>When it lapses, Unix milliseconds; null: until removed.</summary>
    public long? Expires { get; init; }

    /// <summary>Id of the revocation that it follows: the subject goes on where a revoked token left off. Null for most.</summary>
    public string? Follows { get; init; }

    /// <summary>
    /// Networks from which the token stays good: those its user was at before anybody else had it. Empty for all but
    /// revocations of shared tokens. Engines that know no exceptions revoke the token everywhere.
    /// </summary>
    public ImmutableArray<IpNetwork> Except { get; init; } = [];

    /// <summary>Fingerprint of the effective configuration, lower-case hex SHA-256.</summary>
    public required string Policy { get; init; }

    /// <summary>Coordinates to run it again.</summary>
    public required SourcePosition Source { get; init; }
}
