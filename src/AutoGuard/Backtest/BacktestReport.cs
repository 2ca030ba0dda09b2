using System.Collections.Immutable;
using AutoGuard.Core.Policy;

namespace AutoGuard.Backtest;

/// <summary>Where a subject's decisions differ.</summary>
internal enum Difference
{
    /// <summary>Decided on under the base configuration only.</summary>
    OnlyBase,

    /// <summary>Decided on under the other configuration only.</summary>
    OnlyAgainst,

    /// <summary>Under both, but by another action, at another time, or with another score.</summary>
    Changed,
}

/// <summary>All that a backtest found.</summary>
internal sealed record BacktestReport
{
    /// <summary>Names of the recordings.</summary>
    public required ImmutableArray<string> Files { get; init; }

    /// <summary>Lines in them.</summary>
    public required long Events { get; init; }

    /// <summary>What the base configuration decided.</summary>
    public required BacktestSide Base { get; init; }

    /// <summary>What the other one decided; null without one.</summary>
    public BacktestSide? Against { get; init; }

    /// <summary>Settings in which the two differ.</summary>
    public ImmutableArray<SettingChange> Settings { get; init; } = [];

    /// <summary>Subjects on which both decided alike.</summary>
    public int Same { get; init; }

    /// <summary>Subjects on which they did not, by kind of difference and time.</summary>
    public ImmutableArray<SubjectDifference> Differences { get; init; } = [];

    /// <summary>What would have spared the subject that was asked about; null when none was.</summary>
    public SparingReport? Sparing { get; init; }
}

/// <summary>One configuration's decisions in numbers.</summary>
/// <param name="Fingerprint">Of the effective configuration.</param>
/// <param name="Subjects">Subjects decided on.</param>
/// <param name="Flags">Decisions to flag.</param>
/// <param name="Blocks">Decisions to block.</param>
/// <param name="Revocations">Decisions to revoke.</param>
/// <param name="Labels">The decisions measured against the labels; null without.</param>
internal sealed record BacktestSide(string Fingerprint, int Subjects, int Flags, int Blocks, int Revocations, LabelMatrix? Labels);

/// <summary>A confusion matrix: incidents stand for the guilty, since catching one subject of each is the job; subjects labelled as honest for the others.</summary>
/// <param name="Incidents">Incidents there are.</param>
/// <param name="Caught">Incidents decided on in any way.</param>
/// <param name="CaughtAsExpected">Incidents decided on as strongly as expected.</param>
/// <param name="HonestSubjects">Subjects labelled as honest although they look odd.</param>
/// <param name="HonestTouched">Of them, those decided on: mistakes of the worst kind.</param>
/// <param name="FlagsRight">Subjects rightly decided on.</param>
/// <param name="FlagsWrong">Subjects wrongly decided on.</param>
/// <param name="BlocksRight">Of the right ones, those blocked or revoked.</param>
/// <param name="BlocksWrong">Of the wrong ones, those blocked or revoked.</param>
/// <param name="MedianSecondsToDetection">From an incident's first abnormal event; null when none was caught.</param>
internal sealed record LabelMatrix(
    int Incidents, int Caught, int CaughtAsExpected, int HonestSubjects, int HonestTouched,
    int FlagsRight, int FlagsWrong, int BlocksRight, int BlocksWrong, double? MedianSecondsToDetection)
{
    /// <summary>Incidents on which nothing was decided.</summary>
    public int Missed => Incidents - Caught;

    /// <summary>Subjects labelled as honest that were left alone.</summary>
    public int HonestLeftAlone => HonestSubjects - HonestTouched;
}

/// <summary>One setting, before and after.</summary>
/// <param name="Key">Its path.</param>
/// <param name="From">Value in the base configuration.</param>
/// <param name="To">Value in the other.</param>
internal sealed record SettingChange(string Key, string From, string To);

/// <summary>A subject on which two configurations decided differently.</summary>
internal sealed record SubjectDifference
{
    public required Difference Kind { get; init; }

    public required Subject Subject { get; init; }

    public string? Organization { get; init; }

    /// <summary>Event time of the first decision that differs.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>Decisions under the base configuration.</summary>
    public required ImmutableArray<Decision> Base { get; init; }

    /// <summary>Decisions under the other one.</summary>
    public required ImmutableArray<Decision> Against { get; init; }

    /// <summary>Indicators that were read otherwise at <see cref="Time"/>, largest difference first.</summary>
    public ImmutableArray<IndicatorDifference> Indicators { get; init; } = [];

    /// <summary>Why the configuration that did nothing did nothing, or what else makes the difference; empty when the indicators say it all.</summary>
    public string Note { get; init; } = "";
}

/// <summary>One indicator's reading of one subject at one time, under both configurations; null where it was not computed.</summary>
/// <param name="Indicator">Name, as in the configuration.</param>
/// <param name="Base">Grade under the base configuration.</param>
/// <param name="Against">Grade under the other one.</param>
/// <param name="BaseWeight">Weight under the base configuration.</param>
/// <param name="AgainstWeight">Weight under the other one.</param>
/// <param name="BaseValue">Value under the base configuration.</param>
/// <param name="AgainstValue">Value under the other one.</param>
internal sealed record IndicatorDifference(
    string Indicator, double? Base, double? Against, double? BaseWeight, double? AgainstWeight, double? BaseValue, double? AgainstValue);
