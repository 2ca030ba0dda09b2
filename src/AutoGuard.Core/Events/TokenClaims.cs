using System.Collections.Immutable;

namespace AutoGuard.Core.Events;

/// <summary>
/// What a token says of itself: the <c>tokenScope</c> of an event, or the payload of a JWT. Read leniently, never
/// verified: AutoGuard watches tokens that the edge has already accepted.
/// </summary>
public sealed record TokenClaims
{
    /// <summary>Streams the token opens; empty when not restricted or unknown. At most 32, each at most 256 bytes.</summary>
    public ImmutableArray<string> Streams { get; init; } = [];

    /// <summary>Web domains it may be used on; empty when not restricted. At most 32.</summary>
    public ImmutableArray<string> Domains { get; init; } = [];

    /// <summary>Addresses or CIDRs it may be used from; empty when not restricted. At most 32.</summary>
    public ImmutableArray<string> Addresses { get; init; } = [];

    /// <summary>Whether it can be revoked; null when unknown.</summary>
    public bool? Revocable { get; init; }

    /// <summary>Whether it opens every stream of the organization; null when unknown.</summary>
    public bool? OrganizationWide { get; init; }

    /// <summary>Whether running sessions end at expiry; null when unknown.</summary>
    public bool? ForceDisconnect { get; init; }

    /// <summary>Tracing tag; null when absent.</summary>
    public string? Tag { get; init; }

    /// <summary><c>iat</c>, Unix seconds; null when absent.</summary>
    public long? IssuedAt { get; init; }

    /// <summary><c>nbf</c>, Unix seconds; null when absent.</summary>
    public long? NotBefore { get; init; }

    /// <summary><c>exp</c>, Unix seconds; null when absent.</summary>
    public long? Expires { get; init; }
}
