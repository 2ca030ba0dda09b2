using System.Text.Json;
using AutoGuard.Core.Events;
using AutoGuard.Core.Policy;

namespace AutoGuard.Simulation.Labels;

/// <summary>What enforced decisions would have meant for sessions: how much misuse they prevented, and whom they cost.</summary>
/// <remarks>
/// A session counts as refused when it starts while its token, address, network or referrer is blocked or revoked, at
/// least the given delay after the decision. Sessions already running are not counted: most enforcement leaves them alone.
/// </remarks>
public sealed class SessionImpact
{
    private readonly SessionLabels _labels;
    private readonly Dictionary<Subject, (long From, long To)> _refused = [];
    private readonly List<(IpNetwork Network, long From, long To)> _networks = [];

    /// <param name="decisions">All decisions; blocks and revocations count until their expiry or release.</param>
    /// <param name="seed">Seed of the recording.</param>
    /// <param name="delay">How long enforcement takes to have an effect.</param>
    public SessionImpact(IEnumerable<Decision> decisions, ulong seed, TimeSpan delay)
    {
        ArgumentNullException.ThrowIfNull(decisions);
        _labels = new SessionLabels(seed);
        foreach (Decision decision in decisions.OrderBy(d => d.Time))
        {
            Add(decision, (long)delay.TotalMilliseconds);
        }
    }

    /// <summary>Sessions of incidents that started.</summary>
    public long MisuseSessions { get; private set; }

    /// <summary>Those of them that would have been refused.</summary>
    public long MisusePrevented { get; private set; }

    /// <summary>Honest sessions that started.</summary>
    public long HonestSessions { get; private set; }

    /// <summary>Those of them that would have been refused.</summary>
    public long HonestRefused { get; private set; }

    /// <summary>Counts one session's start; sessions that this seed did not make are left out.</summary>
    /// <param name="sessionId">Session id, UTF-8.</param>
    /// <param name="time">Event time, Unix milliseconds.</param>
    /// <param name="token">Token identity, if any.</param>
    /// <param name="address">The viewer's address.</param>
    /// <param name="referrerHost">Referrer host in lower case, if any.</param>
    public void Start(ReadOnlySpan<byte> sessionId, long time, string? token, IpAddress address, string? referrerHost)
    {
        if (!_labels.TryRead(sessionId, out SessionLabel label))
        {
            return;
        }

        bool refused = IsRefused(new Subject(SubjectType.Ip, address.ToString()), time)
            || (token is not null && IsRefused(new Subject(SubjectType.Token, token), time))
            || (referrerHost is not null && IsRefused(new Subject(SubjectType.Referrer, referrerHost), time))
            || _networks.Exists(n => time >= n.From && time < n.To && n.Network.Contains(address));
        if (label.IsMisuse)
        {
            MisuseSessions++;
            MisusePrevented += refused ? 1 : 0;
        }
        else
        {
            HonestSessions++;
            HonestRefused += refused ? 1 : 0;
        }
    }

    /// <summary>Counts the starts of a simulation that is played again; duplicates and malformed lines are left out.</summary>
    public void Measure(TrafficSimulator simulator)
    {
        ArgumentNullException.ThrowIfNull(simulator);
        System.Buffers.ArrayBufferWriter<byte> buffer = new(4096);
        while (simulator.TryNext(buffer, out var line))
        {
            if (line.Kind == Transport.SimulatedLineKind.Event)
            {
                Read(buffer.WrittenSpan, line);
            }

            buffer.ResetWrittenCount();
        }
    }

    private void Read(ReadOnlySpan<byte> json, in Transport.SimulatedLine line)
    {
        if (!json.StartsWith("{\"type\":\"start\""u8))
        {
            return;
        }

        Utf8JsonReader reader = new(json);
        ReadOnlySpan<byte> session = default;
        IpAddress address = default;
        string? host = null;
        bool hasToken = false;
        while (reader.Read())
        {
            if (reader.CurrentDepth != 1 || reader.TokenType != JsonTokenType.PropertyName)
            {
                continue;
            }

            bool isSession = reader.ValueTextEquals("sessionId"u8);
            bool isAddress = reader.ValueTextEquals("ip"u8);
            bool isReferrer = reader.ValueTextEquals("referrer"u8);
            hasToken |= reader.ValueTextEquals("token"u8);
            reader.Read();
            if (isSession)
            {
                session = reader.ValueSpan;
            }
            else if (isAddress)
            {
                _ = IpAddress.TryParse(reader.GetString(), out address);
            }
            else if (isReferrer && Uri.TryCreate(reader.GetString(), UriKind.Absolute, out Uri? page))
            {
                host = page.Host;
            }
        }

        Start(session, line.EventTime, hasToken ? System.Text.Encoding.UTF8.GetString(line.Key.Span) : null, address, host);
    }

    private bool IsRefused(Subject subject, long time) =>
        _refused.TryGetValue(subject, out (long From, long To) period) && time >= period.From && time < period.To;

    private void Add(Decision decision, long delay)
    {
        long from = decision.Time + delay;
        long to = decision.Expires ?? long.MaxValue;
        if (decision.Action == DecisionAction.Release)
        {
            if (_refused.TryGetValue(decision.Subject, out (long From, long To) running))
            {
                _refused[decision.Subject] = running with { To = Math.Min(running.To, decision.Time) };
            }
        }
        else if (decision.Action >= DecisionAction.Block)
        {
            bool known = _refused.TryGetValue(decision.Subject, out (long From, long To) earlier) && earlier.To >= from;
            _refused[decision.Subject] = (known ? earlier.From : from, to);
        }

        if (decision.Subject.Type == SubjectType.Cidr && IpNetwork.TryParse(decision.Subject.Value, out IpNetwork network))
        {
            _networks.RemoveAll(n => n.Network == network);
            (long start, long end) = _refused.GetValueOrDefault(decision.Subject);
            _networks.Add((network, start, end));
        }
    }
}
