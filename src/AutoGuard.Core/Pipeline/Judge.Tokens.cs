using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using AutoGuard.Core.Configuration;
using AutoGuard.Core.Enrichment;
using AutoGuard.Core.Events;
using AutoGuard.Core.Features;
using AutoGuard.Core.Indicators;
using AutoGuard.Core.Policy;
using AutoGuard.Core.Scoring;

namespace AutoGuard.Core.Pipeline;

/// <content>Tokens.</content>
internal sealed partial class Judge
{
    /// <summary>Sessions that name its user from which on a token is somebody's.</summary>
    private const int OwnersSessions = 3;

    /// <summary>Measures a token with what it may follow.</summary>
    public Succession Measure(int index, long now, out TokenFeatures features)
    {
        _meter.Measure(index, now, out features);
        Succession succession = _successors.Of(index, now);
        features.Likeness = succession.Likeness;
        features.Inherited = succession.IsExact && _panel.Reads(Indicator.Successor) ? succession.Footprint!.Evidence : 0;
        return succession;
    }

    /// <summary>Judges a token; what is due for it, if anything.</summary>
    public Proposal? JudgeToken(int index, long now)
    {
        ref TokenState token = ref _state.Tokens[index];
        LastScore = 0;
        if (_meter.IsEverybodys(in token))
        {
            return PassOver(index, now);
        }
        Succession succession = Measure(index, now, out TokenFeatures features);
        token.SharedFromTheStart = features.SharedFromTheStart;
        token.Workflow = features.Workflow;
        token.Owned |= token.UserSessions is >= OwnersSessions and <= 2 * OwnersSessions && token.IsBound && _meter.AreOwnTokensUsual(token.Organization, now);
        if (features.Workflow != TokenWorkflow.Shared)
        {
            _population.Count(ref token, in features);
        }
        _series.Enrol(index, features.Sessions);
        Key128 key = _state.Tokens.KeyAt(index);
        LedgerKey ledgerKey = new(SubjectType.Token, key.High, key.Low);
        if (!_panel.HasGrade(in features) && _policy.FlagScore > 0)
        {
            _ledger.Calm(ledgerKey);
            token.Suspect = false;
            return null;
        }
        ReadOnlySpan<Reading> readings = _readings.AsSpan(0, _panel.Read(in features, _readings));
        double score = LastScore = RiskScore.Of(readings);
        if (score > 0 && _state.Dossiers.Get(token.Dossier) is null)
        {
            DossierOpening.Open(_state, ref token);
            // An earlier process may have left its home alone.
            token.Spared |= _homes.Left(key);
        }
        if (token.Spared)
        {
            _ledger.NoteSpared(ledgerKey, _homes.AreHouseholds(index));
        }
        Verdict verdict = _ledger.Consider(ledgerKey, Held(score, in features), features.EvidenceForFlag, now, out bool again);
        if (again)
        {
            _state.MarkToken(index);
        }
        bool isSuspect = score >= _policy.FlagScore;
        if (verdict == Verdict.Allow && !isSuspect)
        {
            token.Suspect = false;
            return null;
        }
        if (_allowlist.ListsTokens && IsAllowlisted(in token, now))
        {
            return null;
        }
        bool alone = isSuspect && ScoreAlone(index, in features, score, now) >= _policy.FlagScore;
        token.Suspect = alone;
        // However little was seen of it: a relay that changes its token shows little of each.
        if (alone)
        {
            _suspects.NoteToken(in token, key, now);
        }
        if (verdict == Verdict.Allow)
        {
            return null;
        }
        string text = _state.Texts.Text(token.Text);
        // Whose a token is that names one user and then others is for people to say.
        verdict = alone && !(token.IsContested && features.Workflow == TokenWorkflow.PerSession) ? verdict : Verdict.Flag;
        return Propose(
            ledgerKey, new Subject(SubjectType.Token, text), token.Organization, verdict, score, readings, features.Workflow, HarmEstimator.Nobody,
            Viewers(in token, in features), now) is { } proposal
            ? proposal with
            {
                Follows = Successors.IsAmong(proposal.Reasons) ? succession.Footprint?.Decision : null,
                Evidence = features.Evidence,
                Except = proposal.Verdict == Verdict.Block && _policy.SpareHome ? _homes.Of(index, proposal.Reasons, now) : [],
            }
            : null;
    }

    private bool IsAllowlisted(in TokenState token, long now) =>
        _allowlist.Covers(_state.Texts.Text(token.Text), token.IsBound ? _state.Texts.Text(token.UserText) : null, now) is not null;

    /// <summary>
    /// What of a score is held against a token: no more than a flag's, while too little was seen for what cannot be undone, or while it takes what others on its line do.
    /// </summary>
    private double Held(double score, in TokenFeatures features) =>
        features.Evidence >= _policy.MinimumSessions && (features.Alike == 0 || ScoreWithoutCompany(in features) >= _policy.BlockScore)
            ? score
            : Math.Min(score, Math.BitDecrement(_policy.BlockScore));

    private double ScoreWithoutCompany(in TokenFeatures features)
    {
        TokenFeatures alone = features;
        alone.Alike = 0;
        Span<Reading> readings = stackalloc Reading[IndicatorPanel.MostReadings];
        return RiskScore.Of(readings[.._panel.Read(in alone, readings)]);
    }

    /// <summary>
    /// Viewers that revoking a token cuts off rightly or wrongly: one where it is somebody's, however many got hold of it; else as many as
    /// play on it without naming its user.
    /// </summary>
    private static int Viewers(in TokenState token, in TokenFeatures features)
    {
        double others = token.Owned ? 0 : token.IsBound ? 1 - ((double)token.UserSessions / token.TotalSessions) : 1;
        return Math.Max(1, (int)(others * Math.Min(features.Open, features.Networks)));
    }

    /// <summary>
    /// What a token scores without the places of the account's earlier tokens, without being like a revoked one, without taking turns, and without what
    /// others on its line do. Those alone are a reason to look, not to cut off: the devices of a family have tokens of their own, or one that they use one
    /// after the other on their ways, whoever writes events can name anybody, a line may be shared, and where a relay was others may watch the same match.
    /// </summary>
    private double ScoreAlone(int index, in TokenFeatures features, double score, long now)
    {
        if (features.TakenOver == 0 && features.Likeness == 0 && !features.TakeTurns && features.Alike == 0)
        {
            return score;
        }
        _meter.Measure(index, now, out TokenFeatures alone, alone: true);
        Span<Reading> readings = stackalloc Reading[IndicatorPanel.MostReadings];
        return RiskScore.Of(readings[.._panel.Read(in alone, readings)]);
    }

    /// <summary>Judges a token that everybody has: whatever it shows is nothing, and it shows so much that looking takes long.</summary>
    private Proposal? PassOver(int index, long now)
    {
        _state.Tokens[index].Workflow = TokenWorkflow.Shared;
        _state.Tokens[index].Suspect = false;
        _series.Enrol(index, _meter.SessionsOf(index, now));
        Key128 key = _state.Tokens.KeyAt(index);
        _ledger.Consider(new(SubjectType.Token, key.High, key.Low), 0, 0, now, out _);
        return null;
    }
}
