using System.Collections.Immutable;
using AutoGuard.Core.Events;
using AutoGuard.Core.Features;
using AutoGuard.Core.Indicators;
using AutoGuard.Core.Policy;

namespace AutoGuard.Core.Pipeline;

/// <summary>
/// Links tokens to revoked ones whose footprint they step into. Only places that were the misuse's own leave one: where a
/// token was shared, its owner's home is among the places, and the owner comes back with a new token.
/// </summary>
internal sealed class Successors(FeatureState state, FeatureWindows windows)
{
    /// <summary>Others that watch from a place for a while, from which on it is nobody's own.</summary>
    private const int Crowd = 3;

    /// <summary>Open sessions of a token that are looked at, the newest first.</summary>
    private const int MostSessions = 64;

    /// <summary>Agents and streams of one footprint, those of the latest sessions.</summary>
    private const int MostTraits = 16;

    public Footprints Footprints { get; } = new();

    /// <summary>The footprint that a token's open sessions are most like. Allocates nothing.</summary>
    public Succession Of(int index, long now)
    {
        ref TokenState token = ref state.Tokens[index];
        // Who was here before is nobody's successor: players of the neighbours take new tokens all the time.
        long since = token.AccountSince != 0 ? Math.Min(token.FirstSeen, token.AccountSince * 1000L) : token.FirstSeen;
        if (!Footprints.MayFollow(since))
        {
            return default;
        }
        Succession best = default;
        ulong self = state.Tokens.KeyAt(index).High;
        int looked = 0;
        for (int i = token.FirstSession; i >= 0 && looked < MostSessions && !best.IsExact; looked++)
        {
            ref SessionState session = ref state.Sessions[i];
            if ((session.Traits & SessionTraits.SharedEgress) == 0)
            {
                Succession found = Footprints.Compare(
                    session.Organization, session.Address, session.UserAgent, session.Stream, since, now);
                bool better = found.Likeness > best.Likeness
                    || (found.Footprint is not null && found.Likeness == best.Likeness && found.Footprint.CompareTo(best.Footprint) > 0);
                if (better && !IsCrowded(in session, found.Footprint!, self, now))
                {
                    best = found;
                }
            }
            i = session.NextOfToken;
        }
        return best;
    }

    /// <summary>Takes note of a decision on a token.</summary>
    /// <param name="decision">The decision.</param>
    /// <param name="index">Place of the token.</param>
    /// <param name="evidence">How much was seen of the token.</param>
    public void Note(Decision decision, int index, int evidence)
    {
        ulong self = state.Tokens.KeyAt(index).High;
        if (decision.Action != DecisionAction.Revoke)
        {
            return;
        }
        state.Tokens[index].Revoked = true;
        if (decision.Follows is not null)
        {
            Footprints.NoteKin(self, decision.Time);
        }
        if (OwnPlaces(decision.Reasons) is not { } kind)
        {
            return;
        }
        ref TokenState token = ref state.Tokens[index];
        ImmutableArray<IpAddress> addresses = AddressesOf(in token, kind, self, decision.Time);
        if (addresses.IsEmpty)
        {
            return;
        }
        (ImmutableArray<int> agents, ImmutableArray<int> streams) = TraitsOf(in token, addresses);
        Footprints.Remember(new Footprint
        {
            Decision = decision.Id,
            DecidedAt = decision.Time,
            Organization = token.Organization,
            Token = self,
            Evidence = evidence,
            Addresses = addresses,
            Agents = agents,
            Streams = streams,
        });
    }

    /// <summary>Whether what a token follows is among the reasons for a decision.</summary>
    public static bool IsAmong(ImmutableArray<DecisionReason> reasons) =>
        reasons.Any(static reason => reason.Indicator == nameof(Indicator.Successor) && reason.Contribution > 0);

    /// <summary>
    /// Which of a revoked token's places were its own: none when it was seen in too many places; those in data centres when it
    /// plays from there; all when it was revoked for the tool, the hours or what it follows. Null for none.
    /// </summary>
    internal static OwnPlace? OwnPlaces(ImmutableArray<DecisionReason> reasons)
    {
        bool dataCentre = false;
        bool crowdOfSessions = false;
        double own = 0;
        double all = 0;
        foreach (DecisionReason reason in reasons)
        {
            if (reason.Grade <= 0 || !Enum.TryParse(reason.Indicator, out Indicator indicator))
            {
                continue;
            }
            switch (indicator)
            {
                case Indicator.DistinctAgents:
                    return null;
                case var _ when IsOfPlaces(indicator):
                    return null;
                case Indicator.ConcurrentSessions or Indicator.SessionsPerToken:
                    crowdOfSessions = true;
                    break;
                case Indicator.DataCentre:
                    dataCentre = true;
                    break;
                case Indicator.ToolAgent or Indicator.LongPlayback or Indicator.Successor:
                    own += reason.Contribution;
                    break;
                default:
                    break;
            }
            all += reason.Contribution;
        }
        return dataCentre ? OwnPlace.DataCentres : !crowdOfSessions && own > 0 && own * 2 >= all ? OwnPlace.All : null;
    }

    /// <summary>Whether an indicator says that a token is in too many places: its owner's home is among them.</summary>
    internal static bool IsOfPlaces(Indicator indicator) => indicator is Indicator.ConcurrentNetworks or Indicator.SessionHandovers or Indicator.DistinctNetworks
        or Indicator.DistinctOperators or Indicator.DistinctHomes or Indicator.GeographicSpread or Indicator.CountryChanges;

    private ImmutableArray<IpAddress> AddressesOf(in TokenState token, OwnPlace kind, ulong self, long now)
    {
        uint windowStart = windows.WindowStart(now);
        List<(uint LastSeen, IpAddress Address)> found = [];
        foreach (ref readonly AddressMember member in state.AddressSets.Members(token.Addresses))
        {
            bool fits = member.Identity != 0 && member.LastSeen >= windowStart && !member.SharedEgress && !member.TakenOver
                && (kind == OwnPlace.All || member.DataCentre);
            if (fits)
            {
                found.Add((member.LastSeen, member.Address));
            }
        }
        found.Sort(static (a, b) => a.LastSeen != b.LastSeen ? b.LastSeen.CompareTo(a.LastSeen) : a.Address.CompareTo(b.Address));
        ImmutableArray<IpAddress>.Builder own = ImmutableArray.CreateBuilder<IpAddress>();
        foreach ((_, IpAddress address) in found)
        {
            int place = state.Addresses.Find(new(address, token.Organization));
            if (own.Count < Footprints.MostPlaces && place >= 0 && !IsCrowded(state.Addresses[place].Tokens, self, now))
            {
                own.Add(address);
            }
        }
        return own.ToImmutable();
    }

    /// <summary>Agents and streams of the token's latest sessions at its own places.</summary>
    private (ImmutableArray<int> Agents, ImmutableArray<int> Streams) TraitsOf(in TokenState token, ImmutableArray<IpAddress> places)
    {
        List<int> agents = [];
        List<int> streams = [];
        int looked = 0;
        for (int i = token.FirstSession; i >= 0 && looked < MostSessions; looked++)
        {
            ref SessionState session = ref state.Sessions[i];
            Add(session.Address, session.UserAgent, session.Stream);
            i = session.NextOfToken;
        }
        if (state.Dossiers.Get(token.Dossier) is { } dossier)
        {
            DossierSession[] sessions = dossier.Sessions.ToArray();
            Array.Sort(sessions, static (a, b) => a.LastSeen != b.LastSeen ? b.LastSeen.CompareTo(a.LastSeen)
                : a.Start != b.Start ? b.Start.CompareTo(a.Start) : a.Address.CompareTo(b.Address));
            foreach (ref readonly DossierSession session in sessions.AsSpan())
            {
                Add(session.Address, session.UserAgent, session.Stream);
            }
        }
        return ([.. agents], [.. streams]);

        void Add(IpAddress address, int agent, int stream)
        {
            if (!places.Contains(address))
            {
                return;
            }
            AddOnce(agents, agent);
            AddOnce(streams, stream);
        }
    }

    private static void AddOnce(List<int> traits, int trait)
    {
        if (trait > StringPool.Overflow && traits.Count < MostTraits && !traits.Contains(trait))
        {
            traits.Add(trait);
        }
    }

    private bool IsCrowded(in SessionState session, Footprint footprint, ulong self, long now)
    {
        if (footprint.Addresses.Contains(session.Address))
        {
            return !state.Addresses.Holds(session.AddressState)
                || IsCrowded(state.Addresses[session.AddressState.Index].Tokens, self, now);
        }
        return !state.Networks.Holds(session.Network) || IsCrowded(state.Networks[session.Network.Index].Tokens, self, now);
    }

    /// <summary>
    /// Whether several others watch from a place: an exit that people share is nobody's own. Those who are only suspects count,
    /// for all who come to the exit where a relay was may look like its successors at first.
    /// </summary>
    private bool IsCrowded(int tokens, ulong self, long now)
    {
        uint windowStart = Math.Max(1, windows.WindowStart(now));
        int others = 0;
        foreach (ref readonly TokenMember member in state.TokenSets.Members(tokens))
        {
            bool settled = member.Identity != 0 && member.Identity != self && member.Settled >= windowStart;
            if (settled && !Footprints.IsKin(member.Identity) && ++others == Crowd)
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>Places that a revoked token's footprint holds.</summary>
    internal enum OwnPlace
    {
        /// <summary>Those in data centres, where no homes are.</summary>
        DataCentres,

        /// <summary>All of them.</summary>
        All,
    }
}
