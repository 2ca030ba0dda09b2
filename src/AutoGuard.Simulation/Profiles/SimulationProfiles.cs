using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace AutoGuard.Simulation.Profiles;

/// <summary>Profiles with a name.</summary>
public static class SimulationProfiles
{
    /// <summary>Viewers of a profile that can have any number.</summary>
    public const int DefaultViewers = 20_000;

    /// <summary>Hours of a profile that can have any length.</summary>
    public const double DefaultHours = 4;

    /// <summary>For watching at <see cref="SimulationProfile.SuggestedSpeed"/>: every crude attack within the first minute, and again every three.</summary>
    public static SimulationProfile Demo { get; } = MakeDemo();

    /// <summary>Two hours, 300 viewers, the crude form of half the attacks: for tests.</summary>
    public static SimulationProfile Small { get; } = new()
    {
        Name = "small",
        Duration = TimeSpan.FromHours(2),
        Viewers = 300,
        Streams = Matches(2),
        Audience = new AudienceProfile { CarrierNat = 0.1 },
        Attacks =
        [
            Attack(AttackKind.TokenSharing, Difficulty.Easy, 20, 70),
            Attack(AttackKind.DataCentreRelay, Difficulty.Easy, 10, 100),
            Attack(AttackKind.AutomatedReconnects, Difficulty.Easy, 45, 40),
            Attack(AttackKind.CountryHopping, Difficulty.Easy, 30, 60),
            Attack(AttackKind.IllegalEmbed, Difficulty.Slow, 15, 100),
        ],
    };

    /// <summary>Half a day of 5,000 viewers with every attack in every form.</summary>
    public static SimulationProfile Standard { get; } = Sized(5_000, 12);

    /// <summary>Profiles to tune on, any size.</summary>
    public static ImmutableArray<string> Tuning { get; } = ["tune-league", "tune-channels", "tune-tenants"];

    /// <summary>Profiles never to be looked at while tuning, any size.</summary>
    public static ImmutableArray<string> HeldOut { get; } = ["held-cup", "held-mobile", "held-platform"];

    /// <summary>Never to be looked at while tuning either: only the documented kinds of misuse, each in one incident of an hour or more, any size.</summary>
    public static ImmutableArray<string> Documented { get; } = ["documented"];

    /// <summary>Profiles without any misuse, any size.</summary>
    public static ImmutableArray<string> Honest { get; } = ["kickoff", "outage", "carrier-nat", "edge-switch", "privacy", "native", "lines", "habits"];

    /// <summary>The names <see cref="TryMake"/> knows.</summary>
    public static ImmutableArray<string> AnySize { get; } = ["standard", .. Tuning, .. HeldOut, .. Documented, .. Honest];

    /// <summary>The names <see cref="TryGet"/> knows.</summary>
    public static ImmutableArray<string> Names { get; } = ["demo", "small", "standard", .. Tuning, .. HeldOut, .. Documented, .. Honest];

    /// <summary>Finds a profile by its name, in its own size: 20,000 viewers and four hours where any size is possible.</summary>
    public static bool TryGet(string name, [NotNullWhen(true)] out SimulationProfile? profile)
    {
        profile = name switch
        {
            "demo" => Demo,
            "small" => Small,
            "standard" => Standard,
            _ => null,
        };
        return profile is not null || TryMake(name, DefaultViewers, DefaultHours, out profile);
    }

    /// <summary>
    /// Makes a profile of the given size, 1 to 10,000,000 viewers and 1 minute to 31 days; false for a name that is unknown
    /// or has one size only (<c>demo</c>, <c>small</c>).
    /// </summary>
    public static bool TryMake(string name, int viewers, double hours, [NotNullWhen(true)] out SimulationProfile? profile)
    {
        profile = name switch
        {
            "standard" => Sized(viewers, hours),
            "tune-league" => ScenarioProfiles.TuneLeague(viewers, hours),
            "tune-channels" => ScenarioProfiles.TuneChannels(viewers, hours),
            "tune-tenants" => ScenarioProfiles.TuneTenants(viewers, hours),
            "held-cup" => ScenarioProfiles.HeldCup(viewers, hours),
            "held-mobile" => ScenarioProfiles.HeldMobile(viewers, hours),
            "held-platform" => ScenarioProfiles.HeldPlatform(viewers, hours),
            "documented" => ScenarioProfiles.Documented(viewers, hours),
            "kickoff" => HonestProfiles.KickOff(viewers, hours),
            "outage" => HonestProfiles.Outage(viewers, hours),
            "carrier-nat" => HonestProfiles.CarrierNat(viewers, hours),
            "edge-switch" => HonestProfiles.EdgeSwitch(viewers, hours),
            "privacy" => HonestProfiles.Privacy(viewers, hours),
            "native" => HonestProfiles.Native(viewers, hours),
            "lines" => HonestProfiles.Lines(viewers, hours),
            "habits" => HonestProfiles.Habits(viewers, hours),
            _ => null,
        };
        return profile is not null;
    }

    /// <summary>
    /// The standard mixture for any audience and length (1 minute to 31 days): all matches, and every attack in every
    /// form, spread over the time.
    /// </summary>
    public static SimulationProfile Sized(int viewers, double hours)
    {
        return new SimulationProfile
        {
            Name = "standard",
            Start = new DateTimeOffset(2025, 11, 14, 9, 0, 0, TimeSpan.Zero),
            Duration = TimeSpan.FromMinutes(hours * 60),
            Viewers = viewers,
            RunningAtStart = Math.Min(0.1, 0.6 / Math.Max(1, hours)),
            Streams = Matches(hours),
            Audience = new AudienceProfile
            {
                CarrierNatAddresses = Math.Max(1, viewers / 5_000),
                OfficeAddresses = Math.Max(1, viewers / 1_500),
                Probes = 2,
            },
            Attacks = DocumentedAttacks(hours, 0),
        };
    }

    /// <summary>
    /// Every documented kind in every form, spread over the time: crude ones for an hour or so, slow ones for most of the recording. Careful relays have one form, three times.
    /// </summary>
    /// <param name="hours">Length of the recording.</param>
    /// <param name="shift">Shifts the kinds against each other, so that no two profiles have the same at the same time.</param>
    internal static ImmutableArray<AttackProfile> DocumentedAttacks(double hours, int shift)
    {
        double minutes = hours * 60;
        ImmutableArray<AttackProfile>.Builder attacks = ImmutableArray.CreateBuilder<AttackProfile>();
        AttackKind[] kinds = [.. Enum.GetValues<AttackKind>().TakeWhile(k => k <= AttackKind.CarefulRelay)];
        for (int i = 0; i < kinds.Length; i++)
        {
            int place = (i + shift) % kinds.Length;
            double early = minutes * (0.05 + (0.03 * place));
            double late = minutes * (0.42 + (0.03 * place));
            bool lasting = kinds[i] is AttackKind.DataCentreRelay or AttackKind.CarefulRelay;
            double brief = lasting ? minutes : Math.Min(90, minutes * 0.25);
            attacks.Add(Attack(kinds[i], Difficulty.Easy, early, brief));
            attacks.Add(Attack(kinds[i], Difficulty.Hard, late, lasting ? minutes : Math.Min(150, minutes * 0.25)));
            attacks.Add(Attack(kinds[i], Difficulty.Slow, minutes * 0.1, minutes * 0.8));
        }

        return attacks.ToImmutable();
    }

    private static SimulationProfile MakeDemo()
    {
        ImmutableArray<AttackProfile>.Builder attacks = ImmutableArray.CreateBuilder<AttackProfile>();
        for (int round = 0; round < 8; round++)
        {
            double at = round * 90;
            Difficulty difficulty = round % 2 == 0 ? Difficulty.Easy : Difficulty.Hard;
            attacks.Add(Attack(AttackKind.DataCentreRelay, difficulty, at + 2, 80));
            attacks.Add(Attack(AttackKind.TokenSharing, difficulty, at + 3, 60));
            attacks.Add(Attack(AttackKind.AddressFlood, difficulty, at + 5, 20));
            attacks.Add(Attack(AttackKind.IllegalEmbed, difficulty, at + 6, 40, scale: 120));
            attacks.Add(Attack(AttackKind.AutomatedReconnects, difficulty, at + 7, 20));
            attacks.Add(Attack(AttackKind.CountryHopping, difficulty, at + 8, 60));
            attacks.Add(Attack(AttackKind.SubnetOffenders, difficulty, at + 9, 20));
            attacks.Add(Attack(AttackKind.LeakedToken, difficulty, at + 10, 50, scale: 150));
            attacks.Add(Attack(AttackKind.TokenFarm, difficulty, at + 12, 50, scale: 180));
        }

        return new SimulationProfile
        {
            Name = "demo",
            Duration = TimeSpan.FromHours(12),
            Viewers = 20_000,
            RunningAtStart = 0.05,
            SuggestedSpeed = 30,
            Streams =
            [
                new() { Name = "final-live", Weight = 2, KickOff = TimeSpan.FromMinutes(14) },
                new() { Name = "cup-live", Weight = 2, KickOff = TimeSpan.FromMinutes(200) },
                new() { Name = "league-live", Weight = 2, KickOff = TimeSpan.FromMinutes(400) },
                new() { Name = "news-24", Weight = 4 },
                new() { Name = "music-24", Weight = 3 },
            ],
            Attacks = attacks.ToImmutable(),
        };
    }

    /// <summary>A match every five hours beside two channels that never stop; in a short recording, one short match.</summary>
    private static ImmutableArray<StreamProfile> Matches(double hours)
    {
        ImmutableArray<StreamProfile>.Builder streams = ImmutableArray.CreateBuilder<StreamProfile>();
        streams.Add(new() { Name = "news-24", Weight = 3 });
        streams.Add(new() { Name = "music-24", Weight = 1 });
        if (hours < 4)
        {
            streams.Add(new() { Name = "match-1", Weight = 4, KickOff = TimeSpan.FromHours(hours * 0.25), Length = TimeSpan.FromHours(Math.Min(1.8, hours * 0.6)) });
        }

        for (int match = 0; hours >= 4 && 1.5 + (match * 5) + 2 <= hours && match < 32; match++)
        {
            streams.Add(new() { Name = $"match-{match + 1}", Weight = 4, KickOff = TimeSpan.FromHours(1.5 + (match * 5)) });
        }

        return streams.ToImmutable();
    }

    private static AttackProfile Attack(AttackKind kind, Difficulty difficulty, double atMinute, double minutes, int scale = 0) => new()
    {
        Kind = kind,
        Difficulty = difficulty,
        At = TimeSpan.FromSeconds(Math.Round(atMinute * 60)),
        Length = TimeSpan.FromSeconds(Math.Max(10, Math.Round(minutes * 60))),
        Scale = scale,
    };
}
