using System.Globalization;
using System.IO.Compression;
using System.Reflection;
using System.Runtime.InteropServices;
using AutoGuard.Core.Spikes;

namespace AutoGuard.Core.Tests.Spikes;

/// <summary>Recorded outputs of ML.NET; see Golden/README.md.</summary>
internal static class GoldenVectors
{
    private static readonly Lazy<Dictionary<string, float[]>> AllSeries = new(() => Rows("series")
        .ToDictionary(row => row[0], row => List(row[3], text => float.Parse(text, CultureInfo.InvariantCulture))));

    /// <summary>What a p-value may differ by: nothing where the recording's C library is at work.</summary>
    public static double PTolerance { get; } =
        OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.X64
        && !RuntimeInformation.RuntimeIdentifier.Contains("musl", StringComparison.Ordinal) ? 0 : 1e-12;

    public static IReadOnlyDictionary<string, float[]> Series => AllSeries.Value;

    public static IEnumerable<IidRow> Iid() => Rows("iid").Select(row => new IidRow(
        row[0], Number(row[1]), Whole(row[2]), Enum.Parse<SpikeSide>(row[3]), [.. List(row[4], Whole)], List(row[5], Number)));

    public static IEnumerable<SsaRow> Ssa() => Rows("ssa").Select(row => new SsaRow(
        row[0],
        Number(row[1]),
        Whole(row[2]),
        Whole(row[3]),
        Whole(row[4]),
        Enum.Parse<SpikeSide>(row[5]),
        row[6] == "engine" ? ForecastOrder.ConsumeFirst : ForecastOrder.ForecastFirst,
        [.. List(row[7], Whole)],
        List(row[8], Number),
        List(row[9], Number)));

    /// <summary>Throws a readable failure unless a prediction is the recorded one.</summary>
    public static void AssertPoint(string what, int row, bool alert, double p, SpikePrediction actual, double tolerance)
    {
        var same = double.IsNaN(p) ? double.IsNaN(actual.PValue)
            : tolerance == 0 ? BitConverter.DoubleToInt64Bits(p) == BitConverter.DoubleToInt64Bits(actual.PValue)
            : Math.Abs(p - actual.PValue) <= tolerance;
        Assert.True(
            same && alert == actual.Alert,
            string.Create(CultureInfo.InvariantCulture, $"{what}, row {row}: recorded {alert} {p:R}, computed {actual.Alert} {actual.PValue:R}."));
    }

    private static IEnumerable<string[]> Rows(string name)
    {
        var resource = $"Golden/{name}.csv.gz";
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(resource)
            ?? throw new InvalidOperationException($"Resource {resource} is missing from the test assembly.");
        using var reader = new StreamReader(new GZipStream(stream, CompressionMode.Decompress));
        _ = reader.ReadLine();
        while (reader.ReadLine() is { } line)
        {
            yield return line.Split(',');
        }
    }

    private static T[] List<T>(string text, Func<string, T> parse) =>
        text.Length == 0 ? [] : [.. text.Split(';').Select(parse)];

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    private static int Whole(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}

internal sealed record IidRow(string Series, double Confidence, int History, SpikeSide Side, HashSet<int> Alerts, double[] P)
{
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Series} {Confidence} W={History} {Side}");
}

internal sealed record SsaRow(
    string Series,
    double Confidence,
    int History,
    int Training,
    int Seasonality,
    SpikeSide Side,
    ForecastOrder Order,
    HashSet<int> Alerts,
    double[] Raw,
    double[] P)
{
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Series} {Confidence} W={History} T={Training} L={Seasonality} {Side} {Order}");
}
