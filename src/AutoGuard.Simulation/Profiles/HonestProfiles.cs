namespace AutoGuard.Simulation.Profiles;

/// <summary>Recordings in which nobody misuses anything, each with much of one thing that looks like it.</summary>
internal static class HonestProfiles
{
    /// <summary>Most of the audience arrives within three minutes, and a third of the players stall.</summary>
    public static SimulationProfile KickOff(int viewers, double hours) => ScenarioProfiles.Base("kickoff", viewers, hours) with
    {
        RunningAtStart = 0.02,
        Streams = [ScenarioProfiles.Match("final-live", 12, hours, 0.17, 100), ScenarioProfiles.Channel("news-24", 1)],
        Audience = HonestMixtures.Sized(HonestMixtures.Crowd with { Stalling = 0.35 }, viewers),
    };

    /// <summary>Most sessions drop, and for five minutes their players try again every few seconds.</summary>
    public static SimulationProfile Outage(int viewers, double hours) => ScenarioProfiles.Base("outage", viewers, hours) with
    {
        RunningAtStart = 0.2,
        Streams = [ScenarioProfiles.Match("final-live", 4, hours, 0.12), ScenarioProfiles.Channel("news-24", 1)],
        Outage = new() { At = TimeSpan.FromHours(hours * 0.5), Share = 0.85, Recovery = TimeSpan.FromMinutes(Math.Min(5, hours * 5)) },
    };

    /// <summary>Nearly half of the audience behind translators, campuses and cloud proxies.</summary>
    public static SimulationProfile CarrierNat(int viewers, double hours)
    {
        AudienceProfile mixture = HonestMixtures.Crowd with { CarrierNat = 0.22, Nat64 = 0.12, Campus = 0.05, CloudProxy = 0.03, Household = 0.04, PhoneHopping = 0.04, NativeApp = 0.06 };
        return ScenarioProfiles.Base("carrier-nat", viewers, hours) with
        {
            Streams = [ScenarioProfiles.Match("match-1", 4, hours, 0.3), ScenarioProfiles.Channel("news-24", 3), ScenarioProfiles.Channel("music-24", 1)],
            Audience = HonestMixtures.Sized(mixture, viewers),
        };
    }

    /// <summary>A planned change of the edge: every session ends and starts again within seconds.</summary>
    public static SimulationProfile EdgeSwitch(int viewers, double hours) => ScenarioProfiles.Base("edge-switch", viewers, hours) with
    {
        RunningAtStart = 0.2,
        Streams = [ScenarioProfiles.Match("match-1", 3, hours, 0.15), ScenarioProfiles.Channel("news-24", 2)],
        Outage = new() { At = TimeSpan.FromHours(hours * 0.55), Share = 1, ReconnectWithin = TimeSpan.FromSeconds(15), IsSwitch = true },
    };

    /// <summary>Relays, VPNs, stripped referrers and changing addresses galore.</summary>
    public static SimulationProfile Privacy(int viewers, double hours)
    {
        AudienceProfile mixture = HonestMixtures.Crowd with
        {
            PrivacyRelay = 0.2, ConsumerVpn = 0.08, VpnSwitching = 0.05, OwnVpn = 0.004, ReferrerStripping = 0.15, PrivacyAddresses = 0.07,
            Household = 0.03, NativeApp = 0.02, PhoneHopping = 0.03,
        };
        return ScenarioProfiles.Base("privacy", viewers, hours) with
        {
            Streams = [ScenarioProfiles.Match("match-1", 3, hours, 0.3), ScenarioProfiles.Channel("news-24", 3), ScenarioProfiles.Channel("music-24", 1)],
            Audience = HonestMixtures.Sized(mixture, viewers),
        };
    }

    /// <summary>Apps, set-top boxes and screens that never stop; hardly anybody sends a referrer.</summary>
    public static SimulationProfile Native(int viewers, double hours) => ScenarioProfiles.Base("native", viewers, hours) with
    {
        RunningAtStart = 0.25,
        Streams = [ScenarioProfiles.Channel("one-24", 4), ScenarioProfiles.Channel("two-24", 3), ScenarioProfiles.Match("match-1", 3, hours, 0.3)],
        Audience = HonestMixtures.Sized(HonestMixtures.LivingRoom, viewers),
        Tenants =
        [
            new() { Name = "sofa", Weight = 3, Audience = HonestMixtures.LivingRoom with { SetTopBox = 0.15, AllDay = 0.05, NativeApp = 0.15 }, Clients = ClientMix.AppsOnly, Tokens = ScenarioProfiles.Bound },
            new() { Name = "players", Audience = HonestMixtures.LivingRoom with { NativeApp = 0.28, SetTopBox = 0.15, Household = 0.06 }, Tokens = new() { PerSession = 0.4, Public = 0.2 } },
        ],
    };

    /// <summary>A dozen channels: many go through them, have several side by side, are stuck, or live near a border.</summary>
    public static SimulationProfile Habits(int viewers, double hours)
    {
        AudienceProfile mixture = HonestMixtures.Crowd with
        {
            ChannelSurfer = 0.12, StuckPlayer = 0.06, MultiView = 0.05, BorderPhone = 0.04, VpnSwitching = 0.02, Household = 0.06, NativeApp = 0.05, PhoneHopping = 0.03, FamilyPhones = 0.03,
        };
        return ScenarioProfiles.Base("habits", viewers, hours) with
        {
            Streams = [.. Enumerable.Range(1, 12).Select(i => ScenarioProfiles.Channel($"channel-{i}", 13 - i))],
            Audience = HonestMixtures.Sized(mixture, viewers),
        };
    }

    /// <summary>Nearly a third of the audience on lines that change their address: dialled anew, or a mobile carrier's.</summary>
    public static SimulationProfile Lines(int viewers, double hours)
    {
        AudienceProfile mixture = HonestMixtures.Crowd with { RedialledLine = 0.15, MobileHome = 0.15, Household = 0.04, NativeApp = 0.05, PhoneHopping = 0.03 };
        return ScenarioProfiles.Base("lines", viewers, hours) with
        {
            Streams = [ScenarioProfiles.Match("match-1", 3, hours, 0.3), ScenarioProfiles.Channel("news-24", 3), ScenarioProfiles.Channel("music-24", 1)],
            Audience = HonestMixtures.Sized(mixture, viewers),
        };
    }
}
