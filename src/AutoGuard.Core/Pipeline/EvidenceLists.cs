using System.Collections.Immutable;
using System.Runtime.InteropServices;
using AutoGuard.Core.Events;
using AutoGuard.Core.Features;
using AutoGuard.Core.Reporting;

namespace AutoGuard.Core.Pipeline;

/// <summary>
/// Draws the lists of a case's evidence. A case that goes on is drawn each minute, and most of its sessions are over: what is
/// the same as in the evidence drawn before is taken from there, so that memory is taken only for what changed.
/// </summary>
internal sealed class EvidenceLists
{
    private const int MostTallies = 10;

    private readonly StringPool _strings;
    private readonly Func<int, string> _text;
    private readonly Func<int, string> _hostText;
    private readonly Func<int, string> _countryText;

    private readonly Dictionary<int, string> _countries = [];
    private readonly Dictionary<int, int> _counts = [];
    private readonly List<(string Name, int Sessions)> _tallies = [];

    /// <summary>Draws with the texts of a pool.</summary>
    public EvidenceLists(StringPool strings)
    {
        _strings = strings;
        _text = strings.Text;
        _hostText = host => host == 0 ? "-" : strings.Text(host);
        _countryText = Country;
    }

    /// <summary>Sets all lists of a subject's evidence.</summary>
    /// <param name="sessions">Its sessions in any order; they are put in order of start.</param>
    /// <param name="known">What was drawn of the subject before; null for nothing.</param>
    /// <param name="addresses">Addresses of the sessions in <paramref name="known"/>, side by side; brought up to date.</param>
    public Lists Draw(Span<DossierSession> sessions, FlaggedSubject? known, ref IpAddress[] addresses)
    {
        sessions.Sort(static (a, b) => a.Start != b.Start ? a.Start.CompareTo(b.Start) : a.Address.CompareTo(b.Address));
        return new Lists(
            Tallies(sessions, static s => s.Stream, _text, known?.Streams ?? []),
            Tallies(sessions, static s => s.Provider, _text, known?.Providers ?? []),
            Tallies(sessions, static s => s.Country, _countryText, known?.Countries ?? []),
            Tallies(sessions, static s => s.ReferrerHost, _hostText, known?.Referrers ?? []),
            Tallies(sessions, static s => s.UserAgent, _text, known?.UserAgents ?? []),
            Timeline(sessions, known?.Timeline ?? [], ref addresses));
    }

    private ImmutableArray<SessionSpan> Timeline(ReadOnlySpan<DossierSession> sessions, ImmutableArray<SessionSpan> known, ref IpAddress[] addresses)
    {
        SessionSpan[] spans = new SessionSpan[sessions.Length];
        int next = 0;
        for (int i = 0; i < spans.Length; i++)
        {
            // Both are in the same order.
            while (next < known.Length && Compare(known[next].Start, addresses[next], in sessions[i]) < 0)
            {
                next++;
            }
            bool isKnown = next < known.Length && Compare(known[next].Start, addresses[next], in sessions[i]) == 0;
            spans[i] = Span(in sessions[i], isKnown ? known[next++] : null);
        }
        if (addresses.Length < sessions.Length)
        {
            addresses = new IpAddress[Math.Min(Dossier.Capacity, Math.Max(sessions.Length, addresses.Length * 2))];
        }
        for (int i = 0; i < sessions.Length; i++)
        {
            addresses[i] = sessions[i].Address;
        }
        return ImmutableCollectionsMarshal.AsImmutableArray(spans);
    }

    private static int Compare(long start, IpAddress address, in DossierSession session) =>
        start != session.Start ? start.CompareTo(session.Start) : address.CompareTo(session.Address);

    /// <summary>The bar of a session, given that drawn of a session at the same address that started at the same time.</summary>
    private SessionSpan Span(in DossierSession session, SessionSpan? known)
    {
        string country = Country(session.Country);
        string provider = _strings.Text(session.Provider);
        string stream = _strings.Text(session.Stream);
        string referrer = _strings.Text(session.ReferrerHost);
        string agent = _strings.Text(session.UserAgent);
        bool same = known is not null && known.End == session.LastSeen && known.Running == session.Open && known.DataCentre == session.DataCentre
            && known.Country == country && known.Provider == provider && known.Stream == stream && known.Referrer == referrer && known.UserAgent == agent;
        return same ? known! : new SessionSpan
        {
            Start = session.Start,
            End = session.LastSeen,
            Running = session.Open,
            Address = known?.Address ?? session.Address.ToString(),
            Country = country,
            Provider = provider,
            DataCentre = session.DataCentre,
            Stream = stream,
            Referrer = referrer,
            UserAgent = agent,
        };
    }

    private ImmutableArray<Tally> Tallies(
        ReadOnlySpan<DossierSession> sessions, Func<DossierSession, int> number, Func<int, string> name, ImmutableArray<Tally> known)
    {
        _counts.Clear();
        foreach (DossierSession session in sessions)
        {
            CollectionsMarshal.GetValueRefOrAddDefault(_counts, number(session), out _)++;
        }
        _tallies.Clear();
        foreach ((int counted, int count) in _counts)
        {
            string text = name(counted);
            if (text.Length > 0)
            {
                _tallies.Add((text, count));
            }
        }
        _tallies.Sort(static (a, b) => a.Sessions != b.Sessions ? b.Sessions.CompareTo(a.Sessions) : string.CompareOrdinal(a.Name, b.Name));
        Span<(string Name, int Sessions)> most = CollectionsMarshal.AsSpan(_tallies)[..Math.Min(MostTallies, _tallies.Count)];
        bool same = most.Length == known.Length;
        for (int i = 0; same && i < most.Length; i++)
        {
            same = most[i] == (known[i].Name, known[i].Sessions);
        }
        if (same)
        {
            return known;
        }
        Tally[] tallies = new Tally[most.Length];
        for (int i = 0; i < tallies.Length; i++)
        {
            tallies[i] = new Tally(most[i].Name, most[i].Sessions);
        }
        return ImmutableCollectionsMarshal.AsImmutableArray(tallies);
    }

    private string Country(int packed)
    {
        if (!_countries.TryGetValue(packed, out string? text))
        {
            text = CountryCode.Text((ushort)packed);
            _countries.Add(packed, text);
        }
        return text;
    }

    /// <summary>The lists of <see cref="FlaggedSubject"/>.</summary>
    public readonly record struct Lists(
        ImmutableArray<Tally> Streams,
        ImmutableArray<Tally> Providers,
        ImmutableArray<Tally> Countries,
        ImmutableArray<Tally> Referrers,
        ImmutableArray<Tally> UserAgents,
        ImmutableArray<SessionSpan> Timeline);
}
