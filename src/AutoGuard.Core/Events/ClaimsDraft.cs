using System.Collections.Immutable;

namespace AutoGuard.Core.Events;

/// <summary>Claims as read from one JSON object, before they are joined: a default value was not given.</summary>
internal struct ClaimsDraft
{
    public byte[]? Identity;
    public byte[]? User;
    public byte[]? UserId;
    public ImmutableArray<string> Streams;
    public ImmutableArray<string> Domains;
    public ImmutableArray<string> Addresses;
    public bool? Revocable;
    public bool? OrganizationWide;
    public bool? ForceDisconnect;
    public string? Tag;
    public long? IssuedAt;
    public long? NotBefore;
    public long? Expires;

    /// <summary>Claims in which what this draft gives stands before what <paramref name="below"/> says; null when nobody says anything.</summary>
    public readonly TokenClaims? Over(TokenClaims? below)
    {
        bool given = !Streams.IsDefault || !Domains.IsDefault || !Addresses.IsDefault || Revocable is not null || OrganizationWide is not null
            || ForceDisconnect is not null || Tag is not null || IssuedAt is not null || NotBefore is not null || Expires is not null;
        if (!given)
        {
            return below;
        }
        below ??= new TokenClaims();
        return new TokenClaims
        {
            Streams = Streams.IsDefault ? below.Streams : Streams,
            Domains = Domains.IsDefault ? below.Domains : Domains,
            Addresses = Addresses.IsDefault ? below.Addresses : Addresses,
            Revocable = Revocable ?? below.Revocable,
            OrganizationWide = OrganizationWide ?? below.OrganizationWide,
            ForceDisconnect = ForceDisconnect ?? below.ForceDisconnect,
            Tag = Tag ?? below.Tag,
            IssuedAt = IssuedAt ?? below.IssuedAt,
            NotBefore = NotBefore ?? below.NotBefore,
            Expires = Expires ?? below.Expires,
        };
    }
}
