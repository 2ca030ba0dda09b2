using System.Collections.Immutable;

namespace AutoGuard.Simulation.Profiles;

/// <summary>A scenario: who watches what and when, who misuses it, and how clean the events arrive.</summary>
/// <remarks>
/// Optional members have setters because generated JSON readers give absent init-only members their type's default and
/// not the one written here. Change a profile by <c>with</c>.
/// </remarks>
public sealed record SimulationProfile
{
    /// <summary>Name, for people and for the truth file.</summary>
    public required string Name { get; init; }

    /// <summary>Event time at which the recording begins, UTC.</summary>
    public DateTimeOffset Start { get; set; } = new(2025, 11, 14, 17, 0, 0, TimeSpan.Zero);

    /// <summary>Length of the recording, up to 31 days.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>Honest viewers who arrive over the whole recording, 0 to 10,000,000.</summary>
    public required int Viewers { get; init; }

    /// <summary>Share of the viewers who are already watching when the recording begins: their first event is a heartbeat.</summary>
    public double RunningAtStart { get; set; } = 0.1;

    /// <summary>Seconds between two heartbeats of a session, 5 to 300; 10, 30 and 60 are usual.</summary>
    public int HeartbeatSeconds { get; set; } = 30;

    /// <summary>How many times faster than event time a demonstration should play this, at least 1.</summary>
    public double SuggestedSpeed { get; set; } = 1;

    /// <summary>What is on.</summary>
    public required ImmutableArray<StreamProfile> Streams { get; init; }

    /// <summary>Tenants, each with an equal part of the audience; empty: events name none.</summary>
    public ImmutableArray<string> Organizations { get; set; } = [];

    /// <summary>Shares of the honest kinds; the rest are single viewers.</summary>
    public AudienceProfile Audience { get; set; } = new();

    /// <summary>How the platform hands out tokens.</summary>
    public TokenProfile Tokens { get; set; } = new();

    /// <summary>Who misuses the platform.</summary>
    public ImmutableArray<AttackProfile> Attacks { get; set; } = [];

    /// <summary>A failure of the platform after which everybody reconnects; null: none.</summary>
    public OutageProfile? Outage { get; set; }

    /// <summary>What happens to events on their way.</summary>
    public TransportProfile Transport { get; set; } = new();
}

/// <summary>One stream of the schedule.</summary>
public sealed record StreamProfile
{
    /// <summary>Stream name as in the events.</summary>
    public required string Name { get; init; }

    /// <summary>Relative size of its audience, 1 to 1,000,000.</summary>
    public int Weight { get; set; } = 1;

    /// <summary>When the match starts, after the start of the recording (negative: before it); null: a channel that never stops.</summary>
    public TimeSpan? KickOff { get; set; }

    /// <summary>How long a match lasts.</summary>
    public TimeSpan Length { get; set; } = TimeSpan.FromMinutes(110);
}

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
}

/// <summary>One case of misuse.</summary>
public sealed record AttackProfile
{
    /// <summary>What is done.</summary>
    public required AttackKind Kind { get; init; }

    /// <summary>How well it hides.</summary>
    public Difficulty Difficulty { get; set; } = Difficulty.Easy;

    /// <summary>First abnormal event, after the start of the recording.</summary>
    public required TimeSpan At { get; init; }

    /// <summary>How long it goes on; cut at the end of the recording.</summary>
    public required TimeSpan Length { get; init; }

    /// <summary>Addresses, connections, tokens or viewers involved; 0: what is usual for kind and difficulty.</summary>
    public int Scale { get; set; }
}

/// <summary>Kinds of misuse.</summary>
public enum AttackKind
{
    /// <summary>A group uses one token that is bound to a user, from several addresses at once.</summary>
    TokenSharing,

    /// <summary>A token was posted publicly and is used from everywhere.</summary>
    LeakedToken,

    /// <summary>A relay in a data centre plays a token all the time to restream it.</summary>
    DataCentreRelay,

    /// <summary>Hundreds of connections from one address.</summary>
    AddressFlood,

    /// <summary>A program opens and drops sessions of a few seconds.</summary>
    AutomatedReconnects,

    /// <summary>Many tokens behind one address of a data centre.</summary>
    TokenFarm,

    /// <summary>Many addresses of one hosting network reconnect all the time.</summary>
    SubnetOffenders,

    /// <summary>A foreign page embeds the player; its viewers hold ordinary tokens.</summary>
    IllegalEmbed,

    /// <summary>One token that changes its country every few minutes.</summary>
    CountryHopping,

    /// <summary>A relay that looks like one viewer at home who never sleeps.</summary>
    CarefulRelay,
}

/// <summary>How well misuse hides.</summary>
public enum Difficulty
{
    /// <summary>Crude: far beyond what any viewer does.</summary>
    Easy,

    /// <summary>Close to what honest viewers do.</summary>
    Hard,

    /// <summary>Spread over its whole time.</summary>
    Slow,
}

/// <summary>A failure of the platform.</summary>
public sealed record OutageProfile
{
    /// <summary>When sessions drop, after the start of the recording.</summary>
    public required TimeSpan At { get; init; }

    /// <summary>Share of the running sessions that drop.</summary>
    public double Share { get; set; } = 0.8;

    /// <summary>Within which time they reconnect.</summary>
    public TimeSpan ReconnectWithin { get; set; } = TimeSpan.FromSeconds(90);
}

/// <summary>What happens to events between the edge and the topic; all shares from 0 to 1.</summary>
public sealed record TransportProfile
{
    /// <summary>Every event is delayed by up to this many milliseconds, which also reorders them; 0: in event-time order.</summary>
    public int JitterMilliseconds { get; set; } = 800;

    /// <summary>Events that come 1 to 9 seconds late.</summary>
    public double Late { get; set; } = 0.004;

    /// <summary>Events that come 11 to 180 seconds late.</summary>
    public double VeryLate { get; set; } = 0.0005;

    /// <summary>Events that come twice.</summary>
    public double Duplicate { get; set; } = 0.003;

    /// <summary>Ends that never come.</summary>
    public double MissingEnd { get; set; } = 0.08;

    /// <summary>Lines, as a share of the events, that are no valid events.</summary>
    public double Malformed { get; set; } = 0.0005;

    /// <summary>Timestamps written as Unix milliseconds.</summary>
    public double NumericTimestamp { get; set; }

    /// <summary>Events with a field that nobody knows.</summary>
    public double UnknownField { get; set; }

    /// <summary>Whether lines of a file end in CR LF.</summary>
    public bool CarriageReturns { get; set; }

    /// <summary>Nothing happens: every event once and in order.</summary>
    public static TransportProfile Perfect => new()
    {
        JitterMilliseconds = 0, Late = 0, VeryLate = 0, Duplicate = 0, MissingEnd = 0, Malformed = 0,
    };
}
