using System.Text;
using System.Text.Json;
using AutoGuard.Core.Events;

namespace AutoGuard.Simulation.Labels;

/// <summary>One session of a simulated recording, by the first of its events that arrived, or by its start once that has.</summary>
/// <param name="Label">What it is.</param>
/// <param name="IsStarted">Whether its start was seen; false for one that was already running when the recording began.</param>
/// <param name="Time">Event time of the start, or of the event seen first, Unix milliseconds.</param>
/// <param name="Token">Token key; absent without a token.</param>
/// <param name="Address">The viewer's address.</param>
/// <param name="Referrer">Referrer host, interned; 0 when missing.</param>
/// <param name="Organization">Tenant, interned; 0 when there is none.</param>
public readonly record struct LabelledSession(
    SessionLabel Label, bool IsStarted, long Time, Key128 Token, IpAddress Address, int Referrer, int Organization);

/// <summary>
/// The sessions of a simulated recording, as an evaluation needs them: who they were, and what a block would have to name to
/// refuse them. Each counts once, however often its events are repeated. About 120 bytes of memory per session.
/// </summary>
/// <remarks>
/// All are kept until the end, since whom a decision concerned can only be told by sessions before and after it, and
/// decisions come later than the events they are due to. So what is found does not depend on the order of arrival.
/// </remarks>
public sealed class LabelledSessions
{
    private readonly SessionLabels _labels;
    private readonly StringPool _strings;
    private readonly IdentityKeys _identities;
    private readonly Dictionary<Key128, int> _places = [];
    private readonly HashSet<(int Place, IpAddress Address)> _moves = [];
    private readonly List<LabelledSession> _sessions = [];

    /// <param name="seed">Seed of the recording.</param>
    /// <param name="strings">The pool of the parser whose events are given.</param>
    /// <param name="identities">Keys under the secret of that parser.</param>
    public LabelledSessions(ulong seed, StringPool strings, IdentityKeys identities)
    {
        ArgumentNullException.ThrowIfNull(strings);
        ArgumentNullException.ThrowIfNull(identities);
        _labels = new SessionLabels(seed);
        _strings = strings;
        _identities = identities;
    }

    /// <summary>The sessions, by first arrival; one that moves to another address stands there again, not started, and without its token.</summary>
    public IReadOnlyList<LabelledSession> All => _sessions;

    /// <summary>Takes note of an event; sessions that this seed did not make are left out.</summary>
    /// <param name="e">The event as parsed.</param>
    /// <param name="utf8">The line it was parsed from.</param>
    public void Add(ref readonly PlaybackEvent e, ReadOnlySpan<byte> utf8)
    {
        bool starts = e.Type == PlaybackEventType.Start;
        if (_places.TryGetValue(e.Session, out int place))
        {
            LabelledSession known = _sessions[place];
            if (starts && !known.IsStarted)
            {
                _sessions[place] = Describe(in e, known.Label);
            }
            else if (e.Address != known.Address && _moves.Add((place, e.Address)))
            {
                // Where it went as well: only by that address is it found there, so that its token still counts it once.
                _sessions.Add(new LabelledSession(known.Label, false, e.Timestamp, default, e.Address, 0, e.Organization));
            }
            return;
        }
        if (TryReadLabel(utf8, out SessionLabel label))
        {
            _places.Add(e.Session, _sessions.Count);
            _sessions.Add(Describe(in e, label));
        }
    }

    internal Key128 TokenKey(string identity, string? organization) =>
        _identities.Token(Encoding.UTF8.GetBytes(identity), _identities.Tenant(Encoding.UTF8.GetBytes(organization ?? "")));

    /// <summary>A tenant's name; null for the nameless one.</summary>
    internal string? NameOf(int organization) => organization == StringPool.Absent ? null : _strings.Text(organization);

    internal int NumberOf(string text, StringKind kind = StringKind.Name) => _strings.Intern(text, kind);

    internal int SiteOf(int referrer) => _strings.SiteOf(referrer);

    private static LabelledSession Describe(ref readonly PlaybackEvent e, SessionLabel label) =>
        new(label, e.Type == PlaybackEventType.Start, e.Timestamp, e.Token, e.Address, e.Referrer, e.Organization);

    private bool TryReadLabel(ReadOnlySpan<byte> utf8, out SessionLabel label)
    {
        label = default;
        Utf8JsonReader reader = new(utf8.StartsWith("\uFEFF"u8) ? utf8[3..] : utf8);
        bool found = false;
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.PropertyName && reader.CurrentDepth == 1 && reader.ValueTextEquals("sessionId"u8) && reader.Read())
            {
                found = reader.TokenType == JsonTokenType.String && _labels.TryRead(reader.ValueSpan, out label);
            }
        }
        return found;
    }
}
