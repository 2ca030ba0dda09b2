namespace AutoGuard.Simulation.Labels;

/// <summary>What an honest session is; the numbers are written into session ids and must not change.</summary>
public enum HonestKind
{
    /// <summary>One viewer, one screen, a token bound to a user.</summary>
    Single = 0,

    /// <summary>A screen of a household.</summary>
    Household = 1,

    /// <summary>A viewer behind a carrier's translator.</summary>
    CarrierNat = 2,

    /// <summary>A viewer at work.</summary>
    Office = 3,

    /// <summary>A phone on the move.</summary>
    PhoneHopping = 4,

    /// <summary>An app, set-top box or media player.</summary>
    NativeApp = 5,

    /// <summary>A browser without referrer.</summary>
    ReferrerStripping = 6,

    /// <summary>A browser behind a consumer VPN.</summary>
    ConsumerVpn = 7,

    /// <summary>A viewer who was in another country hours ago.</summary>
    Traveller = 8,

    /// <summary>A line that breaks.</summary>
    FlakyLine = 9,

    /// <summary>A viewer on the public token.</summary>
    PublicToken = 10,

    /// <summary>A viewer whose token is for one session.</summary>
    PerSessionToken = 11,

    /// <summary>The operator's own monitoring.</summary>
    Probe = 12,

    /// <summary>An honest viewer placed next to an attacker: same address, same network, or the misused token's owner.</summary>
    Bystander = 13,

    /// <summary>A viewer behind the translator of a carrier that gives out IPv6 only.</summary>
    Nat64 = 14,

    /// <summary>A viewer on an IPv4 and an IPv6 address of one line.</summary>
    DualStack = 15,

    /// <summary>A device whose IPv6 address changes within its /64.</summary>
    PrivacyAddresses = 16,

    /// <summary>A phone with another /64 for every session.</summary>
    MobileIpv6 = 17,

    /// <summary>A phone with another /24 for every session.</summary>
    MobileCarrier = 18,

    /// <summary>A browser behind a privacy relay.</summary>
    PrivacyRelay = 19,

    /// <summary>A viewer at work behind a company's proxy in a data centre.</summary>
    CloudProxy = 20,

    /// <summary>A guest of a campus, hotel or stadium.</summary>
    Campus = 21,

    /// <summary>A screen of a user who is in two places at once.</summary>
    TwoPlaces = 22,

    /// <summary>A screen of a family with up to four at once.</summary>
    BigFamily = 23,

    /// <summary>A set-top box that plays a channel for 10 to 30 hours.</summary>
    SetTopBox = 24,

    /// <summary>A screen left running all day and night.</summary>
    AllDay = 25,

    /// <summary>A consumer VPN's user who changes exits and countries.</summary>
    VpnSwitching = 26,

    /// <summary>A viewer behind a VPN server of their own.</summary>
    OwnVpn = 27,

    /// <summary>A phone that passes cells.</summary>
    Commuter = 28,

    /// <summary>A viewer on a page that nobody listed.</summary>
    UnlistedPage = 29,

    /// <summary>A partner's monitor that nobody put on the allowlist.</summary>
    UnlistedProbe = 30,

    /// <summary>A line that is dialled anew and gets another address of its operator each time.</summary>
    RedialledLine = 31,

    /// <summary>A screen of a household behind a mobile carrier's router.</summary>
    MobileHome = 32,

    /// <summary>Somebody who goes through the channels.</summary>
    ChannelSurfer = 33,

    /// <summary>A player that cannot play and starts again and again.</summary>
    StuckPlayer = 34,

    /// <summary>A phone near a border, in two countries within the hour.</summary>
    BorderPhone = 35,

    /// <summary>A viewer with several streams side by side.</summary>
    MultiView = 36,

    /// <summary>One of two phones of a family on one token, both on the move.</summary>
    FamilyPhones = 37,
}
