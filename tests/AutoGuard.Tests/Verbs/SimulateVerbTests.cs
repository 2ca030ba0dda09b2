using AutoGuard.CommandLine;
using AutoGuard.Simulation.Profiles;
using AutoGuard.Testing;
using AutoGuard.Verbs;

namespace AutoGuard.Tests.Verbs;

public sealed class SimulateVerbTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 5, 14, 2, 7, 350, TimeSpan.Zero);

    [Fact]
    public void A_recording_for_Kafka_ends_now_and_one_for_a_folder_is_where_its_profile_says()
    {
        SimulateArguments arguments = new(1, 500, TimeSpan.FromHours(2), null, ToKafka: true, "held-mobile");
        SimulationProfile moved = SimulateVerb.ProfileOf(arguments, new FakeTimeProvider(Now));
        SimulationProfile still = SimulateVerb.ProfileOf(arguments with { Out = "d", ToKafka = false }, new FakeTimeProvider(Now));

        Assert.Equal(new DateTimeOffset(2026, 3, 5, 14, 2, 7, TimeSpan.Zero), moved.Start + moved.Duration);
        Assert.Equal(2025, still.Start.Year);
        Assert.Equal((500, "held-mobile"), (moved.Viewers, moved.Name));
    }

    [Fact]
    public void Without_a_profile_it_is_the_standard_mixture() =>
        Assert.Equal("standard", SimulateVerb.ProfileOf(new SimulateArguments(1, 10, TimeSpan.FromHours(1), "d", false), new FakeTimeProvider(Now)).Name);
}
