namespace AutoGuard.Core.Features;

/// <content>Sites of IPv6.</content>
public sealed partial class FeatureMeter
{
    /// <summary>Networks without a token that a site may have for each of its tokens: a carrier's customers have one each.</summary>
    private const int NetworksPerToken = 3;

    /// <summary>Networks without a token from which on a site stands out.</summary>
    private const int FewNetworks = 8;

    /// <summary>How long a site must have stood out, seconds: by then every token that plays there was noted.</summary>
    private const uint Standing = FeatureWindows.AtOnce;

    /// <summary>How far back sites that stood out are remembered, milliseconds.</summary>
    private const long AlikeFor = 15 * 60_000;

    /// <summary>Whether a site would stand out if it had for long enough.</summary>
    public static bool IsConspicuous(in NetworkFeatures features) => features.TokenlessNetworks * features.OthersHaveTokens > FewNetworks;

    /// <summary>Notes whether a site stands out: many that do at a time are no one line's doing.</summary>
    public void NoteSite(int index, long now, in NetworkFeatures features)
    {
        ref NetworkState site = ref state.Networks[index];
        if (!IsConspicuous(in features))
        {
            site.StandsOutSince = 0;
            return;
        }
        uint seconds = FeatureWindows.Seconds(now);
        site.StandsOutSince = site.StandsOutSince == 0 ? seconds : site.StandsOutSince;
        TenantAddress key = state.Networks.KeyAt(index);
        int tenant = state.Tenants.Find((ulong)key.Organization);
        if (tenant >= 0)
        {
            _ = state.PlainSets.GetOrAdd(ref state.Tenants[tenant].Sites, state.Hash.Hash(key.Address), seconds, FeatureWindows.Seconds(now - AlikeFor), out _);
        }
    }

    private void MeasureSite(int index, long now, ref NetworkFeatures features)
    {
        ref NetworkState site = ref state.Networks[index];
        uint seconds = FeatureWindows.Seconds(now);
        features.IsSite = true;
        features.DataCentre = site.DataCentre;
        // A privacy relay's exits lie side by side. A crowd whose tokens cannot all be counted may own whatever plays there.
        int networks = site.SharedEgress || features.Tokens >= CountableTokens ? 0 : state.PlainSets.Count(site.Addresses, seconds - FeatureWindows.AtOnce);
        features.TokenlessNetworks = Math.Max(0, networks - (NetworksPerToken * features.Tokens));
        features.StandsOut = site.StandsOutSince > 0 && seconds >= site.StandsOutSince + Standing;
        int tenant = features.TokenlessNetworks == 0 ? -1 : state.Tenants.Find((ulong)state.Networks.KeyAt(index).Organization);
        if (tenant >= 0)
        {
            features.OthersHaveTokens = OthersHaveTokens(in site, ref state.Tenants[tenant], now);
            features.SitesAlike = state.PlainSets.Count(state.Tenants[tenant].Sites, FeatureWindows.Seconds(now - AlikeFor));
        }
    }

    /// <summary>
    /// How far sessions that last have a token outside the site, or a flood would make itself usual. Unlike <see cref="TokensAreUsual"/>
    /// it counts those without one wherever they are: after a restart those of players that name theirs once, in networks of whatever size.
    /// </summary>
    private double OthersHaveTokens(in NetworkState site, ref TenantState tenant, long now)
    {
        double sessions = Sum(tenant.Lasting, ref tenant.LastingSlot, now);
        double tokenless = Sum(tenant.LastingTokenless, ref tenant.LastingTokenlessSlot, now);
        double own = Math.Min(tokenless, windows.FadedInWindow(site.Tokenless, site.TokenlessAt, FeatureWindows.Seconds(now)));
        return sessions - own < EnoughTenantSessions ? 0 : Math.Max(0, 1 - (5 * (tokenless - own) / (sessions - own)));
    }
}
