using System.Collections.Immutable;

namespace AutoGuard.Simulation.Profiles;

/// <summary>Lays many attacks of many kinds over a recording, each for as long as such a thing goes on.</summary>
internal sealed class AttackSchedule(double hours, int shift)
{
    /// <summary>Usual lengths in minutes of the easy, hard and slow form; 0: to the end.</summary>
    private static readonly Dictionary<AttackKind, (int Easy, int Hard, int Slow)> Lengths = new()
    {
        [AttackKind.TokenSharing] = (60, 90, 150),
        [AttackKind.LeakedToken] = (80, 120, 170),
        [AttackKind.DataCentreRelay] = (0, 0, 0),
        [AttackKind.AddressFlood] = (15, 30, 35),
        [AttackKind.AutomatedReconnects] = (15, 40, 170),
        [AttackKind.TokenFarm] = (60, 90, 120),
        [AttackKind.SubnetOffenders] = (8, 12, 32),
        [AttackKind.IllegalEmbed] = (60, 100, 150),
        [AttackKind.CountryHopping] = (60, 120, 170),
        [AttackKind.CarefulRelay] = (0, 0, 0),
        [AttackKind.SessionCloning] = (80, 120, 150),
        [AttackKind.BatonSharing] = (110, 150, 170),
        [AttackKind.ResidentialRelay] = (0, 0, 0),
        [AttackKind.TokenSuccession] = (80, 110, 0),
        [AttackKind.Ipv6Flood] = (12, 20, 35),
        [AttackKind.DistributedFlood] = (12, 15, 45),
        [AttackKind.SilentProbing] = (12, 50, 150),
        [AttackKind.TokenGuessing] = (12, 50, 140),
        [AttackKind.PirateApp] = (60, 90, 120),
        [AttackKind.Framing] = (12, 20, 20),
    };

    private readonly ImmutableArray<AttackProfile>.Builder _attacks = ImmutableArray.CreateBuilder<AttackProfile>();

    /// <summary>All so far, in order of time.</summary>
    public ImmutableArray<AttackProfile> All => [.. _attacks.OrderBy(a => a.At).ThenBy(a => a.Kind).ThenBy(a => a.Difficulty)];

    /// <summary>Adds several attacks of one form; <paramref name="scale"/> as in <see cref="AttackProfile.Scale"/>.</summary>
    public AttackSchedule Add(AttackKind kind, Difficulty difficulty, int count = 1, int scale = 0, string? organization = null)
    {
        (int easy, int hard, int slow) = Lengths[kind];
        double usual = difficulty switch { Difficulty.Easy => easy, Difficulty.Hard => hard, _ => slow };
        double minutes = hours * 60;
        bool isLong = usual is 0 or > 100;
        for (int i = 0; i < count; i++)
        {
            double at = minutes * (isLong ? 0.02 + (0.22 * Spread()) : 0.05 + (0.65 * Spread()));
            double length = usual == 0 ? minutes : usual * Math.Clamp(hours / 4, 0.1, isLong ? 2 : 1);
            _attacks.Add(new AttackProfile
            {
                Kind = kind,
                Difficulty = difficulty,
                At = TimeSpan.FromSeconds(Math.Round(at * 60)),
                Length = TimeSpan.FromSeconds(Math.Max(30, Math.Round(length * 60))),
                Scale = scale,
                Organization = organization,
            });
        }

        return this;
    }

    /// <summary>Adds one attack of each of the three forms.</summary>
    public AttackSchedule AddForms(AttackKind kind, int easy = 0, int hard = 0, int slow = 0) =>
        Add(kind, Difficulty.Easy, scale: easy).Add(kind, Difficulty.Hard, scale: hard).Add(kind, Difficulty.Slow, scale: slow);

    /// <summary>
    /// Adds every kind in every form, twice from 100,000 viewers on. <paramref name="sizes"/> scales the number of clients of
    /// those kinds whose size is a matter of taste.
    /// </summary>
    public AttackSchedule EveryKind(int viewers, double sizes, AttackKind? except = null)
    {
        for (int round = 0; round < (viewers >= 100_000 ? 2 : 1); round++)
        {
            foreach (AttackKind kind in Enum.GetValues<AttackKind>().Where(k => k != except))
            {
                (int easy, int hard, int slow) = kind switch
                {
                    AttackKind.TokenSharing => (12, 3, 7),
                    AttackKind.LeakedToken => (250, 20, 100),
                    AttackKind.AddressFlood => (220, 48, 110),
                    AttackKind.TokenFarm => (150, 40, 80),
                    AttackKind.SubnetOffenders => (8, 6, 4),
                    AttackKind.IllegalEmbed => (200, 40, 70),
                    AttackKind.SessionCloning => (20, 4, 8),
                    AttackKind.Ipv6Flood => (160, 80, 90),
                    AttackKind.Framing => (100, 45, 60),
                    _ => (0, 0, 0),
                };
                bool isFixed = kind is AttackKind.TokenSharing or AttackKind.SubnetOffenders or AttackKind.SessionCloning || easy == 0;
                AddForms(kind, Sized(easy), isFixed || kind == AttackKind.AddressFlood ? hard : Sized(hard), Sized(slow));

                int Sized(int usual) => isFixed ? usual : (int)Math.Round(usual * sizes);
            }
        }

        return this;
    }

    /// <summary>Multiples of the golden section: wherever one stops, the times are spread evenly.</summary>
    private double Spread() => ((shift * 1_000) + _attacks.Count) * 0.6180339887 % 1;
}
