using AutoGuard.Simulation.Attacks;
using AutoGuard.Simulation.Labels;
using AutoGuard.Simulation.Profiles;
using AutoGuard.Simulation.World;

namespace AutoGuard.Simulation.Tests.Attacks;

/// <summary>
/// How far honest viewers go, counted in recordings of profiles that differ: never further than <see cref="HonestLimits"/> says, where the
/// clock of an incident starts.
/// </summary>
public sealed class HonestLimitsTests
{
    private const long Minute = 60_000;

    private static readonly Lazy<Furthest[]> Recordings = new(() =>
    [
        Of(Recording.Profile("tune-channels", 1_500, 3)),
        Of(Recording.Profile("tune-league", 2_000, 2)),
        Of(Recording.Profile("tune-tenants", 2_000, 2)),
        Of(Recording.Profile("lines", 2_000, 3)),
        Of(Recording.Profile("habits", 3_000, 3)),
        Of(Recording.Profile("privacy", 2_000, 2)),
        Of(Recording.Profile("native", 2_000, 2)),
        Of(Recording.Profile("kickoff", 2_000, 2)),
        Of(Recording.Profile("kickoff", 1_500, 2), a => a with { ChannelSurfer = 0.6, Household = 0, CarrierNat = 0, NativeApp = 0, DualStack = 0, PrivacyAddresses = 0 }),
        Of(CompanyOfApps()),
        Of(Recording.Profile("habits", 1_000, 2) with { Streams = [new() { Name = "only-24" }] }, a => a with { ChannelSurfer = 0.4 }),
    ]);

    [Fact]
    public void The_lines_of_an_account_are_in_two_countries_within_an_hour_at_most() =>
        Assert.Equal(HonestLimits.Countries, Recordings.Value.Max(r => r.Countries));

    [Fact]
    public void An_account_has_three_home_lines_within_three_hours_at_most() => Assert.Equal(HonestLimits.Lines, Recordings.Value.Max(r => r.Lines));

    [Fact]
    public void An_account_has_four_operators_of_homes_and_phones_within_three_hours_at_most() =>
        Assert.InRange(Recordings.Value.Max(r => r.Operators), HonestLimits.Operators - 1, HonestLimits.Operators);

    [Fact]
    public void A_page_that_nobody_listed_has_no_more_visitors_than_the_limit() =>
        Assert.InRange(Recordings.Value.Max(r => r.VisitorsOfPage), 4, HonestLimits.VisitorsOfPage);

    [Fact]
    public void Behind_an_address_of_a_server_are_no_more_tokens_without_a_referrer_than_the_limit() =>
        Assert.InRange(Recordings.Value.Max(r => r.BareTokens), 14, HonestLimits.BareTokensOfServer);

    [Fact]
    public void A_home_ends_no_more_sessions_of_seconds_on_one_stream_within_ten_minutes_than_the_limit() =>
        Assert.InRange(Recordings.Value.Max(r => r.ShortSessions), HonestLimits.ShortSessions - 2, HonestLimits.ShortSessions);

    [Fact]
    public void A_home_has_no_more_starts_that_nothing_follows_within_ten_minutes_than_the_limit() =>
        Assert.InRange(Recordings.Value.Max(r => r.SilentStarts), 25, HonestLimits.SilentStarts);

    /// <summary>
    /// A company behind one cloud proxy, and as many of its staff as one has in an audience of 9,900: the most before it counts as two.
    /// </summary>
    private static SimulationProfile CompanyOfApps()
    {
        SimulationProfile native = Recording.Profile("native", 1_500, 4);
        return native with { Tenants = [.. native.Tenants.Select(t => t with { Audience = t.Audience with { CloudProxy = 0.012 * 9_900 / 1_500 } })] };
    }

    private static Furthest Of(SimulationProfile profile, Func<AudienceProfile, AudienceProfile>? mixture = null)
    {
        Recording recording = Recording.Of(profile with { HeartbeatSeconds = 60, Audience = mixture?.Invoke(profile.Audience) ?? profile.Audience }, 31);
        RecordedSession[] honest = [.. recording.Sessions.Values.Where(s =>
            s.Label is { IsMisuse: false, Honest: not (HonestKind.Probe or HonestKind.UnlistedProbe or HonestKind.Bystander) })];
        RecordedSession[][] homes = [.. honest.Where(s => !IsInOutage(profile, s) && Recording.KindOf(s.First.Address) == NetworkKind.Home)
            .GroupBy(s => s.First.Address).Where(a => a.Select(s => s.First.User).Distinct().Count() == 1).Select(a => a.ToArray())];
        (int countries, int lines, int operators) = OfAccounts(recording);
        long cut = recording.Truth.To.ToUnixTimeMilliseconds() - Minute;
        return new(
            countries,
            lines,
            operators,
            recording.Events.Where(e => !e.Label.IsMisuse && IsUnlisted(e.ReferrerHost)).GroupBy(e => e.ReferrerHost)
                .Select(p => p.Select(e => e.Address).Distinct().Count()).DefaultIfEmpty().Max(),
            honest.Where(s => s.First.ReferrerHost is null && Recording.KindOf(s.First.Address) is NetworkKind.Hosting or NetworkKind.Proxy or NetworkKind.Relay)
                .GroupBy(s => s.First.Address).Select(MostTokensAtOnce).DefaultIfEmpty().Max(),
            homes.SelectMany(h => h.Where(s => s.Ended && s.First.Type == "start" && s.Last.Time - s.First.Time < 10_000).GroupBy(s => s.First.Stream))
                .Select(MostInTenMinutes).DefaultIfEmpty().Max(),
            homes.Select(h => MostInTenMinutes(h.Where(s => s.First == s.Last && s.First.Type == "start" && s.First.Time < cut))).DefaultIfEmpty().Max());
    }

    /// <summary>Most countries within an hour, home lines and operators within three, of what accounts show at homes and from phones.</summary>
    private static (int Countries, int Lines, int Operators) OfAccounts(Recording recording)
    {
        (int countries, int lines, int operators) = (0, 0, 0);
        var tokens = recording.Events
            .Where(e => e is { User: not null, Label: { IsMisuse: false, Honest: not HonestKind.Bystander } } && Recording.KindOf(e.Address) is NetworkKind.Home or NetworkKind.Mobile)
            .GroupBy(e => e.Token);
        foreach (RecordedEvent[] shown in tokens.Select(t => t.OrderBy(e => e.Time).ToArray()))
        {
            if (shown.Select(e => e.Address).Distinct().Count() == 1)
            {
                continue;
            }

            // What comes anew, or again after others, is where a maximum can be.
            foreach (RecordedEvent last in shown.Where((e, i) => i > 0 && e.Address != shown[i - 1].Address))
            {
                RecordedEvent[] recent = [.. shown.Where(e => e.Time <= last.Time && e.Time > last.Time - (180 * Minute))];
                countries = Math.Max(countries, recent.Where(e => e.Time > last.Time - (60 * Minute)).Select(e => e.Country).Distinct().Count());
                operators = Math.Max(operators, recent.Select(e => e.Asn).Distinct().Count());
                lines = Math.Max(lines, recent.Select(e => (e.Asn, e.Address)).Distinct().Where(e => Recording.KindOf(e.Address) == NetworkKind.Home)
                    .Select(e => (e.Asn, Network: Recording.NetworkOf(e.Address))).Distinct().GroupBy(e => e.Asn).Sum(o => Math.Min(3, o.Count())));
            }
        }

        return (countries, lines, operators);
    }

    /// <summary>Attempts of players which the platform does not serve; nobody is misusing anything then.</summary>
    private static bool IsInOutage(SimulationProfile profile, RecordedSession session) => profile.Outage is { } outage
        && (profile.Start + outage.At).ToUnixTimeMilliseconds() is var at
        && session.First.Time >= at - Minute && session.First.Time <= at + (long)(outage.Recovery + outage.ReconnectWithin).TotalMilliseconds + Minute;

    private static bool IsUnlisted(string? host) => host is not null
        && (host.StartsWith("portal-", StringComparison.Ordinal) || host.StartsWith("intranet.works-", StringComparison.Ordinal)
            || host.EndsWith(".translated.example", StringComparison.Ordinal) || host.EndsWith(".web-archive.example", StringComparison.Ordinal)
            || host.EndsWith(".portal.example", StringComparison.Ordinal));

    private static int MostTokensAtOnce(IEnumerable<RecordedSession> sessions)
    {
        Dictionary<string, int> open = [];
        int most = 0;
        foreach ((long _, int step, string token) in sessions.SelectMany(s => new[] { (s.First.Time, 1, s.First.Token ?? ""), (s.Last.Time + Minute, -1, s.First.Token ?? "") }).Order())
        {
            open[token] = open.GetValueOrDefault(token) + step;
            most = Math.Max(most, open.Values.Count(n => n > 0));
        }

        return most;
    }

    private static int MostInTenMinutes(IEnumerable<RecordedSession> sessions)
    {
        long[] starts = [.. sessions.Select(s => s.First.Time).Order()];
        return starts.Select(at => starts.Count(other => other >= at && other < at + (10 * Minute))).DefaultIfEmpty().Max();
    }

    /// <summary>The furthest that anybody goes in one recording.</summary>
    private sealed record Furthest(int Countries, int Lines, int Operators, int VisitorsOfPage, int BareTokens, int ShortSessions, int SilentStarts);
}
