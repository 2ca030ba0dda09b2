using AutoGuard.Core.Enrichment;
using AutoGuard.Core.Events;

namespace AutoGuard.Core.Features;

/// <summary>What an event says of its session.</summary>
internal static class SessionDescription
{
    /// <summary>Takes over what an event says; what it does not say stays as it was known, and the first page named stays the page.</summary>
    public static void Describe(this ref SessionState session, ref readonly PlaybackEvent e)
    {
        session.Organization = e.Organization;
        session.Stream = e.Stream != 0 ? e.Stream : session.Stream;
        session.ReferrerHost = session.ReferrerHost != 0 ? session.ReferrerHost : e.Referrer;
        session.UserAgent = e.UserAgent != 0 ? e.UserAgent : session.UserAgent;
        session.Provider = e.Provider != 0 ? e.Provider : session.Provider;
        session.Asn = e.Asn != 0 ? e.Asn : session.Asn;
        session.Country = e.Country != 0 ? e.Country : session.Country;
        if ((e.Traits & EventTraits.DataCentre) != 0)
        {
            session.Traits |= SessionTraits.DataCentre;
        }
        if ((e.Traits & EventTraits.SharedEgress) != 0)
        {
            session.Traits |= SessionTraits.SharedEgress;
        }
        if ((e.Traits & EventTraits.ToolAgent) != 0)
        {
            session.Traits |= SessionTraits.ToolAgent;
        }
    }

    /// <summary>
    /// Notes, before the event is taken over, whether a session comes from another address of the same operator. One that named no page there has
    /// said nothing against any.
    /// </summary>
    public static void NoteMove(this ref SessionState session, ref readonly PlaybackEvent e)
    {
        bool redialled = session.ReferrerHost != 0 && session.Asn != 0 && session.Asn == e.Asn;
        session.Traits = redialled ? session.Traits | SessionTraits.Redialled : session.Traits & ~SessionTraits.Redialled;
    }
}
