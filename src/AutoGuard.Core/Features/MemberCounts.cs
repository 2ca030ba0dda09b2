namespace AutoGuard.Core.Features;

/// <summary>Counts over the members of recent sets.</summary>
internal static class MemberCounts
{
    /// <summary>Tokens of a set that watched for a while within the window: so many viewers there are.</summary>
    public static int Settled(FeatureState state, int set, uint windowStart)
    {
        windowStart = Math.Max(1, windowStart);
        int settled = 0;
        foreach (ref readonly TokenMember member in state.TokenSets.Members(set))
        {
            settled += member.Identity != 0 && member.Settled >= windowStart ? 1 : 0;
        }
        return settled;
    }

    /// <summary>Distinct networks of the addresses of a set since a time (Unix seconds); saturates at 512.</summary>
    public static int Networks(FeatureState state, int set, uint windowStart)
    {
        ReadOnlySpan<PlainMember> members = state.PlainSets.Members(set);
        DistinctCounter networks = new(stackalloc ulong[DistinctCounter.PlacesFor(members.Length)]);
        foreach (ref readonly PlainMember member in members)
        {
            if (member.Identity != 0 && member.LastSeen >= windowStart)
            {
                networks.Add(member.Network);
            }
        }
        return networks.Count;
    }
}
