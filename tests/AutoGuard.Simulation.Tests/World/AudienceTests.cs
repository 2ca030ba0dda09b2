using AutoGuard.Core.Events;
using AutoGuard.Core.Policy;
using AutoGuard.Simulation.Labels;
using AutoGuard.Simulation.Profiles;

namespace AutoGuard.Simulation.Tests.World;

public sealed class AudienceTests
{
    [Fact]
    public void Sessions_are_whole_a_start_heartbeats_at_their_pace_and_one_end()
    {
        Recording recording = Recording.Of(SimulationProfiles.Small with { Transport = TransportProfile.Perfect, HeartbeatSeconds = 10 }, 2);
        foreach (var session in recording.Events.GroupBy(e => e.Session))
        {
            RecordedEvent[] events = [.. session];
            Assert.All(events.Skip(1), e => Assert.NotEqual("start", e.Type));
            Assert.All(events.SkipLast(1), e => Assert.NotEqual("end", e.Type));
            Assert.All(events.Zip(events.Skip(1)), p => Assert.InRange(p.Second.Time - p.First.Time, 0, 10_201));
            Assert.All(events.Zip(events.Skip(1)).Where(p => p.Second.Type == "heartbeat"), p => Assert.InRange(p.Second.Time - p.First.Time, 9_800, 10_200));
            Assert.Single(events.Select(e => (e.Address, e.Token, e.Stream, e.Country, e.Asn)).Distinct());
            if (events[0].Type == "start")
            {
                Assert.All(events.Skip(1), e => Assert.Equal((e.Time - events[0].Time) / 1000, e.Duration));
            }
        }
    }

    [Fact]
    public void Viewers_who_were_there_before_begin_with_a_heartbeat()
    {
        Recording recording = Recording.Of(SimulationProfiles.Small with { Transport = TransportProfile.Perfect, RunningAtStart = 0.4 }, 2);
        RecordedSession[] running = [.. recording.Sessions.Values.Where(s => s.First.Type == "heartbeat")];

        Assert.Equal(120, running.Length);
        Assert.All(running, s => Assert.InRange(s.First.Duration!.Value, 5, 2_730));
        Assert.All(running, s => Assert.InRange(s.First.Time - recording.Truth.From.ToUnixTimeMilliseconds(), 0, 30_000));
    }

    [Fact]
    public void A_household_never_plays_more_than_two_screens_at_once()
    {
        Recording recording = Recording.Of(
            SimulationProfiles.Small with { Attacks = [], Transport = TransportProfile.Perfect, Audience = new AudienceProfile { Household = 1 } }, 4);
        int[] most = [.. recording.Sessions.Values.Where(s => s.Label.Honest == HonestKind.Household)
            .GroupBy(s => s.First.Token).Select(Recording.MostAtOnce)];

        Assert.True(most.Length > 200);
        Assert.Equal(2, most.Max());
        Assert.InRange(most.Count(m => m == 2) / (double)most.Length, 0.3, 1);
    }

    [Fact]
    public void Phones_change_networks_within_one_country_and_leave_sessions_without_an_end()
    {
        Recording recording = Recording.Of(
            SimulationProfiles.Small with { Attacks = [], Transport = TransportProfile.Perfect, Audience = new AudienceProfile { Household = 0, PhoneHopping = 1 } }, 4);
        var phones = recording.Sessions.Values.Where(s => s.Label.Honest == HonestKind.PhoneHopping).GroupBy(s => s.First.Token).ToArray();

        Assert.All(phones, p => Assert.Single(p.Select(s => s.First.Country).Distinct()));
        Assert.All(phones, p => Assert.InRange(p.Select(s => s.First.Address).Distinct().Count(), 1, 4));
        Assert.Contains(phones, p => p.Select(s => s.First.Asn).Distinct().Count() > 1);
        Assert.Contains(phones, p => Recording.MostAtOnce(p) == 2);
        Assert.Contains(phones.SelectMany(p => p), s => !s.Ended && s.Last.Time < recording.Truth.To.ToUnixTimeMilliseconds() - 60_000);
    }

    [Fact]
    public void Travellers_are_hours_away_from_their_other_country()
    {
        Recording recording = Recording.Of(
            SimulationProfiles.Sized(400, 12) with
            {
                Attacks = [],
                Transport = TransportProfile.Perfect,
                Audience = new AudienceProfile { Traveller = 1, Household = 0, CarrierNat = 0, Office = 0, PhoneHopping = 0, NativeApp = 0, ReferrerStripping = 0, ConsumerVpn = 0, FlakyLine = 0 },
            },
            4);
        var journeys = recording.Sessions.Values.Where(s => s.Label.Honest == HonestKind.Traveller).GroupBy(s => s.First.Token)
            .Select(t => t.OrderBy(s => s.First.Time).ToArray()).ToArray();
        var changes = journeys.SelectMany(j => j.Zip(j.Skip(1))).Where(p => p.First.First.Country != p.Second.First.Country).ToArray();

        Assert.True(changes.Length > 50);
        Assert.All(journeys, j => Assert.InRange(j.Select(s => s.First.Country).Distinct().Count(), 1, 2));
        Assert.All(changes, c => Assert.True(c.Second.First.Time - c.First.Last.Time >= 3 * 3_600_000));
    }

    [Fact]
    public void Most_of_an_audience_arrives_within_three_minutes_of_the_kick_off()
    {
        SimulationProfile profile = Recording.Profile("kickoff", 2_000, 2.5) with { HeartbeatSeconds = 120 };
        Recording recording = Recording.Of(profile, 5);
        long kickOff = (profile.Start + profile.Streams[0].KickOff!.Value).ToUnixTimeMilliseconds();
        var arrivals = recording.Sessions.Values.Where(s => s.First is { Type: "start", Stream: "final-live" })
            .GroupBy(s => s.First.Token).Select(t => t.Min(s => s.First.Time)).ToArray();
        int around = recording.Sessions.Values.Where(s => s.First is { Type: "start", Stream: "final-live" } && s.First.Token is not null)
            .GroupBy(s => s.First.Address).Select(a => a.Min(s => s.First.Time)).Count(t => Math.Abs(t - kickOff) <= 90_000);

        Assert.Empty(recording.Truth.Incidents);
        Assert.InRange(around, 850, 1_500);
        Assert.True(arrivals.Length > 1_000);
    }

    [Fact]
    public void Many_tokens_meet_behind_a_translator()
    {
        Recording recording = Recording.Of(Recording.Profile("carrier-nat", 6_000, 2) with { HeartbeatSeconds = 120 }, 6);
        string[] translators = [.. recording.Truth.Honest.Single(h => h.Kind == HonestKind.CarrierNat).Subjects.Select(s => s.Value)];

        Assert.Equal(2, translators.Length);
        Assert.All(translators, address => Assert.InRange(
            recording.Sessions.Values.Where(s => s.First.Address == address).Select(s => s.First.Token).Distinct().Count(), 350, 900));
        Assert.All(translators, address => Assert.InRange(Recording.MostAtOnce(recording.Sessions.Values.Where(s => s.First.Address == address)), 120, 600));
    }

    [Fact]
    public void Probes_play_a_short_session_each_minute_and_are_on_the_allowlist()
    {
        Recording recording = Recording.Of(SimulationProfiles.Small with { Transport = TransportProfile.Perfect }, 6);
        RecordedSession[] probes = [.. recording.Sessions.Values.Where(s => s.Label is { IsMisuse: false, Honest: HonestKind.Probe })];
        HashSet<Subject> allowed = [.. recording.Truth.Allowlist.Select(a => a.Subject)];

        Assert.InRange(probes.Length, 119, 121);
        Assert.All(probes, p => Assert.InRange(p.Last.Time - p.First.Time, 0, 12_000));
        Assert.All(probes, p => Assert.Contains(new Subject(SubjectType.Ip, p.First.Address), allowed));
        Assert.All(probes, p => Assert.Contains(new Subject(SubjectType.Token, p.First.Token!), allowed));
    }

    [Fact]
    public void Addresses_are_public()
    {
        Recording recording = Recording.Of(SimulationProfiles.Sized(2_000, 2), 9);
        string[] reserved = ["0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/3"];
        IpNetwork[] forbidden = [.. reserved.Select(r => IpNetwork.TryParse(r, out IpNetwork n) ? n : throw new FormatException(r))];
        IpAddress[] addresses = [.. recording.Events.Select(e => e.Address).Distinct().Select(a => IpAddress.TryParse(a, out IpAddress parsed) ? parsed : throw new FormatException(a))];

        Assert.Contains(addresses, a => !a.IsV4);
        Assert.All(addresses, a => Assert.DoesNotContain(forbidden, n => n.Contains(a)));
        Assert.All(addresses.Where(a => !a.IsV4), a => Assert.Equal(1UL, a.High >> 61));
    }

    [Fact]
    public void Tenants_share_the_audience()
    {
        Recording recording = Recording.Of(SimulationProfiles.Small with { Organizations = ["north", "south"] }, 9);

        Assert.Equal(2, recording.Truth.Honest.Single(h => h.Kind == HonestKind.PublicToken).Subjects.Length);
    }
}
