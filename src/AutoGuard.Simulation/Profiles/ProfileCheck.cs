namespace AutoGuard.Simulation.Profiles;

/// <summary>What a profile must fulfil before anything is generated from it.</summary>
internal static class ProfileCheck
{
    public static void ThrowIfImpossible(SimulationProfile profile)
    {
        List<string> wrong = [.. Problems(profile)];
        if (wrong.Count > 0)
        {
            throw new ArgumentException($"The profile '{profile.Name}' is impossible: {string.Join("; ", wrong)}.", nameof(profile));
        }
    }

    private static IEnumerable<string> Problems(SimulationProfile profile)
    {
        if (profile.Duration < TimeSpan.FromSeconds(1) || profile.Duration > TimeSpan.FromDays(31))
        {
            yield return $"duration is {profile.Duration}, allowed are 1 second to 31 days";
        }

        if (profile.Viewers is < 0 or > 10_000_000)
        {
            yield return $"viewers is {profile.Viewers}, allowed are 0 to 10,000,000";
        }

        if (profile.HeartbeatSeconds is < 5 or > 300)
        {
            yield return $"heartbeatSeconds is {profile.HeartbeatSeconds}, allowed are 5 to 300";
        }

        if (profile.Streams.IsDefaultOrEmpty || profile.Streams.Any(s => s.Weight is < 1 or > 1_000_000 || !IsPlain(s.Name)))
        {
            yield return "streams must be given, each with a name of printable ASCII without quotes and a weight of 1 to 1,000,000";
        }

        if (profile.Organizations.IsDefault || !profile.Organizations.All(IsPlain))
        {
            yield return "organizations must be of printable ASCII without quotes";
        }

        if (profile.Audience.CarrierNatAddresses is < 0 or > 1_000 || profile.Audience.OfficeAddresses is < 0 or > 1_000 || profile.Audience.Probes is < 0 or > 16)
        {
            yield return "audience may have 0 to 1,000 translators and offices and 0 to 16 probes";
        }

        if (profile.Attacks.IsDefault || profile.Attacks.Any(a => a.At < TimeSpan.Zero || a.At >= profile.Duration || a.Length < TimeSpan.FromSeconds(10) || a.Scale is < 0 or > 100_000))
        {
            yield return "attacks must begin within the recording, last at least 10 seconds and have a scale of 0 to 100,000";
        }

        if (profile.Transport.JitterMilliseconds is < 0 or > 9_000)
        {
            yield return $"transport:jitterMilliseconds is {profile.Transport.JitterMilliseconds}, allowed are 0 to 9,000";
        }

        foreach (string problem in TenantProblems(profile))
        {
            yield return problem;
        }

        foreach ((string name, double share) in Shares(profile))
        {
            if (!(share is >= 0 and <= 1))
            {
                yield return $"{name} is {share}, allowed are 0 to 1";
            }
        }
    }

    private static IEnumerable<string> TenantProblems(SimulationProfile profile)
    {
        AudienceProfile audience = profile.Audience;
        if (audience.Nat64Addresses is < 0 or > 1_000 || audience.CloudProxySites is < 0 or > 1_000 || audience.CampusSites is < 0 or > 1_000
            || audience.UnlistedProbes is < 0 or > 16)
        {
            yield return "audience may have 0 to 1,000 translators, proxies and campuses and 0 to 16 unlisted probes";
        }

        if (profile.Tenants.IsDefault || !profile.Tenants.All(t => IsPlain(t.Name) && t.Weight is >= 1 and <= 1_000_000))
        {
            yield return "tenants must have a name of printable ASCII without quotes and a weight of 1 to 1,000,000";
        }
        else if (profile.Tenants.Select(t => t.Name).Distinct().Count() != profile.Tenants.Length || (profile.Tenants.Length > 0 && profile.Organizations.Length > 0))
        {
            yield return "tenants must have different names, and exclude organizations";
        }
        else if (profile.Tenants.Any(t => t.Streams.Any(name => profile.Streams.All(s => s.Name != name)))
            || (profile.Tenants.Length > 0 && profile.Streams.Any(s => !profile.Tenants.Any(t => t.Streams.IsEmpty || t.Streams.Contains(s.Name)))))
        {
            yield return "tenants must show streams of the profile, and every stream must have a tenant";
        }

        if (profile.Tenants.Select(t => t.Tokens).Append(profile.Tokens).Any(t => t.RenewAfter != TimeSpan.Zero && (t.RenewAfter < TimeSpan.FromMinutes(1) || t.RenewAfter > TimeSpan.FromHours(12))))
        {
            yield return "tokens:renewAfter must be 0 or 1 minute to 12 hours";
        }

        if (profile.Outage is { } outage && (outage.Recovery < TimeSpan.Zero || outage.Recovery > TimeSpan.FromHours(1)))
        {
            yield return "outage:recovery must be 0 to 1 hour";
        }

        if (!profile.Attacks.IsDefault && profile.Attacks.Any(a => a.Organization is { } name && profile.Tenants.All(t => t.Name != name)))
        {
            yield return "attacks must name a tenant of the profile or none";
        }
    }

    private static bool IsPlain(string text) =>
        text.Length is > 0 and <= 128 && text.All(c => c is > ' ' and < (char)127 && c != '"' && c != '\\');

    private static IEnumerable<(string Name, double Share)> Shares(SimulationProfile profile) =>
    [
        ("runningAtStart", profile.RunningAtStart),
        .. AudienceShares("", profile.Audience, profile.Tokens),
        .. profile.Tenants.IsDefault ? [] : profile.Tenants.SelectMany(t => AudienceShares($"tenants:{t.Name}:", t.Audience, t.Tokens)),
        ("outage:share", profile.Outage?.Share ?? 0),
        ("transport:late", profile.Transport.Late),
        ("transport:veryLate", profile.Transport.VeryLate),
        ("transport:duplicate", profile.Transport.Duplicate),
        ("transport:missingStart", profile.Transport.MissingStart),
        ("transport:missingEnd", profile.Transport.MissingEnd),
        ("transport:malformed", profile.Transport.Malformed),
        ("transport:numericTimestamp", profile.Transport.NumericTimestamp),
        ("transport:unknownField", profile.Transport.UnknownField),
    ];

    private static IEnumerable<(string Name, double Share)> AudienceShares(string of, AudienceProfile audience, TokenProfile tokens) =>
    [
        (of + "audience:household", audience.Household),
        (of + "audience:carrierNat", audience.CarrierNat),
        (of + "audience:office", audience.Office),
        (of + "audience:phoneHopping", audience.PhoneHopping),
        (of + "audience:nativeApp", audience.NativeApp),
        (of + "audience:referrerStripping", audience.ReferrerStripping),
        (of + "audience:consumerVpn", audience.ConsumerVpn),
        (of + "audience:traveller", audience.Traveller),
        (of + "audience:flakyLine", audience.FlakyLine),
        (of + "audience:oddReferrer", audience.OddReferrer),
        (of + "audience:hostileText", audience.HostileText),
        (of + "audience:nat64", audience.Nat64),
        (of + "audience:dualStack", audience.DualStack),
        (of + "audience:privacyAddresses", audience.PrivacyAddresses),
        (of + "audience:mobileIpv6", audience.MobileIpv6),
        (of + "audience:mobileCarrier", audience.MobileCarrier),
        (of + "audience:privacyRelay", audience.PrivacyRelay),
        (of + "audience:cloudProxy", audience.CloudProxy),
        (of + "audience:campus", audience.Campus),
        (of + "audience:twoPlaces", audience.TwoPlaces),
        (of + "audience:bigFamily", audience.BigFamily),
        (of + "audience:setTopBox", audience.SetTopBox),
        (of + "audience:allDay", audience.AllDay),
        (of + "audience:vpnSwitching", audience.VpnSwitching),
        (of + "audience:ownVpn", audience.OwnVpn),
        (of + "audience:commuter", audience.Commuter),
        (of + "audience:redialledLine", audience.RedialledLine),
        (of + "audience:mobileHome", audience.MobileHome),
        (of + "audience:channelSurfer", audience.ChannelSurfer),
        (of + "audience:stuckPlayer", audience.StuckPlayer),
        (of + "audience:borderPhone", audience.BorderPhone),
        (of + "audience:multiView", audience.MultiView),
        (of + "audience:familyPhones", audience.FamilyPhones),
        (of + "audience:unlistedPage", audience.UnlistedPage),
        (of + "audience:stalling", audience.Stalling),
        (of + "tokens:perSession", tokens.PerSession),
        (of + "tokens:public", tokens.Public),
        (of + "tokens:jwt", tokens.Jwt),
    ];
}
