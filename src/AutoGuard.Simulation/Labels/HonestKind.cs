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
}
