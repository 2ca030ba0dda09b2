using AutoGuard.Core.Events;
using AutoGuard.Core.Policy;
using AutoGuard.Simulation.Labels;
using AutoGuard.Simulation.Profiles;
using AutoGuard.Simulation.World;

namespace AutoGuard.Simulation.Attacks;

/// <summary>Misuse by mere quantity: floods of connections.</summary>
internal static class FloodAttacks
{
    private const long Second = 1_000;
    private const long Minute = 60_000;

    /// <summary>Hundreds of connections of one address: without tokens, or with a few tokens and behind somebody's home line.</summary>
    public static ExpectedAction AddressFlood(AttackContext context)
    {
        int size = context.Size(easy: 420, hard: 150, slow: 250);
        bool hard = context.Attack.Difficulty == Difficulty.Hard;
        Location place = hard ? context.Home() : context.DataCentre();
        context.Catch(Subject.Of(place.Address));
        TokenLine[] tokens = hard ? [.. Enumerable.Range(0, 8).Select(_ => context.Account())] : [];
        foreach (TokenLine token in tokens)
        {
            context.Catch(token);
        }

        for (int i = 0; i < size; i++)
        {
            context.Launch(
                context.Client(place, (Minute, 15 * Minute)) with
                {
                    Tokens = tokens.Length == 0 ? [] : [tokens[i % tokens.Length]],
                    Referrer = hard ? context.OfficialReferrer() : null,
                    UserAgent = hard ? context.Desktop() : Clients.Go,
                    Pause = (500, 8 * Second),
                },
                context.Delay(i, context.By(2 * Minute, 10 * Minute, context.Length * 8 / 10)));
        }

        if (hard)
        {
            context.Bystander(place);
        }
        else
        {
            context.Neighbour( place, 40);
        }

        context.AbnormalFromClient(20);
        return context.By(ExpectedAction.Block, ExpectedAction.Flag, ExpectedAction.Flag);
    }

    /// <summary>Every connection from another address: of one /64, of six /64 of one /48, or one by one.</summary>
    public static ExpectedAction Ipv6Flood(AttackContext context)
    {
        int size = context.Size(easy: 200, hard: 90, slow: 120);
        bool isHard = context.Attack.Difficulty == Difficulty.Hard;
        Location origin = AddressBook.DrawV6(AddressBook.Weighted(SharedNetworks.HostingV6, context.Random), context.Random);
        IpAddress site = origin.Address.Mask(48);
        Location[] subnets = !isHard ? [origin] : [.. Enumerable.Range(0, 6).Select(i => origin with { Address = new IpAddress(site.High | (uint)(i * 7), origin.Address.Low) })];
        foreach (Location subnet in subnets)
        {
            context.Catch(Subject.Of(AddressBook.Neighbourhood(subnet.Address)));
        }

        if (isHard)
        {
            context.Catch(Subject.Of(IpNetwork.Of(site, 48)));
        }

        for (int i = 0; i < size; i++)
        {
            Location subnet = subnets[i % subnets.Length];
            context.Launch(
                context.Client(subnet, (Minute, 12 * Minute)) with
                {
                    AnyPlace = r => AddressBook.Within64(subnet, r),
                    UserAgent = isHard ? context.Desktop() : Clients.Go,
                    Referrer = isHard ? context.OfficialReferrer() : null,
                    Pause = (500, 8 * Second),
                },
                context.Delay(i, context.By(2 * Minute, 8 * Minute, context.Length * 7 / 10)));
        }

        Location other = origin with { Address = new IpAddress(origin.Address.High ^ 0x1_0000, context.Random.Next()) };
        context.Bystander(other);
        context.NeverTouch(Subject.Of(other.Address));
        context.AbnormalFromClient(20);
        return context.By(ExpectedAction.Block, ExpectedAction.Flag, ExpectedAction.Flag);
    }

    /// <summary>A botnet: five crude connections from each home, two that look like a family's, or three that come one by one.</summary>
    public static ExpectedAction DistributedFlood(AttackContext context)
    {
        int size = context.Size(easy: 150, hard: 200, slow: 120);
        bool isHard = context.Attack.Difficulty == Difficulty.Hard;
        int each = context.By(5, 2, 3);
        List<long> arrivals = [];
        for (int bot = 0; bot < size; bot++)
        {
            Location place = context.AnyHome();
            context.Catch(Subject.Of(place.Address));
            SimulatedToken[] tokens = isHard ? [context.Tenant.Mint.ForSession(context.Random, context.Stream, context.Start)] : [];
            foreach (SimulatedToken token in tokens)
            {
                context.Catch(token);
            }

            long arrives = context.Delay(bot, context.By(4 * Minute, 10 * Minute, context.Length * 7 / 10));
            arrivals.Add(arrives);
            for (int i = 0; i < each; i++)
            {
                context.Launch(
                    context.Client(place, (8 * Minute, 20 * Minute)) with
                    {
                        Tokens = [.. tokens.Select(t => (TokenLine)t)],
                        Referrer = isHard ? context.OfficialReferrer() : null,
                        UserAgent = isHard ? context.Desktop() : Clients.Script,
                        Pause = (2 * Second, 15 * Second),
                    },
                    Math.Min(arrives + (i * 700), context.Length - (3 * Second)));
            }
        }

        arrivals.Sort();
        context.AbnormalFrom(context.Start + arrivals[Math.Min(20, arrivals.Count) - 1]);
        return ExpectedAction.Flag;
    }
}
