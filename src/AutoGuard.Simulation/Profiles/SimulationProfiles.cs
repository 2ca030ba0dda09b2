using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace AutoGuard.Simulation.Profiles;

/// <summary>Profiles with a name.</summary>
public static class SimulationProfiles
{
    /// <summary>The names <see cref="TryGet"/> knows.</summary>
    public static ImmutableArray<string> Names { get; } = ["demo", "small", "standard", "kickoff", "outage", "carrier-nat"];

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

    /// <summary>Honest only: 8,000 viewers, most of whom come within three minutes.</summary>
    public static SimulationProfile KickOff { get; } = new()
    {
        Name = "kickoff",
        Duration = TimeSpan.FromMinutes(150),
        Viewers = 8_000,
        RunningAtStart = 0.02,
        Streams =
        [
            new() { Name = "final-live", Weight = 12, KickOff = TimeSpan.FromMinutes(25) },
            new() { Name = "news-24", Weight = 1 },
        ],
    };

    /// <summary>Honest only: after an hour most sessions drop, and their viewers are back within a minute and a half.</summary>
    public static SimulationProfile Outage { get; } = new()
    {
        Name = "outage",
        Duration = TimeSpan.FromHours(2),
        Viewers = 5_000,
        RunningAtStart = 0.2,
        Streams =
        [
            new() { Name = "final-live", Weight = 4, KickOff = TimeSpan.FromMinutes(15) },
            new() { Name = "news-24", Weight = 1 },
        ],
        Outage = new OutageProfile { At = TimeSpan.FromMinutes(60) },
    };

    /// <summary>Honest only: more than half of the audience behind three addresses.</summary>
    public static SimulationProfile CarrierNat { get; } = new()
    {
        Name = "carrier-nat",
        Duration = TimeSpan.FromHours(4),
        Viewers = 3_000,
        Streams = Matches(4),
        Audience = new AudienceProfile { CarrierNat = 0.55, CarrierNatAddresses = 3 },
    };

    /// <summary>Finds a profile by its name.</summary>
    public static bool TryGet(string name, [NotNullWhen(true)] out SimulationProfile? profile)
    {
        profile = name switch
        {
            "demo" => Demo,
            "small" => Small,
            "standard" => Standard,
            "kickoff" => KickOff,
            "outage" => Outage,
            "carrier-nat" => CarrierNat,
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
        double minutes = hours * 60;
        ImmutableArray<AttackProfile>.Builder attacks = ImmutableArray.CreateBuilder<AttackProfile>();
        AttackKind[] kinds = Enum.GetValues<AttackKind>();
        for (int i = 0; i < kinds.Length; i++)
        {
            double early = minutes * (0.05 + (0.03 * i));
            double late = minutes * (0.42 + (0.03 * i));
            bool lasting = kinds[i] is AttackKind.DataCentreRelay or AttackKind.CarefulRelay;
            double brief = lasting ? minutes : Math.Min(90, minutes * 0.25);
            attacks.Add(Attack(kinds[i], Difficulty.Easy, early, brief));
            attacks.Add(Attack(kinds[i], Difficulty.Hard, late, lasting ? minutes : Math.Min(150, minutes * 0.25)));
            attacks.Add(Attack(kinds[i], Difficulty.Slow, minutes * 0.1, minutes * 0.8));
        }

        return new SimulationProfile
        {
            Name = "standard",
            Start = new DateTimeOffset(2025, 11, 14, 9, 0, 0, TimeSpan.Zero),
            Duration = TimeSpan.FromMinutes(minutes),
            Viewers = viewers,
            RunningAtStart = Math.Min(0.1, 0.6 / Math.Max(1, hours)),
            Streams = Matches(hours),
            Audience = new AudienceProfile
            {
                CarrierNatAddresses = Math.Max(1, viewers / 5_000),
                OfficeAddresses = Math.Max(1, viewers / 1_500),
                Probes = 2,
            },
            Attacks = attacks.ToImmutable(),
        };
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
