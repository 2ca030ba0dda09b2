using AutoGuard.Core.Configuration;
using AutoGuard.Core.Enrichment;
using AutoGuard.Core.Events;

namespace AutoGuard.Core.Features;

/// <summary>The ties between open sessions and the pages they came from.</summary>
internal sealed class PageLinks(FeatureState state, FeatureWindows windows, ReferrerList referrers)
{
    /// <summary>Sites of viewers from which on a host is judged for itself, as many as a page needs to be anything.</summary>
    private const int FewestOfLarge = 8;

    public void Attach(ref SessionState session, long now)
    {
        session.Referrer = StateHandle.None;
        if (session.ReferrerHost == 0)
        {
            return;
        }
        int siteNumber = referrers.UnknownSiteOf(session.ReferrerHost);
        StateHandle site = siteNumber == 0 ? StateHandle.None : state.Referrers.HandleOf(Find(session.Organization, siteNumber, now, isSite: true));
        int index = Find(session.Organization, session.ReferrerHost, now, isSite: false);
        ref ReferrerState referrer = ref state.Referrers[index];
        // A full table may have given the host away for its site, or the site for the host.
        if (referrer.Site != site && state.Referrers.Holds(site))
        {
            referrer.Site = site;
            state.Referrers[site.Index].Open += referrer.Open;
        }
        Open(ref referrer);
        if (state.Referrers.Holds(referrer.Site))
        {
            Open(ref state.Referrers[referrer.Site.Index]);
        }
        session.Referrer = state.Referrers.HandleOf(index);
    }

    public void Detach(in SessionState session)
    {
        if (!state.Referrers.Holds(session.Referrer))
        {
            return;
        }
        ref ReferrerState referrer = ref state.Referrers[session.Referrer.Index];
        referrer.Open--;
        if (state.Referrers.Holds(referrer.Site))
        {
            state.Referrers[referrer.Site.Index].Open--;
        }
    }

    public void Watch(in SessionState session, float seconds)
    {
        if (!state.Referrers.Holds(session.Referrer))
        {
            return;
        }
        ref ReferrerState referrer = ref state.Referrers[session.Referrer.Index];
        referrer.TotalWatched += seconds;
        if (CountsInSite(in referrer))
        {
            state.Referrers[referrer.Site.Index].TotalWatched += seconds;
        }
    }

    public void Count(in SessionState session, long slot)
    {
        if (!state.Referrers.Holds(session.Referrer))
        {
            return;
        }
        ref ReferrerState referrer = ref state.Referrers[session.Referrer.Index];
        Count(ref referrer, slot);
        if (CountsInSite(in referrer))
        {
            Count(ref state.Referrers[referrer.Site.Index], slot);
        }
    }

    /// <summary>Renews the session's marks in its page's sets, and has the page judged.</summary>
    public void Touch(in SessionState session, long now, ulong address)
    {
        if (!state.Referrers.Holds(session.Referrer))
        {
            return;
        }
        ref ReferrerState referrer = ref state.Referrers[session.Referrer.Index];
        state.Referrers.Touch(session.Referrer.Index);
        referrer.LastSeen = Math.Max(referrer.LastSeen, now);
        bool unknown = referrers.IsUnknown(session.ReferrerHost);
        Renew(ref referrer, in session, now, address, unknown);
        state.MarkReferrer(session.Referrer.Index);
        if (CountsInSite(in referrer))
        {
            int index = referrer.Site.Index;
            ref ReferrerState site = ref state.Referrers[index];
            state.Referrers.Touch(index);
            site.LastSeen = Math.Max(site.LastSeen, now);
            Renew(ref site, in session, now, address, unknown);
            _ = state.PlainSets.GetOrAdd(
                ref site.Hosts, default(PairHash).Hash((uint)session.ReferrerHost), FeatureWindows.Seconds(now), windows.WindowStart(now), out _);
            state.MarkReferrer(index);
        }
    }

    private static void Open(ref ReferrerState page)
    {
        page.Open++;
        page.MostOpen = Math.Max(page.MostOpen, page.Open);
    }

    private static void Count(ref ReferrerState page, long slot)
    {
        page.TotalSessions++;
        page.Sessions[SlotRing.Advance<uint>(page.Sessions, ref page.Slot, slot)]++;
    }

    private bool CountsInSite(in ReferrerState host) => !host.IsLarge && state.Referrers.Holds(host.Site);

    private int Find(int organization, int page, long now, bool isSite)
    {
        int index = state.Referrers.GetOrAdd(((ulong)(uint)organization << 32) | (uint)page, out bool added);
        ref ReferrerState referrer = ref state.Referrers[index];
        if (added)
        {
            referrer.FirstSeen = now;
            referrer.Site = StateHandle.None;
            referrer.IsSite = isSite;
        }
        referrer.LastSeen = now;
        return index;
    }

    private void Renew(ref ReferrerState referrer, in SessionState session, long now, ulong address, bool unknown)
    {
        uint seconds = FeatureWindows.Seconds(now);
        uint windowStart = windows.WindowStart(now);
        bool hasToken = state.Tokens.Holds(session.Token);
        if (hasToken)
        {
            ref readonly Key128 key = ref state.Tokens.KeyAt(session.Token.Index);
            ref TokenState token = ref state.Tokens[session.Token.Index];
            ref TokenMember seen = ref state.TokenSets.GetOrAdd(ref referrer.Tokens, key.High, seconds, windowStart, out _);
            seen.User = (uint)token.User.High;
            if (unknown && !token.Suspect && IsVisiting(in token))
            {
                seen.Settled = Math.Max(seen.Settled, seconds);
            }
        }
        ref PlainMember visitor = ref state.PlainSets.GetOrAdd(ref referrer.Addresses, address, seconds, windowStart, out bool came);
        visitor.Witness = came ? default : visitor.Witness;
        if (unknown)
        {
            visitor.Witness = WitnessOf(in session, hasToken, visitor.Witness);
            NoteSize(ref referrer, windowStart);
        }
    }

    /// <summary>A host that many come from answers for itself: what is left for its site are those that few come from.</summary>
    private void NoteSize(ref ReferrerState referrer, uint windowStart)
    {
        if (!referrer.IsLarge && !referrer.IsSite && referrer.MostOpen >= FewestOfLarge)
        {
            ReferrerFeatures features = new() { Open = referrer.Open };
            WitnessCounter.Count(state.PlainSets.Members(referrer.Addresses), windowStart, tokenless: true, ref features);
            referrer.IsLarge = features.Networks >= FewestOfLarge;
        }
    }

    /// <summary>
    /// What the session says against its page. Anybody can name any page in a request, so nothing is heard from who is suspected
    /// himself; who has no token is heard where that is usual.
    /// </summary>
    private Witness WitnessOf(in SessionState session, bool hasToken, Witness before)
    {
        bool suspect = (hasToken && state.Tokens[session.Token.Index].Suspect)
            || (state.Addresses.Holds(session.AddressState) && state.Addresses[session.AddressState.Index].Suspect);
        if (suspect || (session.Traits & SessionTraits.Trusted) != 0)
        {
            return default;
        }
        if ((session.Traits & SessionTraits.Redialled) != 0 && !before.Speaks)
        {
            // One visitor on a line that is dialled anew is no other one each time.
            return default;
        }
        if (!hasToken && before.HasToken)
        {
            return before;
        }
        bool named = hasToken && state.Tokens[session.Token.Index].IsBound;
        ulong player = named ? PlayerOf(state.Tokens[session.Token.Index].User, session.UserAgent) : PlayerOf(in session);
        return new Witness(state.Hash.Hash(FeatureWindows.SiteOf(session.Address).Address), session.Asn, session.Address.IsV4, hasToken, player, named);
    }

    /// <summary>A phone on its way has another address after each cell, and its account's token is renewed: who it is, and with what, stays.</summary>
    private static ulong PlayerOf(in Key128 user, int agent) => default(PairHash).Hash(user.High ^ (uint)agent);

    /// <summary>Everybody has that token, or it is new with each session, and lines are dialled anew: what tells visitors apart is operator and player, where these are known.</summary>
    private static ulong PlayerOf(in SessionState session) =>
        session.Asn == 0 || session.UserAgent == StringPool.Absent ? 0 : default(PairHash).Hash(((ulong)session.Asn << 32) | (uint)session.UserAgent);

    /// <summary>
    /// Whether the token is a viewer's who came upon the page: it played for a while, and at least as many of its sessions within the
    /// window came from official pages as from others. What was taken from a viewer and handed around has more of the others.
    /// </summary>
    private bool IsVisiting(in TokenState token)
    {
        if (token.TotalWatched * 1000 < FeatureWindows.SettledSession || token.Workflow == TokenWorkflow.Shared)
        {
            return false;
        }
        int official = Balance(in token.Now);
        TokenWindows.PastSlots past = state.Windows.PastOf(in token);
        while (past.MoveNext())
        {
            official += Balance(past.Current);
        }
        return official >= 0;
    }

    /// <summary>How many more sessions came from official pages than from others.</summary>
    private static int Balance(in TokenSlot slot) => slot.Sessions - slot.MissingReferrer - (2 * slot.UnknownReferrer);
}
