using System.Collections.Frozen;
using System.Collections.Immutable;
using AutoGuard.Core.Features;

namespace AutoGuard.Models;

/// <summary>A model as it stands in its file: what detection uses, where it comes from, and how it was judged.</summary>
internal sealed record ModelDocument
{
    /// <summary>Version of the file's format.</summary>
    public const int Format = 1;

    /// <summary>Most tenants; those with the most tokens are kept.</summary>
    public const int MostTenants = 1_000;

    /// <summary>Most operators; those with the most tokens are kept.</summary>
    public const int MostOperators = 1_000;

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>What it was learned from.</summary>
    public required ModelSource Source { get; init; }

    /// <summary>Levels over all tenants.</summary>
    public required ModelLevels Everybody { get; init; }

    /// <summary>Levels by name of the tenant, in ordinal order.</summary>
    public ImmutableArray<(string Name, ModelLevels Levels)> Tenants { get; init; } = [];

    /// <summary>Sessions that start per minute, by hour of the day; hours that were not recorded are left out.</summary>
    public ImmutableArray<HourStarts> Starts { get; init; } = [];

    /// <summary>Usual networks, by AS number.</summary>
    public ImmutableArray<OperatorLevel> Operators { get; init; } = [];

    /// <summary>How detection did on the same recording; null when nobody knew the truth.</summary>
    public ModelEvaluation? Evaluation { get; init; }

    /// <summary>Whether any level is known: whether the model changes anything for tokens.</summary>
    public bool HasLevels => Everybody is not { Bound: null, Unbound: null };

    /// <summary>The part that detection uses.</summary>
    public DetectionModel ToModel(string digest) => new()
    {
        Name = Name,
        Digest = digest,
        Everybody = Everybody,
        Tenants = Tenants.ToFrozenDictionary(t => t.Name, t => t.Levels, StringComparer.Ordinal),
        Operators = Operators.ToFrozenDictionary(o => o.Asn, o => o.Networks),
    };
}

/// <summary>What a model was learned from. Nothing of it depends on when or where that was done.</summary>
internal sealed record ModelSource
{
    /// <summary>Names of the files, without folders.</summary>
    public required ImmutableArray<string> Files { get; init; }

    /// <summary>Time of the first event, Unix milliseconds.</summary>
    public required long From { get; init; }

    /// <summary>Time of the last event, Unix milliseconds.</summary>
    public required long To { get; init; }

    /// <summary>Events that counted.</summary>
    public required long Events { get; init; }

    public required long Sessions { get; init; }

    public required long Tokens { get; init; }

    public required long Addresses { get; init; }

    /// <summary><c>Detection:Window</c> that counts were taken over: levels of another window mean something else.</summary>
    public required TimeSpan Window { get; init; }
}

/// <summary>Sessions that start in an hour of the day.</summary>
/// <param name="Hour">0 to 23, UTC.</param>
/// <param name="Minutes">Minutes of it that were recorded, on all days.</param>
/// <param name="PerMinute">Sessions that start in one of them.</param>
internal sealed record HourStarts(int Hour, double Minutes, double PerMinute);

/// <summary>How many networks of an operator a token usually shows.</summary>
/// <param name="Asn">AS number, from 1.</param>
/// <param name="Tokens">Tokens seen.</param>
/// <param name="Networks">Networks that are usual, 1 to 32.</param>
internal sealed record OperatorLevel(uint Asn, int Tokens, int Networks);

/// <summary>How detection did on the recording that the model was learned from.</summary>
/// <param name="Without">Without any model.</param>
/// <param name="With">With this one.</param>
internal sealed record ModelEvaluation(ModelQuality Without, ModelQuality With);

/// <summary>The figures of one replay against the truth.</summary>
internal sealed record ModelQuality
{
    public required int Incidents { get; init; }

    public required int Caught { get; init; }

    /// <summary>Incidents answered at least as strongly as expected.</summary>
    public required int CaughtAsExpected { get; init; }

    public required int FlaggedRight { get; init; }

    public required int FlaggedWrong { get; init; }

    public required int BlockedRight { get; init; }

    public required int BlockedWrong { get; init; }

    public required long HonestSessions { get; init; }

    public required long HonestRefused { get; init; }

    public required long MisuseSessions { get; init; }

    public required long MisusePrevented { get; init; }

    /// <summary>Whether scores mean something: tenths of the scale that have subjects, from the lowest up.</summary>
    public required ImmutableArray<ScoreTenth> Reliability { get; init; }
}

/// <summary>Decided subjects whose highest score lay in one tenth of the scale.</summary>
/// <param name="Tenth">0 for scores from 0 to 0.1, 9 for 0.9 to 1.</param>
/// <param name="Subjects">How many.</param>
/// <param name="Guilty">How many of them an incident names.</param>
/// <param name="MeanScore">Their mean score: what the share of the guilty should be.</param>
internal sealed record ScoreTenth(int Tenth, int Subjects, int Guilty, double MeanScore);
