using System.Buffers;
using System.Security.Cryptography;
using AutoGuard.Simulation.Labels;
using AutoGuard.Simulation.Profiles;

namespace AutoGuard.Simulation.Tests;

public sealed class DeterminismTests
{
    /// <summary>
    /// Recorded once. A change of this digest changes every recording that somebody made from a seed: raise
    /// <c>SimulationTruth.Version</c> and regenerate the samples with it.
    /// </summary>
    private const string SmallWithSeed7 = "df9814e6cb88bb287f544cf0c22213b9baef47309a7b5155345ead06bee0769c";

    [Fact]
    public void The_same_seed_gives_the_recorded_bytes() => Assert.Equal(SmallWithSeed7, Digest(SimulationProfiles.Small, 7));

    [Theory]
    [InlineData("small")]
    [InlineData("outage")]
    [InlineData("tune-league")]
    [InlineData("tune-channels")]
    [InlineData("tune-tenants")]
    [InlineData("held-cup")]
    [InlineData("held-mobile")]
    [InlineData("held-platform")]
    [InlineData("documented")]
    [InlineData("edge-switch")]
    [InlineData("privacy")]
    [InlineData("native")]
    [InlineData("lines")]
    [InlineData("habits")]
    public void The_same_seed_gives_the_same_bytes_twice(string name)
    {
        Assert.True(SimulationProfiles.TryGet(name, out SimulationProfile? profile) && (name == "small" || SimulationProfiles.TryMake(name, 400, 1, out profile)));

        Assert.Equal(Digest(profile, 42), Digest(profile, 42));
    }

    [Fact]
    public void Another_seed_gives_other_bytes() =>
        Assert.NotEqual(Digest(SimulationProfiles.Small, 1), Digest(SimulationProfiles.Small, 2));

    [Fact]
    public void Two_simulators_pulled_in_turns_do_not_disturb_each_other()
    {
        TrafficSimulator left = new(SimulationProfiles.Small, 7);
        TrafficSimulator right = new(SimulationProfiles.Small, 8);
        using IncrementalHash digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        ArrayBufferWriter<byte> buffer = new();
        ArrayBufferWriter<byte> ignored = new();
        while (left.TryNext(buffer, out _))
        {
            buffer.Write("\n"u8);
            digest.AppendData(buffer.WrittenSpan);
            buffer.ResetWrittenCount();
            right.TryNext(ignored, out _);
            ignored.ResetWrittenCount();
        }

        Assert.Equal(Digest(SimulationProfiles.Small, 7), Convert.ToHexStringLower(digest.GetHashAndReset()));
    }

    [Fact]
    public void Attacks_do_not_move_the_honest_audience()
    {
        SimulationProfile honest = SimulationProfiles.Small with { Attacks = [], Transport = TransportProfile.Perfect };
        SimulationProfile mixed = SimulationProfiles.Small with { Transport = TransportProfile.Perfect };

        Assert.Equal(HonestStarts(honest), HonestStarts(mixed));
    }

    private static (long, string?)[] HonestStarts(SimulationProfile profile) =>
        [.. Recording.Of(profile, 11).Events
            .Where(e => e is { Type: "start", Label.IsMisuse: false } && e.Label.Honest != HonestKind.Bystander)
            .Select(e => (e.Time, e.Token))];

    private static string Digest(SimulationProfile profile, ulong seed)
    {
        using MemoryStream stream = new();
        SimulationFolder.WriteEvents(new TrafficSimulator(profile, seed), stream);
        return Convert.ToHexStringLower(SHA256.HashData(stream.GetBuffer().AsSpan(0, (int)stream.Length)));
    }
}
