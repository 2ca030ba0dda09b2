using AutoGuard.Core.Events;

namespace AutoGuard.Core.Features;

/// <summary>
/// Whose an event is that names a session. Ids of sessions are no secret, and anybody may write one: what comes from another network
/// and does not name the session's token proves nothing about that token. It counts as a session of its own, by what it does name.
/// </summary>
/// <remarks>
/// A player that changes networks and names its token goes on with its session, as does one that stays in its network, whatever it names.
/// One that names its token in the first event only is another session after a change: it counts in its new address, and in no token.
/// </remarks>
internal static class SessionOwners
{
    /// <summary>Whether an event is not of the session that it names.</summary>
    public static bool IsForeign(FeatureState state, in SessionState session, ref readonly PlaybackEvent e)
    {
        if (e.Address == session.Address || !state.Tokens.Holds(session.LastToken) || state.Tokens.KeyAt(session.LastToken.Index) == e.Token)
        {
            return false;
        }
        // One viewer leaves a privacy relay by several ways; all of them count as one place.
        bool relayed = e.Token.IsAbsent && (session.Traits & SessionTraits.SharedEgress) != 0 && (e.Traits & EventTraits.SharedEgress) != 0;
        return !relayed && FeatureWindows.NetworkOf(e.Address) != FeatureWindows.NetworkOf(session.Address);
    }

    /// <summary>Key of the session that such an event is of: of the id together with the token that it names, or else with its network.</summary>
    public static Key128 KeyOf(FeatureState state, ref readonly PlaybackEvent e)
    {
        ulong network = state.Hash.Hash(FeatureWindows.NetworkOf(e.Address).Address);
        return e.Token.IsAbsent
            ? new(e.Session.High ^ network, e.Session.Low + network)
            : new(e.Session.High ^ e.Token.High, e.Session.Low + e.Token.Low);
    }
}
