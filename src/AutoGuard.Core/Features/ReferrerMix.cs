namespace AutoGuard.Core.Features;

/// <summary>
/// How often sessions come without a referrer, by tenant and user agent: an app never has one, a browser hardly ever lacks it.
/// </summary>
public sealed class ReferrerMix
{
    /// <summary>Sessions below which the share of those without a referrer says little.</summary>
    private const int FewSessions = 20;

    private readonly StateTable<ulong, TenantState, PairHash> _tenants;
    private readonly StateTable<ulong, AgentState, PairHash> _agents;

    /// <summary>Makes an empty mix.</summary>
    /// <param name="tenants">The tenants, whose own counts stand in for agents nobody knows.</param>
    /// <param name="capacity">Most user agents, over all tenants.</param>
    public ReferrerMix(StateTable<ulong, TenantState, PairHash> tenants, int capacity)
    {
        _tenants = tenants;
        _agents = new(capacity, default);
    }

    /// <summary>Counts a session seen for the first time.</summary>
    public void Count(in SessionState session, long now, bool missing)
    {
        ref AgentState agent = ref _agents[_agents.GetOrAdd(KeyOf(in session), out _)];
        uint seconds = FeatureWindows.Seconds(now);
        agent.Sessions = FeatureWindows.Faded(agent.Sessions, agent.At, seconds) + 1;
        agent.Missing = FeatureWindows.Faded(agent.Missing, agent.At, seconds) + (missing ? 1 : 0);
        agent.At = Math.Max(agent.At, seconds);
    }

    /// <summary>A session that was counted as missing a referrer has named one.</summary>
    public void Name(in SessionState session)
    {
        ref AgentState agent = ref _agents[_agents.GetOrAdd(KeyOf(in session), out _)];
        agent.Missing = Math.Max(0, agent.Missing - 1);
    }

    /// <summary>
    /// Share (0 to 1) of sessions like this one, by tenant and user agent, that have no referrer: an app never has one, a
    /// browser hardly ever lacks it. What is not known of the agent is taken from the tenant.
    /// </summary>
    public float MissingShare(in SessionState session, long now)
    {
        float tenantShare = 0;
        int tenantIndex = _tenants.Find((ulong)session.Organization);
        if (tenantIndex >= 0)
        {
            ref TenantState tenant = ref _tenants[tenantIndex];
            uint sessions = 0;
            uint missing = 0;
            for (int i = 0; i < CountSlots.Length; i++)
            {
                sessions += tenant.Sessions[i];
                missing += tenant.MissingReferrer[i];
            }
            tenantShare = sessions >= FewSessions ? (float)missing / sessions : 0;
        }
        int index = _agents.Find(KeyOf(in session));
        if (index < 0)
        {
            return tenantShare;
        }
        ref AgentState agent = ref _agents[index];
        uint seconds = FeatureWindows.Seconds(now);
        float known = FeatureWindows.Faded(agent.Sessions, agent.At, seconds);
        return (FeatureWindows.Faded(agent.Missing, agent.At, seconds) + (FewSessions * tenantShare)) / (known + FewSessions);
    }

    private static ulong KeyOf(in SessionState session) => ((ulong)(uint)session.Organization << 32) | (uint)session.UserAgent;
}
