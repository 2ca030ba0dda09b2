using System.Collections.Frozen;
using System.Collections.Immutable;

namespace AutoGuard.Core.Features;

/// <summary>
/// What was learned of a platform from recorded events: taken for usual until enough of the live audience was seen, and
/// not a moment longer. It only ever raises what is usual, and so excuses; it makes nothing stricter.
/// </summary>
public sealed record DetectionModel
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>SHA-256 of the file it was read from, <c>sha256:</c> and lower-case hex.</summary>
    public required string Digest { get; init; }

    /// <summary>Levels over all tenants.</summary>
    public required ModelLevels Everybody { get; init; }

    /// <summary>Levels by name of the tenant; empty for the nameless one.</summary>
    public FrozenDictionary<string, ModelLevels> Tenants { get; init; } = FrozenDictionary<string, ModelLevels>.Empty;

    /// <summary>Networks of an operator (by AS number) that are usual for one token, 1 or more.</summary>
    public FrozenDictionary<uint, int> Operators { get; init; } = FrozenDictionary<uint, int>.Empty;

    /// <summary>The levels of a tenant's tokens, else those of everybody's; null when neither is known.</summary>
    public PopulationLevels? LevelsOf(string tenant, bool bound)
    {
        ModelLevels? own = Tenants.GetValueOrDefault(tenant);
        return bound ? own?.Bound ?? Everybody.Bound : own?.Unbound ?? Everybody.Unbound;
    }
}

/// <summary>Levels of tokens that are bound to a user, and of those that are not; null where too few were seen.</summary>
/// <param name="Bound">Of bound tokens.</param>
/// <param name="Unbound">Of the others.</param>
public sealed record ModelLevels(PopulationLevels? Bound, PopulationLevels? Unbound);

/// <summary>What is usual among tokens of a kind.</summary>
/// <param name="Tokens">Tokens that it was learned from, as many as were active at once.</param>
/// <param name="Epochs">Epochs of five minutes that it was learned from.</param>
/// <param name="Usual">The largest value that is usual, by <see cref="PopulationTrait"/>; at least 0.</param>
public sealed record PopulationLevels(long Tokens, int Epochs, ImmutableArray<double> Usual);

/// <summary>What is usual among the tokens of a kind in the epoch that ended last.</summary>
/// <param name="Organization">Interned tenant; null: all tenants.</param>
/// <param name="IsBound">Whether of tokens that are bound to a user.</param>
/// <param name="Tokens">Tokens counted.</param>
/// <param name="Usual">By <see cref="PopulationTrait"/>.</param>
public readonly record struct PopulationSample(int? Organization, bool IsBound, long Tokens, ImmutableArray<double> Usual);
