namespace AutoGuard.Core.Tests.Spikes;

/// <summary>Fixed seeds and one fresh one, which a failure message names.</summary>
internal static class Seeds
{
    public static IReadOnlyList<int> Some { get; } = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, Environment.ProcessId];
}

/// <summary>Values for property tests.</summary>
internal static class SeriesOf
{
    public static float Normal(Random random) =>
        (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));

    public static float[] Normals(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => Normal(random))];
    }

    /// <summary>Mostly ordinary; now and then a count, a repeat, a huge or tiny value, or no number.</summary>
    public static float Any(Random random) => random.Next(100) switch
    {
        < 60 => 10 + Normal(random),
        < 75 => random.Next(4),
        < 90 => 5,
        < 94 => Normal(random) * 1e6f,
        < 97 => Normal(random) * 1e-6f,
        97 => random.Next(2) == 0 ? float.MaxValue : -1e30f,
        98 => float.NaN,
        _ => random.Next(10) == 0 ? float.PositiveInfinity : 0,
    };
}
