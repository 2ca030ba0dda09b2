using AutoGuard.Core.Events;
using AutoGuard.Core.Policy;
using AutoGuard.Simulation.Labels;
using AutoGuard.Simulation.Profiles;

namespace AutoGuard.Simulation.Tests.Attacks;

/// <summary>The labels say what the events show: one recording with every attack in every form, read back as a stranger would.</summary>
public sealed class IncidentTests : IClassFixture<IncidentTests.EveryAttack>
{
    private readonly Recording _recording;

    public IncidentTests(EveryAttack every) => _recording = every.Recording;

    private SimulationTruth Truth => _recording.Truth;

    [Fact]
    public void Every_attack_occurs_in_every_form()
    {
        Assert.Equal(30, _recording.Simulator.Profile.Attacks.Select(a => (a.Kind, a.Difficulty)).Distinct().Count());
        Assert.All(Truth.Incidents.Where(i => i.Kind == AttackKind.CarefulRelay), i => Assert.Equal(Difficulty.Hard, i.Difficulty));
        Assert.Equal(Enumerable.Range(0, 30), _recording.Sessions.Values.Where(s => s.Label.IsMisuse).Select(s => s.Label.Incident).Distinct().Order());
        Assert.Equal(30, Truth.Incidents.Select(i => i.Id).Distinct().Count());
    }

    [Fact]
    public void An_incident_begins_with_its_first_event_and_its_events_lie_within_it() =>
        Every((incident, events) =>
        {
            Assert.Equal(incident.Start.ToUnixTimeMilliseconds(), events.Min(e => e.Time));
            Assert.InRange(events.Max(e => e.Time), incident.Start.ToUnixTimeMilliseconds(), incident.End.ToUnixTimeMilliseconds());
        });

    [Fact]
    public void Every_event_of_misuse_shows_a_subject_that_counts_as_a_catch() =>
        Every((incident, events) => Assert.All(events, e => Assert.Contains(incident.Catch, s => Shows(e, s))));

    [Fact]
    public void Every_subject_that_counts_as_a_catch_is_shown() =>
        Every((incident, events) => Assert.All(incident.Catch, s => Assert.Contains(events, e => Shows(e, s))));

    [Fact]
    public void Honest_sessions_do_not_show_it_except_where_the_truth_puts_somebody_beside_the_attacker()
    {
        Subject[] caught = [.. Truth.Incidents.SelectMany(i => i.Catch)];
        HashSet<string> tokens = [.. caught.Where(s => s.Type == SubjectType.Token).Select(s => s.Value)];
        HashSet<string> addresses = [.. caught.Where(s => s.Type == SubjectType.Ip).Select(s => s.Value)];
        RecordedSession[] near = [.. _recording.Sessions.Values.Where(s =>
            !s.Label.IsMisuse && ((s.First.Token is { } t && tokens.Contains(t)) || addresses.Contains(s.First.Address)))];

        Assert.All(near, s => Assert.Equal(HonestKind.Bystander, s.Label.Honest));
        Assert.NotEmpty(near);
    }

    [Fact]
    public void Nobody_is_both_a_catch_and_untouchable()
    {
        HashSet<Subject> caught = [.. Truth.Incidents.SelectMany(i => i.Catch)];
        Subject[] untouchable = [.. Truth.Incidents.SelectMany(i => i.NeverTouch), .. Truth.Honest.SelectMany(h => h.Subjects), .. Truth.Allowlist.Select(a => a.Subject)];

        Assert.All(untouchable, s => Assert.DoesNotContain(s, caught));
        foreach (Subject network in caught.Where(s => s.Type == SubjectType.Cidr))
        {
            Assert.True(IpNetwork.TryParse(network.Value, out IpNetwork range));
            Assert.DoesNotContain(untouchable, s => s.Type == SubjectType.Ip && IpAddress.TryParse(s.Value, out IpAddress a) && range.Contains(a));
        }
    }

    [Fact]
    public void Untouchable_neighbours_really_watch() =>
        Assert.All(
            Truth.Incidents.SelectMany(i => i.NeverTouch).Where(s => s.Type is SubjectType.Ip or SubjectType.Token).Distinct(),
            s => Assert.Contains(_recording.Events, e => Shows(e, s)));

    [Theory]
    [InlineData(Difficulty.Easy, 12, 12)]
    [InlineData(Difficulty.Hard, 4, 4)]
    [InlineData(Difficulty.Slow, 7, 7)]
    public void A_shared_token_has_its_whole_group_on_it_at_once(Difficulty difficulty, int sessions, int addresses)
    {
        RecordedSession[] group = Sessions(AttackKind.TokenSharing, difficulty);

        Assert.Single(group.Select(s => s.First.Token).Distinct());
        Assert.Equal(addresses, group.Select(s => s.First.Address).Distinct().Count());
        Assert.InRange(Recording.MostAtOnce(group), sessions - 1, sessions);
    }

    [Fact]
    public void A_leaked_token_is_used_from_hundreds_of_addresses_in_several_countries_within_an_hour()
    {
        RecordedSession[] leak = Sessions(AttackKind.LeakedToken, Difficulty.Easy);
        RecordedSession[] firstHour = [.. leak.Where(s => s.First.Time < leak.Min(l => l.First.Time) + 3_600_000)];

        Assert.Single(leak.Select(s => s.First.Token).Distinct());
        Assert.InRange(firstHour.Select(s => s.First.Address).Distinct().Count(), 200, 300);
        Assert.InRange(firstHour.Select(s => s.First.Country).Distinct().Count(), 8, 40);
        Assert.Contains(_recording.Sessions.Values, s => s.Label is { IsMisuse: false, Honest: HonestKind.Bystander } && s.First.Token == leak[0].First.Token);
    }

    [Fact]
    public void A_relay_plays_on_without_a_referrer_from_one_hosting_address()
    {
        RecordedSession[] relay = Sessions(AttackKind.DataCentreRelay, Difficulty.Easy);

        Assert.Single(relay.Select(s => (s.First.Address, s.First.Token)).Distinct());
        Assert.All(relay, s => Assert.Null(s.First.ReferrerHost));
        Assert.Equal(4, Recording.MostAtOnce(relay));
        Assert.Equal(1, Recording.MostAtOnce(Sessions(AttackKind.DataCentreRelay, Difficulty.Hard)));
        Assert.All(Sessions(AttackKind.DataCentreRelay, Difficulty.Hard), s => Assert.NotNull(s.First.ReferrerHost));
    }

    [Theory]
    [InlineData(Difficulty.Easy, 400, 420)]
    [InlineData(Difficulty.Hard, 140, 150)]
    [InlineData(Difficulty.Slow, 225, 250)]
    public void A_flood_holds_its_connections_from_one_address(Difficulty difficulty, int least, int most)
    {
        RecordedSession[] flood = Sessions(AttackKind.AddressFlood, difficulty);

        Assert.Single(flood.Select(s => s.First.Address).Distinct());
        Assert.InRange(Recording.MostAtOnce(flood), least, most);
    }

    [Theory]
    [InlineData(Difficulty.Easy, 15, 60)]
    [InlineData(Difficulty.Hard, 5, 8)]
    public void Reconnects_come_at_their_pace(Difficulty difficulty, int least, int most)
    {
        RecordedSession[] sessions = Sessions(AttackKind.AutomatedReconnects, difficulty);
        double minutes = (sessions.Max(s => s.Last.Time) - sessions.Min(s => s.First.Time)) / 60_000.0;

        Assert.All(sessions, s => Assert.InRange(s.Last.Time - s.First.Time, 0, 8_000));
        Assert.InRange(sessions.Length / minutes, least, most);
    }

    [Fact]
    public void A_farm_has_its_tokens_behind_one_address_one_session_each()
    {
        RecordedSession[] farm = Sessions(AttackKind.TokenFarm, Difficulty.Easy);

        Assert.Single(farm.Select(s => s.First.Address).Distinct());
        Assert.Equal(300, farm.Select(s => s.First.Token).Distinct().Count());
        Assert.All(farm.GroupBy(s => s.First.Token), t => Assert.Equal(1, Recording.MostAtOnce(t)));
    }

    [Fact]
    public void Offenders_of_a_subnet_share_its_twenty_four_bits()
    {
        foreach ((Difficulty difficulty, int size) in new[] { (Difficulty.Easy, 16), (Difficulty.Hard, 8), (Difficulty.Slow, 12) })
        {
            RecordedSession[] sessions = Sessions(AttackKind.SubnetOffenders, difficulty);
            Assert.Equal(size, sessions.Select(s => s.First.Address).Distinct().Count());
            Assert.Single(sessions.Select(s => s.First.Address[..s.First.Address.LastIndexOf('.')]).Distinct());
        }
    }

    [Fact]
    public void A_foreign_page_has_many_viewers_with_ordinary_tokens()
    {
        RecordedSession[] embed = Sessions(AttackKind.IllegalEmbed, Difficulty.Easy);
        string host = Assert.Single(embed.Select(s => s.First.ReferrerHost).Distinct())!;

        Assert.InRange(embed.Select(s => s.First.Address).Distinct().Count(), 245, 250);
        Assert.InRange(embed.Select(s => s.First.Token).Distinct().Count(), 150, 400);
        Assert.DoesNotContain(_recording.Sessions.Values, s => !s.Label.IsMisuse && s.First.ReferrerHost == host);
        Assert.All(Sessions(AttackKind.IllegalEmbed, Difficulty.Hard), s => Assert.StartsWith("www.arena-live.example.", s.First.ReferrerHost, StringComparison.Ordinal));
    }

    [Fact]
    public void A_hopping_token_is_in_one_country_at_a_time_and_in_many_within_the_hour()
    {
        RecordedSession[] hops = Sessions(AttackKind.CountryHopping, Difficulty.Easy);

        Assert.Equal(1, Recording.MostAtOnce(hops));
        Assert.Equal(6, hops.Where(s => s.First.Time < hops[0].First.Time + 3_600_000).Select(s => s.First.Country).Distinct().Count());
        Assert.Equal(3, Sessions(AttackKind.CountryHopping, Difficulty.Hard).Select(s => s.First.Country).Distinct().Count());
    }

    [Fact]
    public void A_careful_relay_shows_one_session_at_a_time_all_day_and_through_all_streams()
    {
        RecordedSession[] relay = Sessions(AttackKind.CarefulRelay, Difficulty.Slow);
        long span = relay.Max(s => s.Last.Time) - relay.Min(s => s.First.Time);

        Assert.Equal(1, Recording.MostAtOnce(relay));
        Assert.All(relay, s => Assert.NotNull(s.First.ReferrerHost));
        Assert.InRange(relay.Sum(s => s.Last.Time - s.First.Time) / (double)span, 0.97, 1);
        Assert.True(relay.Select(s => s.First.Stream).Distinct().Count() > 1);
    }

    private RecordedSession[] Sessions(AttackKind kind, Difficulty difficulty)
    {
        int index = _recording.Simulator.Profile.Attacks.Select((attack, i) => (attack, i)).Single(p => p.attack.Kind == kind && p.attack.Difficulty == difficulty).i;
        return [.. _recording.SessionsOf(index).OrderBy(s => s.First.Time)];
    }

    private void Every(Action<Incident, RecordedEvent[]> check)
    {
        ILookup<int, RecordedEvent> events = _recording.Events.Where(e => e.Label.IsMisuse).ToLookup(e => e.Label.Incident);
        for (int i = 0; i < Truth.Incidents.Length; i++)
        {
            check(Truth.Incidents[i], [.. events[i]]);
        }
    }

    private static bool Shows(RecordedEvent e, Subject subject) => subject.Type switch
    {
        SubjectType.Token => e.Token == subject.Value,
        SubjectType.Ip => e.Address == subject.Value,
        SubjectType.Referrer => e.ReferrerHost == subject.Value,
        _ => IpNetwork.TryParse(subject.Value, out IpNetwork network) && IpAddress.TryParse(e.Address, out IpAddress address) && network.Contains(address),
    };

    /// <summary>Six hours of 600 viewers and thirty attacks, delivered perfectly, with a heartbeat each minute.</summary>
    public sealed class EveryAttack
    {
        internal Recording Recording { get; } = Recording.Of(
            SimulationProfiles.Sized(600, 10) with { Transport = TransportProfile.Perfect, HeartbeatSeconds = 300, RunningAtStart = 0 }, 21);
    }
}
