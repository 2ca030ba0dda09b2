using AutoGuard.Core.Events;
using AutoGuard.Core.Policy;
using AutoGuard.Simulation.Labels;
using AutoGuard.Simulation.Profiles;

namespace AutoGuard.Simulation.Tests.Labels;

public sealed class SessionImpactTests
{
    // Duplicates, late and reordered events, and all organizations' sessions beside one another.
    private static readonly SimulationProfile Profile = SimulationProfiles.Small with { Organizations = ["north", "south"] };
    private static readonly Recording Recording = Recording.Of(Profile, 5);
    private static readonly ParsedRecording Parsed = ParsedRecording.Of(Profile, 5);
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public void Without_decisions_nothing_is_refused_and_every_session_is_counted_once()
    {
        SessionImpact impact = SessionImpact.Of([], Parsed.Sessions);

        Assert.Equal((0L, 0L), (impact.MisusePrevented, impact.HonestRefused));
        Assert.Equal(Starts(s => s.Label.IsMisuse), impact.MisuseSessions);
        Assert.Equal(Starts(s => !s.Label.IsMisuse), impact.HonestSessions);
        Assert.Equal(Starts(s => s.Label == new SessionLabel(-1, HonestKind.CarrierNat)), impact.Honest.Single(h => h.Kind == HonestKind.CarrierNat).Sessions);
        Assert.Equal((0.0, 0.0), (impact.Prevention, impact.HonestRefusedPerMillion));
    }

    [Fact]
    public void A_blocked_address_refuses_its_later_sessions_until_the_block_lapses()
    {
        Incident reconnects = Recording.Truth.Incidents.Single(i => i.Kind == AttackKind.AutomatedReconnects);
        Subject address = reconnects.Catch.Single(s => s.Type == SubjectType.Ip);
        long from = reconnects.Start.ToUnixTimeMilliseconds() + 300_000;
        SessionImpact impact = SessionImpact.Of([new(address, DecisionAction.Block, from) { Expires = from + 900_000 }], Parsed.Sessions, Minute);

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
        JudgedDecision[] decisions = [new(token, DecisionAction.Revoke, from), new(token, DecisionAction.Release, from + 6_000_000)];
        long here = Count("north") + Count("south");

        Assert.True(here > 5);
        Assert.Equal(
            here,
            new[] { "north", "south" }.Sum(o => SessionImpact.Of(decisions.Select(d => d with { Organization = o }), Parsed.Sessions, Minute).HonestRefused));

        long Count(string organization) => Starts(s => !s.Label.IsMisuse && s.First.Token == token.Value && s.First.Organization == organization
            && s.First.Time >= from + 60_000 && s.First.Time < from + 6_000_000);
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
            SessionImpact.Of([new(new(SubjectType.Referrer, host), DecisionAction.Block, from)], Parsed.Sessions, Minute).MisusePrevented);
        Assert.Equal(
            Starts(s => s.First.Address == relay), SessionImpact.Of([new(network, DecisionAction.Block, from)], Parsed.Sessions, Minute).MisusePrevented);
        Assert.Equal(0, SessionImpact.Of([new(network, DecisionAction.Flag, from)], Parsed.Sessions, Minute).MisusePrevented);
    }

    [Fact]
    public void The_exceptions_of_a_later_revocation_take_the_place_of_an_earlier_ones()
    {
        RecordedSession viewer = Recording.Sessions.Values.First(s => s.First is { Type: "start", Token: not null, Organization: "north" } && !s.Label.IsMisuse);
        Subject token = new(SubjectType.Token, viewer.First.Token!);
        Assert.True(IpAddress.TryParse(viewer.First.Address, out IpAddress address));
        IpNetwork home = IpNetwork.Of(address, address.IsV4 ? 24 : 64);
        JudgedDecision first = new(token, DecisionAction.Revoke, viewer.First.Time - 2_000) { Organization = "north" };
        JudgedDecision second = first with { Time = viewer.First.Time - 1_000, Except = [home] };

        Assert.True(Refused(first) > Refused(second));
        Assert.Equal(Refused(second), Refused(first, second));
        Assert.Equal(Refused(first), Refused(second with { Time = first.Time }, first with { Time = second.Time }));

        static long Refused(params JudgedDecision[] decisions) => SessionImpact.Of(decisions, Parsed.Sessions).HonestRefused;
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public void Random_decisions_refuse_what_the_definition_says(int seed)
    {
        Random random = new(seed);
        RecordedSession[] sessions = [.. Recording.Sessions.Values.Where(s => s.First.Type == "start")];
        List<JudgedDecision> decisions = [.. Enumerable.Range(0, 400).Select(_ => Draw(random, sessions))];
        // Of half of the blocks a part is released, some of them twice or before they began.
        decisions.AddRange(decisions.Where(_ => random.Next(2) == 0).ToList()
            .Select(d => d with { Action = DecisionAction.Release, Time = d.Time + random.Next(-600_000, 3_600_000), Expires = null }));
        TimeSpan delay = TimeSpan.FromSeconds(random.Next(0, 90));
        decisions = [.. decisions.OrderBy(_ => random.Next())];
        SessionImpact impact = SessionImpact.Of(decisions, Parsed.Sessions, delay);

        Assert.Equal(sessions.LongCount(s => s.Label.IsMisuse && IsRefused(s.First, decisions, delay)), impact.MisusePrevented);
        Assert.All(impact.Honest, kind => Assert.Equal(
            sessions.LongCount(s => s.Label == new SessionLabel(-1, kind.Kind) && IsRefused(s.First, decisions, delay)), kind.Refused));
        Assert.True(impact.HonestRefused > 0 && impact.MisusePrevented > 0, $"Seed {seed} refuses nothing.");
    }

    /// <summary>The definition, word by word.</summary>
    private static bool IsRefused(RecordedEvent start, List<JudgedDecision> decisions, TimeSpan delay) => decisions.Exists(block =>
        block.Action >= DecisionAction.Block
        && Covers(block, start)
        && start.Time >= block.Time + (long)delay.TotalMilliseconds
        && start.Time < (block.Expires ?? long.MaxValue)
        && !decisions.Exists(release => release.Action == DecisionAction.Release && release.Subject == block.Subject
            && release.Organization == block.Organization && release.Time >= block.Time && release.Time <= start.Time));

    private static bool Covers(JudgedDecision decision, RecordedEvent start)
    {
        if (decision.Organization is { } organization && organization != start.Organization)
        {
            return false;
        }
        return decision.Subject.Type switch
        {
            SubjectType.Token => decision.Subject.Value == start.Token,
            SubjectType.Ip => decision.Subject.Value == start.Address,
            SubjectType.Referrer => decision.Subject.Value == start.ReferrerHost,
            _ => IpNetwork.TryParse(decision.Subject.Value, out IpNetwork network) && IpAddress.TryParse(start.Address, out IpAddress address) && network.Contains(address),
        };
    }

    private static JudgedDecision Draw(Random random, RecordedSession[] sessions)
    {
        RecordedEvent near = sessions[random.Next(sessions.Length)].First;
        Assert.True(IpAddress.TryParse(near.Address, out IpAddress address));
        int bits = address.IsV4 ? 32 : 128;
        Subject subject = random.Next(4) switch
        {
            0 when near.Token is { } token => new(SubjectType.Token, token),
            1 when near.ReferrerHost is { } host && random.Next(8) == 0 => new(SubjectType.Referrer, host),
            2 => Subject.Of(IpNetwork.Of(address, random.Next(bits / 2, bits + 1))),
            _ => Subject.Of(address),
        };
        long time = near.Time + random.Next(-3_600_000, 600_000);
        DecisionAction action = random.Next(5) == 0 ? DecisionAction.Flag : subject.Type == SubjectType.Token ? DecisionAction.Revoke : DecisionAction.Block;
        return new JudgedDecision(subject, action, time)
        {
            Organization = subject.Type == SubjectType.Token || random.Next(2) == 0 ? near.Organization : null,
            Expires = random.Next(2) == 0 ? time + random.Next(0, 3_600_000) : null,
        };
    }

    private static long Starts(Func<RecordedSession, bool> which) => Recording.Sessions.Values.LongCount(s => s.First.Type == "start" && which(s));
}
