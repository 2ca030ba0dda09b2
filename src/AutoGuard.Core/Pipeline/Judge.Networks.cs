using AutoGuard.Core.Configuration;
using AutoGuard.Core.Events;
using AutoGuard.Core.Features;
using AutoGuard.Core.Indicators;
using AutoGuard.Core.Policy;
using AutoGuard.Core.Scoring;

namespace AutoGuard.Core.Pipeline;

/// <content>Networks, and sites of IPv6.</content>
internal sealed partial class Judge
{
    /// <summary>Whether a block of the network of an address runs, or of its site.</summary>
    public bool IsNetworkBlocked(IpAddress address, int organization, long now) =>
        _ledger.IsBlocked(LedgerKeys.OfNetwork(FeatureWindows.NetworkOf(address).Address, organization), now)
            || IsSiteBlocked(address, organization, now);

    /// <summary>Judges a network.</summary>
    public Proposal? JudgeNetwork(int index, long now)
    {
        ref NetworkState network = ref _state.Networks[index];
        (IpAddress key, int organization) = _state.Networks.KeyAt(index);
        IpNetwork value = FeatureWindows.NetworkOfKey(key);
        _meter.Measure(index, now, out NetworkFeatures features);
        if (features.IsSite)
        {
            _meter.NoteSite(index, now, in features);
            network.MostOpen = Math.Max(network.MostOpen, features.TokenlessNetworks);
        }
        ReadOnlySpan<Reading> readings = _readings.AsSpan(0, _panel.Read(in features, _readings));
        double score = LastScore = RiskScore.Of(readings);
        if (features.IsSite && score > 0 && _state.Dossiers.Get(network.Dossier) is null)
        {
            network.Dossier = _state.Dossiers.Open();
        }
        LedgerKey ledgerKey = LedgerKeys.OfNetwork(key, organization);
        Verdict verdict = _ledger.Consider(ledgerKey, score, features.Evidence, now, out bool again);
        if (again)
        {
            _state.MarkNetwork(index);
        }
        if (verdict == Verdict.Allow || _allowlist.Covers(value, network.Asn, now) is not null || (!features.IsSite && IsSiteBlocked(key, organization, now)))
        {
            return null;
        }
        if (!GuardRails.MayBlock(value, _policy.WidestPrefixV4, _policy.WidestPrefixV6, out _))
        {
            // What is only too wide to be blocked as the policy has it is worth a look.
            if (!features.IsSite || !GuardRails.MayBlock(value, GuardRails.WidestV4, GuardRails.WidestV6, out _))
            {
                return null;
            }
            verdict = Verdict.Flag;
        }
        HarmPreview harm = _harm.OfNetwork(index, now);
        return Propose(
            ledgerKey, Subject.Of(value), organization, verdict, score, readings, TokenWorkflow.Auto, harm, Math.Max(1, harm.OtherTokens + features.Offenders), now);
    }

    private bool IsSiteBlocked(IpAddress address, int organization, long now) =>
        !address.IsV4 && _ledger.IsBlocked(LedgerKeys.OfNetwork(FeatureWindows.SiteKeyOf(address), organization), now);
}
