namespace AutoGuard.Simulation.Profiles;

/// <summary>Shares (0 to 1) of the honest audience by kind.</summary>
public sealed record AudienceProfile
{
    /// <summary>Two or three screens behind one address, two at once on one token that is bound to a user.</summary>
    public double Household { get; set; } = 0.14;

    /// <summary>Viewers behind an address of a carrier's translator.</summary>
    public double CarrierNat { get; set; } = 0.05;

    /// <summary>Addresses of carrier translators, 0 to 1,000.</summary>
    public int CarrierNatAddresses { get; set; } = 1;

    /// <summary>Viewers at work, behind an office's address.</summary>
    public double Office { get; set; } = 0.02;

    /// <summary>Office addresses, 0 to 1,000.</summary>
    public int OfficeAddresses { get; set; } = 1;

    /// <summary>Phones that move between mobile network and Wi-Fi.</summary>
    public double PhoneHopping { get; set; } = 0.12;

    /// <summary>Apps, set-top boxes and media players: no referrer, long sessions.</summary>
    public double NativeApp { get; set; } = 0.14;

    /// <summary>Browsers that send no referrer.</summary>
    public double ReferrerStripping { get; set; } = 0.06;

    /// <summary>Browsers behind a consumer VPN: an address of a data centre shared with others.</summary>
    public double ConsumerVpn { get; set; } = 0.02;

    /// <summary>People who watch in two countries, hours apart; single viewers when the recording is too short for it.</summary>
    public double Traveller { get; set; } = 0.005;

    /// <summary>Lines that break and reconnect.</summary>
    public double FlakyLine { get; set; } = 0.03;

    /// <summary>Share of browser sessions from odd pages (portals, caches, intranets), a few on each.</summary>
    public double OddReferrer { get; set; } = 0.005;

    /// <summary>Clients whose user agent is a script, a formula or a query: harmless, if nobody lets it run.</summary>
    public double HostileText { get; set; } = 0.0005;

    /// <summary>The operator's own probes, one address each, 0 to 16.</summary>
    public int Probes { get; set; } = 1;

    /// <summary>Viewers behind a translator of a carrier that gives its customers IPv6 only: hundreds on one address.</summary>
    public double Nat64 { get; set; }

    /// <summary>Addresses of such translators, half of them IPv6, 0 to 1,000.</summary>
    public int Nat64Addresses { get; set; } = 2;

    /// <summary>Homes with both families: sessions alternate between an IPv4 and an IPv6 address, some within the session.</summary>
    public double DualStack { get; set; }

    /// <summary>Devices whose IPv6 address changes within the /64 of their home.</summary>
    public double PrivacyAddresses { get; set; }

    /// <summary>Phones that get another /64 of their carrier with every session.</summary>
    public double MobileIpv6 { get; set; }

    /// <summary>Phones that get an address in another /24 of their carrier with every session.</summary>
    public double MobileCarrier { get; set; }

    /// <summary>Browsers behind a privacy relay: addresses of a content network in their country, changing.</summary>
    public double PrivacyRelay { get; set; }

    /// <summary>Staff whose company sends all traffic through a cloud proxy: many on few addresses of a data centre.</summary>
    public double CloudProxy { get; set; }

    /// <summary>Companies with such a proxy, two or three addresses each, 0 to 1,000.</summary>
    public int CloudProxySites { get; set; } = 2;

    /// <summary>Guests of campuses, hotels and stadiums: many over a few addresses of one /24.</summary>
    public double Campus { get; set; }

    /// <summary>Campuses, hotels and stadiums, 0 to 1,000.</summary>
    public int CampusSites { get; set; } = 2;

    /// <summary>Users in two places at once: a second home, a flat, a phone on the road while the television plays.</summary>
    public double TwoPlaces { get; set; }

    /// <summary>Families with up to four screens at once in one network, as the plan allows.</summary>
    public double BigFamily { get; set; }

    /// <summary>Set-top boxes that play one channel for 10 to 30 hours, without a referrer.</summary>
    public double SetTopBox { get; set; }

    /// <summary>Televisions and browsers left running all day and night on a channel.</summary>
    public double AllDay { get; set; }

    /// <summary>Users of a consumer VPN who change exit and country a few times an evening.</summary>
    public double VpnSwitching { get; set; }

    /// <summary>People behind a VPN server of their own in a data centre.</summary>
    public double OwnVpn { get; set; }

    /// <summary>Commuters whose line breaks at every other cell.</summary>
    public double Commuter { get; set; }

    /// <summary>DSL lines that are dialled anew 2 to 14 times an evening and get another address of their operator each time.</summary>
    public double RedialledLine { get; set; }

    /// <summary>
    /// Households whose only line is a mobile carrier's router: three to five screens, two at once on one token that is
    /// bound to a user, every session from another /24 of the carrier.
    /// </summary>
    public double MobileHome { get; set; }

    /// <summary>Viewers who go through 8 to 34 channels, seconds on each, before they stay.</summary>
    public double ChannelSurfer { get; set; }

    /// <summary>Players that cannot play and start again by themselves, 3 to 29 times within minutes.</summary>
    public double StuckPlayer { get; set; }

    /// <summary>Phones near a border: at home in one country, on carriers of two.</summary>
    public double BorderPhone { get; set; }

    /// <summary>Viewers of two to four streams side by side, on one token where it is bound to a user.</summary>
    public double MultiView { get; set; }

    /// <summary>Families with two phones on the move on one token that is bound to a user.</summary>
    public double FamilyPhones { get; set; }

    /// <summary>Viewers on pages that nobody listed (intranets, translators, archives): four viewers a page, three visits each.</summary>
    public double UnlistedPage { get; set; }

    /// <summary>Viewers around a kick-off whose player stalls, so that they start twice or thrice.</summary>
    public double Stalling { get; set; }

    /// <summary>Harmless monitors of partners that nobody put on the allowlist, one address each, 0 to 16.</summary>
    public int UnlistedProbes { get; set; }

    /// <summary>Every share is 0 and there are no probes: for building a mixture from nothing.</summary>
    public static AudienceProfile Nobody => new()
    {
        Household = 0, CarrierNat = 0, Office = 0, PhoneHopping = 0, NativeApp = 0, ReferrerStripping = 0, ConsumerVpn = 0,
        Traveller = 0, FlakyLine = 0, OddReferrer = 0, HostileText = 0, Probes = 0,
    };
}

/// <summary>Shares (0 to 1) of the token workflows; the rest are bound to a user.</summary>
public sealed record TokenProfile
{
    /// <summary>Viewers who get a token for each session, without a user.</summary>
    public double PerSession { get; set; } = 0.2;

    /// <summary>Viewers who use the one public token.</summary>
    public double Public { get; set; } = 0.1;

    /// <summary>Tokens that are written into the events as encoded JWTs instead of their id.</summary>
    public double Jwt { get; set; }

    /// <summary>
    /// After how long a token that is bound to a user gives way to a new one, 1 minute to 12 hours; half of the players
    /// renew within a running session. 0: tokens are not renewed.
    /// </summary>
    public TimeSpan RenewAfter { get; set; }
}
