using System.Runtime.InteropServices;
using AutoGuard.Core.Events;
using AutoGuard.Core.Policy;
using AutoGuard.Simulation.Labels;

namespace AutoGuard.Simulation.Baselines;

/// <summary>
/// The auto-revocation rule that a large cloud publishes for playback tokens: every 5 minutes, over the last 10, a token is
/// revoked when its request rate over the median rate, plus a penalty of 1 for each of several addresses, several referrers
/// and several user agents, exceeds 2.2. Tokens seen for less than 30 s are left out.
/// </summary>
/// <remarks>
/// Read so: runs are due at full five minutes of event time, and cover the ten minutes before (the first covers what there
/// is). Every event counts as a request. A token's rate is its events in those ten minutes over ten minutes; "seen for less
/// than 30 s" is the time from its first to its last event there. The median is over the tokens that are not left out, the mean of
/// the middle two when they are even in number. Addresses, referrer hosts and agents are counted among that token's
/// events there; a missing referrer or agent is no value of its own. A revoked token stays revoked.
/// </remarks>
public sealed class RateRule : IBaseline
{
    private const long RunEvery = 300_000;
    private const long ShortestSeen = 30_000;
    private const double Limit = 2.2;

    private readonly BaselineContext _context;
    private readonly DecisionLog _log;
    private readonly List<double> _rates = [];
    private Dictionary<Key128, Requests> _last = [];
    private Dictionary<Key128, Requests> _current = [];
    private long _due = long.MinValue;

    /// <param name="context">What every baseline knows.</param>
    public RateRule(BaselineContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        _context = context;
        _log = new DecisionLog(context);
    }

    /// <inheritdoc/>
    public string Name => "published rule: rate over median";

    /// <inheritdoc/>
    public IReadOnlyList<JudgedDecision> Decisions => _log.All;

    /// <inheritdoc/>
    public void Process(EventBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        foreach (ref readonly PlaybackEvent e in batch.Events)
        {
            RunUntil(e.Timestamp);
            if (!e.Token.IsAbsent)
            {
                ref Requests requests = ref CollectionsMarshal.GetValueRefOrAddDefault(_current, e.Token, out bool known);
                if (!known)
                {
                    requests = new Requests(_context.TokenOf(in e, batch), _context.OrganizationOf(e.Organization), in e);
                }
                requests.Add(in e);
            }
        }
    }

    /// <inheritdoc/>
    public void Complete()
    {
        if (_due != long.MinValue)
        {
            Run();
        }
    }

    private void RunUntil(long time)
    {
        if (_due == long.MinValue)
        {
            _due = ((time / RunEvery) + 1) * RunEvery;
        }
        while (time >= _due)
        {
            Run();
            // Nobody was seen for a whole window: the runs until the next event find nothing.
            _due = _current.Count + _last.Count == 0 ? ((time / RunEvery) + 1) * RunEvery : _due + RunEvery;
        }
    }

    private void Run()
    {
        // The older half goes into the newer one for the count, and the newer alone is kept for the next run.
        Dictionary<Key128, Requests> window = new(_last);
        foreach ((Key128 token, Requests newer) in _current)
        {
            window[token] = window.TryGetValue(token, out Requests older) ? older.With(newer) : newer;
        }
        _rates.Clear();
        _rates.AddRange(window.Values.Where(r => r.SeenFor >= ShortestSeen).Select(r => (double)r.Count));
        _rates.Sort();
        if (_rates.Count > 0)
        {
            double median = (_rates[_rates.Count / 2] + _rates[(_rates.Count - 1) / 2]) / 2;
            foreach (Requests r in window.Values.Where(r => r.SeenFor >= ShortestSeen))
            {
                double score = (r.Count / median) + r.Penalties;
                if (score > Limit)
                {
                    _log.Add(
                        new Subject(SubjectType.Token, r.Token), DecisionAction.Revoke, _due, r.Organization,
                        FormattableString.Invariant($"rate {r.Count / median:0.00} of the median, {r.Penalties} penalties"));
                }
            }
        }
        (_last, _current) = (_current, _last);
        _current.Clear();
    }

    /// <summary>A token's requests in five or ten minutes.</summary>
    private struct Requests(string token, string? organization, in PlaybackEvent e)
    {
        private readonly long _from = e.Timestamp;
        private readonly IpAddress _address = e.Address;
        private long _to = e.Timestamp;
        private int _referrer = e.Referrer;
        private int _agent = e.UserAgent;
        private bool _manyAddresses;
        private bool _manyReferrers;
        private bool _manyAgents;

        public readonly string Token => token;

        public readonly string? Organization => organization;

        public int Count { get; private set; }

        public readonly long SeenFor => _to - _from;

        public readonly int Penalties => (_manyAddresses ? 1 : 0) + (_manyReferrers ? 1 : 0) + (_manyAgents ? 1 : 0);

        public void Add(in PlaybackEvent e)
        {
            Count++;
            _to = e.Timestamp;
            _manyAddresses |= e.Address != _address;
            _manyReferrers |= Differ(ref _referrer, e.Referrer);
            _manyAgents |= Differ(ref _agent, e.UserAgent);
        }

        public readonly Requests With(Requests newer)
        {
            Requests both = this;
            both.Count += newer.Count;
            both._to = newer._to;
            both._manyAddresses |= newer._manyAddresses || newer._address != _address;
            both._manyReferrers |= newer._manyReferrers || Differ(ref both._referrer, newer._referrer);
            both._manyAgents |= newer._manyAgents || Differ(ref both._agent, newer._agent);
            return both;
        }

        private static bool Differ(ref int known, int value)
        {
            if (known == 0)
            {
                known = value;
            }
            return value != 0 && value != known;
        }
    }
}
