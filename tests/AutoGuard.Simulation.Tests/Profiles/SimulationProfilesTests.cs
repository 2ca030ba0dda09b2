using AutoGuard.Simulation.Labels;
using AutoGuard.Simulation.Profiles;

namespace AutoGuard.Simulation.Tests.Profiles;

public sealed class SimulationProfilesTests
{
    public static TheoryData<string> Names => [.. SimulationProfiles.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_named_profile_can_be_played_and_written_as_json(string name)
    {
        Assert.True(SimulationProfiles.TryGet(name, out SimulationProfile? profile));
        Assert.Equal(name, profile.Name);
        SimulationProfile read = SimulationJson.ReadProfile(SimulationJson.Write(profile));

        Assert.Equal(SimulationJson.Write(profile), SimulationJson.Write(read));
        Assert.Equal(
            SimulationJson.Write(new TrafficSimulator(profile, 3).Truth), SimulationJson.Write(new TrafficSimulator(read, 3).Truth));
    }

    [Theory]
    [InlineData("kickoff")]
    [InlineData("outage")]
    [InlineData("carrier-nat")]
    public void Honest_profiles_have_no_incident(string name)
    {
        Assert.True(SimulationProfiles.TryGet(name, out SimulationProfile? profile));

        Assert.Empty(new TrafficSimulator(profile, 1).Truth.Incidents);
    }

    [Fact]
    public void In_the_demonstration_every_crude_attack_begins_within_the_first_minute_of_watching()
    {
        SimulationProfile demo = SimulationProfiles.Demo;
        double watched = 60 * demo.SuggestedSpeed;

        Assert.True(demo.Attacks.Where(a => a.At.TotalSeconds < watched && a.Difficulty == Difficulty.Easy).Select(a => a.Kind).Distinct().Count() >= 9);
    }

    [Fact]
    public void The_standard_mixture_has_every_attack_in_every_form() =>
        Assert.Equal(
            10 * Enum.GetValues<Difficulty>().Length,
            SimulationProfiles.Standard.Attacks.Select(a => (a.Kind, a.Difficulty)).Distinct().Count());

    [Theory]
    [InlineData(1, 0.1)]
    [InlineData(200, 1)]
    [InlineData(200_000, 24)]
    [InlineData(1_000, 200)]
    public void The_standard_mixture_fits_any_size(int viewers, double hours) =>
        Assert.Equal(30, new TrafficSimulator(SimulationProfiles.Sized(viewers, hours), 1).Truth.Incidents.Length);

    [Fact]
    public void An_impossible_profile_is_refused_with_everything_that_is_wrong()
    {
        SimulationProfile wrong = SimulationProfiles.Small with
        {
            Viewers = -1, HeartbeatSeconds = 1, Streams = [new() { Name = "a\"b" }], Transport = new TransportProfile { Late = 1.5 },
        };

        ArgumentException refused = Assert.Throws<ArgumentException>(() => new TrafficSimulator(wrong, 1));
        Assert.All(["viewers is -1", "heartbeatSeconds is 1", "streams must", "transport:late is 1.5"], part => Assert.Contains(part, refused.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void What_a_profile_leaves_out_has_its_documented_default()
    {
        SimulationProfile read = SimulationJson.ReadProfile(
            """{"name":"x","duration":"01:00:00","viewers":10,"streams":[{"name":"a"}],"audience":{"office":0.5},"attacks":[{"kind":"token-farm","at":"00:01:00","length":"00:05:00"}]}"""u8);

        Assert.Equal(
            SimulationJson.Write(new SimulationProfile
            {
                Name = "x",
                Duration = TimeSpan.FromHours(1),
                Viewers = 10,
                Streams = [new() { Name = "a" }],
                Audience = new AudienceProfile { Office = 0.5 },
                Attacks = [new() { Kind = AttackKind.TokenFarm, At = TimeSpan.FromMinutes(1), Length = TimeSpan.FromMinutes(5) }],
            }),
            SimulationJson.Write(read));
        Assert.Equal(0.14, read.Audience.Household);
    }

    [Theory]
    [InlineData("""{"name":"x","duration":"01:00:00","viewers":10,"streams":[{"name":"a"}],"speed":3}""")]
    [InlineData("""{"name":"x"}""")]
    [InlineData("""{"name":"x","duration":"01:00:00","viewers":10,"streams":[{"name":"a"}],"attacks":[{"kind":"shouting","at":"0","length":"1"}]}""")]
    public void A_profile_with_unknown_or_missing_keys_is_refused(string json) =>
        Assert.Throws<System.Text.Json.JsonException>(() => SimulationJson.ReadProfile(System.Text.Encoding.UTF8.GetBytes(json)));
}
