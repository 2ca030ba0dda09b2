using System.Diagnostics.CodeAnalysis;
using AutoGuard.Core.Configuration;
using AutoGuard.Core.Enrichment;
using AutoGuard.Core.Events;
using AutoGuard.Core.Features;
using AutoGuard.Core.Indicators;
using AutoGuard.Core.Policy;
using AutoGuard.Core.Scoring;

namespace AutoGuard.Core.Pipeline;

/// <summary>
/// Judges one key: measures its features, reads the indicators, scores them, asks the policy, and draws up the decision.
/// Everything up to the verdict allocates nothing; decisions are rare.
/// </summary>
internal sealed partial class Judge
{
    /// <summary>How long the suspects of a flagged home are given to be revoked before it is blocked for them, milliseconds.</summary>
    private const long TokensFirst = 5 * 60_000;

    private readonly FeatureState _state;
    private readonly FeatureMeter _meter;
    private readonly IndicatorPanel _panel;
    private readonly PolicyLedger _ledger;
    private readonly PolicyOptions _policy;
    private readonly Allowlist _allowlist;
    private readonly HarmEstimator _harm;
    private readonly MinuteSeries _series;
    private readonly StringPool _strings;
    private readonly CircuitBreaker _breaker;
    private readonly Settlement _settlement;
    private readonly Successors _successors;
    private readonly Suspects _suspects;
    private readonly SparedHome _homes;
    private readonly PipelineCounters _counters;
    private string _fingerprint;
    private int _topic;
    private int _partition;
    private long _offset;
    private readonly Population _population = new();
    private readonly Reading[] _readings = new Reading[IndicatorPanel.MostReadings];

    public Judge(
        PipelineSettings settings, Allowlist allowlist, FeatureState state, ReferrerList referrers, MinuteSeries series, StringPool strings, PipelineCounters counters)
    {
        _state = state;
        _series = series;
        _strings = strings;
        _counters = counters;
        _policy = settings.Policy;
        _meter = new FeatureMeter(state, FeatureWindows.From(settings.Detection), referrers, settings.Detection.TokenWorkflow, _population);
        _panel = new IndicatorPanel(new IndicatorScale(settings.Detection.Indicators), settings.Detection.Spike.Persistence);
        _ledger = new PolicyLedger(settings.Policy);
        _allowlist = allowlist;
        _harm = new HarmEstimator(state, _meter.Windows);
        _breaker = new CircuitBreaker(settings.Policy, strings);
        _settlement = new Settlement(_ledger, _breaker, counters);
        Adopt(settings.Model, settings.Fingerprint);
        _successors = new Successors(state, _meter.Windows);
        _suspects = new Suspects(state, _meter.Windows);
        _homes = new SparedHome(state, _meter.Windows);
    }

    public Population Population => _population;

    public FeatureMeter Meter => _meter;

    public IndicatorPanel Panel => _panel;

    public PolicyLedger Ledger => _ledger;

    public Allowlist Allowlist => _allowlist;

    public CircuitBreaker Breaker => _breaker;

    /// <summary>Takes another model for what is usual until enough was seen; decisions name <paramref name="fingerprint"/> from now on.</summary>
    [MemberNotNull(nameof(_fingerprint))]
    public void Adopt(DetectionModel? model, string fingerprint)
    {
        _fingerprint = fingerprint;
        _population.Adopt(model, _strings.Text);
        _state.Habits.Model = model;
    }

    /// <summary>Score of the key judged last.</summary>
    public double LastScore { get; private set; }

    public Footprints Footprints => _successors.Footprints;

    /// <summary>Remembers the coordinates of the event that is applied now: decisions that follow name it.</summary>
    public void NoteSource(ref readonly PlaybackEvent e) => (_topic, _partition, _offset) = (e.Topic, e.Partition, e.Offset);

    /// <summary>Takes a decision of an earlier process into the ledger.</summary>
    public void Remember(Decision decision, Func<string, string?, Key128> tokenKey)
    {
        Verdict verdict = decision.Action switch
        {
            DecisionAction.Flag => Verdict.Flag,
            DecisionAction.Block or DecisionAction.Revoke => Verdict.Block,
            _ => Verdict.Allow,
        };
        if (LedgerKeys.Of(decision, tokenKey, _strings) is { } key && verdict != Verdict.Allow)
        {
            _ledger.Record(key, verdict, decision.Time, decision.Expires);
            if (decision.Action == DecisionAction.Revoke)
            {
                _homes.Remember(tokenKey(decision.Subject.Value, decision.Organization), decision.Except, decision.Time);
            }
        }
    }

    /// <summary>Begins the judgements of a tick: what is usual is what was so until now.</summary>
    public void BeginTick(long now) => _population.Renew(now);

    /// <summary>Judges an address; one that scores as high as a flag counts as an offender of its network.</summary>
    public Proposal? JudgeAddress(int index, long now)
    {
        ref AddressState address = ref _state.Addresses[index];
        LastScore = 0;
        _meter.MeasureAtMost(index, now, out AddressFeatures features);
        _series.Enrol(index, in features);
        address.Suspect = false;
        if (!_panel.HasGrade(in features))
        {
            Calm(in address, index);
            return null;
        }
        _meter.MeasureOpen(index, now, ref features);
        ReadOnlySpan<Reading> readings = _readings.AsSpan(0, _panel.Read(in features, _readings));
        double score = LastScore = RiskScore.Of(readings);
        if (score == 0)
        {
            Calm(in address, index);
            return null;
        }
        if (FeatureMeter.IsOfCampaign(in features))
        {
            _meter.NoteTokenless(index, now);
        }
        if (_state.Dossiers.Get(address.Dossier) is null)
        {
            DossierOpening.Open(_state, ref address);
        }
        (IpAddress value, int organization) = _state.Addresses.KeyAt(index);
        if (_allowlist.Covers(value, address.Asn, now) is not null)
        {
            return null;
        }
        address.Suspect = score >= _policy.FlagScore;
        bool mayBlock = GuardRails.MayBlock(IpNetwork.Of(value, value.IsV4 ? 32 : 128), 32, 128, out _);
        bool isMoreThanCrowd = score >= _policy.FlagScore && ScoreWithoutCrowd(readings) >= _policy.FlagScore;
        LedgerKey ledgerKey = new(SubjectType.Ip, value.High, value.Low, organization);
        bool isNarrow = isMoreThanCrowd && !TokensSuffice(index, in features, ledgerKey, now);
        if (mayBlock && isNarrow && features.Sessions >= _policy.MinimumSessions)
        {
            _suspects.NoteOffender(value, organization, now);
        }
        Verdict verdict = _ledger.Consider(ledgerKey, score, features.Sessions, now, out bool again);
        if (again)
        {
            _state.MarkAddress(index);
        }
        if (verdict == Verdict.Allow || IsNetworkBlocked(value, organization, now))
        {
            return null;
        }
        // An address that no rule may ever name (a proxy of one's own, seen by mistake) is still worth a look.
        HarmPreview harm = _harm.OfAddress(index, now);
        verdict = mayBlock && (verdict != Verdict.Block || isNarrow) ? verdict : Verdict.Flag;
        // What tools do without a token of their own is nobody's viewing.
        int viewers = features.Tokens == 0 && features.ToolShare > 0.5 ? harm.OtherTokens : harm.OtherTokens + 1;
        return Propose(ledgerKey, Subject.Of(value), organization, verdict, score, readings, TokenWorkflow.Auto, harm, viewers, now);
    }

    /// <summary>
    /// What an address comes to when the number of its tokens says nothing. Staff who arrive through a company's proxy within minutes are
    /// as many as bought accounts, and have not played long enough yet to be spared as viewers: a crowd alone is flagged, and several of them are no offence of their network,
    /// for such proxies stand side by side.
    /// </summary>
    public static double ScoreWithoutCrowd(ReadOnlySpan<Reading> readings)
    {
        Span<Reading> others = stackalloc Reading[IndicatorPanel.MostReadings];
        int count = 0;
        foreach (ref readonly Reading reading in readings)
        {
            if (reading.Indicator is not (Indicator.DataCentreTokens or Indicator.AddressTokens))
            {
                others[count++] = reading;
            }
        }
        return RiskScore.Of(others[..count]);
    }

    /// <summary>
    /// Whether an address outside of data centres, against which nothing but its suspects and their connections speaks, is spared for those who watch from there beside
    /// them: each suspect can be revoked without cutting them off. Once the address was flagged there is a while for that; then it is spared only while all but a few have been.
    /// </summary>
    public bool TokensSuffice(int index, in AddressFeatures features, LedgerKey key, long now) =>
        !features.DataCentre && features.SuspectOwners > 0 && ScoreWithoutSuspects(in features) < _policy.FlagScore
        && (features.PendingOwners <= IndicatorPanel.FewSuspects || _ledger.SuspectFor(key, now) < TokensFirst)
        && _harm.HasNeighbours(index, now);

    private double ScoreWithoutSuspects(in AddressFeatures features)
    {
        AddressFeatures others = features;
        others.Suspects = others.SuspectOwners = 0;
        others.Excess = features.ExcessOfOthers;
        Span<Reading> readings = stackalloc Reading[IndicatorPanel.MostReadings];
        return RiskScore.Of(readings[.._panel.Read(in others, readings)]);
    }

    /// <summary>Nothing speaks against an address any more; only one that something once spoke against can have stood in a row.</summary>
    private void Calm(in AddressState address, int index)
    {
        if (_state.Dossiers.Get(address.Dossier) is not null)
        {
            (IpAddress value, int organization) = _state.Addresses.KeyAt(index);
            _ledger.Calm(new(SubjectType.Ip, value.High, value.Low, organization));
        }
    }

    /// <summary>Decides between the proposals of a tick, highest scores first.</summary>
    public void Settle(List<(Proposal Proposal, StateHandle Handle)> proposals, List<(Decision Decision, StateHandle Handle)> decisions, long now)
    {
        if (proposals.Count == 0 && _settlement.PutOff.Count == 0)
        {
            return;
        }
        SettleSome(proposals, decisions, now);
    }

    // Apart, because what a lambda captures is allocated where the method begins.
    private void SettleSome(List<(Proposal Proposal, StateHandle Handle)> proposals, List<(Decision Decision, StateHandle Handle)> decisions, long now)
    {
        _settlement.Forget(waiting => !CaseFiles.Holds(_state, waiting.Proposal.Subject.Type, waiting.Handle));
        _settlement.Settle(proposals, now, (proposal, handle, verdict, lapses) =>
        {
            Decision decision = Decide(proposal, verdict, lapses, now);
            decisions.Add((decision, handle));
            if (proposal.Subject.Type == SubjectType.Token)
            {
                _successors.Note(decision, handle.Index, proposal.Evidence);
                if (decision.Action == DecisionAction.Revoke)
                {
                    _suspects.NoteToken(in _state.Tokens[handle.Index], _state.Tokens.KeyAt(handle.Index), now);
                    _homes.Note(handle.Index, decision.Except, now);
                }
            }
        });
    }

    private Proposal? Propose(
        LedgerKey key, Subject subject, int organization, Verdict verdict, double score, ReadOnlySpan<Reading> readings, TokenWorkflow workflow, HarmPreview harm,
        int viewers, long now)
    {
        if (verdict == Verdict.Block && harm.OtherTokens > _policy.HarmLimitTokens)
        {
            if (_ledger.NoteRefused(key))
            {
                _counters.CountRefusedBlock();
            }
            verdict = Verdict.Flag;
        }
        if (verdict == Verdict.Block && _breaker.IsOpenFor(organization) && !_breaker.TryBlock(key, organization, viewers, now))
        {
            _counters.CountRefusedBlock();
            verdict = Verdict.Flag;
        }
        return _ledger.IsNews(key, verdict, now)
            ? new Proposal(key, subject, organization, verdict, score, Pipeline.Reasons.Of(readings, workflow), harm, viewers)
            : null;
    }

    private Decision Decide(Proposal proposal, Verdict verdict, long? lapses, long now)
    {
        DecisionAction action = verdict == Verdict.Flag ? DecisionAction.Flag
            : proposal.Subject.Type == SubjectType.Token ? DecisionAction.Revoke : DecisionAction.Block;
        string? tenant = proposal.Organization == 0 ? null : _strings.Text(proposal.Organization);
        _counters.Count(action);
        return new Decision
        {
            Id = DecisionId.Of(now, action, proposal.Subject, tenant),
            Time = now,
            Action = action,
            Mode = _policy.Mode,
            Subject = proposal.Subject,
            Organization = tenant,
            Score = Math.Round(proposal.Score, 6),
            Reasons = proposal.Reasons,
            Harm = proposal.Harm,
            Expires = lapses,
            Follows = proposal.Follows,
            Except = action == DecisionAction.Revoke && !proposal.Except.IsDefault ? proposal.Except : [],
            Policy = _fingerprint,
            Source = new SourcePosition(_strings.Text(_topic), _partition, _offset),
        };
    }
}
