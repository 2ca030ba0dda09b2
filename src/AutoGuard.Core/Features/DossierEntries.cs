namespace AutoGuard.Core.Features;

/// <summary>Keeps the dossiers of suspects up to date.</summary>
internal static class DossierEntries
{
    /// <summary>Writes the session into the dossiers of those suspects it belongs to.</summary>
    public static void Record(FeatureState state, int index, in SessionState session)
    {
        StateHandle handle = state.Sessions.HandleOf(index);
        if (state.Tokens.Holds(session.Token))
        {
            state.Dossiers.Get(state.Tokens[session.Token.Index].Dossier)?.Record(handle, in session);
        }
        if (state.Addresses.Holds(session.AddressState))
        {
            state.Dossiers.Get(state.Addresses[session.AddressState.Index].Dossier)?.Record(handle, in session);
        }
        if (state.Networks.Holds(session.Network))
        {
            state.Dossiers.Get(state.Networks[session.Network.Index].Dossier)?.Record(handle, in session);
        }
        if ((session.Traits & SessionTraits.Tokenless) != 0 && state.FindSite(session.Address, session.Organization) is >= 0 and var site)
        {
            state.Dossiers.Get(state.Networks[site].Dossier)?.Record(handle, in session);
        }
        if (state.Referrers.Holds(session.Referrer))
        {
            ref ReferrerState referrer = ref state.Referrers[session.Referrer.Index];
            state.Dossiers.Get(referrer.Dossier)?.Record(handle, in session);
            if (state.Referrers.Holds(referrer.Site))
            {
                state.Dossiers.Get(state.Referrers[referrer.Site.Index].Dossier)?.Record(handle, in session);
            }
        }
    }
}
