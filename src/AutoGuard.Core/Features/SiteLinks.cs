using AutoGuard.Core.Events;

namespace AutoGuard.Core.Features;

/// <summary>
/// Tallies the sites of IPv6 (/48) from which somebody plays without a token: which of a site's networks do, and which tokens play there.
/// One line may be given a whole site (RFC 6177), so a flood with one session from each of its networks shows nowhere else; but a carrier's
/// customers have a network each in one site as well.
/// </summary>
/// <remarks>
/// Only sites where somebody lasts without a token are kept, and only for tenants whose viewers have tokens, so that they are few. What is in a
/// site is looked up each minute or two of a session; nothing is counted up and down.
/// </remarks>
internal sealed class SiteLinks(FeatureState state, FeatureWindows windows)
{
    /// <summary>A session this old that has not named its token has none: many players name it with their second event, milliseconds.</summary>
    private const long Lasting = 60_000;

    /// <summary>Sessions with a token that a tenant must have shown for its sites to be kept.</summary>
    private const int FewestWithToken = 200;

    /// <summary>Adds observed playback time to the session's site.</summary>
    public void Watch(in SessionState session, float seconds)
    {
        if ((session.Traits & SessionTraits.Tokenless) != 0 && state.FindSite(session.Address, session.Organization) is >= 0 and var index)
        {
            state.Networks[index].TotalWatched += seconds;
        }
    }

    /// <summary>Renews the session's marks in its site, and has that judged.</summary>
    /// <param name="session">The session; remembers what it was counted in.</param>
    /// <param name="now">Unix milliseconds.</param>
    /// <param name="hasToken">Whether it counts in a token,</param>
    /// <param name="member">and in which.</param>
    public void Touch(ref SessionState session, long now, bool hasToken, in TokenMember member)
    {
        // Whoever writes one event can claim any duration with it; that somebody lasts takes two.
        bool lasts = now - session.Start >= Lasting && (session.Traits & (SessionTraits.Trusted | SessionTraits.GapKnown)) == SessionTraits.GapKnown;
        bool tokenless = lasts && session.IsAnonymous;
        if (lasts && (session.Traits & SessionTraits.Lasting) == 0)
        {
            session.Traits |= SessionTraits.Lasting;
            CountInTenant(session.Organization, now, tokenless);
        }
        if (session.Address.IsV4)
        {
            return;
        }
        // Who was there before AutoGuard was, or came over from another worker, may have named his token already.
        tokenless &= (session.Traits & SessionTraits.Started) != 0;
        int index = tokenless ? Keep(in session, now) : state.FindSite(session.Address, session.Organization);
        if (index < 0)
        {
            return;
        }
        uint seconds = FeatureWindows.Seconds(now);
        ref NetworkState site = ref state.Networks[index];
        state.Networks.Touch(index);
        site.LastSeen = Math.Max(site.LastSeen, now);
        if (hasToken)
        {
            state.NoteToken(ref site.Tokens, in member, seconds, windows.WindowStart(now));
        }
        if (tokenless)
        {
            Count(ref site, ref session, seconds, windows.WindowStart(now));
            state.MarkNetwork(index);
        }
    }

    private void Count(ref NetworkState site, ref SessionState session, uint seconds, uint windowStart)
    {
        site.StandsOutSince = seconds > site.TokenlessAt + FeatureWindows.AtOnce ? 0 : site.StandsOutSince;
        site.Tokenless = windows.FadedInWindow(site.Tokenless, site.TokenlessAt, seconds);
        site.TokenlessAt = Math.Max(site.TokenlessAt, seconds);
        if ((session.Traits & SessionTraits.Tokenless) == 0)
        {
            session.Traits |= SessionTraits.Tokenless;
            site.Tokenless++;
            site.TotalSessions++;
        }
        site.Asn = session.Asn != 0 ? session.Asn : site.Asn;
        site.SharedEgress = (session.Traits & SessionTraits.SharedEgress) != 0;
        site.DataCentre = (session.Traits & SessionTraits.DataCentre) != 0;
        _ = state.PlainSets.GetOrAdd(ref site.Addresses, state.Hash.Hash(FeatureWindows.NetworkOf(session.Address).Address), seconds, windowStart, out _);
    }

    /// <summary>The session's site, which is kept from now on; -1 where hardly anybody has a token.</summary>
    private int Keep(in SessionState session, long now)
    {
        int found = state.FindSite(session.Address, session.Organization);
        if (found >= 0 || state.Tenants.Find((ulong)session.Organization) is not (>= 0 and var index))
        {
            return found;
        }
        ref TenantState tenant = ref state.Tenants[index];
        long slot = now / windows.SlotLength;
        int lasting = SlotRing.Sum(tenant.Lasting, ref tenant.LastingSlot, slot);
        if (lasting - SlotRing.Sum(tenant.LastingTokenless, ref tenant.LastingTokenlessSlot, slot) < FewestWithToken)
        {
            return -1;
        }
        int site = state.Networks.GetOrAdd(new(FeatureWindows.SiteKeyOf(session.Address), session.Organization), out _);
        state.Networks[site].FirstSeen = now;
        return site;
    }

    private void CountInTenant(int organization, long now, bool tokenless)
    {
        ref TenantState tenant = ref state.Tenants[state.Tenants.GetOrAdd((ulong)organization, out _)];
        long slot = now / windows.SlotLength;
        tenant.Lasting[SlotRing.Advance<uint>(tenant.Lasting, ref tenant.LastingSlot, slot)]++;
        if (tokenless)
        {
            tenant.LastingTokenless[SlotRing.Advance<uint>(tenant.LastingTokenless, ref tenant.LastingTokenlessSlot, slot)]++;
        }
    }
}
