using AutoGuard.Core.Enrichment;
using AutoGuard.Core.Events;
using AutoGuard.Core.Features;
using AutoGuard.Core.Policy;
using AutoGuard.Core.Spikes;

namespace AutoGuard.Core.Pipeline;

/// <summary>
/// Events in, decisions out: the one thread of detection. Events are put in order of event time, applied to state, and once in every
/// tick of event time each key that changed is judged, all of them spread over the tick. Decisions are a function of the events, the settings and
/// the lists; the order of arrival within the allowed lateness, the secrets and the clock on the wall leave no trace.
/// </summary>
public sealed partial class DetectionPipeline
{
    private const long ReorderSpan = 24 * 3_600_000L;

    /// <summary>Most events held back; beyond it the watermark is moved on, and what is still missing will be late.</summary>
    private const int MostWaiting = 1_000_000;

    /// <summary>From here on events ahead of their clock are refused: they stay for minutes, and the room is for those in time.</summary>
    private const int MostAhead = MostWaiting / 2;

    private const long MinuteLength = 60_000;

    /// <summary>Length of a slice of a tick, milliseconds: so often some keys are judged. A tick is cut into as many as fit.</summary>
    private const long SliceLength = ReorderBuffer.SlotLength;

    private readonly StringPool _strings;
    private readonly FeatureState _state;
    private readonly SessionTracker _tracker;
    private readonly FleetSeries _fleet;
    private readonly MinuteSeries _series;
    private readonly Judge _judge;
    private readonly Kind[] _kinds;
    private readonly CaseFiles _cases;
    private readonly StateSweeper _sweeper;
    private readonly EventClock _clock;
    private readonly ReorderBuffer _reorder;
    private readonly Foresight _foresight;
    private readonly EventBatch _held = new(EventClock.Witnesses);
    private readonly List<(Proposal Proposal, StateHandle Handle)> _proposals = [];
    private readonly List<(Decision Decision, StateHandle Handle)> _due = [];
    private readonly long _tickInterval;
    private readonly long _sliceLength;
    private readonly int _ticksPerMinute;
    private long _nextSlice = long.MinValue;
    private long _minute = long.MinValue;
    private int _slicesToEnd;
    private Key128 _lastSession;
    private long _lastTime = long.MinValue;
    private PlaybackEventType _lastType;

    /// <summary>Makes a pipeline.</summary>
    /// <param name="settings">All that decides besides the events.</param>
    /// <param name="strings">The pool that the parser interns in.</param>
    /// <param name="claims">The pool of the parser's claims.</param>
    /// <param name="referrers">Official pages.</param>
    public DetectionPipeline(PipelineSettings settings, StringPool strings, ClaimsPool claims, ReferrerList referrers)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(strings);
        ArgumentNullException.ThrowIfNull(claims);
        ArgumentNullException.ThrowIfNull(referrers);
        _strings = strings;
        int slices = (int)Math.Max(1, settings.Detection.TickInterval.TotalMilliseconds / SliceLength);
        _sliceLength = (long)(settings.Detection.TickInterval.TotalMilliseconds / slices);
        _tickInterval = _sliceLength * slices;
        _ticksPerMinute = (int)Math.Max(2, MinuteLength / _tickInterval);
        long lateness = (long)settings.Detection.AllowedLateness.TotalMilliseconds;
        _clock = new EventClock(lateness);
        _reorder = new ReorderBuffer(ReorderSpan, lateness);
        _state = new FeatureState(settings.Detection.Capacity, settings.Secret0, settings.Secret1, slices);
        FeatureWindows windows = FeatureWindows.From(settings.Detection);
        Allowlist allowlist = new(settings.Allowlist);
        bool listsAddresses = allowlist.ListsAddresses;
        _fleet = new FleetSeries(strings, settings.Detection.Spike.History);
        _tracker = new SessionTracker(
            _state, windows, referrers, _fleet, (address, asn, now) => listsAddresses && allowlist.Covers(address, asn, now) is not null);
        _series = new MinuteSeries(_state, _fleet, settings.Detection.Spike, settings.SpikeEngine ?? new NativeSpikeEngine());
        _foresight = new Foresight(_state);
        _judge = new Judge(settings, allowlist, _state, referrers, _series, strings, Counters);
        // Addresses before networks: an address found offending is counted before its network is judged.
        _kinds =
        [
            new(SubjectType.Token, _state.DirtyTokens, _state.TryTakeToken, _judge.JudgeToken, _foresight.LookAtTokens),
            new(SubjectType.Ip, _state.DirtyAddresses, _state.TryTakeAddress, _judge.JudgeAddress, _foresight.LookAtAddresses),
            new(SubjectType.Cidr, _state.DirtyNetworks, _state.TryTakeNetwork, _judge.JudgeNetwork, static (_, _, _) => { }),
            new(SubjectType.Referrer, _state.DirtyReferrers, _state.TryTakeReferrer, _judge.JudgeReferrer, static (_, _, _) => { }),
        ];
        _cases = new CaseFiles(_state, _judge, strings, claims);
        _sweeper = new StateSweeper(_state, windows);
        Explainer = new Explainer(_state, _judge, _cases, strings, settings.Policy);
        Watch = new JudgementWatch(Explainer);
    }

    /// <summary>What was done so far.</summary>
    public PipelineCounters Counters { get; } = new();

    /// <summary>The keyed state, for figures and tests.</summary>
    public FeatureState State => _state;

    /// <summary>Whether blocks become flags now, and why. To be read between batches, on the detection thread.</summary>
    public CircuitBreaker Breaker => _judge.Breaker;

    /// <summary>What everybody does, per minute. To be read between batches, on the detection thread.</summary>
    public FleetSeries Fleet => _fleet;

    /// <summary>What is usual among tokens now. To be read between batches, on the detection thread.</summary>
    public Population Population => _judge.Population;

    /// <summary>Says why a subject was or was not acted on. To be called between batches, on the detection thread.</summary>
    public Explainer Explainer { get; }

    /// <summary>Shows the judgements of chosen subjects.</summary>
    public JudgementWatch Watch { get; }

    /// <summary>Called whenever keys were judged, several times in a tick, with the event time (Unix milliseconds), on the detection thread; for recordings.</summary>
    public Action<long>? AfterSlice { get; set; }

    /// <summary>Called after the first slice of every tick, when what is usual was worked out anew.</summary>
    public Action<long>? AfterTick { get; set; }

    /// <summary>Event time up to which all is decided, Unix milliseconds; <see cref="long.MinValue"/> before the first event.</summary>
    public long Watermark => _clock.Watermark;

    /// <summary>Events that wait for the watermark.</summary>
    public int Waiting => _reorder.Count + _held.Count;

    /// <summary>Real time, Unix milliseconds, for a live source; bounds what an event may say of its time.</summary>
    public void SetRealTime(long now) => _clock.RealTime = now;

    /// <summary>
    /// Takes another model for what is usual where too few were seen. To be called between batches, on the detection thread;
    /// decisions name <paramref name="fingerprint"/> from now on, since they depend on it.
    /// </summary>
    public void Adopt(DetectionModel? model, string fingerprint) => _judge.Adopt(model, fingerprint);

    /// <summary>
    /// Remembers decisions made before this process began, so that they are not made again within their hold-off, and that no account
    /// goes on where a revoked token was.
    /// </summary>
    /// <param name="decisions">Decisions, oldest first.</param>
    /// <param name="tokenKey">The key of a token's identity within a tenant (null for the nameless one).</param>
    public void Remember(IEnumerable<Decision> decisions, Func<string, string?, Key128> tokenKey)
    {
        ArgumentNullException.ThrowIfNull(decisions);
        ArgumentNullException.ThrowIfNull(tokenKey);
        foreach (Decision decision in decisions)
        {
            _judge.Remember(decision, tokenKey);
            if (decision.Action == DecisionAction.Revoke)
            {
                State.Accounts.NoteRevoked(tokenKey(decision.Subject.Value, decision.Organization));
            }
        }
    }

    /// <summary>
    /// Tells how many records could not be read as events. The reader says so with every batch: when they become many, blocks
    /// become flags.
    /// </summary>
    public void NoteMalformed(int records)
    {
        if (records > 0)
        {
            _judge.Breaker.HearMalformed(records, _clock.Watermark);
        }
    }

    /// <summary>Takes a batch of events and adds what follows from it to <paramref name="output"/>.</summary>
    public void Process(EventBatch batch, DetectionOutput output)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentNullException.ThrowIfNull(output);
        foreach (ref readonly PlaybackEvent e in batch.Events)
        {
            Admit(in e, batch, output);
        }
        Drain(output);
    }

    /// <summary>Event time that the source has come to, Unix milliseconds; <see cref="long.MinValue"/> before the first event.</summary>
    public long LatestEventTime => _clock.Confirmed;

    /// <summary>Largest time of any event accepted, even one ahead of all others that waits for them.</summary>
    public long FurthestEventTime => _clock.Latest;

    /// <summary>A partition will be read: event time waits for it until its first event, or until it is marked idle.</summary>
    public void Expect(int partition) => _clock.Expect(partition);

    /// <summary>A partition has nothing to read now: it no longer holds event time back.</summary>
    public void MarkIdle(int partition, DetectionOutput output)
    {
        _clock.MarkIdle(partition);
        Drain(output);
    }

    /// <summary>A partition is read elsewhere from now on.</summary>
    public void Forget(int partition, DetectionOutput output)
    {
        _clock.Forget(partition);
        Drain(output);
    }

    /// <summary>Nothing older than this (Unix milliseconds) can come any more: a live source that is silent.</summary>
    public void AdvanceTo(long watermark, DetectionOutput output)
    {
        _clock.AdvanceTo(watermark);
        Drain(output);
        if (_nextSlice != long.MinValue)
        {
            RunSlices(watermark, output);
        }
    }

    /// <summary>
    /// The input has ended: everything held is decided, with one last tick after the last event, and all cases get their
    /// final evidence.
    /// </summary>
    public void Complete(DetectionOutput output)
    {
        ArgumentNullException.ThrowIfNull(output);
        // Events still waiting for others to confirm their time have none: there was one clock, and they were ahead of it.
        Counters.CountFuture(_held.Count);
        _held.Clear();
        while (_reorder.Count > 0)
        {
            _clock.AdvanceTo(_reorder.Horizon == long.MaxValue ? long.MaxValue / 2 : _reorder.Horizon + (2 * ReorderBuffer.SlotLength));
            Drain(output);
        }
        if (_nextSlice != long.MinValue)
        {
            // Each slice once, even if the first tick is still to come.
            RunSlices(Math.Max(_lastTime + _tickInterval, _nextSlice + _tickInterval - _sliceLength), output);
            _cases.Renew(_lastTime, 1, output.Cases);
        }
    }

    private void Drain(DetectionOutput output)
    {
        while (_reorder.TryTake(_clock.Watermark, out ReorderBuffer.Slot slot))
        {
            for (int i = 0; i < slot.Count; i++)
            {
                _foresight.Look(slot, i);
                ref readonly PlaybackEvent e = ref slot[i];
                if (e.Timestamp == _lastTime && e.Session == _lastSession && e.Type == _lastType)
                {
                    Counters.CountDuplicate();
                    _judge.Breaker.HearAgain(in e);
                    continue;
                }
                (_lastTime, _lastSession, _lastType) = (e.Timestamp, e.Session, e.Type);
                if (e.Timestamp >= _nextSlice)
                {
                    RunSlices(e.Timestamp, output);
                }
                _judge.NoteSource(in e);
                _judge.Breaker.Hear(in e);
                _tracker.Apply(in e, slot.Text(e.TokenText), slot.Text(e.UserText));
                Counters.CountAccepted();
            }
            _reorder.Return(slot);
        }
    }

    /// <summary>Judges all slices up to <paramref name="time"/>; what is judged at an instant sees the events before it.</summary>
    private void RunSlices(long time, DetectionOutput output)
    {
        if (_nextSlice == long.MinValue)
        {
            _nextSlice = ((time / _tickInterval) + 1) * _tickInterval;
            _minute = time / MinuteLength;
            return;
        }
        while (_nextSlice <= time)
        {
            JudgeSlice(_nextSlice, output);
            _nextSlice += _sliceLength;
            bool asleep = _state.OpenSessions == 0 && _state.DirtyTokens.Count == 0 && _state.DirtyAddresses.Count == 0;
            if (asleep && time - _nextSlice > MinuteLength * 60)
            {
                // Nobody watches, and the next event is hours away: the ticks between would find nothing.
                _nextSlice = time / _tickInterval * _tickInterval;
            }
        }
    }

    private void JudgeSlice(long now, DetectionOutput output)
    {
        int slice = (int)(now / _sliceLength % _state.Slices);
        _tracker.Advance(now);
        if (now / MinuteLength > _minute)
        {
            _series.EndMinute(_minute);
            _minute = now / MinuteLength;
            _slicesToEnd = _state.Slices;
            _judge.Ledger.Prune(now);
            _judge.Footprints.Prune(now);
        }
        if (_slicesToEnd > 0)
        {
            _series.EndMinuteOf(slice);
            _slicesToEnd--;
        }
        _judge.Breaker.Pass(now, Math.Max(_state.OpenSessions, _state.Tokens.Count));
        _proposals.Clear();
        _due.Clear();
        if (slice == 0)
        {
            Counters.CountTick();
            _cases.Renew(now, _ticksPerMinute, output.Cases);
            _judge.BeginTick(now);
            _sweeper.Sweep(now);
        }
        foreach (Kind kind in _kinds)
        {
            JudgeAll(kind, slice, now);
        }
        _judge.Settle(_proposals, _due, now);
        _judge.Breaker.TakeNotices(output.Notices);
        _due.Sort(static (a, b) => a.Decision.Subject.CompareTo(b.Decision.Subject));
        foreach ((Decision decision, StateHandle handle) in _due)
        {
            output.Decisions.Add(decision);
            output.Cases.Add(_cases.Add(decision, handle, now));
        }
        AfterSlice?.Invoke(now);
        if (slice == 0)
        {
            AfterTick?.Invoke(now);
        }
    }

    /// <summary>Judges the keys of one kind and slice that changed; those marked while they are judged wait for the next tick.</summary>
    private void JudgeAll(Kind kind, int slice, long now)
    {
        List<StateHandle> marked = kind.Dirty.Of(slice);
        int count = marked.Count;
        for (int i = 0; i < count; i++)
        {
            kind.LookAhead(marked, i, count);
            StateHandle handle = marked[i];
            if (!kind.TryTake(handle))
            {
                continue;
            }
            if (kind.Judge(handle.Index, now) is { } proposal)
            {
                _proposals.Add((proposal, handle));
            }
            Watch.Judged(kind.Type, handle.Index, _judge.LastScore, now);
        }
        kind.Dirty.Release(slice, count);
    }

    /// <summary>How keys of one kind are taken off their list and judged.</summary>
    private sealed record Kind(SubjectType Type, MarkedKeys Dirty, Func<StateHandle, bool> TryTake, Func<int, long, Proposal?> Judge, Action<List<StateHandle>, int, int> LookAhead);
}
