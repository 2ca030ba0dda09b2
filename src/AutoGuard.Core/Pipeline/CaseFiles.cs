using System.Collections.Immutable;
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
    private const int MostDecisions = 32;

    private readonly Dictionary<(Subject Subject, string? Organization), Case> _cases = [];
    private readonly Queue<(Subject Subject, string? Organization)> _order = new();
    private readonly Queue<((Subject Subject, string? Organization) Key, Case File)> _renewal = new();
    private readonly EvidenceLists _lists = new(strings);

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
        Columns columns = subject.Type switch
        {
            SubjectType.Token => OfToken(subject, file.Handle.Index, now),
            SubjectType.Ip => OfAddress(file.Handle.Index, now),
            SubjectType.Cidr => OfNetwork(file.Handle.Index, now),
            _ => OfReferrer(subject, file.Handle.Index, now),
        };
        Span<DossierSession> sessions = DossierOf(subject.Type, file.Handle) is { } dossier ? dossier.Sessions : [];
        EvidenceLists.Lists lists = _lists.Draw(sessions, file.Evidence, ref file.Addresses);
        return new FlaggedSubject
        {
            Subject = subject,
            Organization = columns.Organization == 0 ? null : strings.Text(columns.Organization),
            User = columns.User,
            Users = columns.Users,
            Score = file.Score,
            Decisions = file.Decisions,
            DurationSum = Math.Round(columns.Watched, 1),
            DurationAverage = columns.Sessions == 0 ? 0 : Math.Round(columns.Watched / columns.Sessions, 1),
            Sessions = (int)Math.Min(columns.Sessions, int.MaxValue),
            Addresses = columns.Addresses,
            Tokens = columns.Tokens,
            MaxConcurrency = columns.MaxConcurrency,
            FirstStart = columns.FirstSeen,
            LastEnd = columns.LastSeen,
            Streams = lists.Streams,
            Providers = lists.Providers,
            Countries = lists.Countries,
            Referrers = lists.Referrers,
            UserAgents = lists.UserAgents,
            Timeline = lists.Timeline,
            Claims = columns.Claims,
            Allowlisted = columns.Allowlisted,
            Recommendation = Recommendations.For(file.Decisions[^1]),
        };
    }

    private Columns OfToken(Subject subject, int index, long now)
    {
        judge.Meter.Measure(index, now, out TokenFeatures features);
        ref TokenState token = ref state.Tokens[index];
        string? user = token.IsBound ? state.Texts.Text(token.UserText) : null;
        return new Columns(token.Organization, token.TotalSessions, token.TotalWatched, token.FirstSeen, token.LastSeen)
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

    private Columns OfAddress(int index, long now)
    {
        judge.Meter.Measure(index, now, out AddressFeatures features);
        ref AddressState address = ref state.Addresses[index];
        return new Columns(state.Addresses.KeyAt(index).Organization, address.TotalSessions, address.TotalWatched, address.FirstSeen, address.LastSeen)
        {
            Users = features.Users,
            Addresses = 1,
            Tokens = features.Tokens,
            MaxConcurrency = address.MostOpen,
            Allowlisted = judge.Allowlist.Covers(state.Addresses.KeyAt(index).Address, address.Asn, now),
        };
    }

    private Columns OfNetwork(int index, long now)
    {
        judge.Meter.Measure(index, now, out NetworkFeatures features);
        ref NetworkState network = ref state.Networks[index];
        return new Columns(state.Networks.KeyAt(index).Organization, network.TotalSessions, network.TotalWatched, network.FirstSeen, network.LastSeen)
        {
            Addresses = features.Addresses,
            Tokens = features.Tokens,
            MaxConcurrency = network.MostOpen,
        };
    }

    private Columns OfReferrer(Subject subject, int index, long now)
    {
        judge.Meter.Measure(index, now, out ReferrerFeatures features);
        ref ReferrerState referrer = ref state.Referrers[index];
        int organization = (int)(state.Referrers.KeyAt(index) >> 32);
        return new Columns(organization, referrer.TotalSessions, referrer.TotalWatched, referrer.FirstSeen, referrer.LastSeen)
        {
            Addresses = features.Addresses,
            Tokens = features.Tokens,
            MaxConcurrency = referrer.MostOpen,
            Allowlisted = judge.Allowlist.Covers(subject.Value, now),
        };
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

        /// <summary>Those of the sessions in the evidence's timeline, to find them again when it is drawn anew.</summary>
        public IpAddress[] Addresses = [];
    }

    /// <summary>What the evidence tells that differs from kind to kind of subject.</summary>
    private readonly record struct Columns(int Organization, uint Sessions, double Watched, long FirstSeen, long LastSeen)
    {
        public string? User { get; init; }

        public int Users { get; init; }

        public int Addresses { get; init; }

        public int Tokens { get; init; }

        public int MaxConcurrency { get; init; }

        public TokenClaims? Claims { get; init; }

        public string? Allowlisted { get; init; }
    }
}
