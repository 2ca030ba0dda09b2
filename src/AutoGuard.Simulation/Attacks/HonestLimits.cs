using AutoGuard.Simulation.World;

namespace AutoGuard.Simulation.Attacks;

/// <summary>
/// How far honest viewers go, on recordings of every profile: what is beyond is the first event that no honest viewer would cause, and
/// starts the clock of an incident. Counted by <c>HonestLimitsTests</c>.
/// </summary>
internal static class HonestLimits
{
    /// <summary>Countries in which the lines of one account's token are within an hour: phones near a border.</summary>
    public const int Countries = 2;

    /// <summary>
    /// Home lines of one account's token within three hours, three of one operator at most, since who is dialled anew has any number: a phone
    /// at home, at work and at a friend's.
    /// </summary>
    public const int Lines = 3;

    /// <summary>Operators of homes and phones within the same time: those three, and the phone's own.</summary>
    public const int Operators = 4;

    private const int LinesOfOperator = 3;

    /// <summary>Addresses that come from one page which nobody listed: a few viewers, some on lines that are dialled anew.</summary>
    public const int VisitorsOfPage = 21;

    /// <summary>Tokens at once behind one address of a server, of players that send no referrer: apps behind a company's proxy.</summary>
    public const int BareTokensOfServer = 30;

    /// <summary>Tokens at once behind one address of a server: staff behind a company's proxy.</summary>
    public const int TokensOfServer = 50;

    /// <summary>
    /// Sessions of seconds that a home ends within ten minutes, all of one stream: a page that is loaded again and again, or somebody who
    /// goes to and fro between the only two streams there are.
    /// </summary>
    public const int ShortSessions = 18;

    /// <summary>Starts of a home that nothing follows, within ten minutes: a player that is stuck.</summary>
    public const int SilentStarts = 29;

    /// <summary>The first of a token's places, in turn, that is one line, operator or country too many; the last where none is.</summary>
    public static int FirstStranger(Location[] places)
    {
        for (int count = 1; count < places.Length; count++)
        {
            var seen = places.Take(count).ToLookup(p => p.Network.Asn, p => p.Network.Kind);
            int lines = seen.Sum(o => Math.Min(LinesOfOperator, o.Count(kind => kind == NetworkKind.Home)));
            if (lines > Lines || seen.Count > Operators || places.Take(count).DistinctBy(p => p.Network.Country).Count() > Countries)
            {
                return count;
            }
        }

        return places.Length;
    }
}
