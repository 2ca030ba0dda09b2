using System.Runtime.InteropServices;

namespace AutoGuard.Core.Features;

/// <summary>What a visitor says against a page: where from, and with what. All zero for one who says nothing. 12 bytes.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
public readonly struct Witness
{
    private const ulong PlayerHalf = uint.MaxValue;
    private const ulong Common = 8;
    private const ulong Speaking = 4;
    private const ulong Token = 2;
    private const ulong V4 = 1;

    private readonly ulong _place;

    /// <summary>A visitor who is heard.</summary>
    /// <param name="site">Hash of the site (<see cref="FeatureWindows.SiteOf"/>); its last bits are put to other use.</param>
    /// <param name="asn">Network operator; 0 when unknown.</param>
    /// <param name="isV4">Whether the site is one of IPv4.</param>
    /// <param name="hasToken">Whether it came with a token.</param>
    /// <param name="player">Hash of operator and player where nothing of its own tells it from others who have the same; 0 where something does.</param>
    public Witness(ulong site, uint asn, bool isV4, bool hasToken, ulong player = 0)
    {
        ulong place = player == 0 ? site : (site & ~PlayerHalf) | (player & PlayerHalf);
        _place = (place & ~(V4 | Token | Common)) | Speaking | (isV4 ? V4 : 0) | (hasToken ? Token : 0) | (player == 0 ? 0 : Common);
        Asn = asn;
    }

    /// <summary>Network operator; 0 when unknown.</summary>
    public uint Asn { get; }

    /// <summary>Whether it says anything.</summary>
    public bool Speaks => _place != 0;

    /// <summary>Whether it came with a token.</summary>
    public bool HasToken => (_place & Token) != 0;

    /// <summary>Whether nothing of its own tells it from others of its <see cref="Player"/>.</summary>
    public bool IsCommon => (_place & Common) != 0;

    /// <summary>Whether it came from IPv4.</summary>
    public bool IsV4 => (_place & V4) != 0;

    /// <summary>The site, and which protocol.</summary>
    public ulong Site => _place & ~Token & ~(IsCommon ? PlayerHalf & ~Speaking : 0);

    /// <summary>Operator and player of a common one, and which protocol.</summary>
    public ulong Player => _place & PlayerHalf & ~Token;
}

/// <summary>Counts those who say something against a page.</summary>
internal static class WitnessCounter
{
    /// <summary>Counts the visitors of a page since a time (Unix seconds).</summary>
    /// <param name="members">The page's visitors.</param>
    /// <param name="windowStart">Unix seconds.</param>
    /// <param name="tokenless">Whether those without a token are heard.</param>
    /// <param name="features">What is measured of the page.</param>
    public static void Count(ReadOnlySpan<PlainMember> members, uint windowStart, bool tokenless, ref ReferrerFeatures features)
    {
        int places = DistinctCounter.PlacesFor(members.Length);
        DistinctCounter sites = new(stackalloc ulong[places]);
        DistinctCounter operators = new(stackalloc ulong[places]);
        DistinctCounter players = new(stackalloc ulong[places]);
        int commonSites = 0;
        foreach (ref readonly PlainMember member in members)
        {
            if (member.Identity == 0 || member.LastSeen < windowStart)
            {
                continue;
            }
            Witness witness = member.Witness;
            if (!witness.Speaks || !(witness.HasToken || tokenless))
            {
                continue;
            }
            bool isNew = sites.Add(witness.Site);
            operators.Add(witness.Asn * 0x9E37_79B9_7F4A_7C15);
            if (witness.IsCommon)
            {
                commonSites += isNew ? 1 : 0;
                players.Add(witness.Player);
                continue;
            }
            features.Witnesses++;
            features.SitesV4 += isNew && witness.IsV4 ? 1 : 0;
        }
        // A line that is dialled anew has many addresses, and whoever likes names many players: visitors have both of their own.
        int common = Math.Min(commonSites, players.Count);
        features.Witnesses += common;
        features.Networks = sites.Count - commonSites + common;
        features.Operators = operators.Count;
    }
}
