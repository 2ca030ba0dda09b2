namespace AutoGuard.Core.Features;

/// <summary>
/// Whether a session that begins goes on where its player was: after a change of the edge, or a reconnection, what is young is the session and not
/// the stay. <see cref="ConcurrencyMeter"/> asks, for a phone may move on within that minute.
/// </summary>
internal static class Resumption
{
    /// <summary>How long a session must have run to be a stay, milliseconds.</summary>
    public const long Stay = 60_000;

    /// <summary>How many times as long, where it had gone on from another itself: who begins anew each minute does not stay.</summary>
    private const int TimesOfResumed = 3;

    /// <summary>Open sessions of a token up to which they are looked at: a family has fewer.</summary>
    private const int MostOpen = 16;

    /// <summary>
    /// Marks a session that begins as <see cref="SessionTraits.Resumed"/> if one that its player began a minute ago or longer is still open there, which fell silent
    /// without an end, or was the last one heard there; and the address, if a session has stayed there.
    /// </summary>
    /// <param name="state">State of all keys.</param>
    /// <param name="token">The session's token.</param>
    /// <param name="session">The session.</param>
    /// <param name="seen">Its address as the token sees it, with the player that was last heard there.</param>
    /// <param name="now">Unix milliseconds.</param>
    /// <param name="returns">Whether it arrives at an address that the token has been at.</param>
    public static void Note(FeatureState state, in TokenState token, ref SessionState session, ref AddressMember seen, long now, bool returns)
    {
        if (returns && ((seen.Stayed && seen.Agent == session.UserAgent) || HasStayed(state, in token, in session, now)))
        {
            session.Traits |= SessionTraits.Resumed;
        }
        seen.Stayed = IsStay(in session, now);
    }

    private static bool HasStayed(FeatureState state, in TokenState token, in SessionState session, long now)
    {
        int i = token.Open > MostOpen ? -1 : token.FirstSession;
        while (i >= 0)
        {
            ref SessionState other = ref state.Sessions[i];
            if (IsStay(in other, now) && other.AddressState == session.AddressState && other.UserAgent == session.UserAgent)
            {
                return true;
            }
            i = other.NextOfToken;
        }
        return false;
    }

    private static bool IsStay(in SessionState session, long now) =>
        now - session.Start >= ((session.Traits & SessionTraits.Resumed) != 0 ? TimesOfResumed * Stay : Stay);
}
