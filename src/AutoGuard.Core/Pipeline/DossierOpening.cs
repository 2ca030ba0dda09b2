using AutoGuard.Core.Features;

namespace AutoGuard.Core.Pipeline;

/// <summary>Opens dossiers of subjects that have come under suspicion.</summary>
internal static class DossierOpening
{
    /// <summary>Opens the dossier of a token with the sessions it has open.</summary>
    public static void Open(FeatureState state, ref TokenState token)
    {
        token.Dossier = state.Dossiers.Open();
        if (state.Dossiers.Get(token.Dossier) is not { } dossier)
        {
            return;
        }
        int recorded = 0;
        for (int i = token.FirstSession; i >= 0 && recorded < Dossier.Capacity; recorded++)
        {
            ref SessionState session = ref state.Sessions[i];
            dossier.Record(state.Sessions.HandleOf(i), in session);
            i = session.NextOfToken;
        }
    }

    /// <summary>Opens the dossier of an address with the sessions it has open.</summary>
    public static void Open(FeatureState state, ref AddressState address)
    {
        address.Dossier = state.Dossiers.Open();
        if (state.Dossiers.Get(address.Dossier) is not { } dossier)
        {
            return;
        }
        int recorded = 0;
        for (int i = address.FirstSession; i >= 0 && recorded < Dossier.Capacity; recorded++)
        {
            ref SessionState session = ref state.Sessions[i];
            dossier.Record(state.Sessions.HandleOf(i), in session);
            i = session.NextOfAddress;
        }
    }
}
