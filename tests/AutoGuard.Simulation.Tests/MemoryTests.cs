using System.Buffers;
using AutoGuard.Simulation.Profiles;

namespace AutoGuard.Simulation.Tests;

/// <summary>The heap is everybody's, so nothing else may run while it is measured.</summary>
[CollectionDefinition(nameof(MemoryTests), DisableParallelization = true)]
[Collection(nameof(MemoryTests))]
public sealed class MemoryTests
{
    [Fact]
    public void What_is_held_follows_the_audience_and_not_the_length_of_the_recording()
    {
        (int shortHeld, long shortBytes) = Peak(viewers: 1_200, hours: 6);
        (int longHeld, long longBytes) = Peak(viewers: 4_800, hours: 24);

        Assert.True(longHeld < shortHeld * 2, $"{shortHeld} held in 6 hours, {longHeld} in 24 hours of the same audience");
        Assert.True(longBytes < (shortBytes * 2) + 4_000_000, $"{shortBytes:N0} bytes in 6 hours, {longBytes:N0} in 24");
    }

    /// <summary>Peaks over a whole recording in which equally many viewers arrive in every hour.</summary>
    private static (int Held, long Bytes) Peak(int viewers, double hours)
    {
        SimulationProfile profile = SimulationProfiles.Sized(viewers, hours) with { Attacks = [], HeartbeatSeconds = 60 };
        long before = GC.GetTotalMemory(forceFullCollection: true);
        TrafficSimulator simulator = new(profile, 3);
        ArrayBufferWriter<byte> buffer = new();
        int held = 0;
        long bytes = 0;
        for (int line = 0; simulator.TryNext(buffer, out _); line++)
        {
            buffer.ResetWrittenCount();
            held = Math.Max(held, simulator.Held);
            if (line % 25_000 == 0)
            {
                bytes = Math.Max(bytes, GC.GetTotalMemory(forceFullCollection: true) - before);
            }
        }

        return (held, bytes);
    }
}
