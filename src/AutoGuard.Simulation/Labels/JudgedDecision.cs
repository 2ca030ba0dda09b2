using System.Collections.Immutable;
using AutoGuard.Core.Events;
using AutoGuard.Core.Policy;

namespace AutoGuard.Simulation.Labels;

/// <summary>The part of a decision that can be right or wrong.</summary>
/// <param name="Subject">Whom it concerns.</param>
/// <param name="Action">What it asks for.</param>
/// <param name="Time">Event time, Unix milliseconds.</param>
public readonly record struct JudgedDecision(Subject Subject, DecisionAction Action, long Time)
{
    /// <summary>Tenant whose sessions it concerns; null: everybody's.</summary>
    public string? Organization { get; init; }

    /// <summary>When a block lapses, Unix milliseconds; null: when it is released.</summary>
    public long? Expires { get; init; }

    /// <summary>Networks from which the subject is not refused.</summary>
    public ImmutableArray<IpNetwork> Except { get; init; } = [];

    /// <summary>How sure the detector was, 0 to 1; 0 when it does not say.</summary>
    public double Score { get; init; }

    /// <summary>The detector's reason in a few words; empty when it gives none.</summary>
    public string Reason { get; init; } = "";

    /// <summary>Takes the part out of a decision.</summary>
    public static JudgedDecision Of(Decision decision)
    {
        ArgumentNullException.ThrowIfNull(decision);
        return new(decision.Subject, decision.Action, decision.Time)
        {
            Organization = decision.Organization,
            Expires = decision.Expires,
            Except = decision.Except,
            Score = decision.Score,
            Reason = string.Join(", ", decision.Reasons.Select(r => FormattableString.Invariant($"{r.Indicator} {r.Value:0.##}/{r.Threshold:0.##} ({r.Contribution:0.00})"))),
        };
    }
}
