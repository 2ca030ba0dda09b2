using System.Globalization;
using AutoGuard.Core.Configuration;
using AutoGuard.Core.Events;

namespace AutoGuard.Core.Policy;

/// <summary>
/// Keeps blocks from doing more harm than abuse: when blocks would touch too large a share of the audience, or the input
/// looks sick, blocks become flags until all has been normal for a while. Loud: whatever it does is a <see cref="Notice"/>.
/// </summary>
/// <remarks>
/// <para>
/// Audience: the viewers touched by the blocks and revocations of the last ten minutes may be at most the configured share of the
/// running sessions or of the tokens held, whichever are more, and never fewer than the floor. A viewer is a network of
/// a token's, or a token behind an address: who opens a thousand sessions is one. A single block that alone is beyond
/// the limit becomes a flag without opening the breaker, or one large offender would protect all others. What is open closes
/// when less than half the limit is asked for.
/// </para>
/// <para>
/// Input: a <see cref="Symptom"/>'s share over the last 5 minutes against the 60 before (at least 50 and 200 networks, and 10 minutes) that rose
/// by more than 0.2 with a two-proportion z above 8; closes below half of either. A change that lasts is the new normal after about
/// an hour. Of one tenant's sessions it opens for that tenant only.
/// </para>
/// Event time only, and independent of the order of arrival within the allowed lateness.
/// </remarks>
public sealed class CircuitBreaker
{
    private const double LeastRise = 0.2;
    private const double LeastZ = 8;
    private const double Hysteresis = 0.5;

    /// <summary>How often the input is looked at, milliseconds of event time.</summary>
    private const long ExaminedEvery = 5_000;

    /// <summary>Subjects of which it was said that their block would be too wide; beyond it, it is said again.</summary>
    private const int MostTooWide = 4_096;

    private static readonly Symptom[] s_symptoms = Enum.GetValues<Symptom>();

    private readonly InputHealth _input = new();
    private readonly AudienceBudget _budget;
    private readonly BreakerGate _audience;
    private readonly Dictionary<int, BreakerGate> _gates = [];
    private readonly HashSet<LedgerKey> _tooWide = [];
    private readonly StringPool _strings;
    private readonly long _recovery;
    private readonly List<Notice> _notices = [];
    private long _examined = long.MinValue / 2;

    /// <summary>Makes a closed breaker.</summary>
    /// <param name="options">Its limits.</param>
    /// <param name="strings">Names of tenants.</param>
    public CircuitBreaker(PolicyOptions options, StringPool strings)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(strings);
        _strings = strings;
        _recovery = (long)options.BreakerRecovery.TotalMilliseconds;
        _budget = new AudienceBudget(options);
        _audience = new BreakerGate(StringPool.Absent, _recovery);
    }

    /// <summary>Whether any blocks become flags now, be it of one tenant only.</summary>
    public bool IsOpen => Earliest is not null;

    /// <summary>Why, in a sentence with numbers, of the cause that came first; null when closed.</summary>
    public string? Reason => Earliest?.Reason;

    /// <summary>Since when, Unix milliseconds; null when closed.</summary>
    public long? OpenedAt => Earliest?.OpenedAt;

    /// <summary>How often it opened so far.</summary>
    public long Openings { get; private set; }

    /// <summary>Subjects whose block became a flag because of it so far; one that is asked for again and again counts once.</summary>
    public long Refused { get; private set; }

    /// <summary>Viewers touched by the blocks of the last ten minutes.</summary>
    public long Touched => _budget.Made;

    /// <summary>Most viewers that blocks may touch within ten minutes, as of now.</summary>
    public long Limit => _budget.Limit;

    /// <summary>An event takes effect.</summary>
    public void Hear(ref readonly PlaybackEvent e) => _input.Hear(in e);

    /// <summary>An event came a second time and has no effect.</summary>
    public void HearAgain(ref readonly PlaybackEvent e) => _input.HearAgain(in e);

    /// <summary>An event came too late and has no effect.</summary>
    /// <param name="e">The event.</param>
    /// <param name="watermark">Event time up to which all is complete, Unix milliseconds.</param>
    public void HearLate(ref readonly PlaybackEvent e, long watermark) => _input.HearLate(e.Address, watermark / 60_000);

    /// <summary>Records could not be read as events. The reader says so: they have no place in event time.</summary>
    /// <param name="count">How many.</param>
    /// <param name="watermark">Event time up to which all is complete, Unix milliseconds.</param>
    public void HearMalformed(int count, long watermark) => _input.HearMalformed(count, watermark / 60_000);

    /// <summary>Lets event time pass; before keys are judged.</summary>
    /// <param name="now">Unix milliseconds.</param>
    /// <param name="audience">Running sessions, or tokens held, whichever are more.</param>
    public void Pass(long now, int audience)
    {
        _budget.Pass(now, audience);
        _input.Advance(now / 60_000);
        if (_audience.Pass(now, _budget.Made + _budget.Waiting > _budget.Limit * Hysteresis))
        {
            Close(_audience, now);
        }
        if (now - _examined >= ExaminedEvery || now < _examined)
        {
            _examined = now;
            foreach ((int organization, MinuteShares shares) in _input.Scopes)
            {
                Examine(organization, shares, now);
            }
        }
        foreach (BreakerGate gate in _gates.Values)
        {
            if (gate.Pass(now, isAbnormal: false))
            {
                Close(gate, now);
            }
            if (!gate.IsOpen)
            {
                _gates.Remove(gate.Organization);
            }
        }
    }

    /// <summary>Whether blocks on behalf of a tenant (interned) become flags now.</summary>
    public bool IsOpenFor(int organization) =>
        _audience.IsOpen || _gates.ContainsKey(StringPool.Absent) || _gates.ContainsKey(organization);

    /// <summary>Why blocks on behalf of a tenant (interned) become flags now, in a sentence with numbers; null when they do not.</summary>
    public string? ReasonFor(int organization) =>
        _audience.IsOpen ? _audience.Reason : (_gates.GetValueOrDefault(StringPool.Absent) ?? _gates.GetValueOrDefault(organization))?.Reason;

    /// <summary>Asks for a block or revocation; false when it is to be a flag instead.</summary>
    /// <param name="key">The subject.</param>
    /// <param name="organization">The tenant on whose behalf, interned.</param>
    /// <param name="viewers">Viewers it would touch; 0 when there are none behind it.</param>
    /// <param name="now">Unix milliseconds.</param>
    public bool TryBlock(LedgerKey key, int organization, int viewers, long now)
    {
        if (viewers > _budget.Limit)
        {
            if (_tooWide.Count == MostTooWide)
            {
                _tooWide.Clear();
            }
            if (_tooWide.Add(key))
            {
                Refused++;
                Notify(now, NoticeKind.BlockTooWide, organization, Invariant(
                    $"A block became a flag: alone it would have touched {viewers:N0} viewers, and no more than {_budget.Limit:N0} may be touched within ten minutes."));
            }
            return false;
        }
        if (!IsOpenFor(organization) && _budget.Made + viewers > _budget.Limit)
        {
            Open(_audience, now, Invariant(
                $"blocks would have touched {_budget.Made + viewers:N0} viewers within ten minutes, and no more than {_budget.Limit:N0} may be touched."));
        }
        if (IsOpenFor(organization))
        {
            if (_budget.Wait(key, viewers, now))
            {
                Count(organization);
            }
            return false;
        }
        _budget.Make(key, viewers, now);
        return true;
    }

    /// <summary>Moves what there is to tell to a list.</summary>
    public void TakeNotices(List<Notice> notices)
    {
        ArgumentNullException.ThrowIfNull(notices);
        notices.AddRange(_notices);
        _notices.Clear();
    }

    private BreakerGate? Earliest =>
        _gates.Values.Append(_audience).Where(static gate => gate.IsOpen).MinBy(static gate => (gate.OpenedAt, gate.Organization));

    private void Count(int organization)
    {
        Refused++;
        _audience.Refused++;
        if (_gates.TryGetValue(organization, out BreakerGate? own))
        {
            own.Refused++;
        }
        if (organization != StringPool.Absent && _gates.TryGetValue(StringPool.Absent, out BreakerGate? all))
        {
            all.Refused++;
        }
    }

    private void Examine(int organization, MinuteShares shares, long now)
    {
        bool isOpen = _gates.TryGetValue(organization, out BreakerGate? gate);
        foreach (Symptom symptom in s_symptoms)
        {
            ShareChange change = _input.Change(organization, shares, symptom);
            if (change.Rise > LeastRise && change.Z > LeastZ)
            {
                if (!isOpen)
                {
                    gate = new BreakerGate(organization, _recovery);
                    _gates.Add(organization, gate);
                    isOpen = true;
                }
                Open(gate!, now, Sentence(symptom, change));
            }
            else if (isOpen && change.Rise > LeastRise * Hysteresis && change.Z > LeastZ * Hysteresis)
            {
                gate!.Pass(now, isAbnormal: true);
            }
        }
    }

    private void Open(BreakerGate gate, long now, string reason)
    {
        if (gate.Open(now, reason))
        {
            Openings++;
            Notify(now, NoticeKind.BreakerOpened, gate.Organization, "Blocks become flags: " + reason);
        }
    }

    private void Close(BreakerGate gate, long now) => Notify(now, NoticeKind.BreakerClosed, gate.Organization, Invariant(
        $"Blocks are made again: all has been normal for {_recovery / 60_000.0:0.#} minutes. Blocks that became flags meanwhile: {gate.Refused:N0}. They did because {gate.Reason}"));

    private void Notify(long now, NoticeKind kind, int organization, string text) =>
        _notices.Add(new Notice(now, kind, organization == StringPool.Absent ? null : _strings.Text(organization), text));

    private static string Sentence(Symptom symptom, ShareChange change)
    {
        string what = symptom switch
        {
            Symptom.NoReferrer => "networks started sessions without a referrer",
            Symptom.NoToken => "networks started sessions without a token",
            Symptom.NoCountry => "networks started sessions from an unknown country",
            Symptom.NoOperator => "networks started sessions from an unknown network operator",
            Symptom.DataCentre => "networks that started sessions were data centres",
            Symptom.Duplicates => "networks sent events twice",
            Symptom.Late => "networks sent late events",
            _ => "records were no events",
        };
        return Invariant(
            $"{change.Share:P0} of {change.Of:N0} {what} in the last {MinuteShares.Recent} minutes, {change.UsualShare:P0} of {change.UsualOf:N0} in the hour before.");
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
