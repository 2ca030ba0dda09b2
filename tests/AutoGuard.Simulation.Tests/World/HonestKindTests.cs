using AutoGuard.Core.Events;
using AutoGuard.Simulation.Labels;
using AutoGuard.Simulation.Profiles;
using AutoGuard.Simulation.World;
using static AutoGuard.Simulation.Tests.World.HonestRecordings;

namespace AutoGuard.Simulation.Tests.World;

/// <summary>Each kind of honest viewer alone, and what it shows.</summary>
public sealed class HonestKindTests
{
    private const long Minute = 60_000;
    private static readonly AudienceProfile Nobody = AudienceProfile.Nobody;

    [Fact]
    public void Behind_a_translator_of_an_IPv6_carrier_hundreds_share_an_address_of_either_family()
    {
        Recording recording = Alone(Nobody with { Nat64 = 1, Nat64Addresses = 2 }, 800);
        var addresses = recording.Sessions.Values.GroupBy(s => s.First.Address).ToArray();

        Assert.Equal(2, addresses.Length);
        Assert.All(addresses, a => Assert.InRange(a.Select(s => s.First.Token).Distinct().Count(), 300, 800));
        Assert.Single(addresses, a => IsV6(a.Key));
        Assert.Equal(
            addresses.Select(a => a.Key).Order(), recording.Truth.Honest.Single(h => h.Kind == HonestKind.Nat64).Subjects.Select(s => s.Value).Order());
    }

    [Fact]
    public void Homes_with_both_families_alternate_between_two_addresses_and_sometimes_show_both()
    {
        Recording recording = Alone(Nobody with { DualStack = 1 }, 400);
        var users = ByUser(recording);

        Assert.All(users, u => Assert.InRange(AddressesOf(recording, u.Key!).Length, 1, 2));
        Assert.All(users, u => Assert.Single(recording.Events.Where(e => e.User == u.Key).Select(e => (e.Asn, e.Country)).Distinct()));
        Assert.Contains(users, u => AddressesOf(recording, u.Key!) is [var a, var b] && IsV6(a) != IsV6(b));
        Assert.Contains(users, u => Recording.MostAtOnce(u) == 2);
        Assert.All(users.Where(u => Recording.MostAtOnce(u) == 2), u => Assert.Contains(u, s => s.Last.Time - s.First.Time <= 4_000));
        Assert.Contains(recording.Events.GroupBy(e => e.Session), s => s.Select(e => e.Address).Distinct().Count() == 2);
    }

    [Fact]
    public void Privacy_addresses_change_within_one_subnet()
    {
        Recording recording = Alone(Nobody with { PrivacyAddresses = 1 }, 300);

        Assert.All(recording.Events.GroupBy(e => e.User), u => Assert.Single(u.Select(e => Recording.NetworkOf(e.Address)).Distinct()));
        Assert.All(recording.Events, e => Assert.True(IsV6(e.Address)));
        Assert.Contains(ByUser(recording), u => AddressesOf(recording, u.Key!).Length > 1);
    }

    [Theory]
    [InlineData("mobile-ipv6")]
    [InlineData("mobile-carrier")]
    public void Every_session_of_a_mobile_carrier_comes_from_another_network_of_it(string kind)
    {
        Recording recording = Alone(kind == "mobile-ipv6" ? Nobody with { MobileIpv6 = 1 } : Nobody with { MobileCarrier = 1 }, 400);
        RecordedSession[][] returning = [.. ByUser(recording).Where(u => u.Count() > 1).Select(u => u.ToArray())];

        Assert.True(returning.Length > 40);
        Assert.All(recording.Sessions.Values, s => Assert.Equal(kind == "mobile-ipv6", IsV6(s.First.Address)));
        Assert.InRange(returning.Count(u => u.Select(s => Recording.NetworkOf(s.First.Address)).Distinct().Count() == u.Length), returning.Length * 95 / 100, returning.Length);
        Assert.All(returning, u => Assert.Single(u.Select(s => (s.First.Asn, s.First.Country)).Distinct()));
    }

    [Fact]
    public void Behind_a_privacy_relay_the_address_changes_and_the_country_stays()
    {
        Recording recording = Alone(Nobody with { PrivacyRelay = 1 }, 400);

        Assert.All(recording.Events.GroupBy(e => e.User), u => Assert.Single(u.Select(e => e.Country).Distinct()));
        Assert.Equal([13335u, 36183u, 54113u], recording.Events.Select(e => e.Asn).Distinct().Order());
        Assert.Contains(recording.Events.GroupBy(e => e.Session), s => s.Select(e => e.Address).Distinct().Count() > 1);
        Assert.All(ByUser(recording).Where(u => u.Count() > 1), u => Assert.True(AddressesOf(recording, u.Key!).Length > 1));
    }

    [Fact]
    public void A_company_sends_its_staff_through_few_addresses_of_a_cloud_proxy()
    {
        Recording recording = Alone(Nobody with { CloudProxy = 1, CloudProxySites = 2 }, 200);

        Assert.InRange(recording.Sessions.Values.Select(s => s.First.Address).Distinct().Count(), 4, 6);
        Assert.Equal(2, recording.Sessions.Values.Select(s => Recording.NetworkOf(s.First.Address)).Distinct().Count());
        Assert.True(recording.Sessions.Values.Select(s => s.First.User).Distinct().Count() >= 200);
    }

    [Fact]
    public void A_campus_spreads_its_guests_over_a_few_addresses_of_one_network()
    {
        Recording recording = Alone(Nobody with { Campus = 1, CampusSites = 3 }, 300);

        Assert.Equal(3, recording.Sessions.Values.Select(s => Recording.NetworkOf(s.First.Address)).Distinct().Count());
        Assert.InRange(recording.Sessions.Values.Select(s => s.First.Address).Distinct().Count(), 6, 18);
    }

    [Fact]
    public void A_user_in_two_places_plays_from_two_networks_at_once_and_never_from_three()
    {
        Recording recording = Alone(Nobody with { TwoPlaces = 1 }, 200);
        int[] most = [.. ByUser(recording).Select(Recording.MostNetworksAtOnce)];

        Assert.Equal(2, most.Max());
        Assert.InRange(most.Count(m => m == 2), 40, 200);
        Assert.All(ByUser(recording), u => Assert.InRange(Recording.MostAtOnce(u), 0, 2));
    }

    [Fact]
    public void A_big_family_has_up_to_four_screens_in_one_network()
    {
        Recording recording = Alone(Nobody with { BigFamily = 1 }, 200);
        int[] most = [.. ByUser(recording).Select(Recording.MostAtOnce)];

        Assert.Equal(4, most.Max());
        Assert.Contains(3, most);
        Assert.All(ByUser(recording), u => Assert.Single(u.Select(s => Recording.NetworkOf(s.First.Address)).Distinct()));
    }

    [Fact]
    public void Boxes_and_forgotten_screens_play_one_channel_for_ten_to_thirty_hours()
    {
        Recording recording = Alone(Nobody with { SetTopBox = 0.5, AllDay = 0.5 }, 60, hours: 40);
        RecordedSession[] whole = [.. recording.Sessions.Values.Where(s => s.First.Type == "start" && s.Ended)];

        Assert.True(whole.Length > 30);
        Assert.All(whole, s => Assert.InRange(s.Last.Time - s.First.Time, 600 * Minute, 1_800 * Minute));
        Assert.All(recording.Sessions.Values.Where(s => s.Label.Honest == HonestKind.SetTopBox), s => Assert.Null(s.First.ReferrerHost));
        Assert.All(recording.Events, e => Assert.EndsWith("-24", e.Stream, StringComparison.Ordinal));
    }

    [Fact]
    public void Users_of_a_VPN_change_exit_and_country_in_an_evening()
    {
        Recording recording = Alone(Nobody with { VpnSwitching = 1 }, 200);
        int[] countries = [.. ByUser(recording).Select(u => u.Select(s => s.First.Country).Distinct().Count())];

        Assert.InRange(countries.Max(), 3, 5);
        Assert.InRange(countries.Count(c => c > 1), 60, 200);
        Assert.All(ByUser(recording), u => Assert.InRange(Recording.MostAtOnce(u), 0, 1));
    }

    [Fact]
    public void Whoever_has_a_VPN_server_is_alone_on_its_address()
    {
        Recording recording = Alone(Nobody with { OwnVpn = 1 }, 100);

        Assert.All(recording.Sessions.Values.GroupBy(s => s.First.Address), a => Assert.Single(a.Select(s => s.First.User).Distinct()));
        Assert.All(recording.Sessions.Values.GroupBy(s => s.First.User), u => Assert.Single(u.Select(s => s.First.Address).Distinct()));
    }

    [Fact]
    public void Commuters_break_off_every_few_minutes_and_go_on_elsewhere_in_their_carrier()
    {
        Recording recording = Alone(Nobody with { Commuter = 1 }, 150);
        var rides = ByUser(recording);

        Assert.All(rides, r => Assert.InRange(r.Count(), 1, 15));
        Assert.Contains(rides, r => r.Select(s => Recording.NetworkOf(s.First.Address)).Distinct().Count() >= 6);
        Assert.All(rides, r => Assert.Single(r.Select(s => s.First.Asn).Distinct()));
        Assert.All(rides, r => Assert.InRange(Recording.MostAtOnce(r), 0, 1));
    }

    [Fact]
    public void A_line_that_is_dialled_anew_has_another_address_of_its_operator_each_time_and_one_device()
    {
        Recording recording = Alone(Nobody with { RedialledLine = 1 }, 300, hours: 8);
        RecordedEvent[][] users = [.. recording.Events.GroupBy(e => e.User).Where(u => u.Key is not null).Select(u => u.OrderBy(e => e.Time).ToArray())];
        int[] redials = [.. users.Select(u => u.Zip(u.Skip(1)).Count(p => p.First.Address != p.Second.Address))];
        var breaks = users.SelectMany(u => u.Zip(u.Skip(1)).Where(p => p.First.Address != p.Second.Address)).ToArray();

        Assert.All(users, u => Assert.Single(u.Select(e => (e.Asn, e.Country, e.Agent)).Distinct()));
        Assert.All(recording.Events, e => Assert.False(IsV6(e.Address)));
        Assert.InRange(redials.Max(), 12, 14);
        Assert.InRange(redials.Count(r => r >= 2), users.Length * 3 / 4, users.Length);
        Assert.InRange(breaks.Count(b => Recording.NetworkOf(b.First.Address) != Recording.NetworkOf(b.Second.Address)), breaks.Length * 99 / 100, breaks.Length);
        Assert.All(ByUser(recording), u => Assert.InRange(Recording.MostAtOnce(u), 0, 1));
    }

    [Fact]
    public void After_a_redial_half_of_the_players_go_on_and_the_others_open_a_session_within_a_minute()
    {
        Recording recording = Alone(Nobody with { RedialledLine = 1 }, 300, hours: 8);
        var breaks = recording.Events.GroupBy(e => e.User).Where(u => u.Key is not null).Select(u => u.OrderBy(e => e.Time).ToArray())
            .Select(u => u.Zip(u.Skip(1)).Where(p => p.First.Address != p.Second.Address).ToArray()).Where(u => u.Length > 0).ToArray();
        var goingOn = breaks.Where(u => u.Any(b => b.First.Session == b.Second.Session)).ToArray();
        var broken = breaks.Except(goingOn).ToArray();

        Assert.InRange(goingOn.Length, breaks.Length * 2 / 5, breaks.Length * 3 / 5);
        Assert.All(goingOn, u => Assert.InRange(u.Count(b => b.First.Session != b.Second.Session), 0, 1));
        Assert.All(broken.SelectMany(u => u), b => Assert.Equal((true, "start"), (b.First.Type != "end", b.Second.Type)));
        Assert.All(broken.SelectMany(u => u), b => Assert.InRange(b.Second.Time - b.First.Time, 5_000, 2 * Minute + 1_000));
        Assert.All(
            goingOn.Select(u => u.Where(b => b.First.Session == b.Second.Session).ToArray()).Concat(broken).SelectMany(u => u.Zip(u.Skip(1))),
            p => Assert.InRange(p.Second.Second.Time - p.First.Second.Time, Minute - 1_000, 28 * Minute));
    }

    [Fact]
    public void A_household_on_a_mobile_carrier_has_different_screens_that_overlap_each_in_another_network_of_it()
    {
        Recording recording = Alone(Nobody with { MobileHome = 1 }, 200, hours: 8);
        var homes = ByUser(recording);
        RecordedSession[] whole = [.. recording.Sessions.Values.Where(s => s.First.Type == "start" && s.Ended)];
        uint[] carriers = [.. NetworkCatalogue.Of(NetworkKind.Mobile).Select(n => n.Asn)];

        Assert.All(homes, h => Assert.Single(h.Select(s => (s.First.Asn, s.First.Country, s.First.Token)).Distinct()));
        Assert.All(homes, h => Assert.Contains(h.First().First.Asn, carriers));
        Assert.All(homes, h => Assert.InRange(h.Select(s => s.First.Agent).Distinct().Count(), 1, 5));
        Assert.InRange(homes.Count(h => h.Select(s => s.First.Agent).Distinct().Count() >= 3), homes.Length * 3 / 4, homes.Length);
        Assert.All(whole, s => Assert.InRange(s.Last.Time - s.First.Time, 10 * Minute, 90 * Minute));
        Assert.InRange(
            homes.Count(h => h.Select(s => Recording.NetworkOf(s.First.Address)).Distinct().Count() == h.Count()), homes.Length * 9 / 10, homes.Length);
        Assert.All(homes, h => Assert.InRange(Recording.MostAtOnce(h), 1, 2));
        Assert.InRange(homes.Count(h => Recording.MostNetworksAtOnce(h) == 2), homes.Length * 3 / 4, homes.Length);
    }

    [Fact]
    public void A_page_that_nobody_listed_has_a_dozen_sessions_at_most()
    {
        Recording recording = Alone(Nobody with { UnlistedPage = 0.1 }, 2_000);
        var pages = recording.Sessions.Values.Where(s => s.Label.Honest == HonestKind.UnlistedPage).GroupBy(s => s.First.ReferrerHost).ToArray();

        Assert.InRange(pages.Length, 40, 60);
        Assert.All(pages, p => Assert.InRange(p.Count(), 1, 12));
        Assert.All(pages, p => Assert.DoesNotContain(p.Key, recording.Truth.OfficialReferrers));
    }

    [Fact]
    public void A_partners_monitor_looks_in_every_five_minutes_and_is_on_no_list()
    {
        Recording recording = Alone(Nobody with { UnlistedProbes = 2 }, 10);
        RecordedSession[] looks = [.. recording.Sessions.Values.Where(s => s.Label.Honest == HonestKind.UnlistedProbe)];

        Assert.InRange(looks.Length, 94, 98);
        Assert.Empty(recording.Truth.Allowlist);
        Assert.Equal(4, recording.Truth.Honest.Single(h => h.Kind == HonestKind.UnlistedProbe).Subjects.Length);
    }

    [Fact]
    public void Renewed_tokens_belong_to_one_user_and_change_within_running_sessions()
    {
        Recording recording = Alone(Nobody, 200, tokens: new TokenProfile { PerSession = 0, Public = 0, RenewAfter = TimeSpan.FromMinutes(15) });
        var sessions = recording.Events.GroupBy(e => e.Session).Select(s => s.ToArray()).ToArray();

        Assert.All(recording.Events.GroupBy(e => e.Token), t => Assert.Single(t.Select(e => e.User).Distinct()));
        Assert.Contains(sessions, s => s.Select(e => e.Token).Distinct().Count() > 3);
        Assert.Contains(sessions, s => s[^1].Time - s[0].Time > 40 * Minute && s.Select(e => e.Token).Distinct().Count() == 1);
        Assert.All(sessions.SelectMany(s => s.Zip(s.Skip(1))).Where(p => p.First.Token != p.Second.Token), p => Assert.Equal("heartbeat", p.Second.Type));
    }

    [Fact]
    public void Whoever_goes_through_the_channels_is_seconds_on_each_and_stays_with_the_last()
    {
        Recording recording = Alone(Nobody with { ChannelSurfer = 1 }, 300, profile: "habits");
        RecordedSession[][] rounds = RoundsOf(recording);
        RecordedSession[] brief = [.. rounds.SelectMany(r => r[..^1])];

        Assert.Equal((8, 34), (rounds.Min(r => r.Length - 1), rounds.Max(r => r.Length - 1)));
        Assert.All(brief, s => Assert.InRange(s.Last.Time - s.First.Time, s.Ended ? 2_000 : 0, s.Ended ? 8_000 : 0));
        Assert.InRange(brief.Count(s => s.Ended), brief.Length * 85 / 100, brief.Length * 95 / 100);
        Assert.All(rounds, r => Assert.All(r.Zip(r.Skip(1)), p => Assert.NotEqual(p.First.First.Stream, p.Second.First.Stream)));
        Assert.All(rounds, r => Assert.Equal(Math.Min(12, r.Length), r.Select(s => s.First.Stream).Distinct().Count()));
        Assert.True(rounds.Count(r => r[^1].Last.Time - r[^1].First.Time > Minute) > rounds.Length * 3 / 4);
    }

    [Fact]
    public void Where_a_tenant_has_one_stream_its_page_is_loaded_3_to_15_times()
    {
        Recording recording = Alone(Nobody with { ChannelSurfer = 1 }, 300, profile: "habits", streams: 1);
        RecordedSession[][] rounds = RoundsOf(recording);

        Assert.Equal((3, 15), (rounds.Min(r => r.Length - 1), rounds.Max(r => r.Length - 1)));
        Assert.All(rounds.SelectMany(r => r[..^1]), s => Assert.InRange(s.Last.Time - s.First.Time, s.Ended ? 2_000 : 0, s.Ended ? 8_000 : 0));
        Assert.Single(recording.Events.Select(e => e.Stream).Distinct());
    }

    [Fact]
    public void A_stuck_player_starts_3_to_29_times_with_nothing_after_it_and_three_in_five_play_in_the_end()
    {
        Recording recording = Alone(Nobody with { StuckPlayer = 1 }, 400);
        long late = recording.Truth.To.ToUnixTimeMilliseconds() - (10 * Minute);
        RecordedSession[][] players = [.. ByUser(recording).Select(u => u.OrderBy(s => s.First.Time).ToArray()).Where(u => u[0].First.Time < late)];
        int[] tries = [.. players.Select(p => p.TakeWhile(s => s.First == s.Last).Count())];

        Assert.Equal((3, 29), (tries.Min(), tries.Max()));
        Assert.All(players.Zip(tries), p => Assert.All(p.First.Take(p.Second), s => Assert.Equal("start", s.First.Type)));
        Assert.All(
            players.Zip(tries).SelectMany(p => p.First.Take(p.Second).Zip(p.First.Take(p.Second).Skip(1))),
            p => Assert.InRange(p.Second.First.Time - p.First.First.Time, 4_000, 20_000));
        Assert.All(players, p => Assert.Single(p.Select(s => s.First.Address).Distinct()));
        Assert.InRange(players.Zip(tries).Count(p => p.First.Length > p.Second), players.Length / 2, players.Length * 7 / 10);
    }

    [Fact]
    public void A_phone_near_a_border_shows_carriers_of_two_countries_and_a_line_of_one_and_is_never_in_a_third()
    {
        Recording recording = Alone(Nobody with { BorderPhone = 1 }, 200, hours: 8);
        RecordedSession[][] phones = [.. ByUser(recording).Select(u => u.OrderBy(s => s.First.Time).ToArray())];
        RecordedSession[][] athome = [.. phones.Where(p => Recording.KindOf(p[^1].First.Address) == NetworkKind.Home)];

        Assert.InRange(athome.Length, phones.Length * 3 / 4, phones.Length);
        Assert.All(athome, p => Assert.InRange(p.Length, 3, 8));
        Assert.All(phones, p => Assert.InRange(p.Select(s => s.First.Country).Distinct().Count(), 1, 2));
        Assert.All(athome, p => Assert.All(p[..^1], s => Assert.Equal(NetworkKind.Mobile, Recording.KindOf(s.First.Address))));
        Assert.All(athome, p => Assert.Equal((2, 2), (p[..^1].Select(s => s.First.Address).Distinct().Count(), p[..^1].Select(s => s.First.Country).Distinct().Count())));
        Assert.All(athome, p => Assert.Equal(p[0].First.Country, p[^1].First.Country));
        Assert.All(phones, p => Assert.Equal(1, Recording.MostAtOnce(p)));
    }

    [Fact]
    public void Several_streams_side_by_side_are_two_to_four_different_ones_behind_one_address()
    {
        Recording recording = Alone(Nobody with { MultiView = 1 }, 200, profile: "habits");
        long late = recording.Truth.To.ToUnixTimeMilliseconds() - (2 * Minute);
        RecordedSession[][] pages = [.. ByUser(recording).Select(u => u.OrderBy(s => s.First.Time).ToArray()).Where(u => u[0].First.Time < late)];
        int[] most = [.. pages.Select(Recording.MostAtOnce)];

        Assert.Equal([2, 3, 4], most.Distinct().Order());
        Assert.All(pages, p => Assert.Single(p.Select(s => (s.First.Address, s.First.Token)).Distinct()));
        Assert.All(pages, p => Assert.All(p, s => Assert.DoesNotContain(p, o =>
            o != s && o.First.Stream == s.First.Stream && o.First.Time <= s.First.Time && o.Last.Time > s.First.Time)));
        Assert.Contains(pages.Zip(most), p => p.First.Length > p.Second);
    }

    [Fact]
    public void Who_switches_a_VPN_off_is_seen_at_the_line_at_home_and_at_exits()
    {
        Recording recording = Alone(Nobody with { VpnSwitching = 1 }, 200);
        var users = ByUser(recording);
        string[][] lines = [.. users.Select(u => u.Select(s => s.First.Address).Where(a => Recording.KindOf(a) == NetworkKind.Home).Distinct().ToArray())];

        Assert.All(lines, l => Assert.InRange(l.Length, 0, 1));
        Assert.InRange(lines.Count(l => l.Length == 1), users.Length / 4, users.Length * 2 / 3);
        Assert.All(users, u => Assert.Contains(u, s => Recording.KindOf(s.First.Address) == NetworkKind.Hosting));
    }

    /// <summary>Sessions of one viewer that follow each other within seconds; without those that the end of the recording cuts.</summary>
    private static RecordedSession[][] RoundsOf(Recording recording)
    {
        List<List<RecordedSession>> rounds = [];
        foreach (var user in ByUser(recording))
        {
            RecordedSession? before = null;
            foreach (RecordedSession session in user.OrderBy(s => s.First.Time))
            {
                if (before is null || session.First.Time - before.Last.Time > Minute)
                {
                    rounds.Add([]);
                }

                rounds[^1].Add(session);
                before = session;
            }
        }

        long late = recording.Truth.To.ToUnixTimeMilliseconds() - 20_000;
        return [.. rounds.Where(r => r[^1].First.Time < late).Select(r => r.ToArray())];
    }

    private static string[] AddressesOf(Recording recording, string user) =>
        [.. recording.Events.Where(e => e.User == user).Select(e => e.Address).Distinct()];

    private static bool IsV6(string address) => IpAddress.TryParse(address, out IpAddress parsed) && !parsed.IsV4;
}
