using System.Collections.Immutable;
using AutoGuard.Core.Configuration;
using AutoGuard.Core.Policy;
using AutoGuard.Core.Reporting;

namespace AutoGuard.Core.Pipeline;

/// <summary>One indicator in an explanation, whether it speaks against the subject or not.</summary>
/// <param name="Indicator">Name, as in the configuration.</param>
/// <param name="Value">Measured value.</param>
/// <param name="Threshold">Configured threshold.</param>
/// <param name="Grade">0 to 1.</param>
/// <param name="Weight">Weight in the score; 0 when only observed.</param>
/// <param name="Contribution">Share of the score.</param>
/// <param name="Text">The sentence an operator would say.</param>
public sealed record ExplainedIndicator(string Indicator, double Value, double Threshold, double Grade, double Weight, double Contribution, string Text);

/// <summary>Why a subject was or was not acted on.</summary>
public sealed record Explanation
{
    /// <summary>Whom it concerns.</summary>
    public required Subject Subject { get; init; }

    /// <summary>Tenant, or null.</summary>
    public string? Organization { get; init; }

    /// <summary>Event time of which all here is told.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>What the token means; null for other subjects.</summary>
    public TokenWorkflow? Workflow { get; init; }

    /// <summary>Score now, 0 to 1.</summary>
    public required double Score { get; init; }

    /// <summary>Sessions within the window; for a network the offending addresses in it, which count for it as sessions do for others.</summary>
    public required int Sessions { get; init; }

    /// <summary>
    /// How much was seen of it, held against <c>Policy:MinimumSessions</c>: sessions, and of a token each handover and each two minutes of
    /// playback, or each quarter of an hour where its score is one for a revocation.
    /// </summary>
    public required int Evidence { get; init; }

    /// <summary>Every indicator that is computed for such a subject.</summary>
    public required ImmutableArray<ExplainedIndicator> Indicators { get; init; }

    /// <summary>What speaks for the subject, sentences: what spares it whatever the score first, then what is as it should be.</summary>
    public required ImmutableArray<string> CounterEvidence { get; init; }

    /// <summary>Whom else a block would cut off; null for a token, which is one viewer's.</summary>
    public HarmPreview? Harm { get; init; }

    /// <summary>Why it was or was not acted on, a sentence.</summary>
    public required string Outcome { get; init; }

    /// <summary>The case file, if it was ever decided on.</summary>
    public FlaggedSubject? Case { get; init; }
}
