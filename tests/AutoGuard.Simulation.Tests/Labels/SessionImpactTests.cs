using AutoGuard.Core.Events;
using AutoGuard.Core.Policy;
using AutoGuard.Simulation.Labels;
using AutoGuard.Simulation.Profiles;

namespace AutoGuard.Simulation.Tests.Labels;

public sealed class SessionImpactTests
{
    private static readonly SimulationProfile Profile = SimulationProfiles.Small with { Transport = TransportProfile.Perfect };
    private static readonly Recording Recording = Recording.Of(Profile, 5);

    [Fact]
    public void Without_decisions_nothing_is_refused_and_every_session_is_counted()
    {
        SessionImpact impact = Measure();

        Assert.Equal((0L, 0L), (impact.MisusePrevented, impact.HonestRefused));
        Assert.Equal(Starts(s => s.Label.IsMisuse), impact.MisuseSessions);
        Assert.Equal(Starts(s => !s.Label.IsMisuse), impact.HonestSessions);
    }

    [Fact]
    public void A_blocked_address_refuses_its_later_sessions_until_the_block_lapses()
    {
        Incident reconnects = Recording.Truth.Incidents.Single(i => i.Kind == AttackKind.AutomatedReconnects);
        Subject address = reconnects.Catch.Single(s => s.Type == SubjectType.Ip);
        long from = reconnects.Start.ToUnixTimeMilliseconds() + 300_000;
        SessionImpact impact = Measure(Decide(address, DecisionAction.Block, from, expires: from + 900_000));

        long expected = Starts(s => s.First.Address == address.Value && s.First.Time >= from + 60_000 && s.First.Time < from + 900_000);
        Assert.True(expected > 50);
        Assert.Equal(expected, impact.MisusePrevented);
        Assert.Equal(0, impact.HonestRefused);
    }

    [Fact]
    public void Revoking_the_public_token_costs_honest_viewers_and_a_release_ends_it()
    {
        Subject token = Recording.Truth.Honest.Single(h => h.Kind == HonestKind.PublicToken).Subjects[0];
        long from = Profile.Start.ToUnixTimeMilliseconds() + 600_000;
        SessionImpact impact = Measure(Decide(token, DecisionAction.Revoke, from), Decide(token, DecisionAction.Release, from + 3_000_000));

        Assert.Equal(
            Starts(s => !s.Label.IsMisuse && s.First.Token == token.Value && s.First.Time >= from + 60_000 && s.First.Time < from + 3_000_000), impact.HonestRefused);
        Assert.True(impact.HonestRefused > 5);
    }

    [Fact]
    public void Networks_and_referrers_refuse_too_and_flags_do_not()
    {
        string host = Recording.Truth.Incidents.Single(i => i.Kind == AttackKind.IllegalEmbed).Catch[0].Value;
        string relay = Recording.Truth.Incidents.Single(i => i.Kind == AttackKind.AutomatedReconnects).Catch.Single(s => s.Type == SubjectType.Ip).Value;
        Assert.True(IpAddress.TryParse(relay, out IpAddress address));
        long from = Profile.Start.ToUnixTimeMilliseconds() - 60_000;
        Subject network = new(SubjectType.Cidr, IpNetwork.Of(address, 28).ToString());

        Assert.Equal(
            Starts(s => s.First.ReferrerHost == host),
            Measure(Decide(new(SubjectType.Referrer, host), DecisionAction.Block, from)).MisusePrevented);
        Assert.Equal(Starts(s => s.First.Address == relay), Measure(Decide(network, DecisionAction.Block, from)).MisusePrevented);
        Assert.Equal(0, Measure(Decide(network, DecisionAction.Flag, from)).MisusePrevented);
    }

    private static SessionImpact Measure(params Decision[] decisions)
    {
        SessionImpact impact = new(decisions, 5, TimeSpan.FromMinutes(1));
        impact.Measure(new TrafficSimulator(Profile, 5));
        return impact;
    }

    private static long Starts(Func<RecordedSession, bool> which) => Recording.Sessions.Values.Count(s => s.First.Type == "start" && which(s));

    private static Decision Decide(Subject subject, DecisionAction action, long time, long? expires = null) => new()
    {
        Id = "01",
        Time = time,
        Action = action,
        Mode = EnforcementMode.Enforce,
        Subject = subject,
        Score = 1,
        Reasons = [],
        Harm = new HarmPreview(0, 0, 0),
        Expires = expires,
        Policy = "",
        Source = new SourcePosition("events", 0, 0),
    };
}
