using AutoGuard.Core.Features;

namespace AutoGuard.Core.Pipeline;

/// <summary>Opens dossiers of subjects that have come under suspicion, with the sessions that they have open.</summary>
internal static class DossierOpening
{
    /// <summary>Opens the dossier of a token.</summary>
    public static void Open(FeatureState state, ref TokenState token) =>
        token.Dossier = Open(state, token.FirstSession, static (in SessionState session) => session.NextOfToken);

    /// <summary>Opens the dossier of an address.</summary>
    public static void Open(FeatureState state, ref AddressState address) =>
        address.Dossier = Open(state, address.FirstSession, static (in SessionState session) => session.NextOfAddress);

    private delegate int Next(in SessionState session);

    private static int Open(FeatureState state, int first, Next next)
    {
        int number = state.Dossiers.Open();
        if (state.Dossiers.Get(number) is not { } dossier)
        {
            return number;
        }
        int recorded = 0;
        for (int i = first; i >= 0 && recorded < Dossier.Capacity; recorded++)
        {
            ref SessionState session = ref state.Sessions[i];
            dossier.Record(state.Sessions.HandleOf(i), in session);
            i = next(in session);
        }
        return number;
    }
}
