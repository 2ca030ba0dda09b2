namespace AutoGuard.Simulation.World;

/// <summary>
/// A distribution given by its quantiles and drawn by inversion with integer interpolation: no logarithm or
/// exponential, whose last digits differ between machines.
/// </summary>
internal sealed class QuantileTable
{
    private readonly (int PerMille, long Value)[] _points;

    /// <param name="points">Quantiles in rising order, from 0 to 1,000 per mille.</param>
    public QuantileTable(params (int PerMille, long Value)[] points) => _points = points;

    public long Draw(DeterministicRandom random)
    {
        long position = random.Below(1_000_000);
        int i = 1;
        while (_points[i].PerMille * 1_000L < position && i < _points.Length - 1)
        {
            i++;
        }

        (int fromShare, long fromValue) = _points[i - 1];
        (int toShare, long toValue) = _points[i];
        long span = (toShare - fromShare) * 1_000L;
        return fromValue + ((toValue - fromValue) * (position - (fromShare * 1_000L)) / span);
    }
}
