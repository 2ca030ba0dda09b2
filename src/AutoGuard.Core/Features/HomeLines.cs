namespace AutoGuard.Core.Features;

/// <summary>
/// What is a home line: an address of an operator whose customers usually show one network or two. Phones show many, and a foreign
/// phone's traffic comes out at home; servers and ways out that people share say nothing of where somebody is.
/// </summary>
internal static class HomeLines
{
    /// <summary>Addresses of a token beyond which nobody asks where it came from last; it has worse to explain.</summary>
    private const int MostAddresses = 64;

    /// <summary>How long after a token was first seen its line may show its other family, milliseconds.</summary>
    private const long LongestArrival = 1_800_000;

    /// <summary>
    /// Whether a session comes to a home line when its token was at one of another operator in another country last. To be asked before
    /// the session's address is renewed among the token's.
    /// </summary>
    /// <param name="state">State of all keys.</param>
    /// <param name="token">The session's token.</param>
    /// <param name="session">A session that has just begun, or moved.</param>
    /// <param name="identity">Hash of its address.</param>
    /// <param name="windowStart">Start of the window, Unix seconds.</param>
    public static bool IsAbroad(FeatureState state, in TokenState token, in SessionState session, ulong identity, uint windowStart)
    {
        ReadOnlySpan<AddressMember> members = state.AddressSets.Members(token.Addresses);
        bool elsewhere = (session.Traits & (SessionTraits.DataCentre | SessionTraits.SharedEgress)) != 0;
        if (members.IsEmpty || members.Length > MostAddresses || elsewhere || session.Country == 0 || !state.Habits.HasOnlyLines(session.Asn))
        {
            return false;
        }
        AddressMember last = default;
        foreach (ref readonly AddressMember member in members)
        {
            bool isLine = member.Identity != 0 && member.LastSeen >= windowStart && !member.DataCentre && !member.SharedEgress && member.Country != 0;
            // Of two at the same time the one that it comes to now is where it was.
            bool later = member.LastSeen > last.LastSeen || (member.LastSeen == last.LastSeen && member.Identity == identity);
            if (isLine && later && state.Habits.HasOnlyLines(member.Asn))
            {
                last = member;
            }
        }
        return last.Identity != 0 && last.Identity != identity && last.Country != session.Country && last.Asn != session.Asn;
    }

    /// <summary>
    /// Whether a token comes back to a network that it had left for another line or a carrier's network, as a family's phones do, and hardly a relay,
    /// which has exits enough. What it leaves may be heard for a while after, so what counts is where it came to last. To be asked of each arrival,
    /// before the address is renewed among the token's, and marked as <see cref="AddressMember.Latest"/>.
    /// </summary>
    /// <param name="members">The token's addresses; the mark of the one it came to before is taken away.</param>
    /// <param name="identity">Hash of the address.</param>
    /// <param name="network">Hash of its network.</param>
    /// <param name="windowStart">Start of the window, Unix seconds.</param>
    public static bool IsReturn(Span<AddressMember> members, ulong identity, ulong network, uint windowStart)
    {
        if (members.Length > MostAddresses)
        {
            return false;
        }
        AddressMember known = default;
        AddressMember latest = default;
        foreach (ref AddressMember member in members)
        {
            if (member.Identity == 0 || member.LastSeen < windowStart)
            {
                continue;
            }
            known = member.Network == network ? member : known;
            latest = member.Latest ? member : latest;
            member.Latest &= member.Identity == identity;
        }
        // The other family of the same line is no other place.
        return known.Identity != 0 && latest.Identity != 0 && latest.Network != network
            && (latest.Asn != known.Asn || latest.Address.IsV4 == known.Address.IsV4);
    }

    /// <summary>
    /// Marks an address that a token has come to as its first, if it is, or as one of the same line: of the same network, or the first one in the
    /// other family that the same operator gave it, soon after the token was first seen and before it was anywhere else.
    /// </summary>
    /// <param name="members">The token's addresses, with this one.</param>
    /// <param name="session">A session at the address.</param>
    /// <param name="seen">The address.</param>
    /// <param name="age">Time since the token was first seen, milliseconds; 0 for the event that brought it.</param>
    public static void Mark(ReadOnlySpan<AddressMember> members, in SessionState session, ref AddressMember seen, long age)
    {
        if (members.Length > MostAddresses)
        {
            return;
        }
        bool hasHome = false;
        bool isSettled = age <= LongestArrival;
        AddressMember other = default;
        foreach (ref readonly AddressMember member in members)
        {
            if (member.Identity == 0 || member.Identity == seen.Identity)
            {
                continue;
            }
            hasHome |= member.Home;
            if (member.Network == seen.Network)
            {
                seen.Home |= member.Home;
                seen.First |= member.First;
            }
            bool isLine = member.Home || member.First;
            isSettled &= isLine || member.TakenOver;
            // Of a line that has both families already, one more network is somebody else's.
            if (isLine && member.Address.IsV4 == session.Address.IsV4)
            {
                isSettled &= member.Network == seen.Network || member.TakenOver;
            }
            else if (isLine && !member.TakenOver && member.Asn == session.Asn && session.Asn != 0)
            {
                other = member;
            }
        }
        if (age == 0 && !seen.Home)
        {
            seen.Home = !hasHome;
            seen.First = hasHome;
        }
        else if (isSettled && other.Identity != 0 && !seen.Home && !seen.First)
        {
            seen.Home = other.Home;
            seen.First = other.First;
        }
    }
}
