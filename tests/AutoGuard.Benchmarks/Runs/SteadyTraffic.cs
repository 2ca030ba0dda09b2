using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using AutoGuard.Core.Events;

namespace AutoGuard.Benchmarks.Runs;

/// <summary>How sessions are spread over tokens.</summary>
internal enum Popularity
{
    /// <summary>Every token has one session, always from the same address.</summary>
    Uniform,

    /// <summary>
    /// The token of rank r has a share of the sessions in proportion to 1/r, the first a thousand or seventy thousand; the
    /// operator says that tokens are shared, so nothing comes of it.
    /// </summary>
    Zipf,

    /// <summary>The same, but every token is meant for one viewer: thousands are flagged and followed up at once.</summary>
    Hostile,
}

/// <summary>
/// An endless steady audience, as events: one session per token on average, each heard every thirty seconds in turn, so that
/// every event finds state that was not touched for as long as can be; a twentieth of the heartbeats is the session's last,
/// and a new session follows at once. Deterministic.
/// </summary>
internal sealed class SteadyTraffic
{
    private const long Start = 1_763_121_600_000;
    private const long Rhythm = 30_000;
    private const int Turnover = 20;
    private const int Referrers = 8;

    private readonly int _tokens;
    private readonly Popularity _popularity;
    private readonly KeyedHasher _hasher = new(1, 2);
    private readonly StringPool _strings;
    private readonly int[] _referrers;
    private readonly int[] _tokenOf;
    private readonly int[] _visits;
    private readonly double _harmonic;
    private readonly Random _random = new(1);
    private long _count;
    private int _started;
    private bool _restart;

    public SteadyTraffic(int tokens, Popularity popularity)
    {
        _tokens = tokens;
        _popularity = popularity;
        _strings = new StringPool(_hasher);
        Strings = _strings;
        _referrers = [.. Enumerable.Range(0, Referrers).Select(i => _strings.Intern(string.Create(CultureInfo.InvariantCulture, $"www{i}.example.com")))];
        _tokenOf = new int[tokens];
        _visits = new int[tokens];
        _harmonic = Math.Log(tokens);
    }

    /// <summary>The pool that the referrers are interned in.</summary>
    public StringPool Strings { get; }

    /// <summary>Events until every session was heard once.</summary>
    public int Round => _tokens;

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
        int session = (int)(_count % _tokens);
        long time = Start + (long)((double)_count / _tokens * Rhythm);
        if (_restart || _started < _tokens)
        {
            _started += _restart ? 0 : 1;
            _restart = false;
            _tokenOf[session] = Choose(session);
            _visits[session]++;
            Write(batch, session, time, PlaybackEventType.Start);
            _count++;
            return;
        }
        // The end and the start that follows it share a turn.
        _restart = _random.Next(Turnover) == 0;
        Write(batch, session, time, _restart ? PlaybackEventType.End : PlaybackEventType.Heartbeat);
        _count += _restart ? 0 : 1;
    }

    private int Choose(int session) => _popularity == Popularity.Uniform ? session : Math.Min(_tokens, (int)Math.Exp(_random.NextDouble() * _harmonic)) - 1;

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
        // Addresses of a /6, a few to each /24.
        e.Address = IpAddress.FromV4(0x5000_0000 | ((uint)session * 2_654_435_761 >> 6));
        e.Referrer = _referrers[session % Referrers];
        e.Country = CountryCode.Pack("DE"u8);
        e.Asn = 64_500;
        e.Offset = _count;
        batch.Commit();
    }
}
