using AutoGuard.Core.Enrichment;
using AutoGuard.Core.Events;

namespace AutoGuard.Core.Features;

/// <summary>
/// Turns events, in order of event time, into state: which sessions are open, and what each token, address, network and
/// referrer has seen. A session is open from its first event until its end event, or until it has been silent for two
/// and a half of its own heartbeat intervals; then it ended at its last event.
/// </summary>
public sealed class SessionTracker
{
    /// <summary>How often a session is renewed where it counts, milliseconds, until it is known to last; in a short window once a slot.</summary>
    private const long EarlyRenewal = 60_000;

    /// <summary>The same from then on: each time costs half a dozen waits for memory, and windows are of an hour and more.</summary>
    private const long Renewal = 120_000;
    private const long LookInterval = 20_000;
    private const long LongestClaimedDuration = 48 * 3600;

    private readonly FeatureState _state;
    private readonly FeatureWindows _windows;
    private readonly PageLinks _pages;
    private readonly SessionLinks _links;
    private readonly FleetSeries _fleet;
    private readonly TokenCounts _tokens;

    /// <summary>Makes a tracker over the state.</summary>
    /// <param name="state">The keyed state.</param>
    /// <param name="windows">Windows and timeouts.</param>
    /// <param name="referrers">Official pages.</param>
    /// <param name="fleet">Counts what everybody does.</param>
    /// <param name="isTrusted">
    /// Whether an address of a network operator is on the allowlist at a time (Unix milliseconds): what a partner or the
    /// operator's own probes do with a token is no evidence against the token.
    /// </param>
    public SessionTracker(FeatureState state, FeatureWindows windows, ReferrerList referrers, FleetSeries fleet, Func<IpAddress, uint, long, bool> isTrusted)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(windows);
        ArgumentNullException.ThrowIfNull(referrers);
        ArgumentNullException.ThrowIfNull(fleet);
        _state = state;
        _windows = windows;
        _fleet = fleet;
        _pages = new PageLinks(state, windows, referrers);
        _tokens = new TokenCounts(state, windows, referrers);
        _links = new SessionLinks(state, windows, _pages, isTrusted);
        state.SessionEvicted = OnSessionEvicted;
    }

    /// <summary>Applies one event. Its time must not be before the last one's.</summary>
    /// <param name="e">The event.</param>
    /// <param name="tokenText">Identity of the token, UTF-8.</param>
    /// <param name="userText">Id of the user, UTF-8.</param>
    public void Apply(ref readonly PlaybackEvent e, ReadOnlySpan<byte> tokenText, ReadOnlySpan<byte> userText)
    {
        Advance(e.Timestamp);
        _state.FirstEvent = Math.Min(_state.FirstEvent, e.Timestamp);
        int index = _state.Sessions.GetOrAdd(e.Session, out bool added);
        bool foreign = !added && SessionOwners.IsForeign(_state, in _state.Sessions[index], in e);
        if (foreign)
        {
            index = _state.Sessions.GetOrAdd(SessionOwners.KeyOf(_state, in e), out added);
        }
        ref SessionState session = ref _state.Sessions[index];
        bool open = (session.Traits & SessionTraits.Open) != 0;
        if (added || !open)
        {
            if (e.Type == PlaybackEventType.End && !added)
            {
                return;
            }
            Open(index, ref session, in e, tokenText, userText, anew: added || e.Type == PlaybackEventType.Start, borrowed: foreign && e.Token.IsAbsent);
            if (e.Type == PlaybackEventType.End)
            {
                session.Traits |= SessionTraits.Ended;
                Close(index, ref session);
            }
            return;
        }
        Continue(index, ref session, in e, tokenText, userText);
        if (e.Type == PlaybackEventType.End)
        {
            session.Traits |= SessionTraits.Ended;
            Close(index, ref session);
        }
    }

    /// <summary>Lets time pass until <paramref name="now"/> (Unix milliseconds): sessions gone silent end.</summary>
    public void Advance(long now)
    {
        while (_state.Wheel.TryTake(_state.Sessions, now, out int index))
        {
            ref SessionState session = ref _state.Sessions[index];
            bool open = (session.Traits & SessionTraits.Open) != 0;
            long due = session.LastSeen + (open ? Grace(in session) : _windows.Remembered);
            if (due > now)
            {
                File(index, ref session, due, now, open);
            }
            else if (open)
            {
                Close(index, ref session);
                File(index, ref session, session.LastSeen + _windows.Remembered, now, open: false);
            }
            else
            {
                _state.Sessions.Remove(index);
            }
        }
    }

    /// <summary>How long a session may be silent before it has ended, milliseconds.</summary>
    private long Grace(in SessionState session) =>
        (session.Traits & SessionTraits.GapKnown) == 0
            ? _windows.SessionTimeout
            : Math.Clamp(session.Gap * 5L / 2, Math.Min(FeatureWindows.ShortestGrace, _windows.SessionTimeout), _windows.SessionTimeout);

    private void Open(int index, ref SessionState session, ref readonly PlaybackEvent e, ReadOnlySpan<byte> tokenText, ReadOnlySpan<byte> userText, bool anew, bool borrowed)
    {
        long now = e.Timestamp;
        if (anew)
        {
            _state.Wheel.Remove(_state.Sessions, ref session);
            session = default;
            session.LastToken = StateHandle.None;
            session.Start = e.Type == PlaybackEventType.Start || e.Duration <= 0
                ? now
                : now - (Math.Min(e.Duration, LongestClaimedDuration) * 1000);
            // A start that was lost, or whose session is younger than a minute, is a start all the same.
            if (e.Type == PlaybackEventType.Start || (e.Duration >= 0 && now - session.Start < 60_000))
            {
                session.Traits |= SessionTraits.Started;
            }
        }
        else if ((session.Traits & SessionTraits.Ended) == 0)
        {
            // It was taken for silent too soon: its rhythm is slower than it seemed.
            session.Gap = (int)Math.Min(int.MaxValue, Math.Max(session.Gap, now - session.LastSeen));
        }
        session.LastSeen = now;
        session.Traits = (session.Traits | SessionTraits.Open | (borrowed ? SessionTraits.Borrowed : 0)) & ~SessionTraits.Ended;
        if (e.Address != session.Address)
        {
            session.NoteMove(in e);
        }
        session.Address = e.Address;
        session.Describe(in e);
        _fleet.Enter(in session);
        session.NextRefresh = RenewalOf(in session, now);
        StateHandle before = session.LastToken;
        _links.Attach(index, ref session, in e, tokenText, userText);
        if (anew && _links.IsLeap(in session))
        {
            session.Traits |= SessionTraits.Leapt;
        }
        if (session.LastToken != before)
        {
            _tokens.Count(in session, in e);
        }
        if (anew)
        {
            CountSession(ref session, now);
        }
        Refresh(index, ref session, now, arrived: true);
        _state.Wheel.Remove(_state.Sessions, ref session);
        File(index, ref session, now + _windows.SessionTimeout, now, open: true);
    }

    private void File(int index, ref SessionState session, long due, long now, bool open)
    {
        // The rhythm of a session is learned after it was filed, and shortens its time: look again soon.
        _state.Wheel.Add(index, ref session, open ? Math.Min(due, now + LookInterval) : due, now);
    }

    private void Continue(int index, ref SessionState session, ref readonly PlaybackEvent e, ReadOnlySpan<byte> tokenText, ReadOnlySpan<byte> userText)
    {
        long now = e.Timestamp;
        long gap = now - session.LastSeen;
        if (gap > 0)
        {
            // The largest recent interval, slowly forgotten: one early beat must not make the next one look overdue.
            session.Gap = (int)Math.Min(int.MaxValue, Math.Max(gap, session.Gap - (session.Gap >> 3)));
            // Players beat fast at first. A session closed on the strength of those would count as an attempt of seconds.
            if (e.Type == PlaybackEventType.Heartbeat && now - session.Start > Math.Max(gap, FeatureWindows.ShortSession))
            {
                session.Traits |= SessionTraits.GapKnown;
            }
            _links.Watch(in session, gap, now, _windows.SlotLength);
            session.LastSeen = now;
            if ((session.Traits & SessionTraits.Leapt) != 0 && now - session.Start > FeatureWindows.ShortSession)
            {
                CountAfterAll(ref session, now);
            }
        }
        bool elsewhere = e.Address != session.Address;
        // A full table may have given away what the session counts in; every two minutes that is noticed and made good.
        bool lost = !elsewhere && now >= session.NextRefresh && !_links.IsWhole(in session);
        bool moved = elsewhere || lost || !_links.BelongsTo(in session, in e);
        if (moved)
        {
            _fleet.Leave(in session);
            // What it leaves behind must not be shown as running for ever.
            session.Traits &= ~SessionTraits.Open;
            DossierEntries.Record(_state, index, in session);
            session.Traits |= SessionTraits.Open;
            StateHandle before = session.LastToken;
            bool named = session.ReferrerHost == 0 && e.Referrer != 0;
            _links.Detach(ref session);
            if (elsewhere)
            {
                _tokens.CountHandover(in session, in e);
                session.NoteMove(in e);
                session.Address = e.Address;
                session.Traits &= ~(SessionTraits.DataCentre | SessionTraits.SharedEgress);
                session.Country = 0;
                session.Asn = 0;
                session.Provider = 0;
            }
            session.Describe(in e);
            _fleet.Enter(in session);
            _links.Attach(index, ref session, in e, tokenText, userText);
            if (session.LastToken != before)
            {
                _tokens.Count(in session, in e);
            }
            if (elsewhere || lost)
            {
                _links.CountInAddress(in session, now / _windows.SlotLength);
            }
            if (named && session.LastToken == before)
            {
                NameReferrer(in session, now);
            }
        }
        else if (session.ReferrerHost == 0 && e.Referrer != 0)
        {
            session.ReferrerHost = e.Referrer;
            _pages.Attach(ref session, now);
            NameReferrer(in session, now);
            session.NextRefresh = now;
        }
        if (moved || now >= session.NextRefresh)
        {
            if (!moved)
            {
                DescribeAgain(ref session, in e);
            }
            session.NextRefresh = RenewalOf(in session, now);
            Refresh(index, ref session, now, arrived: elsewhere);
        }
        else if (_state.Tokens.Holds(session.Token))
        {
            ref TokenState token = ref _state.Tokens[session.Token.Index];
            // A second session that is heard proves that both run, and against a suspect the time it plays is evidence.
            if (token.Open > 1 || token.Suspect)
            {
                _state.MarkToken(session.Token.Index);
            }
        }
    }

    private void Close(int index, ref SessionState session)
    {
        long now = session.LastSeen;
        _fleet.Leave(in session);
        session.Traits &= ~SessionTraits.Open;
        Refresh(index, ref session, now, arrived: false);
        if ((session.Traits & SessionTraits.Leapt) != 0 && ((session.Traits & SessionTraits.Ended) == 0 || _links.CountsLeap(in session)))
        {
            CountAfterAll(ref session, now);
        }
        if ((session.Traits & (SessionTraits.Started | SessionTraits.Leapt)) == SessionTraits.Started && now - session.Start <= FeatureWindows.ShortSession
            && _state.Addresses.Holds(session.AddressState))
        {
            ref AddressState address = ref _state.Addresses[session.AddressState.Index];
            long minute = Math.Max(address.Minute, now / 60_000);
            SlotRing.Increment(ref address.Minutes[SlotRing.Advance<AddressMinute>(address.Minutes, ref address.Minute, minute)].Short);
            if (_state.Networks.Holds(session.Network))
            {
                _state.Reconnects.CountShort(ref _state.Networks[session.Network.Index], now);
            }
            if (!_state.Reconnects.IsBusy(now) || !_state.Reconnects.IsEverybodys(now, _state.TokenSets.Count(address.Tokens, _windows.WindowStart(now))))
            {
                address.Shorts = FeatureWindows.Faded(address.Shorts, address.ShortsAt, FeatureWindows.Seconds(now)) + 1;
                address.ShortsAt = Math.Max(address.ShortsAt, FeatureWindows.Seconds(now));
            }
            _fleet.EndShort(in session);
        }
        _links.Detach(ref session);
    }

    /// <summary>Describes a session that goes on where it is.</summary>
    private void DescribeAgain(ref SessionState session, ref readonly PlaybackEvent e)
    {
        SessionState before = session;
        session.Describe(in e);
        if (FleetSeries.AreApart(in before, in session))
        {
            _fleet.Leave(in before);
            _fleet.Enter(in session);
        }
        if (((before.Traits ^ session.Traits) & SessionTraits.ToolAgent) != 0)
        {
            _links.NoteTool(in session);
        }
    }

    private void CountSession(ref SessionState session, long now)
    {
        bool started = (session.Traits & SessionTraits.Started) != 0;
        bool missing = session.ReferrerHost == 0;
        long slot = now / _windows.SlotLength;
        _state.TotalSessions++;
        if (started)
        {
            _fleet.Start(in session);
        }
        _links.CountSession(in session, now, slot, started, missing);
    }

    /// <summary>It was taken for one of somebody who goes through the channels, and stayed, fell silent as no viewer's does, or was one of many: it counts.</summary>
    private void CountAfterAll(ref SessionState session, long now)
    {
        session.Traits &= ~SessionTraits.Leapt;
        _links.CountStart(in session, now);
        _tokens.CountAfterAll(in session, now);
    }

    /// <summary>A session whose first event named no page names one now: it is counted as if it had from the start.</summary>
    private void NameReferrer(in SessionState session, long now)
    {
        long slot = now / _windows.SlotLength;
        _links.NameReferrer(in session, slot);
        _tokens.NameReferrer(in session, slot);
    }

    private long RenewalOf(in SessionState session, long now) =>
        now + Math.Min(now - session.Start < FeatureWindows.SettledSession ? EarlyRenewal : Renewal, _windows.SlotLength);

    private void Refresh(int index, ref SessionState session, long now, bool arrived)
    {
        _links.Touch(ref session, now, arrived);
        DossierEntries.Record(_state, index, in session);
    }

    private void OnSessionEvicted(int index)
    {
        ref SessionState session = ref _state.Sessions[index];
        if ((session.Traits & SessionTraits.Open) != 0)
        {
            Close(index, ref session);
        }
        _state.Wheel.Remove(_state.Sessions, ref session);
    }
}
