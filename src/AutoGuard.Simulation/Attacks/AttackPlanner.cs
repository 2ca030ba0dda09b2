using AutoGuard.Simulation.Labels;
using AutoGuard.Simulation.Profiles;
using AutoGuard.Simulation.World;

namespace AutoGuard.Simulation.Attacks;

/// <summary>Turns a profile's attacks into clients of the world and incidents of the truth.</summary>
internal static class AttackPlanner
{
    public static Incident Plan(SimulatedWorld world, Audience audience, AttackProfile attack, int index, int number)
    {
        AttackContext context = new(world, audience, attack, index);
        ExpectedAction expected = Plan(context);
        return new Incident
        {
            Id = $"{Kebab(attack.Kind.ToString())}-{number}",
            Kind = attack.Kind,
            Difficulty = LabelOf(attack),
            Start = DateTimeOffset.FromUnixTimeMilliseconds(context.Start),
            FirstAbnormal = DateTimeOffset.FromUnixTimeMilliseconds(context.FirstAbnormal),
            End = DateTimeOffset.FromUnixTimeMilliseconds(context.End),
            Expected = expected,
            Catch = [.. context.Catches],
            NeverTouch = [.. context.NeverTouched],
        };
    }

    private static ExpectedAction Plan(AttackContext context) => context.Attack.Kind switch
    {
        AttackKind.TokenSharing => SharedTokenAttacks.TokenSharing(context),
        AttackKind.LeakedToken => SharedTokenAttacks.LeakedToken(context),
        AttackKind.DataCentreRelay => RelayAttacks.DataCentreRelay(context),
        AttackKind.AddressFlood => FloodAttacks.AddressFlood(context),
        AttackKind.AutomatedReconnects => ProbingAttacks.AutomatedReconnects(context),
        AttackKind.TokenFarm => RelayAttacks.TokenFarm(context),
        AttackKind.SubnetOffenders => ProbingAttacks.SubnetOffenders(context),
        AttackKind.IllegalEmbed => PageAttacks.IllegalEmbed(context),
        AttackKind.CountryHopping => SharedTokenAttacks.CountryHopping(context),
        AttackKind.CarefulRelay => RelayAttacks.CarefulRelay(context),
        AttackKind.SessionCloning => SharedTokenAttacks.SessionCloning(context),
        AttackKind.BatonSharing => SharedTokenAttacks.BatonSharing(context),
        AttackKind.ResidentialRelay => RelayAttacks.ResidentialRelay(context),
        AttackKind.TokenSuccession => RelayAttacks.TokenSuccession(context),
        AttackKind.Ipv6Flood => FloodAttacks.Ipv6Flood(context),
        AttackKind.DistributedFlood => FloodAttacks.DistributedFlood(context),
        AttackKind.SilentProbing => ProbingAttacks.SilentProbing(context),
        AttackKind.TokenGuessing => ProbingAttacks.TokenGuessing(context),
        AttackKind.PirateApp => PageAttacks.PirateApp(context),
        AttackKind.Framing => PageAttacks.Framing(context),
        _ => throw new ArgumentOutOfRangeException(nameof(context), context.Attack.Kind, "There is no plan for this kind."),
    };

    /// <summary>
    /// Some kinds are close to what honest viewers do in all their forms; the forms of framing differ in the victim, and
    /// the attacker's own part is crude in all of them.
    /// </summary>
    private static Difficulty LabelOf(AttackProfile attack) => attack.Kind switch
    {
        AttackKind.CarefulRelay or AttackKind.PirateApp => Difficulty.Hard,
        AttackKind.Framing => Difficulty.Easy,
        _ => attack.Difficulty,
    };

    internal static string Kebab(string pascalCase) =>
        string.Concat(pascalCase.Select((c, i) => char.IsUpper(c) ? (i == 0 ? "" : "-") + char.ToLowerInvariant(c) : c.ToString()));
}
