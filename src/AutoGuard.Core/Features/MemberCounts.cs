namespace AutoGuard.Core.Features;

/// <summary>Counts over the members of recent sets.</summary>
internal static class MemberCounts
{
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
