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

    /// <summary>Operators of homes among the lines of one account's token within three hours: two homes, or a home and a friend's.</summary>
    public const int HomeOperators = 2;

    /// <summary>The same, with operators of phones: a phone near a border, and the line at home.</summary>
    public const int Operators = 3;

    /// <summary>Addresses that come from one page which nobody listed: a few viewers, some on lines that are dialled anew.</summary>
    public const int VisitorsOfPage = 21;

    /// <summary>Tokens at once behind one address of a server, of players that send no referrer: apps behind a company's proxy.</summary>
    public const int BareTokensOfServer = 13;

    /// <summary>Sessions of seconds that a home ends within ten minutes, all of one stream: a page that is loaded again and again.</summary>
    public const int ShortSessions = 16;

    /// <summary>Starts of a home that nothing follows, within ten minutes: a player that is stuck.</summary>
    public const int SilentStarts = 29;

    /// <summary>The first of a token's places, in turn, that is one operator too many; at the eighth at the latest.</summary>
    public static int FirstStranger(Location[] places)
    {
        for (int count = 4; count < 8; count++)
        {
            uint[] operators = [.. places.Take(count).Select(p => p.Network.Asn).Distinct()];
            uint[] homes = [.. places.Take(count).Where(p => p.Network.Kind == NetworkKind.Home).Select(p => p.Network.Asn).Distinct()];
            if (operators.Length > Operators || homes.Length > HomeOperators)
            {
                return count;
            }
        }

        return 8;
    }
}
