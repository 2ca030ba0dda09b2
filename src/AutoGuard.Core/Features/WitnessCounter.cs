using System.Numerics;
using System.Runtime.InteropServices;

namespace AutoGuard.Core.Features;

/// <summary>What a visitor says against a page: where from, and with what. All zero for one who says nothing. 12 bytes.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
public readonly struct Witness
{
    /// <summary>The last bits of a player, which say of what kind it is.</summary>
    internal const int KindBits = 5;

    private const ulong PlayerHalf = uint.MaxValue;
    private const ulong Named = 16;
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
    /// <param name="player">Hash of who it is as far as that is known, by <paramref name="named"/>; 0 where nothing but its address is.</param>
    /// <param name="named">Whether the player is a user's: hash of user and player; else of operator and player, which others may have as well.</param>
    public Witness(ulong site, uint asn, bool isV4, bool hasToken, ulong player = 0, bool named = false)
    {
        ulong place = player == 0 ? site : (site & ~PlayerHalf) | (player & PlayerHalf);
        ulong kind = player == 0 ? 0 : named ? Named : Common;
        _place = (place & ~(V4 | Token | Common | Named)) | Speaking | (isV4 ? V4 : 0) | (hasToken ? Token : 0) | kind;
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

    /// <summary>Whether it is a user's <see cref="Player"/>, wherever that is.</summary>
    public bool IsNamed => (_place & Named) != 0;

    /// <summary>Whether it came from IPv4.</summary>
    public bool IsV4 => (_place & V4) != 0;

    /// <summary>Half of the site's hash, the same for all who come from there.</summary>
    public uint Site => (uint)(_place >> 32);

    /// <summary>Operator and player of a common one, and which protocol; user and player of a named one.</summary>
    public ulong Player => _place & PlayerHalf & ~(IsNamed ? Token | V4 : Token);
}

/// <summary>Counts those who say something against a page.</summary>
internal static class WitnessCounter
{
    /// <summary>Sessions open at once for each place of a user: on his way a phone leaves one behind.</summary>
    private const int OpenPerPlace = 2;

    /// <summary>Counts the visitors of a page since a time (Unix seconds).</summary>
    /// <param name="members">The page's visitors.</param>
    /// <param name="windowStart">Unix seconds.</param>
    /// <param name="tokenless">Whether those without a token are heard.</param>
    /// <param name="features">What is measured of the page; the sessions open at once are known.</param>
    public static void Count(ReadOnlySpan<PlainMember> members, uint windowStart, bool tokenless, ref ReferrerFeatures features)
    {
        int places = DistinctCounter.PlacesFor(members.Length);
        DistinctCounter sites = new(stackalloc ulong[places]);
        DistinctCounter operators = new(stackalloc ulong[places]);
        // Of each kind for itself: who comes from the same site as one of another kind must not depend on who is met first.
        DistinctCounter plainSites = new(stackalloc ulong[places]);
        DistinctCounter commonSites = new(stackalloc ulong[places]);
        DistinctCounter namedSites = new(stackalloc ulong[places]);
        DistinctCounter commonPlayers = new(stackalloc ulong[places]);
        DistinctCounter namedPlayers = new(stackalloc ulong[places]);
        int visitors = 0;
        int named = 0;
        int namedSitesV4 = 0;
        foreach (ref readonly PlainMember member in members)
        {
            if (member.Identity == 0 || member.LastSeen < windowStart)
            {
                continue;
            }
            visitors++;
            Witness witness = member.Witness;
            if (!witness.Speaks || !(witness.HasToken || tokenless))
            {
                continue;
            }
            sites.Add(witness.Site);
            operators.Add(witness.Asn * 0x9E37_79B9_7F4A_7C15);
            // The table looks at the last bits, which are the kind.
            ulong player = BitOperations.RotateRight(witness.Player, Witness.KindBits);
            if (witness.IsCommon)
            {
                commonSites.Add(witness.Site);
                commonPlayers.Add(player);
            }
            else if (witness.IsNamed)
            {
                named++;
                namedSitesV4 += namedSites.Add(witness.Site) && witness.IsV4 ? 1 : 0;
                namedPlayers.Add(player);
            }
            else
            {
                features.Witnesses++;
                features.SitesV4 += plainSites.Add(witness.Site) && witness.IsV4 ? 1 : 0;
            }
        }
        // A line that is dialled anew has many addresses, and whoever likes names many players: visitors have both of their own.
        int strangers = Math.Min(commonSites.Count, commonPlayers.Count);
        // Whoever is known by name is one with each player of his, wherever he goes with it, but not in many places at once: an account that is
        // handed around is.
        int atOnce = (int)((long)features.Open * named / Math.Max(1, visitors) / OpenPerPlace);
        int persons = Math.Max(namedPlayers.Count, Math.Min(namedSites.Count, atOnce));
        features.Witnesses += strangers + persons;
        features.Networks = Math.Min(sites.Count, plainSites.Count + strangers + Math.Min(namedSites.Count, persons));
        features.SitesV4 = Math.Min(sites.Count, features.SitesV4 + Math.Min(namedSitesV4, persons));
        features.Operators = operators.Count;
    }
}
