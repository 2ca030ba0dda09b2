using AutoGuard.Core.Events;
using AutoGuard.Core.Policy;
using AutoGuard.Simulation.Labels;
using AutoGuard.Simulation.Profiles;
using AutoGuard.Simulation.World;

namespace AutoGuard.Simulation.Attacks;

/// <summary>Turns a profile's attacks into clients of the world and incidents of the truth.</summary>
internal static class AttackPlanner
{
    private const long Second = 1_000;
    private const long Minute = 60_000;

    public static Incident Plan(SimulatedWorld world, Audience audience, AttackProfile attack, int index, int number)
    {
        AttackContext context = new(world, audience, attack, index);
        ExpectedAction expected = attack.Kind switch
        {
            AttackKind.TokenSharing => TokenSharing(context),
            AttackKind.LeakedToken => LeakedToken(context),
            AttackKind.DataCentreRelay => DataCentreRelay(context),
            AttackKind.AddressFlood => AddressFlood(context),
            AttackKind.AutomatedReconnects => AutomatedReconnects(context),
            AttackKind.TokenFarm => TokenFarm(context),
            AttackKind.SubnetOffenders => SubnetOffenders(context),
            AttackKind.IllegalEmbed => IllegalEmbed(context),
            AttackKind.CountryHopping => CountryHopping(context),
            _ => CarefulRelay(context),
        };
        return new Incident
        {
            Id = $"{Kebab(attack.Kind.ToString())}-{number}",
            Kind = attack.Kind,
            Difficulty = attack.Difficulty,
            Start = DateTimeOffset.FromUnixTimeMilliseconds(context.Start),
            End = DateTimeOffset.FromUnixTimeMilliseconds(context.End),
            Expected = expected,
            Catch = [.. context.Catches],
            NeverTouch = [.. context.NeverTouched],
        };
    }

    /// <summary>A group on one user's token: a dozen strangers, four friends, or seven who join one by one.</summary>
    private static ExpectedAction TokenSharing(AttackContext context)
    {
        int size = context.Size(easy: 12, hard: 4, slow: 7);
        SimulatedToken token = context.UserToken();
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
                    Referrer = context.OfficialReferrer(),
                    UserAgent = Clients.Browser(context.Random),
                    Pause = (5 * Second, 40 * Second),
                },
                context.Delay(i, spread));
            if (i == 1)
            {
                context.Bystander(place);
                context.NeverTouch(Subject.Of(place.Address));
            }
        }

        return context.By(ExpectedAction.Revoke, ExpectedAction.Flag, ExpectedAction.Flag);
    }

    /// <summary>A token on a public page: its owner goes on watching while hundreds from several countries join.</summary>
    private static ExpectedAction LeakedToken(AttackContext context)
    {
        int size = context.Size(easy: 300, hard: 60, slow: 120);
        SimulatedToken token = context.UserToken();
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
                    Referrer = context.Random.Chance(0.4) ? null : context.OfficialReferrer(),
                    UserAgent = Clients.Browser(context.Random),
                    Pause = (10 * Second, 10 * Minute),
                    MostSessions = 1 + (int)context.Random.Below(3),
                },
                context.Delay(i, spread));
        }

        foreach (Location nat in nats)
        {
            context.NeverTouch(Subject.Of(nat.Address));
        }

        return context.By(ExpectedAction.Revoke, ExpectedAction.Flag, ExpectedAction.Flag);
    }

    /// <summary>A restreamer in a data centre: up to four streams at once, or one disguised as a browser, or one that rests between.</summary>
    private static ExpectedAction DataCentreRelay(AttackContext context)
    {
        bool disguised = context.Attack.Difficulty == Difficulty.Hard;
        int size = context.Size(easy: Math.Min(4, context.Streams.Length), hard: 1, slow: 1);
        SimulatedToken token = context.UserToken(revocable: !disguised);
        Location place = context.DataCentre();
        context.Catch(token);
        context.Catch(Subject.Of(place.Address));
        for (int i = 0; i < size; i++)
        {
            (long, long) length = context.By((40 * Minute, 90 * Minute), (300 * Minute, 600 * Minute), (30 * Minute, 60 * Minute));
            context.Launch(
                context.Client(place, length) with
                {
                    Streams = size == 1 ? [context.Stream] : [context.Streams[i % context.Streams.Length]],
                    Tokens = [token],
                    Referrer = disguised ? context.OfficialReferrer() : null,
                    UserAgent = disguised ? context.Random.Pick(Clients.Desktop) : Clients.Ffmpeg,
                    Pause = context.By((2 * Second, 6 * Second), (5 * Second, 20 * Second), (10 * Minute, 25 * Minute)),
                },
                i * 1_500);
        }

        Neighbour(context, place, 9);
        return size >= 3 && !disguised ? ExpectedAction.Block : ExpectedAction.Flag;
    }

    /// <summary>Hundreds of connections of one address: without tokens, or with a few tokens and behind somebody's home line.</summary>
    private static ExpectedAction AddressFlood(AttackContext context)
    {
        int size = context.Size(easy: 420, hard: 150, slow: 250);
        bool hard = context.Attack.Difficulty == Difficulty.Hard;
        Location place = hard ? context.Home() : context.DataCentre();
        context.Catch(Subject.Of(place.Address));
        SimulatedToken[] tokens = hard ? [.. Enumerable.Range(0, 8).Select(_ => context.UserToken())] : [];
        foreach (SimulatedToken token in tokens)
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
                    UserAgent = hard ? context.Random.Pick(Clients.Desktop) : Clients.Go,
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
            Neighbour(context, place, 40);
        }

        return context.By(ExpectedAction.Block, ExpectedAction.Flag, ExpectedAction.Flag);
    }

    /// <summary>A program that reconnects all the time: fast, at the pace of an impatient person, or in bursts each hour.</summary>
    private static ExpectedAction AutomatedReconnects(AttackContext context)
    {
        bool hard = context.Attack.Difficulty == Difficulty.Hard;
        SimulatedToken token = context.UserToken();
        Location place = hard ? context.Home() : context.DataCentre();
        context.Catch(Subject.Of(place.Address));
        context.Catch(token);
        ClientPlan plan = context.Client(place, context.By((2 * Second, 5 * Second), (3 * Second, 8 * Second), (2 * Second, 8 * Second))) with
        {
            Tokens = [token],
            Referrer = hard ? context.OfficialReferrer() : null,
            UserAgent = hard ? context.Random.Pick(Clients.Desktop) : Clients.Script,
            Pause = context.By((200L, Second), (2 * Second, 5 * Second), (500L, 2 * Second)),
        };
        if (context.Attack.Difficulty == Difficulty.Slow)
        {
            for (long at = 0; at < context.Length; at += 60 * Minute)
            {
                context.Launch(plan with { Until = Math.Min(context.End, context.Start + at + (10 * Minute)) }, at);
            }
        }
        else
        {
            for (int i = 0; i < context.Size(easy: 2, hard: 1, slow: 1); i++)
            {
                context.Launch(plan, i * 700);
            }
        }

        return context.By(ExpectedAction.Block, ExpectedAction.Flag, ExpectedAction.Flag);
    }

    /// <summary>Many bought or stolen accounts behind one address of a data centre.</summary>
    private static ExpectedAction TokenFarm(AttackContext context)
    {
        int size = context.Size(easy: 300, hard: 40, slow: 120);
        Location place = context.DataCentre();
        context.Catch(Subject.Of(place.Address));
        for (int i = 0; i < size; i++)
        {
            SimulatedToken token = context.UserToken();
            context.Catch(token);
            context.Launch(
                context.Client(place, (20 * Minute, 60 * Minute)) with
                {
                    Tokens = [token],
                    Referrer = context.Attack.Difficulty == Difficulty.Hard ? context.OfficialReferrer() : null,
                    UserAgent = context.Random.Pick(Clients.Desktop),
                    Pause = (30 * Second, 120 * Second),
                },
                context.Delay(i, context.By(10 * Minute, 30 * Minute, context.Length * 8 / 10)));
        }

        Neighbour(context, place, 77);
        return ExpectedAction.Flag;
    }

    /// <summary>Addresses of one hosting /24 that reconnect all the time, each with a token of its own.</summary>
    private static ExpectedAction SubnetOffenders(AttackContext context)
    {
        int size = context.Size(easy: 16, hard: 8, slow: 12);
        Location origin = context.DataCentre();
        context.Catch(Subject.Of(AddressBook.Neighbourhood(origin.Address)));
        for (int i = 0; i < size; i++)
        {
            Location place = AddressBook.Beside(origin, i * 7);
            SimulatedToken token = context.UserToken();
            context.Catch(Subject.Of(place.Address));
            context.Catch(token);
            long shift = context.Attack.Difficulty == Difficulty.Slow ? context.Length * i / (size + 1) : context.Delay(i, 5 * Minute);
            ClientPlan plan = context.Client(place, context.By((2 * Second, 5 * Second), (3 * Second, 8 * Second), (2 * Second, 6 * Second))) with
            {
                Tokens = [token],
                UserAgent = context.Attack.Difficulty == Difficulty.Hard ? context.Random.Pick(Clients.Desktop) : Clients.Script,
                Pause = context.By((Second, 3 * Second), (3 * Second, 8 * Second), (Second, 3 * Second)),
            };
            long until = context.Attack.Difficulty == Difficulty.Slow ? Math.Min(context.End, context.Start + shift + (15 * Minute)) : context.End;
            context.Launch(plan with { Until = until }, shift);
        }

        Location next = new(origin.Network, IpAddress.FromV4(origin.Address.V4 ^ 0x100));
        context.Bystander(next);
        context.NeverTouch(Subject.Of(next.Address));
        return context.By(ExpectedAction.Block, ExpectedAction.Flag, ExpectedAction.Flag);
    }

    /// <summary>A foreign page with the player in it; its viewers hold ordinary tokens and are nobody's enemies.</summary>
    private static ExpectedAction IllegalEmbed(AttackContext context)
    {
        int size = context.Size(easy: 250, hard: 30, slow: 60);
        string host = context.By("livetv-free", "www.arena-live.example.watch-hd", "goal-streams") + "-" + (context.Random.Below(90) + 10) + ".example";
        context.Catch(new Subject(SubjectType.Referrer, host));
        SimulatedToken shared = context.Audience.PublicToken(context.Organization);
        context.NeverTouch(shared);
        for (int i = 0; i < size; i++)
        {
            Location place = context.Home();
            bool isPublic = context.Random.Chance(0.3);
            context.Launch(
                context.Client(place, (2 * Minute, 40 * Minute)) with
                {
                    Tokens = isPublic ? [shared] : [],
                    TokenPerSession = !isPublic,
                    Referrer = $"https://{host}/{context.Stream}",
                    UserAgent = Clients.Browser(context.Random),
                    Pause = (20 * Second, 15 * Minute),
                    MostSessions = 1 + (int)context.Random.Below(2),
                },
                context.Delay(i, context.By(context.Length / 2, context.Length * 8 / 10, context.Length * 9 / 10)));
            if (i < 8)
            {
                context.NeverTouch(Subject.Of(place.Address));
            }
        }

        return context.By(ExpectedAction.Block, ExpectedAction.Flag, ExpectedAction.Flag);
    }

    /// <summary>One token, one session at a time, another country with each: home lines rented from a proxy seller.</summary>
    private static ExpectedAction CountryHopping(AttackContext context)
    {
        int size = Math.Min(12, context.Size(easy: 6, hard: 3, slow: 4));
        SimulatedToken token = context.UserToken();
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
        context.Launch(context.Client(places[0], length) with
        {
            Places = [.. places],
            Tokens = [token],
            Referrer = context.OfficialReferrer(),
            UserAgent = context.Random.Pick(Clients.Desktop),
            Pause = (15 * Second, 50 * Second),
        });
        return ExpectedAction.Flag;
    }

    /// <summary>A relay on a home line, one session at a time, all day and through every stream.</summary>
    private static ExpectedAction CarefulRelay(AttackContext context)
    {
        bool crude = context.Attack.Difficulty == Difficulty.Easy;
        SimulatedToken token = context.UserToken();
        Location place = context.Home();
        context.Catch(token);
        context.Catch(Subject.Of(place.Address));
        context.Launch(context.Client(place, context.By((context.Length, context.Length), (60 * Minute, 120 * Minute), (150 * Minute, 240 * Minute))) with
        {
            Streams = crude ? [context.Stream] : context.Streams,
            Tokens = [token],
            Referrer = crude ? null : context.OfficialReferrer(),
            UserAgent = crude ? Clients.Ffmpeg : context.Random.Pick(Clients.Desktop),
            Pause = (4 * Second, 40 * Second),
        });
        return ExpectedAction.Flag;
    }

    /// <summary>Another customer of the same hoster, in the same /24: an honest person behind a VPN.</summary>
    private static void Neighbour(AttackContext context, Location place, int step)
    {
        Location neighbour = AddressBook.Beside(place, step);
        context.Bystander(neighbour);
        context.NeverTouch(Subject.Of(neighbour.Address));
    }

    internal static string Kebab(string pascalCase) =>
        string.Concat(pascalCase.Select((c, i) => char.IsUpper(c) ? (i == 0 ? "" : "-") + char.ToLowerInvariant(c) : c.ToString()));
}
