using AutoGuard.Core.Enrichment;
using AutoGuard.Core.Events;

namespace AutoGuard.Core.Features;

/// <summary>What tokens' windows count of their sessions.</summary>
internal sealed class TokenCounts(FeatureState state, FeatureWindows windows, ReferrerList referrers)
{
    /// <summary>
    /// Counts a session in the token it is tied to for the first time: when it opens, and when it names another token than
    /// before (or its first) on the way.
    /// </summary>
    public void Count(in SessionState session, ref readonly PlaybackEvent e)
    {
        ref TokenState token = ref state.Tokens[session.Token.Index];
        token.TotalSessions++;
        token.UserSessions += !e.User.IsAbsent && e.User == token.User ? 1u : 0;
        token.Stream = session.Stream;
        if ((session.Traits & SessionTraits.Leapt) == 0)
        {
            CountInWindow(in session, ref token, e.Timestamp);
        }
    }

    /// <summary>Counts a session in the window of its token, if that is still there, which did not count there when it began.</summary>
    public void CountAfterAll(in SessionState session, long now)
    {
        if (state.Tokens.Holds(session.Token))
        {
            CountInWindow(in session, ref state.Tokens[session.Token.Index], now);
        }
    }

    /// <summary>
    /// A running session that is heard from elsewhere: a phone that changes cells does that now and then, a session played by
    /// several people all the time. Another protocol of the same line and another exit of a relay are not elsewhere. To another player
    /// it counts as two: what is on its way is one, and is cast to a screen once.
    /// </summary>
    public void CountHandover(in SessionState session, ref readonly PlaybackEvent e)
    {
        bool sameLine = session.Asn == e.Asn && session.Address.IsV4 != e.Address.IsV4;
        bool sameNetwork = FeatureWindows.NetworkOf(session.Address) == FeatureWindows.NetworkOf(e.Address);
        bool relayed = (session.Traits & SessionTraits.SharedEgress) != 0 || (e.Traits & EventTraits.SharedEgress) != 0;
        if (sameLine || sameNetwork || relayed || !state.Tokens.Holds(session.LastToken))
        {
            return;
        }
        ref TokenState token = ref state.Tokens[session.LastToken.Index];
        ref ushort handovers = ref state.Windows.Advance(ref token, e.Timestamp / windows.SlotLength).Handovers;
        SlotRing.Increment(ref handovers);
        if (e.UserAgent != StringPool.Absent && session.UserAgent != StringPool.Absent && e.UserAgent != session.UserAgent)
        {
            SlotRing.Increment(ref handovers);
        }
    }

    /// <summary>A session whose first event named no page names one now: it is counted as if it had from the start, if it counts.</summary>
    public void NameReferrer(in SessionState session, long slot)
    {
        if (!state.Tokens.Holds(session.Token) || (session.Traits & SessionTraits.Leapt) != 0)
        {
            return;
        }
        ref TokenState token = ref state.Tokens[session.Token.Index];
        ref TokenSlot counts = ref state.Windows.Advance(ref token, slot);
        if (counts.MissingReferrer > 0)
        {
            counts.Unexpected -= counts.Unexpected / counts.MissingReferrer;
            counts.MissingReferrer--;
        }
        if (referrers.IsUnknown(session.ReferrerHost))
        {
            SlotRing.Increment(ref counts.UnknownReferrer);
        }
    }

    /// <summary>Counts a session, and what it showed so far, in the window of its token.</summary>
    private void CountInWindow(in SessionState session, ref TokenState token, long now)
    {
        if ((session.Traits & SessionTraits.Started) != 0)
        {
            SlotRing.Increment(ref token.MinuteStarts);
        }
        ref TokenSlot counts = ref state.Windows.Advance(ref token, now / windows.SlotLength);
        SlotRing.Increment(ref counts.Sessions);
        if (state.Reconnects.IsEverywhere(now))
        {
            SlotRing.Increment(ref counts.Troubled);
        }
        if (session.ReferrerHost == 0)
        {
            SlotRing.Increment(ref counts.MissingReferrer);
            counts.Unexpected += 1 - state.ReferrerMix.MissingShare(in session, now);
        }
        else if (referrers.IsUnknown(session.ReferrerHost))
        {
            SlotRing.Increment(ref counts.UnknownReferrer);
        }
    }
}
