using AutoGuard.Core.Events;
using AutoGuard.Core.Policy;
using AutoGuard.Simulation.Labels;
using AutoGuard.Simulation.Profiles;

namespace AutoGuard.Simulation.Tests.Attacks;

/// <summary>Twenty kinds of misuse in three forms against four tenants, read back as a stranger would.</summary>
public sealed class MisuseTests : IClassFixture<MisuseTests.EveryMisuse>
{
    private const long Minute = 60_000;

    private readonly Recording _recording;
    private readonly ILookup<int, RecordedEvent> _events;

    public MisuseTests(EveryMisuse every)
    {
        _recording = every.Recording;
        _events = every.Events;
    }

    private SimulationTruth Truth => _recording.Truth;

    [Fact]
    public void Every_kind_occurs_in_every_form() =>
        Assert.Equal(60, _recording.Simulator.Profile.Attacks.Where((_, i) => _events.Contains(i)).Select(a => (a.Kind, a.Difficulty)).Distinct().Count());

    [Fact]
    public void An_incident_begins_with_its_first_event_and_its_events_lie_within_it() => Every((incident, events) =>
    {
        Assert.Equal(incident.Start.ToUnixTimeMilliseconds(), events.Min(e => e.Time));
        Assert.InRange(events.Max(e => e.Time), 0, incident.End.ToUnixTimeMilliseconds());
        Assert.InRange(incident.FirstAbnormal, incident.Start, incident.End);
    });

    [Fact]
    public void Every_event_of_misuse_shows_a_subject_that_counts_as_a_catch() =>
        Every((incident, events) => Assert.All(events, e => Assert.Contains(incident.Catch, s => Shows(e, s))));

    [Fact]
    public void Nobody_is_both_a_catch_and_untouchable()
    {
        HashSet<Subject> caught = [.. Truth.Incidents.SelectMany(i => i.Catch)];
        IpNetwork[] networks = [.. caught.Where(s => s.Type == SubjectType.Cidr).Select(s => IpNetwork.TryParse(s.Value, out IpNetwork n) ? n : throw new FormatException(s.Value))];
        Subject[] untouchable = [.. Truth.Incidents.SelectMany(i => i.NeverTouch), .. Truth.Honest.SelectMany(h => h.Subjects), .. Truth.Allowlist.Select(a => a.Subject)];

        Assert.NotEmpty(networks);
        Assert.All(untouchable, s => Assert.DoesNotContain(s, caught));
        Assert.All(untouchable.Where(s => s.Type == SubjectType.Ip), s => Assert.DoesNotContain(networks, n => IpAddress.TryParse(s.Value, out IpAddress a) && n.Contains(a)));
    }

    [Fact]
    public void Honest_viewers_show_what_counts_as_a_catch_only_where_the_truth_puts_them_beside_the_attacker()
    {
        HashSet<(SubjectType, string?)> caught = [.. Truth.Incidents.SelectMany(i => i.Catch).Select(s => (s.Type, (string?)s.Value))];

        Assert.All(
            _recording.Sessions.Values.Where(s => !s.Label.IsMisuse && (caught.Contains((SubjectType.Token, s.First.Token)) || caught.Contains((SubjectType.Ip, s.First.Address)))),
            s => Assert.Equal(HonestKind.Bystander, s.Label.Honest));
    }

    [Fact]
    public void The_first_abnormal_event_is_not_later_than_what_makes_it_abnormal() => Every((incident, events) =>
    {
        bool isHard = incident.Difficulty == Difficulty.Hard;
        (Func<RecordedEvent, string?> of, int number) = incident.Kind switch
        {
            AttackKind.TokenSharing or AttackKind.LeakedToken => (e => Recording.NetworkOf(e.Address), 3),
            AttackKind.SessionCloning => (e => e.Address, isHard ? 3 : 2),
            AttackKind.CountryHopping => (e => e.Country, 3),
            AttackKind.TokenFarm => (e => e.User, 35),
            AttackKind.IllegalEmbed => (e => e.Address, 22),
            AttackKind.PirateApp or AttackKind.DistributedFlood => (e => e.Address, 21),
            AttackKind.SilentProbing => (e => e.Session, isHard ? 30 : 10),
            AttackKind.AutomatedReconnects or AttackKind.TokenGuessing => (e => e.Session, 20),
            _ => ((Func<RecordedEvent, string?>)(e => e.Session), int.MaxValue),
        };
        HashSet<string?> seen = [];
        RecordedEvent? passing = incident.Kind is AttackKind.BatonSharing or AttackKind.ResidentialRelay
            ? FirstAbnormalTests.FirstStranger(events.OrderBy(e => e.Time))
            : events.OrderBy(e => e.Time).FirstOrDefault(e => seen.Add(of(e)) && seen.Count == number);
        if (passing is not null)
        {
            Assert.True(incident.FirstAbnormal.ToUnixTimeMilliseconds() <= passing.Time, incident.Id);
        }
    });

    [Theory]
    [InlineData(AttackKind.AddressFlood)]
    [InlineData(AttackKind.Ipv6Flood)]
    [InlineData(AttackKind.Framing)]
    public void A_flood_is_abnormal_before_its_21st_connection_is_open(AttackKind kind)
    {
        foreach (Difficulty difficulty in Enum.GetValues<Difficulty>())
        {
            long abnormal = IncidentOf(kind, difficulty).FirstAbnormal.ToUnixTimeMilliseconds();
            Assert.InRange(Recording.MostAtOnce(Sessions(kind, difficulty).Where(s => s.First.Time < abnormal)), 1, 20);
            Assert.True(Recording.MostAtOnce(Sessions(kind, difficulty)) > 20);
        }
    }

    [Theory]
    [InlineData(Difficulty.Easy, 20)]
    [InlineData(Difficulty.Hard, 4)]
    [InlineData(Difficulty.Slow, 8)]
    public void A_cloned_session_shows_one_id_from_many_addresses_in_turns(Difficulty difficulty, int clones)
    {
        RecordedEvent[] events = Of(AttackKind.SessionCloning, difficulty);
        RecordedEvent[][] sessions = [.. events.GroupBy(e => e.Session).Select(s => s.OrderBy(e => e.Time).ToArray())];

        Assert.Equal(clones, events.Select(e => e.Address).Distinct().Count());
        Assert.All(sessions, s => Assert.Single(s, e => e.Type == "start"));
        Assert.All(sessions, s => Assert.All(s.Skip(1), e => Assert.Equal((e.Time - s[0].Time) / 1_000, e.Duration)));
        Assert.Contains(sessions, s => s.Zip(s.Skip(1)).Count(p => p.First.Address != p.Second.Address) > 3 * clones);
    }

    [Theory]
    [InlineData(Difficulty.Easy)]
    [InlineData(Difficulty.Hard)]
    [InlineData(Difficulty.Slow)]
    public void A_baton_goes_through_many_homes_and_is_never_in_two_at_once(Difficulty difficulty)
    {
        RecordedSession[] baton = Sessions(AttackKind.BatonSharing, difficulty);

        Assert.Equal(1, Recording.MostAtOnce(baton));
        Assert.InRange(baton.Select(s => Recording.NetworkOf(s.First.Address)).Distinct().Count(), 4, 12);
        Assert.Single(baton.Select(s => s.First.User).Distinct());
        Assert.Single(baton.Select(s => s.First.Country).Distinct());
    }

    [Theory]
    [InlineData(Difficulty.Easy)]
    [InlineData(Difficulty.Hard)]
    [InlineData(Difficulty.Slow)]
    public void A_relay_behind_rented_homes_changes_its_address_and_never_sleeps(Difficulty difficulty)
    {
        RecordedEvent[] events = Of(AttackKind.ResidentialRelay, difficulty);
        RecordedSession[] relay = Sessions(AttackKind.ResidentialRelay, difficulty);

        Assert.Equal(1, Recording.MostAtOnce(relay));
        Assert.True(events.Select(e => Recording.NetworkOf(e.Address)).Distinct().Count() >= 12);
        Assert.InRange(events.Zip(events.Skip(1)).Max(p => p.Second.Time - p.First.Time), 0, 2 * Minute);
        Assert.Equal(difficulty != Difficulty.Easy, events.Select(e => e.Country).Distinct().Count() == 1);
    }

    [Theory]
    [InlineData(Difficulty.Easy, 1)]
    [InlineData(Difficulty.Hard, 4)]
    [InlineData(Difficulty.Slow, 1)]
    public void A_succession_takes_token_after_token_with_the_same_agent_in_the_same_network(Difficulty difficulty, int addresses)
    {
        RecordedSession[] relay = Sessions(AttackKind.TokenSuccession, difficulty);

        Assert.True(relay.Select(s => s.First.Token).Distinct().Count() >= 4);
        Assert.InRange(relay.Select(s => s.First.Address).Distinct().Count(), addresses, addresses * 3);
        Assert.Single(relay.Select(s => (s.First.Agent, s.First.Asn, s.First.Country)).Distinct());
        Assert.Equal(relay.Select(s => s.First.User).Distinct().Count(), relay.Select(s => s.First.Token).Distinct().Count());
    }

    [Theory]
    [InlineData(Difficulty.Easy, 1)]
    [InlineData(Difficulty.Hard, 6)]
    [InlineData(Difficulty.Slow, 1)]
    public void In_an_IPv6_flood_every_connection_has_an_address_of_its_own_in_few_subnets_of_one_site(Difficulty difficulty, int subnets)
    {
        RecordedSession[] flood = Sessions(AttackKind.Ipv6Flood, difficulty);

        Assert.Equal(flood.Length, flood.Select(s => s.First.Address).Distinct().Count());
        Assert.Equal(subnets, flood.Select(s => Recording.NetworkOf(s.First.Address)).Distinct().Count());
        Assert.Single(flood.Select(s => IpAddress.TryParse(s.First.Address, out IpAddress a) ? a.Mask(48) : default).Distinct());
        Assert.True(Recording.MostAtOnce(flood) >= 40);
    }

    [Fact]
    public void A_distributed_flood_has_a_handful_of_connections_from_each_of_many_networks()
    {
        foreach ((Difficulty difficulty, int each) in new[] { (Difficulty.Easy, 5), (Difficulty.Hard, 2), (Difficulty.Slow, 3) })
        {
            var bots = Sessions(AttackKind.DistributedFlood, difficulty).GroupBy(s => s.First.Address).ToArray();
            Assert.True(bots.Length >= 120);
            Assert.All(bots, b => Assert.InRange(Recording.MostAtOnce(b), 1, each));
            Assert.True(bots.Select(b => b.First().First.Asn).Distinct().Count() > 5);
        }
    }

    [Theory]
    [InlineData(Difficulty.Easy, 15, 60)]
    [InlineData(Difficulty.Hard, 2, 8)]
    [InlineData(Difficulty.Slow, 0.9, 2)]
    public void Silent_probing_sends_starts_and_nothing_else(Difficulty difficulty, double least, double most)
    {
        RecordedEvent[] events = Of(AttackKind.SilentProbing, difficulty);

        Assert.All(events, e => Assert.Equal("start", e.Type));
        Assert.Equal(events.Length, events.Select(e => e.Session).Distinct().Count());
        Assert.InRange(events.Length / ((events[^1].Time - events[0].Time) / (double)Minute), least, most);
    }

    [Fact]
    public void A_guesser_tries_hundreds_of_tokens_from_one_address_and_hits_one_that_must_not_be_touched()
    {
        foreach (Difficulty difficulty in Enum.GetValues<Difficulty>())
        {
            RecordedSession[] tries = Sessions(AttackKind.TokenGuessing, difficulty);
            Incident incident = IncidentOf(AttackKind.TokenGuessing, difficulty);

            Assert.Single(tries.Select(s => s.First.Address).Distinct());
            Assert.True(tries.Select(s => s.First.Token).Distinct().Count() > 100);
            Assert.All(tries, s => Assert.InRange(s.Last.Time - s.First.Time, 0, 10_000));
            Assert.Contains(tries, s => incident.NeverTouch.Contains(new Subject(SubjectType.Token, s.First.Token!)));
        }
    }

    [Fact]
    public void A_pirate_app_sends_no_referrer_where_everybody_sends_one()
    {
        foreach (Difficulty difficulty in Enum.GetValues<Difficulty>())
        {
            RecordedSession[] app = Sessions(AttackKind.PirateApp, difficulty);
            string tenant = Assert.Single(app.Select(s => s.First.Organization).Distinct())!;
            RecordedSession[] others = [.. _recording.Sessions.Values.Where(s => !s.Label.IsMisuse && s.First.Organization == tenant && s.Label.Honest is not (HonestKind.Probe or HonestKind.UnlistedProbe))];

            Assert.All(app, s => Assert.Null(s.First.ReferrerHost));
            Assert.InRange(others.Count(s => s.First.ReferrerHost is null) / (double)others.Length, 0, 0.03);
            Assert.Equal(app.Length, app.Select(s => s.First.Token).Distinct().Count());
            Assert.True(app.Select(s => Recording.NetworkOf(s.First.Address)).Distinct().Count() >= 30);
            Assert.Equal(Difficulty.Hard, IncidentOf(AttackKind.PirateApp, difficulty).Difficulty);
        }
    }

    [Fact]
    public void Whoever_is_framed_must_never_be_touched()
    {
        Subject token = Assert.Single(IncidentOf(AttackKind.Framing, Difficulty.Easy).NeverTouch);
        Subject line = IncidentOf(AttackKind.Framing, Difficulty.Hard).NeverTouch[0];
        Subject page = IncidentOf(AttackKind.Framing, Difficulty.Slow).NeverTouch[0];

        Assert.Contains(Truth.Honest.Single(h => h.Kind == HonestKind.PublicToken).Subjects, s => s == token);
        Assert.Contains(Truth.Honest.Single(h => h.Kind == HonestKind.CarrierNat).Subjects, s => s == line);
        Assert.Equal(SubjectType.Referrer, page.Type);
        Assert.All(Of(AttackKind.Framing, Difficulty.Easy), e => Assert.True(Shows(e, token)));
        Assert.All(Of(AttackKind.Framing, Difficulty.Hard), e => Assert.True(Shows(e, line)));
        Assert.All(Of(AttackKind.Framing, Difficulty.Slow), e => Assert.True(Shows(e, page)));
        Assert.All(new[] { token, line, page }, s => Assert.Contains(_recording.Events, e => !e.Label.IsMisuse && Shows(e, s)));
    }

    [Fact]
    public void Tokens_of_misused_accounts_are_renewed_as_those_of_viewers_are()
    {
        int index = Enumerable.Range(0, Truth.Incidents.Length).First(i =>
            Truth.Incidents[i].Kind == AttackKind.TokenSharing && _events[i].First().Organization == "pocket");

        Assert.True(_events[index].Select(e => e.Token).Distinct().Count() > 1);
        Assert.Single(_events[index].Select(e => e.User).Distinct());
    }

    private RecordedEvent[] Of(AttackKind kind, Difficulty difficulty) => [.. _events[IndexOf(kind, difficulty)].OrderBy(e => e.Time)];

    private RecordedSession[] Sessions(AttackKind kind, Difficulty difficulty) =>
        [.. _recording.SessionsOf(IndexOf(kind, difficulty)).OrderBy(s => s.First.Time)];

    private Incident IncidentOf(AttackKind kind, Difficulty difficulty) => Truth.Incidents[IndexOf(kind, difficulty)];

    private int IndexOf(AttackKind kind, Difficulty difficulty) =>
        _recording.Simulator.Profile.Attacks.Select((attack, i) => (attack, i)).First(p => p.attack.Kind == kind && p.attack.Difficulty == difficulty).i;

    private void Every(Action<Incident, RecordedEvent[]> check)
    {
        for (int i = 0; i < Truth.Incidents.Length; i++)
        {
            check(Truth.Incidents[i], [.. _events[i]]);
        }
    }

    private static bool Shows(RecordedEvent e, Subject subject) => subject.Type switch
    {
        SubjectType.Token => e.Token == subject.Value,
        SubjectType.Ip => e.Address == subject.Value,
        SubjectType.Referrer => e.ReferrerHost == subject.Value,
        _ => IpNetwork.TryParse(subject.Value, out IpNetwork network) && IpAddress.TryParse(e.Address, out IpAddress address) && network.Contains(address),
    };

    /// <summary>Eight hours of 500 viewers and every kind of misuse in every form, delivered perfectly.</summary>
    public sealed class EveryMisuse
    {
        public EveryMisuse()
        {
            SimulationProfile profile = Recording.Profile("tune-tenants", 500, 8);
            Recording = Recording.Of(
                profile with
                {
                    HeartbeatSeconds = 60,
                    RunningAtStart = 0,
                    Tenants = [.. profile.Tenants.Select(t => t with { Tokens = new TokenProfile { PerSession = t.Tokens.PerSession, Public = t.Tokens.Public, RenewAfter = t.Tokens.RenewAfter } })],
                },
                21);
            Events = Recording.Events.Where(e => e.Label.IsMisuse).ToLookup(e => e.Label.Incident);
        }

        internal Recording Recording { get; }

        internal ILookup<int, RecordedEvent> Events { get; }
    }
}
