using AutoGuard.Simulation.Labels;
using AutoGuard.Simulation.Profiles;

namespace AutoGuard.Simulation.Tests.World;

/// <summary>What many honest viewers do at once: kick-offs, outages, changes of the edge; and tenants of different kinds.</summary>
public sealed class CrowdTests
{
    [Fact]
    public void During_an_outage_each_client_tries_again_every_few_seconds_until_it_is_served()
    {
        SimulationProfile profile = Recording.Profile("outage", 600, 2) with { HeartbeatSeconds = 30 };
        Recording recording = Recording.Of(profile, 5);
        long down = (profile.Start + profile.Outage!.At).ToUnixTimeMilliseconds();
        long up = down + (long)profile.Outage.Recovery.TotalMilliseconds;
        RecordedSession[] attempts = [.. recording.Sessions.Values.Where(s => s.First.Type == "start" && s.First.Time >= down && s.First.Time < up)];
        var clients = attempts.Where(s => s.First.User is not null).GroupBy(s => (s.First.User, s.First.Address)).ToArray();

        Assert.True(attempts.Length > 3_000, $"{attempts.Length} attempts");
        Assert.InRange(attempts.Count(s => s.Last.Time - s.First.Time <= 10_000) / (double)attempts.Length, 0.85, 1);
        Assert.Contains(clients, c => c.Count() is > 15 and < 60);
        Assert.Contains(recording.Sessions.Values, s => s.First.Type == "start" && s.First.Time > down && s.Last.Time > up + 600_000);
        int after = recording.Sessions.Values.Count(s => s.First.Type == "start" && s.First.Time >= up + 15_000 && s.First.Time < up + 315_000);
        Assert.True(after * 10 < attempts.Length, $"{after} starts in the five minutes after recovery, {attempts.Length} before it");
    }

    [Fact]
    public void At_a_change_of_the_edge_every_session_ends_and_starts_again_within_seconds()
    {
        SimulationProfile profile = Recording.Profile("edge-switch", 600, 2);
        Recording recording = Recording.Of(profile, 5);
        long at = (profile.Start + profile.Outage!.At).ToUnixTimeMilliseconds();
        RecordedSession[] running = [.. recording.Sessions.Values.Where(s => s.First.Time < at && s.Last.Time >= at && s.Label.Honest != HonestKind.Probe && s.Label.Honest != HonestKind.UnlistedProbe)];
        int back = recording.Sessions.Values.Count(s => s.First.Type == "start" && s.First.Time >= at && s.First.Time <= at + 15_000);

        Assert.True(running.Length > 150);
        Assert.All(running, s => Assert.Equal(("end", at), (s.Last.Type, s.Last.Time)));
        Assert.InRange(back, running.Length * 8 / 10, running.Length * 11 / 10);
    }

    [Fact]
    public void At_a_kick_off_stalling_players_start_two_or_three_times()
    {
        AudienceProfile audience = AudienceProfile.Nobody with { Stalling = 0.5 };
        SimulationProfile profile = Recording.Profile("kickoff", 500, 2) with { Audience = audience, Tokens = new TokenProfile { PerSession = 0, Public = 0 }, RunningAtStart = 0 };
        RecordedSession[][] users = [.. Recording.Of(profile, 5).Sessions.Values.GroupBy(s => s.First.User).Select(u => u.OrderBy(s => s.First.Time).ToArray())];
        RecordedSession[][] stalled = [.. users.Where(u => u.Length > 1 && u[0].Last.Time - u[0].First.Time <= 10_000 && u[1].First.Time - u[0].Last.Time is >= 1_500 and <= 20_000)];

        Assert.InRange(stalled.Length, 180, 300);
        Assert.Contains(stalled, u => u.Length > 2 && u[1].Last.Time - u[1].First.Time <= 10_000);
    }

    [Fact]
    public void Tenants_of_one_platform_differ_in_clients_and_tokens()
    {
        Recording recording = Recording.Of(Recording.Profile("held-platform", 1_500, 1) with { Attacks = [], HeartbeatSeconds = 60 }, 3);
        ILookup<string?, RecordedSession> tenants = recording.Sessions.Values
            .Where(s => s.Label.Honest is not (HonestKind.Probe or HonestKind.UnlistedProbe)).ToLookup(s => s.First.Organization);

        Assert.Equal(["auction", "box", "chapel", "rally", "stage", "works"], tenants.Select(t => t.Key!).Order(StringComparer.Ordinal));
        Assert.All(tenants["box"], s => Assert.Null(s.First.ReferrerHost));
        Assert.All(tenants["box"], s => Assert.NotNull(s.First.User));
        Assert.Single(tenants["stage"].Select(s => s.First.Token).Distinct());
        Assert.Equal(tenants["auction"].Count(), tenants["auction"].Select(s => s.First.Token).Distinct().Count());
        Assert.InRange(tenants["auction"].Count(s => s.First.ReferrerHost is null) / (double)tenants["auction"].Count(), 0, 0.03);
        Assert.All(recording.Events, e => Assert.True(recording.Simulator.Profile.Tenants.Single(t => t.Name == e.Organization).Streams.Contains(e.Stream), e.Stream));
    }

    [Theory]
    [InlineData("kickoff")]
    [InlineData("carrier-nat")]
    [InlineData("privacy")]
    [InlineData("lines")]
    [InlineData("tune-league")]
    [InlineData("tune-channels")]
    public void No_honest_user_plays_from_three_networks_at_once_or_on_five_screens(string name)
    {
        Recording recording = Recording.Of(Recording.Profile(name, 1_500, 2) with { Attacks = [], Outage = null, HeartbeatSeconds = 60 }, 8);
        var users = recording.Sessions.Values.Where(s => s.First.User is not null).GroupBy(s => s.First.User).ToArray();

        Assert.True(users.Length > 600);
        // Two phones of a family leave a session behind each, which is heard for another minute.
        Assert.All(users, u => Assert.InRange(Recording.MostNetworksAtOnce(u), 0, u.First().Label.Honest == HonestKind.FamilyPhones ? 4 : 2));
        Assert.All(users, u => Assert.InRange(Recording.MostAtOnce(u), 0, 4));
    }
}
