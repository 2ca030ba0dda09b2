using System.Globalization;
using System.IO.Compression;
using AutoGuard.Core.Policy;
using AutoGuard.Simulation.Labels;
using AutoGuard.Simulation.Profiles;

namespace AutoGuard.Simulation.Tests;

/// <summary>
/// The folders of <c>samples/</c> are what their <c>profile.json</c> and their number, as the seed, give.
/// <c>AUTOGUARD_UPDATE_GOLDEN=1</c> rewrites them.
/// </summary>
public sealed class SamplesTests
{
    private const int CompressAbove = 300_000;

    public static TheoryData<string> Folders => [.. FolderNames()];

    [Theory]
    [MemberData(nameof(Folders))]
    public void A_sample_is_what_its_profile_gives(string folder)
    {
        string path = Path.Combine(Root(), folder);
        TrafficSimulator simulator = new(SimulationJson.ReadProfile(File.ReadAllBytes(Path.Combine(path, "profile.json"))), Seed(folder));
        using MemoryStream events = new();
        SimulationFolder.WriteEvents(simulator, events);
        byte[] truth = SimulationJson.Write(simulator.Truth);
        byte[] settings = SimulationJson.WriteSettings(simulator.Truth);
        if (Environment.GetEnvironmentVariable("AUTOGUARD_UPDATE_GOLDEN") == "1")
        {
            Update(path, events.ToArray(), truth, settings);
        }

        Assert.True(events.ToArray().AsSpan().SequenceEqual(ReadEvents(path)), $"The events of {folder} are not what its profile gives.");
        Assert.True(truth.AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(path, "truth.json"))), $"The truth of {folder} is not what its profile gives.");
        Assert.True(settings.AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(path, "settings.json"))), $"The settings of {folder} are not what its profile gives.");
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void A_sample_is_small_and_explained(string folder)
    {
        string path = Path.Combine(Root(), folder);

        // Where nothing is to be decided the expected decisions are an empty file.
        Assert.All(Directory.GetFiles(path), f => Assert.InRange(new FileInfo(f).Length, Path.GetFileName(f) == "expected.jsonl" ? 0 : 1, 330_000));
        Assert.True(File.ReadAllLines(Path.Combine(path, "README.md")).Length >= 5, $"{folder}/README.md says too little");
    }

    [Fact]
    public void The_samples_show_these_cases()
    {
        string[] kinds = [.. FolderNames().Select(f => f[3..])];

        Assert.Equal(
            ["token-sharing", "leaked-token", "data-centre-relay", "address-flood", "illegal-embed", "honest-kick-off", "messy-transport"], kinds);
    }

    [Fact]
    public void In_the_honest_kick_off_nobody_may_be_caught()
    {
        SimulationTruth truth = SimulationJson.ReadTruth(File.ReadAllBytes(Path.Combine(Root(), "06-honest-kick-off", "truth.json")));

        Assert.Empty(truth.Incidents);
        Assert.Contains(truth.Honest, h => h.Kind == HonestKind.CarrierNat && h.Subjects.All(s => s.Type == SubjectType.Ip));
    }

    [Fact]
    public void The_messy_sample_ends_its_lines_in_carriage_returns_and_carries_encoded_tokens()
    {
        byte[] events = ReadEvents(Path.Combine(Root(), "07-messy-transport"));

        Assert.Equal(events.Count(b => b == '\n'), events.Count(b => b == '\r'));
        Assert.True(events.AsSpan().IndexOf("\"token\":\"eyJ"u8) > 0);
        Assert.True(events.AsSpan().IndexOf("DROP TABLE"u8) > 0);
    }

    private static string[] FolderNames() =>
        [.. Directory.GetDirectories(Root()).Where(d => File.Exists(Path.Combine(d, "profile.json"))).Select(d => Path.GetFileName(d)).Order(StringComparer.Ordinal)];

    private static ulong Seed(string folder) => ulong.Parse(folder.AsSpan(0, 2), CultureInfo.InvariantCulture);

    private static void Update(string path, byte[] events, byte[] truth, byte[] settings)
    {
        string plain = Path.Combine(path, "events.jsonl");
        File.Delete(plain);
        File.Delete(plain + ".gz");
        if (events.Length <= CompressAbove)
        {
            File.WriteAllBytes(plain, events);
        }
        else
        {
            using GZipStream zip = new(File.Create(plain + ".gz"), CompressionLevel.SmallestSize);
            zip.Write(events);
        }

        File.WriteAllBytes(Path.Combine(path, "truth.json"), truth);
        File.WriteAllBytes(Path.Combine(path, "settings.json"), settings);
    }

    private static byte[] ReadEvents(string path)
    {
        string plain = Path.Combine(path, "events.jsonl");
        if (File.Exists(plain))
        {
            return File.ReadAllBytes(plain);
        }

        using GZipStream zip = new(File.OpenRead(plain + ".gz"), CompressionMode.Decompress);
        using MemoryStream events = new();
        zip.CopyTo(events);
        return events.ToArray();
    }

    private static string Root()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "AutoGuard.sln")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return Path.Combine(folder ?? throw new DirectoryNotFoundException("No AutoGuard.sln above the tests."), "samples");
    }
}
