using AutoGuard.Core.Configuration;
using AutoGuard.Core.Features;
using AutoGuard.Core.Indicators;
using AutoGuard.Core.Policy;
using AutoGuard.Core.Scoring;

namespace AutoGuard.Core.Pipeline;

/// <content>Pages that embed the streams.</content>
internal sealed partial class Judge
{
    /// <summary>Judges a referrer host.</summary>
    public Proposal? JudgeReferrer(int index, long now)
    {
        LastScore = 0;
        // Official pages have the most visitors to count, and nothing that is counted of them says anything.
        if (_meter.IsOfficial(index))
        {
            return null;
        }
        ref ReferrerState referrer = ref _state.Referrers[index];
        _meter.Measure(index, now, out ReferrerFeatures features);
        ReadOnlySpan<Reading> readings = _readings.AsSpan(0, _panel.Read(in features, _readings));
        double score = LastScore = RiskScore.Of(readings);
        ulong pair = _state.Referrers.KeyAt(index);
        int organization = (int)(pair >> 32);
        if (_strings.Find((int)(uint)pair) is not { } host)
        {
            return null;
        }
        LedgerKey ledgerKey = LedgerKeys.OfReferrer(host, organization, _strings);
        if (score == 0)
        {
            _ledger.Calm(ledgerKey);
            return null;
        }
        if (_state.Dossiers.Get(referrer.Dossier) is null)
        {
            referrer.Dossier = _state.Dossiers.Open();
        }
        Verdict verdict = _ledger.Consider(ledgerKey, score, features.Sessions, now, out bool again);
        if (again)
        {
            _state.MarkReferrer(index);
        }
        if (verdict == Verdict.Allow || _allowlist.Covers(host, now) is not null)
        {
            return null;
        }
        // Before it is proposed: what no rule can name would use up the viewers that a block may touch, for nothing. And whether a site's
        // hosts are made for the viewers of its owner, or are its customers', is for people to say: translators and archives look like that.
        verdict = GuardRails.MayBlock(host, out _) && !features.IsSite ? verdict : Verdict.Flag;
        return Propose(
            ledgerKey, new Subject(SubjectType.Referrer, host), organization, verdict, score, readings, TokenWorkflow.Auto, _harm.OfReferrer(index, now),
            Math.Max(1, Math.Min(features.Open, features.Addresses)), now);
    }
}
