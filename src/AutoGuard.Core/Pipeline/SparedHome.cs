using System.Collections.Immutable;
using AutoGuard.Core.Events;
using AutoGuard.Core.Features;
using AutoGuard.Core.Indicators;
using AutoGuard.Core.Policy;

namespace AutoGuard.Core.Pipeline;

/// <summary>
/// Where a token that others got hold of stays good: at the line of whoever had it first, if that line shows no more than a household's
/// screens. Whoever is wrong about whose home it is leaves one line what it had; everybody else is refused all the same.
/// </summary>
internal sealed class SparedHome(FeatureState state, FeatureWindows windows)
{
    /// <summary>Most networks that a revocation leaves alone: a line's two families, and room for a line that was dialled anew within its network's neighbours.</summary>
    public const int MostNetworks = 4;

    /// <summary>Sessions at once up to which a line is a household's.</summary>
    private const int MostScreens = 3;

    /// <summary>Open sessions of a token that are looked at.</summary>
    private const int MostSessions = 4_096;

    /// <summary>Homes remembered of accounts that had a token revoked; beyond it the older half is forgotten.</summary>
    private const int MostAccounts = 8_192;

    /// <summary>The home of an account whose earlier token was revoked: those that got hold of that one come with the next before its owner does.</summary>
    private readonly Dictionary<Key128, (long Time, ImmutableArray<IpNetwork> Home)> _known = [];

    /// <summary>
    /// The networks to be left alone when a token is revoked, in order; empty when the token was several places' from the start, when the
    /// first of them is a data centre's or many people's, offends itself, or shows more than a household, when the token is nowhere
    /// else, or when it is revoked for something else than being in many places. The account's home is remembered for its next token.
    /// </summary>
    /// <param name="index">Place of the token.</param>
    /// <param name="reasons">What it is revoked for.</param>
    /// <param name="now">Unix milliseconds.</param>
    public ImmutableArray<IpNetwork> Of(int index, ImmutableArray<DecisionReason> reasons, long now)
    {
        ref TokenState token = ref state.Tokens[index];
        if ((token.SharedFromTheStart && !token.IsBound) || !IsForPlaces(reasons))
        {
            return [];
        }
        bool isKnown = _known.TryGetValue(token.User, out (long Time, ImmutableArray<IpNetwork> Home) known) && token.IsBound;
        ImmutableArray<IpNetwork> home = isKnown ? known.Home : FirstLine(in token);
        if (home.IsEmpty || !IsQuiet(in token, home, now) || !IsHousehold(in token, home))
        {
            return [];
        }
        if (token.IsBound)
        {
            Remember(token.User, home, now);
        }
        return home;
    }

    /// <summary>The line at which a token was first of all.</summary>
    private ImmutableArray<IpNetwork> FirstLine(in TokenState token)
    {
        SortedSet<IpNetwork> home = new(Comparer<IpNetwork>.Create(static (a, b) => a.Address.CompareTo(b.Address)));
        foreach (ref readonly AddressMember member in state.AddressSets.Members(token.Addresses))
        {
            if (member.Identity == 0 || !member.Home)
            {
                continue;
            }
            if (member.DataCentre || member.SharedEgress)
            {
                return [];
            }
            home.Add(FeatureWindows.NetworkOf(member.Address));
        }
        return home.Count <= MostNetworks ? [.. home] : [];
    }

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

    private void Remember(Key128 user, ImmutableArray<IpNetwork> home, long now)
    {
        _known[user] = (now, home);
        if (_known.Count > MostAccounts)
        {
            // Among equals the dictionary's order decides, which is that of adding, whatever the hashes.
            foreach ((Key128 oldest, _) in _known.OrderBy(pair => pair.Value.Time).Take(MostAccounts / 2).ToList())
            {
                _known.Remove(oldest);
            }
        }
    }

    /// <summary>Whether a token is elsewhere as well, and none of its addresses at home offends.</summary>
    private bool IsQuiet(in TokenState token, ImmutableArray<IpNetwork> home, long now)
    {
        uint windowStart = windows.WindowStart(now);
        bool elsewhere = false;
        foreach (ref readonly AddressMember member in state.AddressSets.Members(token.Addresses))
        {
            if (member.Identity == 0 || member.LastSeen < windowStart)
            {
                continue;
            }
            bool isHome = home.Contains(FeatureWindows.NetworkOf(member.Address));
            int place = isHome ? state.Addresses.Find(new(member.Address, token.Organization)) : -1;
            if (place >= 0 && state.Addresses[place].Suspect)
            {
                return false;
            }
            elsewhere |= !isHome;
        }
        return elsewhere;
    }

    private bool IsHousehold(in TokenState token, ImmutableArray<IpNetwork> home)
    {
        int screens = 0;
        int looked = 0;
        for (int i = token.FirstSession; i >= 0 && looked < MostSessions; looked++)
        {
            ref SessionState session = ref state.Sessions[i];
            screens += home.Contains(FeatureWindows.NetworkOf(session.Address)) ? 1 : 0;
            i = session.NextOfToken;
        }
        return screens <= MostScreens;
    }
}
