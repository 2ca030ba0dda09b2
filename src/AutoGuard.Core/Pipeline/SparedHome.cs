using System.Collections.Immutable;
using AutoGuard.Core.Events;
using AutoGuard.Core.Features;
using AutoGuard.Core.Indicators;
using AutoGuard.Core.Policy;

namespace AutoGuard.Core.Pipeline;

/// <summary>
/// Where a token that others got hold of stays good: at its account's home and at the line where it was first, as far as each shows no more
/// than a household's screens. Whoever is wrong about whose line it is leaves that line what it had; everybody else is refused all the same.
/// </summary>
internal sealed class SparedHome(FeatureState state, FeatureWindows windows)
{
    /// <summary>Most networks that a revocation leaves alone: two families each of the token's first line, its account's home, and the home it had a token before.</summary>
    public const int MostNetworks = 6;

    /// <summary>Sessions at once up to which a network is a household's.</summary>
    private const int MostScreens = 3;

    /// <summary>Open sessions of a token that are looked at; with more of them nobody's home is told from a crowd.</summary>
    private const int MostSessions = 4_096;

    /// <summary>Revocations and homes of accounts remembered.</summary>
    private const int MostRemembered = 8_192;

    /// <summary>How long a home is remembered, milliseconds.</summary>
    private const long Memory = 24 * 3_600_000L;

    /// <summary>The home of an account whose earlier token was revoked: those that got hold of that one come with the next before its owner does.</summary>
    private readonly BoundedMemory<Key128, ImmutableArray<IpNetwork>> _known = new(MostRemembered);

    /// <summary>What the revocations of tokens left alone, by token.</summary>
    private readonly BoundedMemory<Key128, ImmutableArray<IpNetwork>> _spared = new(MostRemembered);

    /// <summary>The lines of the token measured last.</summary>
    private readonly SortedDictionary<IpNetwork, Line> _lines = new(Comparer<IpNetwork>.Create(static (a, b) => a.Address.CompareTo(b.Address)));

    /// <summary>
    /// The networks to be left alone when a token is revoked, in order. None when several places had the token from the start, when it is
    /// nowhere else, when it is revoked for something else than being in many places, and when one that was left alone is no household
    /// any more. A data centre's network is none, nor one that many people share, nor one that offends itself.
    /// </summary>
    /// <param name="index">Place of the token.</param>
    /// <param name="reasons">What it is revoked for.</param>
    /// <param name="now">Unix milliseconds.</param>
    public ImmutableArray<IpNetwork> Of(int index, ImmutableArray<DecisionReason> reasons, long now)
    {
        ref TokenState token = ref state.Tokens[index];
        if ((token.SharedFromTheStart && !token.IsBound) || !IsForPlaces(reasons) || (token.Spared && !AreHouseholds(index)) || !MeasureLines(in token, now))
        {
            return [];
        }
        return [.. _lines.Where(static line => line.Value.IsQuiet).Take(MostNetworks).Select(static line => line.Key)];
    }

    /// <summary>Whether all networks that a token's revocation left alone show no more than a household each.</summary>
    public bool AreHouseholds(int index)
    {
        _lines.Clear();
        if (_spared.TryGet(state.Tokens.KeyAt(index), out _, out ImmutableArray<IpNetwork> spared))
        {
            foreach (IpNetwork network in spared)
            {
                _lines[network] = default;
            }
        }
        return MeasureScreens(in state.Tokens[index]) && _lines.Values.All(static line => line.Screens <= MostScreens);
    }

    /// <summary>Takes note of what a revocation left alone, and of the account's home for its next token.</summary>
    public void Note(int index, ImmutableArray<IpNetwork> except, long now)
    {
        ref TokenState token = ref state.Tokens[index];
        token.Spared = !except.IsEmpty;
        _spared.Set(state.Tokens.KeyAt(index), except, now);
        if (token.Spared && token.IsBound && HomeOf(in token, now).IsEmpty)
        {
            MeasureLines(in token, now);
            _known.Set(token.User, [.. except.Where(network => _lines.TryGetValue(network, out Line line) && line.IsHome)], now);
        }
    }

    /// <summary>Takes note of what a revocation of an earlier process left alone: none, when a later one leaves nothing alone.</summary>
    public void Remember(Key128 token, ImmutableArray<IpNetwork> except, long time) => _spared.Set(token, except.IsDefault ? [] : except, time);

    /// <summary>Whether a revocation that is remembered left networks of a token alone.</summary>
    public bool Left(Key128 token) => _spared.TryGet(token, out _, out ImmutableArray<IpNetwork> spared) && !spared.IsEmpty;

    /// <summary>The home that is remembered of a token's account, if any.</summary>
    private ImmutableArray<IpNetwork> HomeOf(in TokenState token, long now) =>
        token.IsBound && _known.TryGet(token.User, out long since, out ImmutableArray<IpNetwork> home) && now - since <= Memory ? home : [];

    /// <summary>Whether a token is revoked for where it is, and not for the tool that plays it: then the tool may stand at the first of its places.</summary>
    private static bool IsForPlaces(ImmutableArray<DecisionReason> reasons)
    {
        bool places = false;
        foreach (DecisionReason reason in reasons)
        {
            if (reason.Grade > 0 && Enum.TryParse(reason.Indicator, out Indicator indicator))
            {
                if (indicator is Indicator.ToolAgent or Indicator.Successor)
                {
                    return false;
                }
                places |= Successors.IsOfPlaces(indicator);
            }
        }
        return places;
    }

    /// <summary>Finds the token's lines and what is there; false when the token is nowhere else, or more of it runs than is looked at.</summary>
    private bool MeasureLines(in TokenState token, long now)
    {
        _lines.Clear();
        foreach (IpNetwork network in HomeOf(in token, now))
        {
            _lines[network] = new Line { IsHome = true };
        }
        ReadOnlySpan<AddressMember> members = state.AddressSets.Members(token.Addresses);
        foreach (ref readonly AddressMember member in members)
        {
            if (member.Identity != 0 && (member.Home || member.First))
            {
                IpNetwork network = FeatureWindows.NetworkOf(member.Address);
                _lines[network] = new Line { IsHome = member.Home || (_lines.TryGetValue(network, out Line line) && line.IsHome) };
            }
        }
        return MeasureOffences(members, token.Organization, now) && MeasureScreens(in token);
    }

    /// <summary>Notes which lines offend; whether the token was anywhere else within the window.</summary>
    private bool MeasureOffences(ReadOnlySpan<AddressMember> members, int organization, long now)
    {
        uint windowStart = windows.WindowStart(now);
        bool elsewhere = false;
        foreach (ref readonly AddressMember member in members)
        {
            if (member.Identity == 0 || member.LastSeen < windowStart)
            {
                continue;
            }
            IpNetwork network = FeatureWindows.NetworkOf(member.Address);
            if (!_lines.TryGetValue(network, out Line line))
            {
                elsewhere = true;
                continue;
            }
            int place = state.Addresses.Find(new(member.Address, organization));
            line.Offends |= member.DataCentre || member.SharedEgress || (place >= 0 && state.Addresses[place].Suspect);
            _lines[network] = line;
        }
        return elsewhere;
    }

    /// <summary>Counts what runs at the lines; false when there was too much to look at.</summary>
    private bool MeasureScreens(in TokenState token)
    {
        int looked = 0;
        int next = token.FirstSession;
        for (; next >= 0 && looked < MostSessions; looked++)
        {
            ref SessionState session = ref state.Sessions[next];
            IpNetwork network = FeatureWindows.NetworkOf(session.Address);
            if (_lines.TryGetValue(network, out Line line))
            {
                line.Screens++;
                _lines[network] = line;
            }
            next = session.NextOfToken;
        }
        return next < 0;
    }

    /// <summary>A network that is the token's own, as far as is known.</summary>
    private struct Line
    {
        public bool IsHome;
        public bool Offends;
        public int Screens;

        public readonly bool IsQuiet => !Offends && Screens <= MostScreens;
    }
}
