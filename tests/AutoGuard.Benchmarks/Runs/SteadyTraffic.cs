using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using AutoGuard.Core.Events;

namespace AutoGuard.Benchmarks.Runs;

/// <summary>How sessions are spread over tokens.</summary>
internal enum Popularity
{
    /// <summary>Every token has one session, every fifth two; each belongs to a user.</summary>
    Uniform,

    /// <summary>
    /// The token of rank r has a share of the sessions in proportion to 1/r, the first a thousand or ninety thousand; they are
    /// everybody's from the start, so nothing comes of it.
    /// </summary>
    Zipf,

    /// <summary>The same, but every token is meant for one viewer: thousands are flagged and followed up at once.</summary>
    Hostile,
}

/// <summary>
/// An endless steady audience, as events: six sessions for five tokens, three addresses for ten tokens, each session heard every
/// thirty seconds in turn, in another order than they came, so that every event finds state that was not touched for as long as
/// can be and lies beside nothing that was touched lately; a twentieth of the
/// heartbeats is the session's last, and a new session of the same viewer follows at once. Deterministic.
/// </summary>
internal sealed class SteadyTraffic
{
    private const long Start = 1_763_121_600_000;

    /// <summary>Time between two events of a session, milliseconds, and of one that is heard as seldom as can be.</summary>
    private const int Rhythm = 30_000;
    private const int SlowRhythm = 120_000;

    /// <summary>How long a session lasts on average, milliseconds.</summary>
    private const int Stay = 600_000;

    private const int Referrers = 8;
    private const int Agents = 4;
    private const int Operators = 256;

    /// <summary>Prime to any number of sessions here: one session after the other, they come in what looks like no order.</summary>
    private const long Stride = 611_953;

    private readonly int _sessions;
    private readonly int _addresses;
    private readonly Popularity _popularity;
    private readonly KeyedHasher _hasher = new(1, 2);
    private readonly StringPool _strings;
    private readonly int[] _referrers;
    private readonly int[] _agents;
    private readonly int[] _tokenOf;
    private readonly int[] _visits;
    private readonly Random _random = new(1);
    private long _count;
    private long _countOfRhythm;
    private double _timeOfRhythm;
    private int _rhythm = Rhythm;
    private int _started;
    private bool _restart;

    public SteadyTraffic(int tokens, Popularity popularity)
    {
        _sessions = tokens / 5 * 6;
        _addresses = tokens / 10 * 3;
        _popularity = popularity;
        _strings = new StringPool(_hasher);
        Strings = _strings;
        _referrers = [.. Enumerable.Range(0, Referrers).Select(i => _strings.Intern(string.Create(CultureInfo.InvariantCulture, $"www{i}.example.com")))];
        _agents = [.. Enumerable.Range(0, Agents).Select(i => _strings.Intern(string.Create(CultureInfo.InvariantCulture, $"player/{i}")))];
        _visits = new int[_sessions];
        double harmonic = Math.Log(tokens);
        _tokenOf = popularity == Popularity.Uniform
            ? [.. Enumerable.Range(0, _sessions).Select(session => session % tokens)]
            : [.. Enumerable.Range(0, _sessions).Select(_ => Math.Min(tokens, (int)Math.Exp(_random.NextDouble() * harmonic)) - 1)];
    }

    /// <summary>The pool that the referrers are interned in.</summary>
    public StringPool Strings { get; }

    /// <summary>
    /// From now on sessions are heard each two minutes instead of each thirty seconds, or as before; they start and end as often. So
    /// hours pass in a quarter of the events.
    /// </summary>
    public void Slow(bool slow)
    {
        _timeOfRhythm = Elapsed;
        _countOfRhythm = _count;
        _rhythm = slow ? SlowRhythm : Rhythm;
    }

    /// <summary>Event time since the first event, milliseconds.</summary>
    public double Elapsed => _timeOfRhythm + ((double)(_count - _countOfRhythm) / _sessions * _rhythm);

    /// <summary>Fills a batch with what comes next.</summary>
    public void Fill(EventBatch batch)
    {
        batch.Clear();
        while (!batch.IsFull)
        {
            Next(batch);
        }
    }

    private void Next(EventBatch batch)
    {
        int session = (int)(_count % _sessions);
        long time = Start + (long)Elapsed;
        if (_restart || _started < _sessions)
        {
            session = _restart ? session : (int)(_count * Stride % _sessions);
            _started += _restart ? 0 : 1;
            _restart = false;
            _visits[session]++;
            Write(batch, session, time, PlaybackEventType.Start);
            _count++;
            return;
        }
        // The end and the start that follows it share a turn.
        _restart = _random.Next(Stay / _rhythm) == 0;
        Write(batch, session, time, _restart ? PlaybackEventType.End : PlaybackEventType.Heartbeat);
        _count += _restart ? 0 : 1;
    }

    private void Write(EventBatch batch, int session, long time, PlaybackEventType type)
    {
        int token = _tokenOf[session];
        Span<byte> name = stackalloc byte[20];
        BinaryPrimitives.WriteInt64LittleEndian(name, ((long)_visits[session] << 32) | (uint)session);
        ref PlaybackEvent e = ref batch.Next();
        e.Timestamp = time;
        e.Type = type;
        e.Session = _hasher.Hash128(name[..8], 1);
        e.OrderKey = e.Session.Low;
        Encoding.ASCII.GetBytes("token-", name);
        token.TryFormat(name[6..], out int digits, "D9", CultureInfo.InvariantCulture);
        e.Token = _hasher.Hash128(name[..(6 + digits)], 2);
        e.TokenText = batch.AppendText(name[..(6 + digits)]);
        if (_popularity == Popularity.Uniform)
        {
            e.User = _hasher.Hash128(name[..(6 + digits)], 3);
            e.UserText = batch.AppendText(name[6..(6 + digits)]);
        }
        // Addresses of a /6, one or two to most /24. What is ordinary with two sessions has them at one address.
        uint viewer = (uint)(_popularity == Popularity.Uniform ? token : session);
        uint address = (uint)((ulong)viewer * 2_654_435_761 % (uint)_addresses);
        e.Address = IpAddress.FromV4(0x5000_0000 | (address * 2_654_435_761 >> 6));
        e.Referrer = _referrers[session % Referrers];
        e.UserAgent = _agents[session % Agents];
        e.Country = CountryCode.Pack("DE"u8);
        e.Asn = 64_500 + (address % Operators);
        e.Offset = _count;
        batch.Commit();
    }
}
