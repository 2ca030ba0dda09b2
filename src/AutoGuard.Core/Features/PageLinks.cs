using AutoGuard.Core.Configuration;
using AutoGuard.Core.Enrichment;

namespace AutoGuard.Core.Features;

/// <summary>The ties between open sessions and the pages they came from.</summary>
internal sealed class PageLinks(FeatureState state, FeatureWindows windows, ReferrerList referrers)
{
    public void Attach(ref SessionState session, long now)
    {
        session.Referrer = StateHandle.None;
        if (session.ReferrerHost == 0)
        {
            return;
        }
        int index = Find(session.Organization, session.ReferrerHost, now);
        ref ReferrerState referrer = ref state.Referrers[index];
        referrer.Open++;
        referrer.MostOpen = Math.Max(referrer.MostOpen, referrer.Open);
        session.Referrer = state.Referrers.HandleOf(index);
    }

    public void Detach(in SessionState session)
    {
        if (state.Referrers.Holds(session.Referrer))
        {
            state.Referrers[session.Referrer.Index].Open--;
        }
    }

    public void Watch(in SessionState session, float seconds)
    {
        if (state.Referrers.Holds(session.Referrer))
        {
            state.Referrers[session.Referrer.Index].TotalWatched += seconds;
        }
    }

    public void Count(in SessionState session, long slot)
    {
        if (state.Referrers.Holds(session.Referrer))
        {
            ref ReferrerState referrer = ref state.Referrers[session.Referrer.Index];
            referrer.TotalSessions++;
            referrer.Sessions[SlotRing.Advance<uint>(referrer.Sessions, ref referrer.Slot, slot)]++;
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
    }

    private int Find(int organization, int host, long now)
    {
        int index = state.Referrers.GetOrAdd(((ulong)(uint)organization << 32) | (uint)host, out bool added);
        ref ReferrerState referrer = ref state.Referrers[index];
        if (added)
        {
            referrer.FirstSeen = now;
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
            ref readonly Events.Key128 key = ref state.Tokens.KeyAt(session.Token.Index);
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
        return !hasToken && before.HasToken ? before : new Witness(state.Hash.Hash(FeatureWindows.SiteOf(session.Address).Address), session.Asn, session.Address.IsV4, hasToken);
    }

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
