using AutoGuard.Core.Events;
using AutoGuard.Core.Features;

namespace AutoGuard.Core.Policy;

/// <summary>Finds out who else a block would cut off.</summary>
public sealed class HarmEstimator(FeatureState state, FeatureWindows windows)
{
    /// <summary>A token with more sessions than this behind one address is the offender's, not a neighbour's.</summary>
    private const int NeighbourSessions = 3;

    /// <summary>Open sessions looked at; beyond it the count is a lower bound, far above any sensible limit.</summary>
    private const int MostSessions = 4096;

    private readonly Dictionary<ulong, int> _openOfToken = [];
    private readonly HashSet<ulong> _suspects = [];
    private readonly HashSet<uint> _users = [];

    /// <summary>Nobody else: what revoking a token harms besides its own sessions.</summary>
    public static HarmPreview Nobody { get; } = new(0, 0, 0);

    /// <summary>
    /// Tokens that watched quietly from the same address within the window: each had a session that ran for a while, and
    /// none holds many at once. Those are neighbours behind a shared address, whether they watch at this moment or not;
    /// what only opens and closes in seconds, or many times over, is not. A viewer without a token counts as one of them
    /// while a session of theirs runs that was more than an attempt and no tool's, except behind an address of a data centre, where no homes are.
    /// </summary>
    public HarmPreview OfAddress(int index, long now)
    {
        (int tokens, int sessions) = CountNeighbours(index, now);
        return new HarmPreview(tokens, _users.Count, sessions);
    }

    /// <summary>Whether there is anybody of <see cref="OfAddress"/>; allocates nothing.</summary>
    public bool HasNeighbours(int index, long now) => CountNeighbours(index, now).Tokens > 0;

    private (int Tokens, int Sessions) CountNeighbours(int index, long now)
    {
        ref AddressState address = ref state.Addresses[index];
        _openOfToken.Clear();
        _suspects.Clear();
        _users.Clear();
        int looked = 0;
        int anonymous = 0;
        for (int i = address.FirstSession; i >= 0 && looked < MostSessions; looked++)
        {
            ref SessionState session = ref state.Sessions[i];
            if (state.Tokens.Holds(session.Token))
            {
                ulong token = state.Tokens.KeyAt(session.Token.Index).High;
                _openOfToken[token] = _openOfToken.GetValueOrDefault(token) + 1;
            }
            else if (!address.DataCentre && (session.Traits & SessionTraits.ToolAgent) == 0 && session.LastSeen - session.Start > FeatureWindows.ShortSession)
            {
                anonymous++;
            }
            i = session.NextOfAddress;
        }
        uint windowStart = Math.Max(1, windows.WindowStart(now));
        int tokens = anonymous;
        int sessions = anonymous;
        foreach (ref readonly TokenMember member in state.TokenSets.Members(address.Suspects))
        {
            if (member.Identity != 0 && member.LastSeen >= windowStart)
            {
                _suspects.Add(member.Identity);
            }
        }
        foreach (ref readonly TokenMember member in state.TokenSets.Members(address.Tokens))
        {
            int open = _openOfToken.GetValueOrDefault(member.Identity);
            if (member.Identity != 0 && member.Settled >= windowStart && open <= NeighbourSessions && !_suspects.Contains(member.Identity))
            {
                tokens++;
                sessions += open;
                if (member.User != 0)
                {
                    _users.Add(member.User);
                }
            }
        }
        return (tokens, sessions);
    }

    /// <summary>Tokens of a set that watched quietly: those of a line of which no single address offends, but all of them together do.</summary>
    private HarmPreview Settled(int set, long now)
    {
        uint windowStart = Math.Max(1, windows.WindowStart(now));
        int tokens = 0;
        HashSet<uint> users = [];
        foreach (ref readonly TokenMember member in state.TokenSets.Members(set))
        {
            if (member.Identity != 0 && member.Settled >= windowStart)
            {
                tokens++;
                if (member.User != 0)
                {
                    users.Add(member.User);
                }
            }
        }
        return new HarmPreview(tokens, users.Count, tokens);
    }

    /// <summary>Tokens that a page would lose and that watch from official pages as well: they came upon it, and are nobody's loot.</summary>
    public HarmPreview OfReferrer(int index, long now) => Settled(state.Referrers[index].Tokens, now);

    /// <summary>
    /// Open sessions of the network from addresses that did not offend, at most as many tokens (each session without one
    /// counts for itself, but in a data centre), and the neighbours behind the addresses that did: a network of shared addresses is not its abusers'.
    /// </summary>
    public HarmPreview OfNetwork(int index, long now)
    {
        ref NetworkState network = ref state.Networks[index];
        if (!state.Networks.KeyAt(index).Address.IsV4 && state.AddressSets.Count(network.Offenders, 0) == 0)
        {
            return Settled(network.Tokens, now);
        }
        int offending = 0;
        int tokens = 0;
        int users = 0;
        int sessions = 0;
        foreach (ref readonly AddressMember member in state.AddressSets.Members(network.Offenders))
        {
            int address = member.Identity == 0 ? -1 : state.Addresses.Find(new(member.Address, state.Networks.KeyAt(index).Organization));
            if (address >= 0)
            {
                HarmPreview neighbours = OfAddress(address, now);
                offending += state.Addresses[address].Open;
                tokens += neighbours.OtherTokens;
                users += neighbours.OtherUsers;
                sessions += neighbours.OtherSessions;
            }
        }
        int others = Math.Max(0, network.Open - offending);
        tokens += Math.Min(others, state.TokenSets.Count(network.Tokens, 0) + (network.DataCentre ? 0 : network.Anonymous));
        return new HarmPreview(tokens, users, sessions + others);
    }
}
