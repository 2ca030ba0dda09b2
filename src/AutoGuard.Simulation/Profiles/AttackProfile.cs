namespace AutoGuard.Simulation.Profiles;

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

    /// <summary>The tenant it concerns; null: one that suits the kind, in turn.</summary>
    public string? Organization { get; set; }
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

    /// <summary>A relay that looks like one viewer at home who never sleeps: hard by nature, in all its forms.</summary>
    CarefulRelay,

    /// <summary>One session id and token in the hands of many: their events alternate between addresses.</summary>
    SessionCloning,

    /// <summary>One account used by many people one after another, never at once.</summary>
    BatonSharing,

    /// <summary>A relay behind a pool of rented home lines: one session at a time, another address every few minutes, all day.</summary>
    ResidentialRelay,

    /// <summary>A relay that takes a new token every so often: the same address, or the same network, agent and streams.</summary>
    TokenSuccession,

    /// <summary>Connections that each take another address of one /64, or of several /64 of one /48.</summary>
    Ipv6Flood,

    /// <summary>A handful of connections from each of hundreds of addresses in many networks.</summary>
    DistributedFlood,

    /// <summary>Starts only, never a heartbeat nor an end.</summary>
    SilentProbing,

    /// <summary>One address tries hundreds of tokens for seconds each.</summary>
    TokenGuessing,

    /// <summary>
    /// An unofficial app on tokens for one session, without a referrer where everybody sends one: hard by nature.
    /// </summary>
    PirateApp,

    /// <summary>
    /// An attempt to have somebody else blocked; the form says whom. Easy: a victim's public token from data centres; hard:
    /// junk from behind a carrier's translator; slow: a rival's page as the referrer. The attacker's own part is easy.
    /// </summary>
    Framing,
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
