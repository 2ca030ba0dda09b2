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

        foreach ((string name, double share) in Shares(profile))
        {
            if (!(share is >= 0 and <= 1))
            {
                yield return $"{name} is {share}, allowed are 0 to 1";
            }
        }
    }

    private static bool IsPlain(string text) =>
        text.Length is > 0 and <= 128 && text.All(c => c is > ' ' and < (char)127 && c != '"' && c != '\\');

    private static (string Name, double Share)[] Shares(SimulationProfile profile) =>
    [
        ("runningAtStart", profile.RunningAtStart),
        ("audience:household", profile.Audience.Household),
        ("audience:carrierNat", profile.Audience.CarrierNat),
        ("audience:office", profile.Audience.Office),
        ("audience:phoneHopping", profile.Audience.PhoneHopping),
        ("audience:nativeApp", profile.Audience.NativeApp),
        ("audience:referrerStripping", profile.Audience.ReferrerStripping),
        ("audience:consumerVpn", profile.Audience.ConsumerVpn),
        ("audience:traveller", profile.Audience.Traveller),
        ("audience:flakyLine", profile.Audience.FlakyLine),
        ("audience:oddReferrer", profile.Audience.OddReferrer),
        ("audience:hostileText", profile.Audience.HostileText),
        ("tokens:perSession", profile.Tokens.PerSession),
        ("tokens:public", profile.Tokens.Public),
        ("tokens:jwt", profile.Tokens.Jwt),
        ("outage:share", profile.Outage?.Share ?? 0),
        ("transport:late", profile.Transport.Late),
        ("transport:veryLate", profile.Transport.VeryLate),
        ("transport:duplicate", profile.Transport.Duplicate),
        ("transport:missingEnd", profile.Transport.MissingEnd),
        ("transport:malformed", profile.Transport.Malformed),
        ("transport:numericTimestamp", profile.Transport.NumericTimestamp),
        ("transport:unknownField", profile.Transport.UnknownField),
    ];
}
