using AutoGuard.Simulation.Labels;
using AutoGuard.Simulation.Profiles;

namespace AutoGuard.Simulation.Tests.Profiles;

/// <summary>What a detector may be tuned on and what it is judged by.</summary>
public sealed class ScenarioTests
{
    public static TheoryData<string> Judging => [.. SimulationProfiles.Tuning, .. SimulationProfiles.HeldOut];

    public static TheoryData<string> HeldOut => [.. SimulationProfiles.HeldOut];

    /// <summary>All that are never for tuning.</summary>
    public static TheoryData<string> Judged => [.. SimulationProfiles.HeldOut, .. SimulationProfiles.Documented];

    public static TheoryData<string> Honest => [.. SimulationProfiles.Honest];

    [Theory]
    [MemberData(nameof(HeldOut))]
    public void A_held_out_profile_has_every_kind_of_misuse_in_every_form(string name)
    {
        SimulationProfile profile = Make(name, 20_000);

        Assert.Equal(60, profile.Attacks.Select(a => (a.Kind, a.Difficulty)).Distinct().Count());
        Assert.Equal(profile.Attacks.Length, new TrafficSimulator(profile, 4).Truth.Incidents.Length);
    }

    [Theory]
    [MemberData(nameof(Judged))]
    public void A_held_out_profile_has_every_kind_of_honest_viewer(string name)
    {
        Recording recording = Recording.Of(Recording.Profile(name, 5_000, 5.2) with { HeartbeatSeconds = 300 }, 1);

        Assert.Equal(Enum.GetValues<HonestKind>(), recording.Sessions.Values.Where(s => !s.Label.IsMisuse).Select(s => s.Label.Honest).Distinct().Order());
    }

    [Theory]
    [InlineData(20_000)]
    [InlineData(200_000)]
    public void What_is_documented_comes_in_every_form_and_nothing_else_does(int viewers)
    {
        SimulationProfile profile = Make("documented", viewers);

        Assert.Equal(30, profile.Attacks.Length);
        Assert.Equal(
            Enum.GetValues<AttackKind>().Where(k => k <= AttackKind.CarefulRelay).SelectMany(k => Enum.GetValues<Difficulty>().Select(d => (k, d))).Order(),
            profile.Attacks.Select(a => (a.Kind, a.Difficulty)).Order());
        Assert.Empty(profile.Attacks.Select(a => (a.Kind, a.Difficulty, a.At)).Where(a => a.Difficulty != Difficulty.Slow)
            .Intersect(SimulationProfiles.Sized(viewers, 4).Attacks.Select(a => (a.Kind, a.Difficulty, a.At))));
    }

    [Theory]
    [MemberData(nameof(Judging))]
    public void There_is_enough_misuse_to_measure_97_per_cent_and_it_is_a_small_share_of_the_sessions(string name)
    {
        TrafficSimulator simulator = new(Make(name, 20_000) with { HeartbeatSeconds = 300, Transport = TransportProfile.Perfect }, 2);
        SessionLabels labels = new(2);
        System.Buffers.ArrayBufferWriter<byte> line = new();
        long misuse = 0;
        long all = 0;
        while (simulator.TryNext(line, out _))
        {
            if (line.WrittenSpan.StartsWith("{\"type\":\"start\""u8))
            {
                int id = line.WrittenSpan.IndexOf("\"sessionId\":\""u8) + 13;
                Assert.True(labels.TryRead(line.WrittenSpan.Slice(id, 36), out SessionLabel label));
                misuse += label.IsMisuse ? 1 : 0;
                all++;
            }

            line.ResetWrittenCount();
        }

        Assert.InRange(simulator.Truth.Incidents.Length, 60, 120);
        Assert.InRange(simulator.Truth.Incidents.Count(i => i.Difficulty != Difficulty.Hard), 35, 100);
        Assert.InRange(misuse / (double)all, 0.05, 0.25);
    }

    [Fact]
    public void Profiles_for_tuning_and_for_judging_differ_in_structure()
    {
        SimulationProfile[] tuning = [.. SimulationProfiles.Tuning.Select(n => Make(n, 20_000))];
        SimulationProfile[] heldOut = [.. SimulationProfiles.HeldOut.Select(n => Make(n, 20_000))];

        Assert.Equal([10, 30, 60], tuning.Select(p => p.HeartbeatSeconds).Order());
        Assert.Equal([10, 30, 60], heldOut.Select(p => p.HeartbeatSeconds).Order());
        Assert.Empty(tuning.SelectMany(p => p.Streams).Select(s => s.Name).Intersect(heldOut.SelectMany(p => p.Streams).Select(s => s.Name)));
        Assert.Empty(tuning.SelectMany(p => p.Tenants).Select(t => t.Name).Intersect(heldOut.SelectMany(p => p.Tenants).Select(t => t.Name)));
        Assert.Empty(tuning.SelectMany(p => p.Attacks).Select(a => (a.Kind, a.At)).Intersect(heldOut.SelectMany(p => p.Attacks).Select(a => (a.Kind, a.At))));
    }

    [Theory]
    [MemberData(nameof(Honest))]
    public void An_honest_profile_of_any_size_has_no_incident(string name)
    {
        Assert.Empty(Make(name, 50).Attacks);
        Assert.Empty(new TrafficSimulator(Make(name, 100_000), 1).Truth.Incidents);
    }

    [Theory]
    [InlineData(1, 0.05)]
    [InlineData(300, 1)]
    [InlineData(200_000, 24)]
    [InlineData(5_000, 200)]
    public void Every_profile_fits_any_size(int viewers, double hours) =>
        Assert.All(SimulationProfiles.AnySize, name =>
        {
            Assert.True(SimulationProfiles.TryMake(name, viewers, hours, out SimulationProfile? profile));
            Assert.Equal(profile.Attacks.Length, new TrafficSimulator(profile, 1).Truth.Incidents.Length);
        });

    [Fact]
    public void Shares_of_honest_kinds_leave_room_for_the_ordinary_viewer()
    {
        foreach (SimulationProfile profile in SimulationProfiles.AnySize.Select(n => Make(n, 20_000)))
        {
            Assert.All(profile.Tenants.Select(t => t.Audience).Append(profile.Audience), audience => Assert.InRange(Sum(audience), 0.1, 0.995));
        }

        static double Sum(AudienceProfile audience) => typeof(AudienceProfile).GetProperties()
            .Where(p => p.PropertyType == typeof(double) && p.Name is not (nameof(AudienceProfile.Stalling) or nameof(AudienceProfile.OddReferrer) or nameof(AudienceProfile.HostileText)))
            .Sum(p => (double)p.GetValue(audience)!);
    }

    [Fact]
    public void From_a_hundred_thousand_viewers_on_there_is_twice_as_much_misuse() =>
        Assert.True(Make("held-cup", 200_000).Attacks.Length >= Make("held-cup", 20_000).Attacks.Length + 60);

    [Theory]
    [InlineData("demo")]
    [InlineData("small")]
    [InlineData("")]
    public void What_has_one_size_or_none_cannot_be_made(string name) => Assert.False(SimulationProfiles.TryMake(name, 100, 1, out _));

    private static SimulationProfile Make(string name, int viewers) =>
        SimulationProfiles.TryMake(name, viewers, 4, out SimulationProfile? profile) ? profile : throw new ArgumentException($"There is no profile {name}.", nameof(name));
}
