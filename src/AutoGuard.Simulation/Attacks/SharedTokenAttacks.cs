using AutoGuard.Core.Policy;
using AutoGuard.Simulation.Labels;
using AutoGuard.Simulation.Profiles;
using AutoGuard.Simulation.World;

namespace AutoGuard.Simulation.Attacks;

/// <summary>Misuse in which one token is in several hands.</summary>
internal static class SharedTokenAttacks
{
    private const long Second = 1_000;
    private const long Minute = 60_000;

    /// <summary>A group on one user's token: a dozen strangers, four friends, or seven who join one by one.</summary>
    public static ExpectedAction TokenSharing(AttackContext context)
    {
        int size = context.Size(easy: 12, hard: 4, slow: 7);
        TokenLine token = context.Account();
        context.Catch(token);
        Location first = context.Home();
        string country = first.Network.Country;
        for (int i = 0; i < size; i++)
        {
            bool abroad = context.Attack.Difficulty == Difficulty.Easy && i % 4 == 3;
            Location place = i == 0 ? first : abroad ? context.Home() : context.HomeIn(country);
            long spread = context.By(3 * Minute, 15 * Minute, context.Length * 7 / 10);
            context.Launch(
                context.Client(place, (15 * Minute, 60 * Minute)) with
                {
                    Tokens = [token],
                    RenewsWithin = i % 2 == 0,
                    Referrer = context.OfficialReferrer(),
                    UserAgent = context.Browser(),
                    Pause = (5 * Second, 40 * Second),
                },
                context.Delay(i, spread));
            if (i == 1)
            {
                context.Bystander(place);
                context.NeverTouch(Subject.Of(place.Address));
            }
        }

        context.AbnormalFromClient(3);
        return context.By(ExpectedAction.Revoke, ExpectedAction.Flag, ExpectedAction.Flag);
    }

    /// <summary>A token on a public page: its owner goes on watching while hundreds from several countries join.</summary>
    public static ExpectedAction LeakedToken(AttackContext context)
    {
        int size = context.Size(easy: 300, hard: 60, slow: 120);
        TokenLine token = context.Account();
        context.Catch(token);
        Location owner = context.Home();
        context.Bystander(owner, token);
        context.NeverTouch(Subject.Of(owner.Address));
        Location[] nats = context.Audience.CarrierNats;
        for (int i = 0; i < size; i++)
        {
            bool sameCountry = context.Attack.Difficulty == Difficulty.Hard && context.Random.Chance(0.85);
            Location place = i % 25 == 24 && nats.Length > 0 ? nats[i / 25 % nats.Length]
                : sameCountry ? context.HomeIn(owner.Network.Country)
                : context.Home();
            long spread = context.By(i % 2 == 0 ? Math.Min(20 * Minute, context.Length / 2) : context.Length, Math.Min(context.Length, 180 * Minute), context.Length);
            context.Launch(
                context.Client(place, (3 * Minute, 40 * Minute)) with
                {
                    Tokens = [token],
                    RenewsWithin = i % 2 == 0,
                    Referrer = context.Random.Chance(0.4) ? null : context.OfficialReferrer(),
                    UserAgent = context.Browser(),
                    Pause = (10 * Second, 10 * Minute),
                    MostSessions = 1 + (int)context.Random.Below(3),
                },
                context.Delay(i, spread));
        }

        foreach (Location nat in nats)
        {
            context.NeverTouch(Subject.Of(nat.Address));
        }

        context.AbnormalFromClient(2);
        return context.By(ExpectedAction.Revoke, ExpectedAction.Flag, ExpectedAction.Flag);
    }

    /// <summary>A session copied with its id and token: into twenty players, three, or eight who join one by one.</summary>
    public static ExpectedAction SessionCloning(AttackContext context)
    {
        int size = context.Size(easy: 20, hard: 3, slow: 8);
        TokenLine token = context.Account();
        context.Catch(token);
        Location first = context.AnyHome();
        Location[] places = [first, .. Enumerable.Range(1, size - 1).Select(_ => context.AnyHomeIn(first.Network.Country))];
        long[] delays = [0, .. Enumerable.Range(1, size - 1).Select(_ => 5 * Second + context.Delay(1, context.By(4 * Minute, 10 * Minute, context.Length * 6 / 10)))];
        context.LaunchClones(
            context.Client(first, (40 * Minute, 110 * Minute)) with
            {
                Places = places,
                Tokens = [token],
                Referrer = context.OfficialReferrer(),
                UserAgents = [.. places.Select(_ => context.Browser())],
                Pause = (2 * Second, 30 * Second),
            },
            delays);
        context.AbnormalFromClient(context.Attack.Difficulty == Difficulty.Hard ? 3 : 2);
        return context.By(ExpectedAction.Revoke, ExpectedAction.Flag, ExpectedAction.Flag);
    }

    /// <summary>One account that goes from hand to hand: a dozen people of a chat group, five colleagues, or eight over the day.</summary>
    public static ExpectedAction BatonSharing(AttackContext context)
    {
        int size = context.Size(easy: 12, hard: 5, slow: 8);
        TokenLine token = context.Account();
        context.Catch(token);
        Location first = context.AnyHome();
        Location[] places = [first, .. Enumerable.Range(1, size - 1).Select(_ => context.AnyHomeIn(first.Network.Country))];
        ClientPlan plan = context.Client(first, context.By((6 * Minute, 14 * Minute), (15 * Minute, 30 * Minute), (12 * Minute, 25 * Minute))) with
        {
            Places = places,
            Streams = context.Streams,
            Tokens = [token],
            Referrer = context.OfficialReferrer(),
            UserAgents = [.. places.Select(_ => context.Browser())],
            Pause = context.By((10 * Second, 90 * Second), (Minute, 5 * Minute), (2 * Minute, 10 * Minute)),
        };
        context.Launch(plan, abnormal: HonestLimits.FirstStranger(places));
        return ExpectedAction.Flag;
    }

    /// <summary>One token, one session at a time, another country with each: home lines rented from a proxy seller.</summary>
    public static ExpectedAction CountryHopping(AttackContext context)
    {
        int size = Math.Min(12, context.Size(easy: 6, hard: 3, slow: 4));
        TokenLine token = context.Account();
        context.Catch(token);
        List<Location> places = [];
        while (places.Count < size)
        {
            Location place = context.Home();
            if (places.TrueForAll(p => p.Network.Country != place.Network.Country))
            {
                places.Add(place);
            }
        }

        (long, long) length = context.By((5 * Minute, 9 * Minute), (14 * Minute, 19 * Minute), (35 * Minute, 55 * Minute));
        ClientPlan plan = context.Client(places[0], length) with
        {
            Places = [.. places],
            Tokens = [token],
            Referrer = context.OfficialReferrer(),
            UserAgent = context.Desktop(),
            Pause = (15 * Second, 50 * Second),
        };
        context.Launch(plan, abnormal: HonestLimits.Countries + 1);
        return ExpectedAction.Flag;
    }
}
