using AutoGuard.Core.Events;
using AutoGuard.Core.Policy;
using AutoGuard.Simulation.Labels;
using AutoGuard.Simulation.Profiles;
using AutoGuard.Simulation.World;

namespace AutoGuard.Simulation.Attacks;

/// <summary>Misuse by many short sessions.</summary>
internal static class ProbingAttacks
{
    private const long Second = 1_000;
    private const long Minute = 60_000;

    /// <summary>Sessions of seconds after which nobody takes a program in a data centre for anything else.</summary>
    private const int OfPrograms = 10;

    /// <summary>A program that reconnects all the time: fast, at the pace of an impatient person, or in bursts each hour.</summary>
    public static ExpectedAction AutomatedReconnects(AttackContext context)
    {
        bool hard = context.Attack.Difficulty == Difficulty.Hard;
        TokenLine token = context.Account();
        Location place = hard ? context.Home() : context.DataCentre();
        context.Catch(Subject.Of(place.Address));
        context.Catch(token);
        ClientPlan plan = context.Client(place, context.By((2 * Second, 5 * Second), (3 * Second, 8 * Second), (2 * Second, 8 * Second))) with
        {
            Tokens = [token],
            Referrer = hard ? context.OfficialReferrer() : null,
            UserAgent = hard ? context.Desktop() : Clients.Script,
            Pause = context.By((200L, Second), (2 * Second, 5 * Second), (500L, 2 * Second)),
        };
        if (context.Attack.Difficulty == Difficulty.Slow)
        {
            for (long at = 0; at < context.Length; at += 60 * Minute)
            {
                context.Launch(plan with { Until = Math.Min(context.End, context.Start + at + (10 * Minute)) }, at, at == 0 ? OfPrograms : 0);
            }
        }
        else
        {
            for (int i = 0; i < context.Size(easy: 2, hard: 1, slow: 1); i++)
            {
                context.Launch(plan, i * 700, i == 0 ? hard ? HonestLimits.ShortSessions + 1 : OfPrograms : 0);
            }
        }

        return context.By(ExpectedAction.Block, ExpectedAction.Flag, ExpectedAction.Flag);
    }

    /// <summary>Addresses of one hosting /24 that reconnect all the time, each with a token of its own.</summary>
    public static ExpectedAction SubnetOffenders(AttackContext context)
    {
        int size = context.Size(easy: 16, hard: 8, slow: 12);
        Location origin = context.DataCentre();
        context.Catch(Subject.Of(AddressBook.Neighbourhood(origin.Address)));
        for (int i = 0; i < size; i++)
        {
            Location place = AddressBook.Beside(origin, i * 7);
            TokenLine token = context.Account();
            context.Catch(Subject.Of(place.Address));
            context.Catch(token);
            long shift = context.Attack.Difficulty == Difficulty.Slow ? context.Length * i / (size + 1) : context.Delay(i, 5 * Minute);
            ClientPlan plan = context.Client(place, context.By((2 * Second, 5 * Second), (3 * Second, 8 * Second), (2 * Second, 6 * Second))) with
            {
                Tokens = [token],
                UserAgent = context.Attack.Difficulty == Difficulty.Hard ? context.Desktop() : Clients.Script,
                Pause = context.By((Second, 3 * Second), (3 * Second, 8 * Second), (Second, 3 * Second)),
                Until = context.Attack.Difficulty == Difficulty.Slow ? Math.Min(context.End, context.Start + shift + (15 * Minute)) : context.End,
            };
            context.Launch(plan, shift, i == 0 ? OfPrograms : 0);
        }

        Location next = new(origin.Network, IpAddress.FromV4(origin.Address.V4 ^ 0x100));
        context.Bystander(next);
        context.NeverTouch(Subject.Of(next.Address));
        return context.By(ExpectedAction.Block, ExpectedAction.Flag, ExpectedAction.Flag);
    }

    /// <summary>Starts and nothing else: one every two seconds, one every quarter of a minute from a home, or one a minute.</summary>
    public static ExpectedAction SilentProbing(AttackContext context)
    {
        bool isHard = context.Attack.Difficulty == Difficulty.Hard;
        Location place = isHard ? context.Home() : context.DataCentre();
        TokenLine token = context.Account();
        context.Catch(Subject.Of(place.Address));
        context.Catch(token);
        ClientPlan plan = context.Client(place, (500, 800)) with
        {
            Streams = context.Streams,
            Tokens = [token],
            Referrer = isHard ? context.OfficialReferrer() : null,
            UserAgent = isHard ? context.Desktop() : Clients.Script,
            Pause = context.By((500L, 2 * Second), (8 * Second, 20 * Second), (30 * Second, 60 * Second)),
            IsSilent = true,
        };
        context.Launch(plan, abnormal: isHard ? HonestLimits.SilentStarts + 1 : OfPrograms);
        return context.By(ExpectedAction.Block, ExpectedAction.Flag, ExpectedAction.Flag);
    }

    /// <summary>
    /// Tokens tried one after another from one address: every two seconds, four a minute from a home, or one a minute. One
    /// of them happens to be a real viewer's.
    /// </summary>
    public static ExpectedAction TokenGuessing(AttackContext context)
    {
        bool isHard = context.Attack.Difficulty == Difficulty.Hard;
        Location place = isHard ? context.Home() : context.DataCentre();
        context.Catch(Subject.Of(place.Address));
        ClientPlan plan = context.Client(place, context.By((Second, 3 * Second), (3 * Second, 8 * Second), (2 * Second, 6 * Second))) with
        {
            GuessesTokens = true,
            Referrer = isHard ? context.OfficialReferrer() : null,
            UserAgent = isHard ? context.Desktop() : Clients.Script,
            Pause = context.By((200L, Second), (6 * Second, 14 * Second), (40 * Second, 70 * Second)),
        };
        context.Launch(plan, abnormal: isHard ? HonestLimits.ShortSessions + 1 : OfPrograms);
        TokenLine victim = context.Account();
        context.Bystander(context.Home(), victim);
        context.NeverTouch(victim);
        context.Launch(plan with { GuessesTokens = false, Tokens = [victim], MostSessions = 1 }, context.Length / 3);
        return context.By(ExpectedAction.Block, ExpectedAction.Flag, ExpectedAction.Flag);
    }
}
