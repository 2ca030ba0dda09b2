using AutoGuard.Core.Spikes;
using BenchmarkDotNet.Attributes;

namespace AutoGuard.Benchmarks.Spikes;

/// <summary>
/// One point of spike detection, one after another over many keys, against reading and adding up the same window: the ratio is
/// what the statistic costs beyond touching the memory.
/// </summary>
[MemoryDiagnoser]
public class SpikeBenchmarks
{
    private const int Points = 20_000;

    private readonly float[] _values = new float[4_096];
    private readonly int[] _order = new int[Points];
    private float[] _windows = [];
    private SpikeBank _stable = null!;
    private SpikeBank _exact = null!;

    /// <summary>Values in a window.</summary>
    [Params(30, 60, 120)]
    public int History { get; set; }

    /// <summary>Keys: a thousand fit the cache, two hundred thousand do not.</summary>
    [Params(1_000, 200_000)]
    public int Keys { get; set; }

    [GlobalSetup]
    public void Fill()
    {
        var random = new Random(1);
        for (var i = 0; i < _values.Length; i++)
        {
            _values[i] = (float)(random.NextDouble() + random.NextDouble() + random.NextDouble());
        }

        for (var i = 0; i < _order.Length; i++)
        {
            _order[i] = random.Next(Keys);
        }

        _windows = new float[Keys * History];
        _stable = new SpikeBank(History, 99.9, SpikeSide.Positive, SpikeMode.Stable, Keys);
        _exact = new SpikeBank(History, 99.9, SpikeSide.Positive, SpikeMode.Exact, Keys);
        for (var key = 0; key < Keys; key++)
        {
            var prior = _values.AsSpan(key % 1_000, History);
            prior.CopyTo(_windows.AsSpan(key * History));
            _stable.Seed(_stable.Rent(), prior);
            _exact.Seed(_exact.Rent(), prior);
        }
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Points)]
    public float SumOfWindow()
    {
        var total = 0f;
        for (var i = 0; i < Points; i++)
        {
            foreach (var value in _windows.AsSpan(_order[i] * History, History))
            {
                total += value;
            }
        }

        return total;
    }

    [Benchmark(OperationsPerInvoke = Points)]
    public int Stable() => Alerts(_stable);

    [Benchmark(OperationsPerInvoke = Points)]
    public int Exact() => Alerts(_exact);

    private int Alerts(SpikeBank bank)
    {
        var alerts = 0;
        for (var i = 0; i < Points; i++)
        {
            alerts += bank.Score(_order[i], _values[i & 4_095], admitAtMost: 3).Alert ? 1 : 0;
        }

        return alerts;
    }
}
