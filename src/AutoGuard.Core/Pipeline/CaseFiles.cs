using System.Collections.Immutable;
using System.Runtime.InteropServices;
using AutoGuard.Core.Events;
using AutoGuard.Core.Features;
using AutoGuard.Core.Policy;
using AutoGuard.Core.Reporting;

namespace AutoGuard.Core.Pipeline;

/// <summary>
/// The open cases: subjects that were decided on, with their evidence kept up to date for the reviewer while they go on.
/// Bounded; the case that was opened first is closed first. A subject is one tenant's: two tenants may use the same name.
/// </summary>
internal sealed class CaseFiles(FeatureState state, Judge judge, StringPool strings, ClaimsPool claims)
{
    /// <summary>Fewer than there are dossiers: suspects must always find one that no case has pinned.</summary>
    private const int MostCases = 6_000;

    /// <summary>Drawing evidence takes up to 100 µs; the events wait meanwhile.</summary>
    private const int MostRenewed = 256;
    private const int MostTallies = 10;
    private const int MostDecisions = 32;

    private readonly Dictionary<(Subject Subject, string? Organization), Case> _cases = [];
    private readonly Queue<(Subject Subject, string? Organization)> _order = new();
    private readonly Queue<((Subject Subject, string? Organization) Key, Case File)> _renewal = new();
    private readonly Dictionary<int, int> _counts = [];

    public int Count => _cases.Count;

    /// <summary>Takes a decision into its subject's case and returns the evidence as of now.</summary>
    public FlaggedSubject Add(Decision decision, StateHandle handle, long now)
    {
        (Subject, string?) key = (decision.Subject, decision.Organization);
        if (!_cases.TryGetValue(key, out Case? file))
        {
            if (_cases.Count == MostCases)
            {
                _cases.Remove(_order.Dequeue(), out Case? oldest);
                Unpin(oldest!);
            }
            file = new Case();
            _cases.Add(key, file);
            _order.Enqueue(key);
            _renewal.Enqueue((key, file));
        }
        file.Handle = handle;
        file.Decisions = file.Decisions.Length < MostDecisions
            ? file.Decisions.Add(decision)
            : file.Decisions.RemoveAt(1).Add(decision);
        file.Score = Math.Max(file.Score, decision.Score);
        if (DossierOf(decision.Subject.Type, handle) is { } dossier)
        {
            dossier.Pinned = true;
        }
        file.Evidence = Draw(decision.Subject, file, now);
        return file.Evidence;
    }

    /// <summary>
    /// Adds the renewed evidence of cases whose subject was seen since it was drawn last: of the next <c>1/rounds</c> of the
    /// cases, in turn and at most <see cref="MostRenewed"/> of them, since thousands at once would hold up detection; of all
    /// when <paramref name="rounds"/> is 1.
    /// </summary>
    public void Renew(long now, int rounds, List<FlaggedSubject> renewed)
    {
        int share = rounds == 1 ? _renewal.Count : Math.Min(MostRenewed, (_renewal.Count + rounds - 1) / rounds);
        for (; share > 0; share--)
        {
            ((Subject Subject, string? Organization) key, Case file) = _renewal.Dequeue();
            if (_cases.GetValueOrDefault(key) != file)
            {
                continue;
            }
            _renewal.Enqueue((key, file));
            SubjectType type = key.Subject.Type;
            if (Holds(type, file.Handle) && LastSeen(type, file.Handle) > file.Evidence!.LastEnd)
            {
                file.Evidence = Draw(key.Subject, file, now);
                renewed.Add(file.Evidence);
            }
        }
    }

    /// <summary>The case of a tenant's subject, or null.</summary>
    public FlaggedSubject? Find(Subject subject, string? organization) => _cases.GetValueOrDefault((subject, organization))?.Evidence;

    private FlaggedSubject Draw(Subject subject, Case file, long now)
    {
        if (!Holds(subject.Type, file.Handle))
        {
            return file.Evidence! with { Decisions = file.Decisions, Score = file.Score };
        }
        FlaggedSubject drawn = subject.Type switch
        {
            SubjectType.Token => DrawToken(subject, file, now),
            SubjectType.Ip => DrawAddress(subject, file, now),
            SubjectType.Cidr => DrawNetwork(subject, file, now),
            _ => DrawReferrer(subject, file, now),
        };
        Dossier? dossier = DossierOf(subject.Type, file.Handle);
        DossierSession[] sessions = dossier is null ? [] : dossier.Sessions.ToArray();
        Array.Sort(sessions, static (a, b) => a.Start != b.Start ? a.Start.CompareTo(b.Start) : a.Address.CompareTo(b.Address));
        return drawn with
        {
            Streams = Tallies(sessions, static s => s.Stream, strings.Text),
            Providers = Tallies(sessions, static s => s.Provider, strings.Text),
            Countries = Tallies(sessions, static s => s.Country, static country => CountryCode.Text((ushort)country)),
            Referrers = Tallies(sessions, static s => s.ReferrerHost, host => host == 0 ? "-" : strings.Text(host)),
            UserAgents = Tallies(sessions, static s => s.UserAgent, strings.Text),
            Timeline = [.. sessions.Select(ToSpan)],
        };
    }

    private FlaggedSubject DrawToken(Subject subject, Case file, long now)
    {
        int index = file.Handle.Index;
        judge.Meter.Measure(index, now, out TokenFeatures features);
        ref TokenState token = ref state.Tokens[index];
        string? user = token.IsBound ? state.Texts.Text(token.UserText) : null;
        return Common(subject, file, token.Organization, token.TotalSessions, token.TotalWatched, token.FirstSeen, token.LastSeen) with
        {
            User = user,
            Users = user is null ? 0 : 1,
            Addresses = features.Addresses,
            Tokens = 1,
            MaxConcurrency = Math.Max(features.MaxConcurrent, 1),
            Claims = claims.Get(token.Claims),
            Allowlisted = judge.Allowlist.Covers(subject.Value, user, now),
        };
    }

    private FlaggedSubject DrawAddress(Subject subject, Case file, long now)
    {
        int index = file.Handle.Index;
        judge.Meter.Measure(index, now, out AddressFeatures features);
        ref AddressState address = ref state.Addresses[index];
        return Common(subject, file, state.Addresses.KeyAt(index).Organization, address.TotalSessions, address.TotalWatched, address.FirstSeen, address.LastSeen) with
        {
            Users = features.Users,
            Addresses = 1,
            Tokens = features.Tokens,
            MaxConcurrency = address.MostOpen,
            Allowlisted = judge.Allowlist.Covers(state.Addresses.KeyAt(index).Address, address.Asn, now),
        };
    }

    private FlaggedSubject DrawNetwork(Subject subject, Case file, long now)
    {
        int index = file.Handle.Index;
        judge.Meter.Measure(index, now, out NetworkFeatures features);
        ref NetworkState network = ref state.Networks[index];
        return Common(subject, file, state.Networks.KeyAt(index).Organization, network.TotalSessions, network.TotalWatched, network.FirstSeen, network.LastSeen) with
        {
            Addresses = features.Addresses,
            Tokens = features.Tokens,
            MaxConcurrency = network.MostOpen,
        };
    }

    private FlaggedSubject DrawReferrer(Subject subject, Case file, long now)
    {
        int index = file.Handle.Index;
        judge.Meter.Measure(index, now, out ReferrerFeatures features);
        ref ReferrerState referrer = ref state.Referrers[index];
        int organization = (int)(state.Referrers.KeyAt(index) >> 32);
        return Common(subject, file, organization, referrer.TotalSessions, referrer.TotalWatched, referrer.FirstSeen, referrer.LastSeen) with
        {
            Addresses = features.Addresses,
            Tokens = features.Tokens,
            MaxConcurrency = referrer.MostOpen,
            Allowlisted = judge.Allowlist.Covers(subject.Value, now),
        };
    }

    private FlaggedSubject Common(Subject subject, Case file, int organization, uint sessions, double watched, long first, long last) => new()
    {
        Subject = subject,
        Organization = organization == 0 ? null : strings.Text(organization),
        Score = file.Score,
        Decisions = file.Decisions,
        DurationSum = Math.Round(watched, 1),
        DurationAverage = sessions == 0 ? 0 : Math.Round(watched / sessions, 1),
        Sessions = (int)Math.Min(sessions, int.MaxValue),
        Addresses = 0,
        Tokens = 0,
        MaxConcurrency = 0,
        FirstStart = first,
        LastEnd = last,
        Recommendation = Recommendations.For(file.Decisions[^1]),
    };

    private SessionSpan ToSpan(DossierSession session) => new()
    {
        Start = session.Start,
        End = session.LastSeen,
        Running = session.Open,
        Address = session.Address.ToString(),
        Country = CountryCode.Text(session.Country),
        Provider = strings.Text(session.Provider),
        DataCentre = session.DataCentre,
        Stream = strings.Text(session.Stream),
        Referrer = strings.Text(session.ReferrerHost),
        UserAgent = strings.Text(session.UserAgent),
    };

    private ImmutableArray<Tally> Tallies(DossierSession[] sessions, Func<DossierSession, int> number, Func<int, string> name)
    {
        _counts.Clear();
        foreach (DossierSession session in sessions)
        {
            CollectionsMarshal.GetValueRefOrAddDefault(_counts, number(session), out _)++;
        }
        List<Tally> tallies = new(_counts.Count);
        foreach ((int counted, int count) in _counts)
        {
            string text = name(counted);
            if (text.Length > 0)
            {
                tallies.Add(new Tally(text, count));
            }
        }
        tallies.Sort(static (a, b) => a.Sessions != b.Sessions ? b.Sessions.CompareTo(a.Sessions) : string.CompareOrdinal(a.Name, b.Name));
        return [.. tallies.Take(MostTallies)];
    }

    private void Unpin(Case file)
    {
        if (DossierOf(file.Decisions[0].Subject.Type, file.Handle) is { } dossier)
        {
            dossier.Pinned = false;
        }
    }

    private Dossier? DossierOf(SubjectType type, StateHandle handle) => !Holds(type, handle) ? null : state.Dossiers.Get(type switch
    {
        SubjectType.Token => state.Tokens[handle.Index].Dossier,
        SubjectType.Ip => state.Addresses[handle.Index].Dossier,
        SubjectType.Cidr => state.Networks[handle.Index].Dossier,
        _ => state.Referrers[handle.Index].Dossier,
    });

    private bool Holds(SubjectType type, StateHandle handle) => Holds(state, type, handle);

    /// <summary>Whether the state of a subject that a handle was taken of is still there.</summary>
    internal static bool Holds(FeatureState state, SubjectType type, StateHandle handle) => type switch
    {
        SubjectType.Token => state.Tokens.Holds(handle),
        SubjectType.Ip => state.Addresses.Holds(handle),
        SubjectType.Cidr => state.Networks.Holds(handle),
        _ => state.Referrers.Holds(handle),
    };

    private long LastSeen(SubjectType type, StateHandle handle) => type switch
    {
        SubjectType.Token => state.Tokens[handle.Index].LastSeen,
        SubjectType.Ip => state.Addresses[handle.Index].LastSeen,
        SubjectType.Cidr => state.Networks[handle.Index].LastSeen,
        _ => state.Referrers[handle.Index].LastSeen,
    };

    private sealed class Case
    {
        public StateHandle Handle { get; set; }

        public ImmutableArray<Decision> Decisions { get; set; } = [];

        public double Score { get; set; }

        public FlaggedSubject? Evidence { get; set; }
    }
}
