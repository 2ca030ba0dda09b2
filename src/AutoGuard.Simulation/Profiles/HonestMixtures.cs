namespace AutoGuard.Simulation.Profiles;

/// <summary>Mixtures of honest viewers, each with every awkward kind in it.</summary>
internal static class HonestMixtures
{
    /// <summary>The general public.</summary>
    public static AudienceProfile Crowd => new()
    {
        Household = 0.103, CarrierNat = 0.04, Office = 0.02, PhoneHopping = 0.08, NativeApp = 0.1, ReferrerStripping = 0.05, ConsumerVpn = 0.015,
        Traveller = 0.004, FlakyLine = 0.025, OddReferrer = 0.003, Nat64 = 0.02, DualStack = 0.06, PrivacyAddresses = 0.05, MobileIpv6 = 0.03,
        MobileCarrier = 0.03, PrivacyRelay = 0.04, CloudProxy = 0.012, Campus = 0.015, TwoPlaces = 0.012, BigFamily = 0.006, SetTopBox = 0.02,
        AllDay = 0.008, VpnSwitching = 0.004, OwnVpn = 0.001, Commuter = 0.012, UnlistedPage = 0.003,
        RedialledLine = 0.01, MobileHome = 0.007, ChannelSurfer = 0.006, StuckPlayer = 0.005, BorderPhone = 0.003, MultiView = 0.004, FamilyPhones = 0.008, Stalling = 0.15, Probes = 2, UnlistedProbes = 3,
    };

    /// <summary>Browsers on the tenant's own pages; next to nobody hides where they come from.</summary>
    public static AudienceProfile Pages => Crowd with
    {
        NativeApp = 0, SetTopBox = 0, ReferrerStripping = 0.002, UnlistedPage = 0.004, Office = 0.05, RedialledLine = 0.005,
    };

    /// <summary>Televisions, boxes and families: long sessions, few referrers.</summary>
    public static AudienceProfile LivingRoom => Crowd with
    {
        Household = 0.163, NativeApp = 0.22, SetTopBox = 0.08, AllDay = 0.03, BigFamily = 0.012, PhoneHopping = 0.03, MobileCarrier = 0.01,
        MobileIpv6 = 0.01, Commuter = 0.003, Office = 0.005, TwoPlaces = 0.02, FamilyPhones = 0.004,
    };

    /// <summary>Phones on all kinds of carriers.</summary>
    public static AudienceProfile OnTheMove => Crowd with
    {
        Household = 0.025, CarrierNat = 0.1, Nat64 = 0.08, PhoneHopping = 0.12, NativeApp = 0.07, MobileCarrier = 0.08, MobileIpv6 = 0.08, Commuter = 0.04, DualStack = 0.03,
        PrivacyAddresses = 0.02, PrivacyRelay = 0.06, SetTopBox = 0.003, AllDay = 0.002, FlakyLine = 0.04, Campus = 0.03, MobileHome = 0.015, FamilyPhones = 0.02,
    };

    /// <summary>Staff: offices and cloud proxies.</summary>
    public static AudienceProfile AtWork => Crowd with
    {
        Office = 0.25, CloudProxy = 0.15, NativeApp = 0.03, PhoneHopping = 0.04, SetTopBox = 0, AllDay = 0.002, UnlistedPage = 0.02, Household = 0.015, BigFamily = 0,
        RedialledLine = 0.005, MobileHome = 0, FamilyPhones = 0.002,
    };

    /// <summary>The mixture with as many sites as an audience of this size has, all tenants together.</summary>
    public static AudienceProfile Sized(AudienceProfile mixture, int viewers) => mixture with
    {
        CarrierNatAddresses = Sites(viewers * mixture.CarrierNat / 500),
        Nat64Addresses = Sites(viewers * mixture.Nat64 / 400),
        OfficeAddresses = Sites(viewers * mixture.Office / 25),
        CloudProxySites = Math.Min(150, Sites(viewers * mixture.CloudProxy / 60)),
        CampusSites = Sites(viewers * mixture.Campus / 100),
    };

    private static int Sites(double count) => (int)Math.Clamp(count, 1, 1_000);
}
