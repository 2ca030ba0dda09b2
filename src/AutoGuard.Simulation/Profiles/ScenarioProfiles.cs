using System.Collections.Immutable;

namespace AutoGuard.Simulation.Profiles;

/// <summary>
/// Worlds to tune a detector on, and others that are never looked at while tuning. They differ in structure: heartbeats,
/// tenants, token workflows, schedules, kinds of viewers, kinds and sizes of misuse.
/// </summary>
internal static class ScenarioProfiles
{
    private const double NightLives = 0.6;

    /// <summary>Two matches and two channels, one tenant for the league and one for its open channel; an outage at half time.</summary>
    public static SimulationProfile TuneLeague(int viewers, double hours) => Base("tune-league", viewers, hours) with
    {
        Start = new DateTimeOffset(2025, 11, 15, 14, 0, 0, TimeSpan.Zero),
        HeartbeatSeconds = 30,
        Streams =
        [
            Match("league-1", 5, hours, 0.2), Match("league-2", 4, hours, 0.45), Channel("league-tv", 2), Channel("fan-talk", 1),
        ],
        Tenants =
        [
            new() { Name = "league", Weight = 5, Streams = ["league-1", "league-2", "league-tv"], Audience = HonestMixtures.Crowd, Tokens = Bound with { PerSession = 0.15, Public = 0.05, Jwt = 0.3 } },
            new() { Name = "fans", Streams = ["league-tv", "fan-talk"], Audience = HonestMixtures.Pages, Tokens = Bound with { PerSession = 0.8, Public = 0.2 }, Clients = ClientMix.PagesOnly },
        ],
        Outage = new() { At = TimeSpan.FromHours(hours * 0.36), Share = 0.4, Recovery = TimeSpan.FromMinutes(Math.Min(4, hours)) },
        Attacks = Every(viewers, hours, 0, 0.8),
    };

    /// <summary>Channels that never stop, no tenants, tokens renewed every two hours, mostly boxes and apps; a heartbeat a minute.</summary>
    public static SimulationProfile TuneChannels(int viewers, double hours) => Base("tune-channels", viewers, hours) with
    {
        Start = new DateTimeOffset(2025, 11, 18, 6, 30, 0, TimeSpan.Zero),
        HeartbeatSeconds = 60,
        RunningAtStart = 0.2,
        Streams = [Channel("one-24", 5), Channel("two-24", 4), Channel("news-24", 3), Channel("kids-24", 3), Channel("music-24", 1), Channel("radio-24", 1)],
        Audience = HonestMixtures.Sized(HonestMixtures.LivingRoom, viewers),
        Tokens = Bound with { PerSession = 0.1, Public = 0.05, RenewAfter = TimeSpan.FromHours(2) },
        Attacks = new AttackSchedule(hours, 5).EveryKind(viewers, 0.75, except: AttackKind.PirateApp)
            .Add(AttackKind.DataCentreRelay, Difficulty.Easy, 2).Add(AttackKind.TokenSuccession, Difficulty.Slow, 2)
            .Add(AttackKind.ResidentialRelay, Difficulty.Hard, 2).Add(AttackKind.TokenSharing, Difficulty.Slow, 2).All,
    };

    /// <summary>Four tenants of different kinds, three matches; a heartbeat every ten seconds.</summary>
    public static SimulationProfile TuneTenants(int viewers, double hours) => Base("tune-tenants", viewers, hours) with
    {
        Start = new DateTimeOffset(2025, 11, 14, 17, 0, 0, TimeSpan.Zero),
        HeartbeatSeconds = 10,
        Streams =
        [
            Match("derby", 5, hours, 0.25), Channel("derby-tv", 2), Match("gala", 3, hours, 0.4), Channel("open-24", 3), Match("launch", 2, hours, 0.15, 70), Channel("launch-loop", 1),
        ],
        Tenants =
        [
            new() { Name = "pocket", Weight = 2, Streams = ["derby", "derby-tv"], Audience = HonestMixtures.Crowd, Clients = ClientMix.AppsOnly, Tokens = Bound with { RenewAfter = TimeSpan.FromMinutes(45) } },
            new() { Name = "derby", Weight = 3, Streams = ["derby", "derby-tv", "gala"], Audience = HonestMixtures.Crowd, Tokens = Bound with { Jwt = 0.5 } },
            new() { Name = "open", Streams = ["open-24"], Audience = HonestMixtures.Crowd, Tokens = Bound with { Public = 1 } },
            new() { Name = "launch", Streams = ["launch", "launch-loop"], Audience = HonestMixtures.Pages, Tokens = Bound with { PerSession = 1 }, Clients = ClientMix.PagesOnly },
        ],
        Attacks = Every(viewers, hours, 11, 0.6),
    };

    /// <summary>Never for tuning. A final that most come for, on tokens for one session, with stalls and an outage; ten seconds.</summary>
    public static SimulationProfile HeldCup(int viewers, double hours) => Base("held-cup", viewers, hours) with
    {
        Start = new DateTimeOffset(2025, 12, 6, 18, 30, 0, TimeSpan.Zero),
        HeartbeatSeconds = 10,
        RunningAtStart = 0.03,
        Streams = [Match("cup-final", 12, hours, 0.3, 130), Channel("cup-studio", 2), Match("cup-women", 2, hours, 0.1, 90), Channel("cup-archive", 1)],
        Tenants =
        [
            new() { Name = "cup", Weight = 3, Audience = HonestMixtures.Pages with { Stalling = 0.35, Campus = 0.04 }, Tokens = Bound with { PerSession = 0.75, Public = 0.15, Jwt = 0.2 }, Clients = ClientMix.PagesOnly },
            new() { Name = "cup-plus", Weight = 2, Audience = HonestMixtures.Crowd with { Stalling = 0.25 }, Tokens = Bound with { PerSession = 0.1, RenewAfter = TimeSpan.FromMinutes(20) } },
        ],
        Outage = new() { At = TimeSpan.FromHours(hours * 0.52), Share = 0.25, Recovery = TimeSpan.FromMinutes(Math.Min(3, hours)) },
        Attacks = new AttackSchedule(hours, 23).EveryKind(viewers, 1.4)
            .Add(AttackKind.LeakedToken, Difficulty.Easy, 2, scale: 220).Add(AttackKind.IllegalEmbed, Difficulty.Easy, 2, scale: 120)
            .Add(AttackKind.SessionCloning, Difficulty.Easy, scale: 8).Add(AttackKind.TokenSharing, Difficulty.Easy, 2, scale: 7).All,
    };

    /// <summary>Never for tuning. Phones, apps and carriers, one tenant with bound and one with single-session tokens, a change of the edge; a minute.</summary>
    public static SimulationProfile HeldMobile(int viewers, double hours) => Base("held-mobile", viewers, hours) with
    {
        Start = new DateTimeOffset(2025, 12, 2, 11, 0, 0, TimeSpan.Zero),
        HeartbeatSeconds = 60,
        RunningAtStart = 0.1,
        Streams = [Channel("pulse", 6), Match("race", 4, hours, 0.35, 80), Channel("pulse-short", 2), Match("quiz", 3, hours, 0.65, 45)],
        Audience = HonestMixtures.Sized(HonestMixtures.OnTheMove, viewers),
        Tenants =
        [
            new() { Name = "pulse", Weight = 4, Audience = HonestMixtures.OnTheMove, Tokens = Bound with { PerSession = 0.05, Public = 0.05, RenewAfter = TimeSpan.FromMinutes(15) } },
            new() { Name = "pulse-web", Streams = ["pulse", "race"], Audience = HonestMixtures.Pages, Tokens = Bound with { PerSession = 0.9, Public = 0.1, Jwt = 1 }, Clients = ClientMix.PagesOnly },
        ],
        Outage = new() { At = TimeSpan.FromHours(hours * 0.6), Share = 0.9, ReconnectWithin = TimeSpan.FromSeconds(20), IsSwitch = true },
        Transport = Transport with { JitterMilliseconds = 2_500, Late = 0.012, VeryLate = 0.001, MissingEnd = 0.2, MissingStart = 0.01 },
        Attacks = new AttackSchedule(hours, 31).EveryKind(viewers, 0.7)
            .Add(AttackKind.BatonSharing, Difficulty.Hard, 2).Add(AttackKind.ResidentialRelay, Difficulty.Slow, 2)
            .Add(AttackKind.SilentProbing, Difficulty.Slow, 2).Add(AttackKind.CountryHopping, Difficulty.Easy, 2).All,
    };

    /// <summary>Never for tuning. Six tenants of every kind on one platform, half a minute.</summary>
    public static SimulationProfile HeldPlatform(int viewers, double hours) => Base("held-platform", viewers, hours) with
    {
        Start = new DateTimeOffset(2025, 12, 9, 8, 0, 0, TimeSpan.Zero),
        HeartbeatSeconds = 30,
        Streams =
        [
            Channel("box-one", 4), Channel("box-two", 2), Match("rally", 4, hours, 0.3), Channel("rally-24", 1), Channel("open-stage", 3),
            Match("townhall", 2, hours, 0.4, 60), Channel("lobby", 1), Match("auction", 2, hours, 0.2, 150), Channel("chapel", 1),
        ],
        Tenants =
        [
            new() { Name = "box", Weight = 4, Streams = ["box-one", "box-two"], Audience = HonestMixtures.LivingRoom, Clients = ClientMix.AppsOnly, Tokens = Bound with { RenewAfter = TimeSpan.FromHours(6) } },
            new() { Name = "rally", Weight = 4, Streams = ["rally", "rally-24"], Audience = HonestMixtures.Crowd, Tokens = Bound with { Jwt = 1 } },
            new() { Name = "stage", Weight = 3, Streams = ["open-stage"], Audience = HonestMixtures.Crowd, Tokens = Bound with { Public = 1 } },
            new() { Name = "works", Weight = 2, Streams = ["townhall", "lobby"], Audience = HonestMixtures.AtWork, Tokens = Bound with { PerSession = 0.5 } },
            new() { Name = "auction", Weight = 2, Streams = ["auction"], Audience = HonestMixtures.Pages, Tokens = Bound with { PerSession = 1, Jwt = 0.5 }, Clients = ClientMix.PagesOnly },
            new() { Name = "chapel", Streams = ["chapel"], Audience = HonestMixtures.Crowd, Tokens = Bound with { PerSession = 0.3, Public = 0.3 } },
        ],
        Attacks = new AttackSchedule(hours, 47).EveryKind(viewers, 0.75)
            .Add(AttackKind.Framing, Difficulty.Easy, scale: 60).Add(AttackKind.Framing, Difficulty.Hard, scale: 40).Add(AttackKind.Framing, Difficulty.Slow, scale: 50)
            .Add(AttackKind.TokenFarm, Difficulty.Easy, 2, scale: 120).Add(AttackKind.TokenSuccession, Difficulty.Easy, 2).All,
    };

    /// <summary>
    /// Never for tuning. A club's matches and channels, for members with bound tokens and on pages with tokens for one session; an outage of two minutes, and only the
    /// documented kinds of misuse.
    /// </summary>
    public static SimulationProfile Documented(int viewers, double hours) => Base("documented", viewers, hours) with
    {
        Start = new DateTimeOffset(2025, 12, 13, 13, 0, 0, TimeSpan.Zero),
        HeartbeatSeconds = 30,
        Streams = [Match("fixture", 6, hours, 0.25), Match("reserves", 2, hours, 0.5, 100), Channel("club-tv", 3), Channel("rewind", 1)],
        Tenants =
        [
            new() { Name = "members", Weight = 4, Audience = HonestMixtures.Crowd, Tokens = Bound with { RenewAfter = TimeSpan.FromHours(1), Jwt = 0.4 } },
            new() { Name = "club-web", Weight = 2, Streams = ["fixture", "club-tv"], Audience = HonestMixtures.Pages, Tokens = Bound with { PerSession = 0.7, Public = 0.1 }, Clients = ClientMix.PagesOnly },
        ],
        Outage = new() { At = TimeSpan.FromHours(hours * 0.66), Share = 0.3, Recovery = TimeSpan.FromMinutes(Math.Min(2, hours)) },
        Attacks = SimulationProfiles.DocumentedAttacks(hours, 7),
    };

    /// <summary>Tokens that are all bound to users.</summary>
    internal static TokenProfile Bound => new() { PerSession = 0, Public = 0 };

    /// <summary>Messy, as always, and with starts that get lost.</summary>
    internal static TransportProfile Transport => new() { MissingStart = 0.004 };

    internal static StreamProfile Channel(string name, int weight) => new() { Name = name, Weight = weight };

    internal static StreamProfile Match(string name, int weight, double hours, double at, int minutes = 110) => new()
    {
        Name = name,
        Weight = weight,
        KickOff = TimeSpan.FromSeconds(Math.Round(hours * 3_600 * at)),
        Length = TimeSpan.FromSeconds(Math.Round(Math.Min(minutes * 60, hours * 3_600 * 0.55))),
    };

    internal static SimulationProfile Base(string name, int viewers, double hours) => new()
    {
        Name = name,
        Duration = TimeSpan.FromSeconds(Math.Round(hours * 3_600)),
        Viewers = viewers,
        RunningAtStart = Math.Min(0.15, NightLives / Math.Max(1, hours)),
        Streams = [],
        Audience = HonestMixtures.Sized(HonestMixtures.Crowd, viewers),
        Transport = Transport,
    };

    private static ImmutableArray<AttackProfile> Every(int viewers, double hours, int shift, double sizes) =>
        new AttackSchedule(hours, shift).EveryKind(viewers, sizes).All;
}
