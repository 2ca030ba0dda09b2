using System.Collections.Immutable;
using System.Numerics;
using AutoGuard.Core.Events;
using AutoGuard.Core.Features;

namespace AutoGuard.Core.Policy;

/// <summary>What a revoked token leaves behind: where it played from when nobody else did, with what, and what it played.</summary>
public sealed record Footprint : IComparable<Footprint>
{
    /// <summary>Id of the revocation.</summary>
    public required string Decision { get; init; }

    /// <summary>When it was decided, Unix milliseconds.</summary>
    public required long DecidedAt { get; init; }

    /// <summary>Interned tenant.</summary>
    public required int Organization { get; init; }

    /// <summary>Upper half of the token's key.</summary>
    public required ulong Token { get; init; }

    /// <summary>Sessions that spoke against the token, counted as for a decision.</summary>
    public required int Evidence { get; init; }

    /// <summary>Addresses that were its own; no more than <see cref="Footprints.MostPlaces"/> count.</summary>
    public required ImmutableArray<IpAddress> Addresses { get; init; }

    /// <summary>Interned user agents that played there.</summary>
    public required ImmutableArray<int> Agents { get; init; }

    /// <summary>Interned streams that were played there.</summary>
    public required ImmutableArray<int> Streams { get; init; }

    /// <summary>Older ones first; of one instant, by their decisions.</summary>
    public int CompareTo(Footprint? other) => other is null ? 1
        : DecidedAt != other.DecidedAt ? DecidedAt.CompareTo(other.DecidedAt) : string.CompareOrdinal(Decision, other.Decision);
}

/// <summary>How much of a footprint a token matches.</summary>
/// <param name="Likeness">0 to 1: an address is worth one half, agent and stream a quarter each; see <see cref="Footprints.Compare"/>.</param>
/// <param name="Footprint">The footprint; null when there is none.</param>
public readonly record struct Succession(double Likeness, Footprint? Footprint)
{
    /// <summary>Whether address, agent and stream are all the same.</summary>
    public bool IsExact => Likeness >= 1;
}

/// <summary>
/// Footprints of revoked tokens, for a day of event time: a misuse that goes on with another token comes from where it came
/// from before. Bounded; what is kept and what is found depend on the footprints only, not on the order in which they came.
/// </summary>
/// <remarks>Held in memory: revocations that were decided before a restart have no footprint.</remarks>
public sealed class Footprints
{
    /// <summary>Most footprints remembered; beyond it the oldest are forgotten.</summary>
    public const int Most = 8_192;

    /// <summary>Most addresses of one footprint.</summary>
    public const int MostPlaces = 16;

    /// <summary>Most footprints found at one place; beyond it the oldest are not.</summary>
    public const int MostOfPlace = 8;

    /// <summary>How long a footprint is remembered, milliseconds.</summary>
    public const long Memory = 24 * 3_600_000L;

    private const double AddressWorth = 0.5;
    private const double AgentWorth = 0.25;
    private const double StreamWorth = 0.25;
    private const double NetworkWorth = 0.25;

    private const int MarkBits = 16;
    private const int MarkCount = 1 << MarkBits;

    private readonly SortedSet<Footprint> _all = [];
    private readonly Dictionary<Place, List<Footprint>> _places = [];

    /// <summary>A bit for each place that has a footprint, by few bits of its address: nearly all places are seen to have none by that alone.</summary>
    private readonly ulong[] _marks = new ulong[MarkCount / 64];
    private bool _hasOldMarks;

    /// <summary>Tokens of the footprints and those revoked as their successors, each with the last time it was named.</summary>
    private readonly BoundedMemory<ulong, bool> _kin = new(2 * Most);

    /// <summary>Footprints remembered.</summary>
    public int Count => _all.Count;

    /// <summary>Places that footprints are found at.</summary>
    public int Places => _places.Count;

    /// <summary>Remembers a footprint; one without a place is none.</summary>
    public void Remember(Footprint footprint)
    {
        ArgumentNullException.ThrowIfNull(footprint);
        if (footprint.Addresses.IsEmpty || !_all.Add(footprint))
        {
            return;
        }
        NoteKin(footprint.Token, footprint.DecidedAt);
        foreach (Place place in PlacesOf(footprint))
        {
            if (!_places.TryGetValue(place, out List<Footprint>? here))
            {
                _places.Add(place, here = []);
                Mark(place);
            }
            here.Add(footprint);
            if (here.Count > MostOfPlace)
            {
                here.Remove(here.Min()!);
            }
        }
        while (_all.Count > Most)
        {
            Forget(_all.Min!);
        }
    }

    /// <summary>Remembers that a token was revoked as a successor: it is nobody's neighbour.</summary>
    /// <param name="token">Upper half of its key.</param>
    /// <param name="now">Unix milliseconds.</param>
    public void NoteKin(ulong token, long now) => _kin.Set(token, true, now);

    /// <summary>Whether a token left a footprint or was revoked as the successor of one that did.</summary>
    /// <param name="token">Upper half of its key.</param>
    public bool IsKin(ulong token) => _kin.Contains(token);

    /// <summary>Whether a token first seen at an instant may be anybody's successor.</summary>
    /// <param name="firstSeen">Unix milliseconds.</param>
    public bool MayFollow(long firstSeen) => _all.Min is { } oldest && firstSeen > oldest.DecidedAt;

    /// <summary>
    /// The footprint that a session is most like, the latest of several. The address alone is one half, the same agent and
    /// the same stream a quarter each; another address of the same network is a quarter, but only with both of these. Only
    /// tokens first seen after the decision follow it, within <see cref="Memory"/>.
    /// </summary>
    /// <param name="organization">Interned tenant.</param>
    /// <param name="address">Where it plays from.</param>
    /// <param name="agent">Interned user agent; unknown ones are like nothing.</param>
    /// <param name="stream">Interned stream; unknown ones are like nothing.</param>
    /// <param name="firstSeen">When its token was first seen, Unix milliseconds.</param>
    /// <param name="now">Unix milliseconds.</param>
    public Succession Compare(int organization, IpAddress address, int agent, int stream, long firstSeen, long now)
    {
        Succession best = Best(new Place(organization, address, IsNetwork: false), agent, stream, firstSeen, now);
        if (best.Footprint is not null)
        {
            return best;
        }
        return Best(new Place(organization, FeatureWindows.NetworkOf(address).Address, IsNetwork: true), agent, stream, firstSeen, now);
    }

    /// <summary>Forgets what is older than <see cref="Memory"/>.</summary>
    public void Prune(long now)
    {
        while (_all.Min is { } oldest && now - oldest.DecidedAt > Memory)
        {
            Forget(oldest);
        }
        if (_hasOldMarks)
        {
            Array.Clear(_marks);
            foreach (Place place in _places.Keys)
            {
                Mark(place);
            }
            _hasOldMarks = false;
        }
        _kin.Prune(now - Memory);
    }

    private Succession Best(Place place, int agent, int stream, long firstSeen, long now)
    {
        if (!IsMarked(place) || !_places.TryGetValue(place, out List<Footprint>? here))
        {
            return default;
        }
        Succession best = default;
        foreach (Footprint footprint in here)
        {
            if (firstSeen <= footprint.DecidedAt || now - footprint.DecidedAt > Memory)
            {
                continue;
            }
            bool sameAgent = agent > StringPool.Overflow && footprint.Agents.Contains(agent);
            bool sameStream = stream > StringPool.Overflow && footprint.Streams.Contains(stream);
            if (place.IsNetwork && !(sameAgent && sameStream))
            {
                continue;
            }
            double likeness = (place.IsNetwork ? NetworkWorth : AddressWorth) + (sameAgent ? AgentWorth : 0) + (sameStream ? StreamWorth : 0);
            if (likeness > best.Likeness || (likeness == best.Likeness && footprint.CompareTo(best.Footprint) > 0))
            {
                best = new Succession(likeness, footprint);
            }
        }
        return best;
    }

    private void Forget(Footprint footprint)
    {
        _all.Remove(footprint);
        foreach (Place place in PlacesOf(footprint))
        {
            if (_places.TryGetValue(place, out List<Footprint>? here) && here.Remove(footprint) && here.Count == 0)
            {
                _places.Remove(place);
                _hasOldMarks = true;
            }
        }
    }

    private void Mark(Place place)
    {
        int mark = MarkOf(place);
        _marks[mark / 64] |= 1UL << (mark % 64);
    }

    private bool IsMarked(Place place)
    {
        int mark = MarkOf(place);
        return (_marks[mark / 64] & (1UL << (mark % 64))) != 0;
    }

    /// <summary>Fibonacci hashing (Knuth, TAOCP 6.4). Whoever makes places collide makes their look-up as slow as it would be without marks.</summary>
    private static int MarkOf(Place place) =>
        (int)(((place.Address.High ^ BitOperations.RotateLeft(place.Address.Low, 32) ^ (uint)place.Organization) * 0x9E37_79B9_7F4A_7C15) >> (64 - MarkBits));

    private static IEnumerable<Place> PlacesOf(Footprint footprint)
    {
        ImmutableArray<IpAddress> addresses = footprint.Addresses;
        IEnumerable<IpAddress> counted = addresses.Length <= MostPlaces ? addresses : addresses.Take(MostPlaces);
        return counted.Select(address => new Place(footprint.Organization, address, IsNetwork: false))
            .Concat(counted.Select(address => new Place(footprint.Organization, FeatureWindows.NetworkOf(address).Address, IsNetwork: true)))
            .Distinct();
    }

    /// <param name="Organization">Interned tenant.</param>
    /// <param name="Address">Address, or the first of the network.</param>
    /// <param name="IsNetwork">Which of both.</param>
    private readonly record struct Place(int Organization, IpAddress Address, bool IsNetwork);
}
