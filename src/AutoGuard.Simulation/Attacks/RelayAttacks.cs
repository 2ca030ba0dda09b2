using AutoGuard.Core.Policy;
using AutoGuard.Simulation.Labels;
using AutoGuard.Simulation.Profiles;
using AutoGuard.Simulation.World;

namespace AutoGuard.Simulation.Attacks;

/// <summary>Misuse by relays and by bought accounts.</summary>
internal static class RelayAttacks
{
    private const long Second = 1_000;
    private const long Minute = 60_000;

    /// <summary>A restreamer in a data centre: up to four streams at once, or one disguised as a browser, or one that rests between.</summary>
    public static ExpectedAction DataCentreRelay(AttackContext context)
    {
        bool disguised = context.Attack.Difficulty == Difficulty.Hard;
        int size = context.Size(easy: Math.Min(4, context.Streams.Length), hard: 1, slow: 1);
        TokenLine token = context.Account(revocable: !disguised);
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
                    UserAgent = disguised ? context.Desktop() : Clients.Ffmpeg,
                    Pause = context.By((2 * Second, 6 * Second), (5 * Second, 20 * Second), (10 * Minute, 25 * Minute)),
                },
                i * 1_500);
        }

        context.Neighbour(place, 9);
        return size >= 3 && !disguised ? ExpectedAction.Block : ExpectedAction.Flag;
    }

    /// <summary>A relay on a home line, one session at a time, all day and through every stream.</summary>
    public static ExpectedAction CarefulRelay(AttackContext context)
    {
        bool crude = context.Attack.Difficulty == Difficulty.Easy;
        TokenLine token = context.Account();
        Location place = context.Home();
        context.Catch(token);
        context.Catch(Subject.Of(place.Address));
        context.Launch(context.Client(place, context.By((context.Length, context.Length), (60 * Minute, 120 * Minute), (150 * Minute, 240 * Minute))) with
        {
            Streams = crude ? [context.Stream] : context.Streams,
            Tokens = [token],
            Referrer = crude ? null : context.OfficialReferrer(),
            UserAgent = crude ? Clients.Ffmpeg : context.Desktop(),
            Pause = (4 * Second, 40 * Second),
        });
        context.AbnormalFrom(context.Start + Math.Min(120 * Minute, context.Length / 2));
        return ExpectedAction.Flag;
    }

    /// <summary>One session after another through a pool of rented home lines: of many countries, of one, or moving within the session.</summary>
    public static ExpectedAction ResidentialRelay(AttackContext context)
    {
        int size = context.Size(easy: 60, hard: 40, slow: 30);
        TokenLine token = context.Account();
        context.Catch(token);
        Location first = context.AnyHome();
        Location[] places = [first, .. Enumerable.Range(1, size - 1).Select(_ =>
            context.Attack.Difficulty == Difficulty.Easy ? context.AnyHome() : context.AnyHomeIn(first.Network.Country))];
        ClientPlan plan = context.Client(first, context.By((2 * Minute, 5 * Minute), (4 * Minute, 9 * Minute), (50 * Minute, 90 * Minute))) with
        {
            Places = places,
            Streams = context.Attack.Difficulty == Difficulty.Easy ? [context.Stream] : context.Streams,
            Tokens = [token],
            Referrer = context.OfficialReferrer(),
            UserAgent = context.Desktop(),
            Pause = (Second, 5 * Second),
        };
        if (context.Attack.Difficulty == Difficulty.Slow)
        {
            context.LaunchMoving(plan, (8 * Minute, 20 * Minute), abnormal: HonestLimits.FirstStranger(places) - 1);
        }
        else
        {
            context.Launch(plan, abnormal: HonestLimits.FirstStranger(places));
        }

        return ExpectedAction.Flag;
    }

    /// <summary>
    /// A relay that takes a new token every ten minutes at one address, or every twenty at another address of the same
    /// network, or every hour.
    /// </summary>
    public static ExpectedAction TokenSuccession(AttackContext context)
    {
        bool isHard = context.Attack.Difficulty == Difficulty.Hard;
        int streams = Math.Min(context.Size(easy: 4, hard: 2, slow: 2), context.Streams.Length);
        string agent = isHard ? context.Desktop() : Clients.Ffmpeg;
        string? referrer = isHard ? context.OfficialReferrer() : null;
        Location place = context.DataCentre();
        Location home = place;
        context.Catch(Subject.Of(place.Address));
        long life = context.By(10 * Minute, 20 * Minute, 60 * Minute);
        for (long from = 0; from < context.Length - (2 * Minute); from += life + context.Random.Between(2 * Second, 20 * Second))
        {
            SimulatedToken token = context.UserToken();
            context.Catch(token);
            if (isHard && from > 0)
            {
                place = context.World.Addresses.Reserve(home.Network, context.Random);
                context.Catch(Subject.Of(place.Address));
            }

            for (int i = 0; i < streams; i++)
            {
                context.Launch(
                    context.Client(place, (life, life)) with
                    {
                        Streams = [context.Streams[i]],
                        Tokens = [token],
                        Referrer = referrer,
                        UserAgent = agent,
                        MostSessions = 1,
                    },
                    from + (i * 1_500));
            }
        }

        context.Neighbour(home, 11);
        return context.By(ExpectedAction.Block, ExpectedAction.Flag, ExpectedAction.Flag);
    }

    /// <summary>Many bought or stolen accounts behind one address of a data centre.</summary>
    public static ExpectedAction TokenFarm(AttackContext context)
    {
        int size = context.Size(easy: 300, hard: 40, slow: 120);
        Location place = context.DataCentre();
        context.Catch(Subject.Of(place.Address));
        for (int i = 0; i < size; i++)
        {
            TokenLine token = context.Account();
            context.Catch(token);
            context.Launch(
                context.Client(place, (20 * Minute, 60 * Minute)) with
                {
                    Tokens = [token],
                    Referrer = context.Attack.Difficulty == Difficulty.Hard ? context.OfficialReferrer() : null,
                    UserAgent = context.Desktop(),
                    Pause = (30 * Second, 120 * Second),
                },
                context.Delay(i, context.By(10 * Minute, 30 * Minute, context.Length * 8 / 10)));
        }

        context.Neighbour( place, 77);
        context.AbnormalFromClient(1 + context.By(HonestLimits.BareTokensOfServer, HonestLimits.TokensOfServer, HonestLimits.BareTokensOfServer));
        return ExpectedAction.Flag;
    }
}
