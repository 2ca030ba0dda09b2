using System.Collections;
using System.Globalization;
using AutoGuard.Configuration;
using AutoGuard.Simulation;
using AutoGuard.Simulation.Labels;
using AutoGuard.Verbs;

namespace AutoGuard.Tests.Samples;

/// <summary>One folder of <c>samples/</c>.</summary>
internal sealed class SampleFolder(string name)
{
    public static string Root { get; } = Path.Combine(RepositoryRoot(), "samples");

    public static IEnumerable<string> Names =>
        Directory.GetDirectories(Root).Select(folder => Path.GetFileName(folder)).Order(StringComparer.Ordinal);

    public string Folder => Path.Combine(Root, name);

    public string Events => File.Exists(this["events.jsonl"]) ? this["events.jsonl"] : this["events.jsonl.gz"];

    public string Expected => this["expected.jsonl"];

    public bool IsSimulated => File.Exists(this["profile.json"]);

    public SimulationTruth Truth => SimulationJson.ReadTruth(File.ReadAllBytes(this["truth.json"]));

    public string this[string file] => Path.Combine(Folder, file);

    /// <summary>The simulation that made the sample, or the same world beginning at another time.</summary>
    public TrafficSimulator Simulator(DateTimeOffset? start = null)
    {
        var profile = SimulationJson.ReadProfile(File.ReadAllBytes(this["profile.json"]));
        return new TrafficSimulator(
            start is { } moved ? profile with { Start = moved } : profile, ulong.Parse(name.AsSpan(0, 2), CultureInfo.InvariantCulture));
    }

    public EffectiveSettings Settings(params string[] sets) =>
        SettingsLoader.Load([this["settings.json"]], sets, new Hashtable(), rules: Probes.FurtherRules);

    private static string RepositoryRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "AutoGuard.sln")))
        {
            folder = Path.GetDirectoryName(folder);
        }
        return folder ?? throw new DirectoryNotFoundException("No AutoGuard.sln above the tests.");
    }
}
