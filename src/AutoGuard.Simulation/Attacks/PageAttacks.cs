using AutoGuard.Core.Policy;
using AutoGuard.Simulation.Labels;
using AutoGuard.Simulation.Profiles;
using AutoGuard.Simulation.World;

namespace AutoGuard.Simulation.Attacks;

/// <summary>Misuse by pages and apps, and misuse that points at somebody else.</summary>
internal static class PageAttacks
{
    private const long Second = 1_000;
    private const long Minute = 60_000;

    /// <summary>A foreign page with the player in it; its viewers hold ordinary tokens and are nobody's enemies.</summary>
    public static ExpectedAction IllegalEmbed(AttackContext context)
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
                    TokenPerSession = isPublic ? null : context.Tenant.Mint,
                    Referrer = $"https://{host}/{context.Stream}",
                    UserAgent = context.Browser(),
                    Pause = (20 * Second, 15 * Minute),
                    MostSessions = 1 + (int)context.Random.Below(2),
                },
                context.Delay(i, context.By(context.Length / 2, context.Length * 8 / 10, context.Length * 9 / 10)));
            if (i < 8)
            {
                context.NeverTouch(Subject.Of(place.Address));
            }
        }

        context.AbnormalFromClient(HonestLimits.VisitorsOfPage + 1);
        return context.By(ExpectedAction.Block, ExpectedAction.Flag, ExpectedAction.Flag);
    }

    /// <summary>
    /// An unofficial app: homes with a fresh token for every session and no referrer, on a tenant whose viewers all send
    /// one. Crude ones carry the app's name; the others look like a browser that strips it.
    /// </summary>
    public static ExpectedAction PirateApp(AttackContext context)
    {
        int size = context.Size(easy: 90, hard: 50, slow: 60);
        for (int i = 0; i < size; i++)
        {
            Location place = context.AnyHome();
            SimulatedToken[] tokens = [.. Enumerable.Range(0, 1 + (int)context.Random.Below(3)).Select(_ => context.Tenant.Mint.ForSession(context.Random, context.Stream, context.Start))];
            context.Launch(
                context.Client(place, (5 * Minute, 50 * Minute)) with
                {
                    Tokens = [.. tokens.Select(t => (TokenLine)t)],
                    UserAgent = context.Attack.Difficulty == Difficulty.Hard ? Clients.Browser(context.Random) : Clients.Pirate,
                    Pause = (30 * Second, 10 * Minute),
                    MostSessions = tokens.Length,
                },
                context.Delay(i, context.By(context.Length / 3, context.Length / 2, context.Length * 8 / 10)));
            context.Catch(Subject.Of(place.Address));
            foreach (SimulatedToken token in tokens)
            {
                context.Catch(token);
            }
        }

        context.AbnormalFromClient(10);
        return ExpectedAction.Flag;
    }

    /// <summary>
    /// Traffic made to look as if somebody else were guilty: a victim's public token in data centres, junk from behind a
    /// translator of a carrier, a rival's page as the referrer.
    /// </summary>
    public static ExpectedAction Framing(AttackContext context)
    {
        switch (context.Attack.Difficulty)
        {
            case Difficulty.Easy:
                SimulatedToken shared = context.Audience.PublicToken(context.Organization);
                context.NeverTouch(shared);
                Frame(context, [context.DataCentre(), context.DataCentre(), context.DataCentre()], [shared], context.OfficialReferrer(), context.Size(150, 0, 0));
                break;
            case Difficulty.Hard:
                Location nat = TranslatorFor(context);
                context.NeverTouch(Subject.Of(nat.Address));
                TokenLine[] own = [context.Account(), context.Account(), context.Account()];
                Frame(context, [nat], own, context.OfficialReferrer(), context.Size(0, 60, 0));
                break;
            default:
                string rival = $"www.rival-{context.Random.Below(900) + 100}.example";
                context.NeverTouch(new Subject(SubjectType.Referrer, rival));
                context.Bystander(context.Home(), null, $"https://{rival}/");
                Frame(context, [context.DataCentre(), context.DataCentre()], [], $"https://{rival}/live", context.Size(0, 0, 90));
                break;
        }

        context.AbnormalFromClient(20);
        return ExpectedAction.Flag;
    }

    /// <summary>What counts as a catch is what belongs to the attacker: tokens bound to its users, else its addresses.</summary>
    private static void Frame(AttackContext context, Location[] places, TokenLine[] tokens, string? referrer, int size)
    {
        bool isOwn = tokens.Length > 0 && tokens[0].Tokens[0].User is not null;
        foreach (Subject subject in isOwn ? tokens.SelectMany(t => t.Tokens).Select(AttackContext.Of) : places.Select(p => Subject.Of(p.Address)))
        {
            context.Catch(subject);
        }

        for (int i = 0; i < size; i++)
        {
            context.Launch(
                context.Client(places[i % places.Length], (Minute, 10 * Minute)) with
                {
                    Tokens = tokens.Length == 0 ? [] : [tokens[i % tokens.Length]],
                    Referrer = referrer,
                    UserAgent = context.Desktop(),
                    Pause = (2 * Second, 20 * Second),
                },
                context.Delay(i, Math.Min(10 * Minute, context.Length / 2)));
        }
    }

    /// <summary>A carrier's translator with many customers on it; without one in the profile, a line with a few.</summary>
    private static Location TranslatorFor(AttackContext context)
    {
        Location[] nats = context.Audience.CarrierNats;
        if (nats.Length > 0)
        {
            return context.Random.Pick<Location>(nats);
        }

        Location line = context.Home();
        for (int i = 0; i < 5; i++)
        {
            context.Bystander(line);
        }

        return line;
    }
}
