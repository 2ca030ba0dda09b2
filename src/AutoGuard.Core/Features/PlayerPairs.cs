using System.Numerics;

namespace AutoGuard.Core.Features;

/// <summary>
/// Counts players that can each be given a network of their own: a largest matching of user agents and the networks they were seen in
/// (Kuhn, Naval Research Logistics Quarterly 2, 1955). People who take turns with an account bring a device and a line each; one phone
/// on its way through many networks is one, and so are all devices of one line, as far as they stay there.
/// </summary>
internal static class PlayerPairs
{
    /// <summary>Players and networks that are told apart.</summary>
    public const int Most = 32;

    /// <summary>Pairs among a token's addresses; homes and phones only. Saturates at <see cref="Most"/>.</summary>
    /// <param name="members">The addresses.</param>
    /// <param name="windowStart">Start of the window, Unix seconds.</param>
    /// <param name="alone">Whether addresses are left out where only an earlier token of the account was.</param>
    public static int Count(ReadOnlySpan<AddressMember> members, uint windowStart, bool alone)
    {
        Span<int> agents = stackalloc int[Most];
        Span<ulong> networks = stackalloc ulong[Most];
        Span<uint> seenIn = stackalloc uint[Most];
        int agentCount = 0;
        int networkCount = 0;
        foreach (ref readonly AddressMember member in members)
        {
            bool counts = member.Identity != 0 && member.LastSeen >= windowStart && member.Agent != 0 && !(alone && member.TakenOver);
            if (!counts || member.DataCentre || member.SharedEgress || IsOtherFamily(in member, members, windowStart))
            {
                continue;
            }
            int agent = IndexOf(agents, ref agentCount, member.Agent);
            int network = IndexOf(networks, ref networkCount, member.Network);
            if (agent >= 0 && network >= 0)
            {
                seenIn[agent] |= 1U << network;
            }
        }
        return Match(seenIn[..agentCount]);
    }

    /// <summary>Of a line that shows both protocols, IPv4 counts.</summary>
    private static bool IsOtherFamily(in AddressMember member, ReadOnlySpan<AddressMember> members, uint windowStart)
    {
        if (member.Address.IsV4 || member.Asn == 0)
        {
            return false;
        }
        foreach (ref readonly AddressMember other in members)
        {
            if (other.Identity != 0 && other.LastSeen >= windowStart && other.Asn == member.Asn && other.Address.IsV4)
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>Where the value is among those known, or is put; -1 when there is no room.</summary>
    private static int IndexOf<T>(Span<T> known, ref int count, T value)
        where T : IEquatable<T>
    {
        int index = known[..count].IndexOf(value);
        if (index >= 0 || count == known.Length)
        {
            return index;
        }
        known[count] = value;
        return count++;
    }

    private static int Match(ReadOnlySpan<uint> seenIn)
    {
        Span<sbyte> owner = stackalloc sbyte[Most];
        owner.Fill(-1);
        int pairs = 0;
        for (int agent = 0; agent < seenIn.Length; agent++)
        {
            uint tried = 0;
            pairs += IsPlaced(agent, seenIn, owner, ref tried) ? 1 : 0;
        }
        return pairs;
    }

    /// <summary>Gives an agent a network of its own, if need be by moving others to another of theirs; no deeper than there are agents.</summary>
    private static bool IsPlaced(int agent, ReadOnlySpan<uint> seenIn, Span<sbyte> owner, ref uint tried)
    {
        uint left;
        while ((left = seenIn[agent] & ~tried) != 0)
        {
            int network = BitOperations.TrailingZeroCount(left);
            tried |= 1U << network;
            if (owner[network] < 0 || IsPlaced(owner[network], seenIn, owner, ref tried))
            {
                owner[network] = (sbyte)agent;
                return true;
            }
        }
        return false;
    }
}
