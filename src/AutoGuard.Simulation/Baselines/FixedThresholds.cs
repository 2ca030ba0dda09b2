using AutoGuard.Core.Events;
using AutoGuard.Core.Policy;
using AutoGuard.Simulation.Labels;

namespace AutoGuard.Simulation.Baselines;

/// <summary>
/// The six documented indicators as fixed thresholds that an experienced operator would set by hand: concurrent sessions,
/// changing addresses and countries, data centres, unknown pages, missing referrers, and very long sessions.
/// </summary>
/// <remarks>
/// Judged at every event, by these rules:
/// <list type="bullet">
/// <item><description>A token that is bound to a user is revoked with more than 2 sessions open at once when it had more than one
/// address in 10 minutes, else with more than 4 (a session is open from its first event to its end or until nothing was heard of it
/// for 90 s, so a line that breaks and comes back has several for a while), more than 5 addresses in 10 minutes, or more than 3 countries in an hour. Tokens
/// without a user are left out: what everybody gets, or each session anew, says nothing by its reuse.</description></item>
/// <item><description>A token watched for more than 2 hours and more than half of that from data centres is flagged, and revoked when a missing
/// referrer or a session of more than 8 hours comes with it.</description></item>
/// <item><description>A token with a session of more than 8 hours is flagged.</description></item>
/// <item><description>An address with more than 50 open sessions is blocked for a day.</description></item>
/// <item><description>A page that is not official and from which more than 20 sessions began within an hour is blocked.</description></item>
/// </list>
/// </remarks>
public sealed class FixedThresholds : IBaseline
{
    private const int MostConcurrent = 2;
    private const int MostOnOneLine = 4;
    private const int MostAddresses = 5;
    private const int MostCountries = 3;
    private const int MostOpenPerAddress = 50;
    private const int MostStartsPerPage = 20;
    private const long AddressWindow = 600_000;
    private const long CountryWindow = 3_600_000;
    private const long PageWindow = 3_600_000;
    private const long Silence = 90_000;
    private const long LongSession = 8 * 3_600_000L;
    private const long LongWatch = 2 * 3_600_000L;

    private readonly BaselineContext _context;
    private readonly DecisionLog _log;
    private readonly Dictionary<Key128, Session> _sessions = [];
    private readonly PriorityQueue<Session, long> _silent = new();
    private readonly Dictionary<Key128, TokenRecord> _tokens = [];
    private readonly Dictionary<IpAddress, int> _open = [];
    private readonly Dictionary<(int Referrer, int Organization), Queue<long>> _pages = [];

    /// <param name="context">What every baseline knows.</param>
    public FixedThresholds(BaselineContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        _context = context;
        _log = new DecisionLog(context);
    }

    /// <inheritdoc/>
    public string Name => "fixed thresholds";

    /// <inheritdoc/>
    public IReadOnlyList<JudgedDecision> Decisions => _log.All;

    /// <inheritdoc/>
    public void Process(EventBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        foreach (ref readonly PlaybackEvent e in batch.Events)
        {
            CloseSilent(e.Timestamp);
            Take(in e, batch);
        }
    }

    /// <inheritdoc/>
    public void Complete()
    {
    }

    private void Take(ref readonly PlaybackEvent e, EventBatch batch)
    {
        TokenRecord? token = TokenOf(in e, batch);
        if (!_sessions.TryGetValue(e.Session, out Session? session))
        {
            if (e.Type == PlaybackEventType.End)
            {
                return;
            }
            session = new Session { Key = e.Session, Token = token, Address = e.Address, Heard = e.Timestamp };
            session.Began = e.Timestamp - (Math.Max(0, e.Duration) * 1000L);
            Open(session, in e);
        }
        else if (session.Address != e.Address)
        {
            Count(session.Address, -1);
            session.Address = e.Address;
            Count(session.Address, 1);
        }
        Watch(session, in e);
        session.Heard = e.Timestamp;
        if (token is not null)
        {
            JudgeToken(token, session, in e);
        }
        if (_open[e.Address] > MostOpenPerAddress)
        {
            _log.Add(Subject.Of(e.Address), DecisionAction.Block, e.Timestamp, null, FormattableString.Invariant($"{_open[e.Address]} open sessions"));
        }
        if (e.Type == PlaybackEventType.End)
        {
            Close(session);
        }
    }

    private void Open(Session session, ref readonly PlaybackEvent e)
    {
        _sessions.Add(session.Key, session);
        _silent.Enqueue(session, session.Heard);
        Count(session.Address, 1);
        if (session.Token is { } token)
        {
            token.Open++;
        }
        if (e.Type != PlaybackEventType.Start || e.Referrer == 0 || _context.Referrers.IsOfficial(e.Referrer))
        {
            return;
        }
        if (!_pages.TryGetValue((e.Referrer, e.Organization), out Queue<long>? starts))
        {
            _pages.Add((e.Referrer, e.Organization), starts = new Queue<long>());
        }
        starts.Enqueue(e.Timestamp);
        while (starts.Peek() <= e.Timestamp - PageWindow)
        {
            starts.Dequeue();
        }
        if (starts.Count > MostStartsPerPage)
        {
            _log.Add(
                new Subject(SubjectType.Referrer, _context.Strings.Text(e.Referrer)), DecisionAction.Block, e.Timestamp,
                _context.OrganizationOf(e.Organization), FormattableString.Invariant($"{starts.Count} sessions in an hour"));
        }
    }

    private void JudgeToken(TokenRecord token, Session session, ref readonly PlaybackEvent e)
    {
        long now = e.Timestamp;
        token.Addresses.See(e.Address, now);
        if (e.Country != 0)
        {
            token.Countries.See(e.Country, now);
        }
        int addresses = token.Addresses.Within(now - AddressWindow);
        int countries = token.Countries.Within(now - CountryWindow);
        bool hosted = token.Watched > LongWatch && token.WatchedFromDataCentres * 2 > token.Watched;
        bool tooLong = now - session.Began > LongSession;
        bool shared = !e.User.IsAbsent && (token.Open > (addresses > 1 ? MostConcurrent : MostOnOneLine) || addresses > MostAddresses || countries > MostCountries);
        bool revoke = shared || (hosted && (tooLong || e.Referrer == 0));
        if (revoke || hosted || tooLong)
        {
            _log.Add(
                new Subject(SubjectType.Token, token.Name), revoke ? DecisionAction.Revoke : DecisionAction.Flag, now, token.Organization,
                FormattableString.Invariant($"{token.Open} at once, {addresses} addresses, {countries} countries{(hosted ? ", data centre" : "")}{(tooLong ? ", long session" : "")}"));
        }
    }

    private static void Watch(Session session, ref readonly PlaybackEvent e)
    {
        if (session.Token is { } token)
        {
            long watched = e.Timestamp - session.Heard;
            token.Watched += watched;
            token.WatchedFromDataCentres += (e.Traits & EventTraits.DataCentre) != 0 ? watched : 0;
        }
    }

    private TokenRecord? TokenOf(ref readonly PlaybackEvent e, EventBatch batch)
    {
        if (e.Token.IsAbsent)
        {
            return null;
        }
        if (!_tokens.TryGetValue(e.Token, out TokenRecord? token))
        {
            _tokens.Add(e.Token, token = new TokenRecord(_context.TokenOf(in e, batch), _context.OrganizationOf(e.Organization)));
        }
        return token;
    }

    private void CloseSilent(long now)
    {
        while (_silent.TryPeek(out Session? session, out long heard) && heard < now - Silence)
        {
            _silent.Dequeue();
            if (session.Heard > heard && !session.Closed)
            {
                _silent.Enqueue(session, session.Heard);
            }
            else if (!session.Closed)
            {
                Close(session);
            }
        }
    }

    private void Close(Session session)
    {
        session.Closed = true;
        _sessions.Remove(session.Key);
        Count(session.Address, -1);
        if (session.Token is { } token)
        {
            token.Open--;
        }
    }

    private void Count(IpAddress address, int change)
    {
        int open = _open.GetValueOrDefault(address) + change;
        if (open == 0)
        {
            _open.Remove(address);
        }
        else
        {
            _open[address] = open;
        }
    }

    private sealed class Session
    {
        public required Key128 Key { get; init; }

        public required TokenRecord? Token { get; init; }

        public IpAddress Address { get; set; }

        public long Began { get; set; }

        public long Heard { get; set; }

        public bool Closed { get; set; }
    }

    private sealed class TokenRecord(string name, string? organization)
    {
        public string Name { get; } = name;

        public string? Organization { get; } = organization;

        public int Open { get; set; }

        public long Watched { get; set; }

        public long WatchedFromDataCentres { get; set; }

        public Latest<IpAddress> Addresses { get; } = new(MostAddresses + 1);

        public Latest<ushort> Countries { get; } = new(MostCountries + 1);
    }

    /// <summary>The values seen last, each with the time it was: enough to tell when there are more than the limit.</summary>
    private sealed class Latest<T>(int capacity)
        where T : IEquatable<T>
    {
        private readonly List<(T Value, long Time)> _values = new(1);

        public void See(T value, long now)
        {
            int place = _values.Count - 1;
            while (place >= 0 && !_values[place].Value.Equals(value))
            {
                place--;
            }
            if (place >= 0 && place == _values.Count - 1)
            {
                _values[place] = (value, now);
                return;
            }
            if (place >= 0)
            {
                _values.RemoveAt(place);
            }
            else if (_values.Count == capacity)
            {
                _values.RemoveAt(0);
            }
            _values.Add((value, now));
        }

        /// <summary>How many were seen after a time.</summary>
        public int Within(long after)
        {
            int count = 0;
            foreach ((_, long time) in _values)
            {
                count += time > after ? 1 : 0;
            }
            return count;
        }
    }
}
