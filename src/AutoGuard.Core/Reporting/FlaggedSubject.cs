using System.Collections.Immutable;
using AutoGuard.Core.Events;
using AutoGuard.Core.Policy;

namespace AutoGuard.Core.Reporting;

/// <summary>A name and how many sessions it stands for.</summary>
/// <param name="Name">Provider, country, referrer host, stream or user agent. Written by strangers: escape before showing.</param>
/// <param name="Sessions">Sessions seen with it.</param>
public sealed record Tally(string Name, int Sessions);

/// <summary>One playback session of a flagged subject, a bar of the timeline.</summary>
public sealed record SessionSpan
{
    /// <summary>First event, Unix milliseconds.</summary>
    public required long Start { get; init; }

    /// <summary>Last event, Unix milliseconds.</summary>
    public required long End { get; init; }

    /// <summary>Whether it was still running when the evidence was taken.</summary>
    public required bool Running { get; init; }

    /// <summary>Viewer's address.</summary>
    public required string Address { get; init; }

    /// <summary>Two letters, or empty.</summary>
    public required string Country { get; init; }

    /// <summary>Network operator, or empty.</summary>
    public required string Provider { get; init; }

    /// <summary>Whether the address is of a data centre.</summary>
    public required bool DataCentre { get; init; }

    /// <summary>Stream name, or empty.</summary>
    public required string Stream { get; init; }

    /// <summary>Referrer host, or empty when missing.</summary>
    public required string Referrer { get; init; }

    /// <summary>User agent, or empty.</summary>
    public required string UserAgent { get; init; }
}

/// <summary>
/// Everything a reviewer sees of one flagged subject: the columns of the Token Guardian View, the evidence, and what was
/// decided. For a token all fields apply; for an address, network or referrer the columns describe the traffic that the
/// subject stands for.
/// </summary>
public sealed record FlaggedSubject
{
    /// <summary>Whom it concerns.</summary>
    public required Subject Subject { get; init; }

    /// <summary>Tenant, or null.</summary>
    public string? Organization { get; init; }

    /// <summary>User the token is bound to, or null.</summary>
    public string? User { get; init; }

    /// <summary>Number of distinct users seen (1 for a bound token; may be more for addresses).</summary>
    public int Users { get; init; }

    /// <summary>Highest score of the period, [0, 1].</summary>
    public required double Score { get; init; }

    /// <summary>Decisions about the subject, oldest first.</summary>
    public required ImmutableArray<Decision> Decisions { get; init; }

    /// <summary>What came of those decisions, in their order; those of which nothing is known are left out.</summary>
    public ImmutableArray<Aftermath> Aftermath { get; init; } = [];

    /// <summary>Sum of the observed playback time of all sessions, seconds.</summary>
    public required double DurationSum { get; init; }

    /// <summary>Mean observed playback time of a session, seconds.</summary>
    public required double DurationAverage { get; init; }

    /// <summary>Sessions seen.</summary>
    public required int Sessions { get; init; }

    /// <summary>Distinct addresses; saturates at the configured set size.</summary>
    public required int Addresses { get; init; }

    /// <summary>Distinct tokens (1 for a token).</summary>
    public required int Tokens { get; init; }

    /// <summary>Most sessions open at once.</summary>
    public required int MaxConcurrency { get; init; }

    /// <summary>First event of the first session, Unix milliseconds.</summary>
    public required long FirstStart { get; init; }

    /// <summary>Last event of the last session, Unix milliseconds.</summary>
    public required long LastEnd { get; init; }

    /// <summary>Streams, most sessions first; at most 10.</summary>
    public ImmutableArray<Tally> Streams { get; init; } = [];

    /// <summary>Providers, most sessions first; at most 10.</summary>
    public ImmutableArray<Tally> Providers { get; init; } = [];

    /// <summary>Countries, most sessions first; at most 10.</summary>
    public ImmutableArray<Tally> Countries { get; init; } = [];

    /// <summary>Referrer hosts, most sessions first; missing is <c>-</c>; at most 10.</summary>
    public ImmutableArray<Tally> Referrers { get; init; } = [];

    /// <summary>User agents, most sessions first; at most 10.</summary>
    public ImmutableArray<Tally> UserAgents { get; init; } = [];

    /// <summary>The latest sessions in order of start; at most 200.</summary>
    public ImmutableArray<SessionSpan> Timeline { get; init; } = [];

    /// <summary>Claims and scope, or null when nothing is known.</summary>
    public TokenClaims? Claims { get; init; }

    /// <summary>Whether an allowlist entry covers it, and why; null when none does.</summary>
    public string? Allowlisted { get; init; }

    /// <summary>What AutoGuard suggests to do next, a sentence.</summary>
    public required string Recommendation { get; init; }
}

/// <summary>A report's content: one half-open period in UTC and all subjects flagged in it, highest score first.</summary>
public sealed record FlaggedReport
{
    /// <summary>Start of the period, Unix milliseconds, inclusive.</summary>
    public required long From { get; init; }

    /// <summary>End of the period, Unix milliseconds, exclusive.</summary>
    public required long To { get; init; }

    /// <summary>IANA time zone that the period was cut in and times are shown in.</summary>
    public required string TimeZone { get; init; }

    /// <summary>Where the events came from, e.g. <c>playback.events</c> or file names.</summary>
    public required string Source { get; init; }

    /// <summary>Policy fingerprint in force at the end of the period.</summary>
    public required string Policy { get; init; }

    /// <summary>Mode in force at the end of the period.</summary>
    public required EnforcementMode Mode { get; init; }

    /// <summary>Events counted in the period; null when the store does not know.</summary>
    public long? Events { get; init; }

    /// <summary>Sessions counted in the period; null when the store does not know.</summary>
    public long? Sessions { get; init; }

    /// <summary>What operators were told about detection itself in the period, oldest first; empty when the store does not know.</summary>
    public ImmutableArray<Notice> Notices { get; init; } = [];

    /// <summary>How the engines did with the decisions listed, by name; empty when the store does not know.</summary>
    public ImmutableArray<EngineSummary> Engines { get; init; } = [];

    /// <summary>Flagged subjects.</summary>
    public required ImmutableArray<FlaggedSubject> Subjects { get; init; }

    /// <summary>Subjects flagged in the period that <see cref="Subjects"/> leaves out because there were too many; those with the lowest scores.</summary>
    public int LeftOut { get; init; }
}
