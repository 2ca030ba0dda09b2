using AutoGuard.Simulation.Profiles;

namespace AutoGuard.Simulation.World;

/// <summary>
/// When the audience arrives, and for which stream: the sum of the streams' curves, in slots. Arrivals are drawn by
/// inverting the running total in blocks of 256, so they come in order without ever being held at once.
/// </summary>
internal sealed class ArrivalCurve
{
    private const int Block = 256;
    private const long StreamTotal = 1_000_000_000;

    /// <summary>Relative audience of a channel by the hour of the day (UTC), from midnight.</summary>
    private static readonly int[] HoursOfDay =
        [34, 25, 18, 14, 12, 13, 18, 27, 36, 42, 46, 50, 55, 56, 55, 58, 65, 78, 92, 100, 100, 92, 72, 50];

    private readonly SimulationProfile _profile;
    private readonly DeterministicRandom _random;
    private readonly long _slotLength;
    private readonly long[][] _weights;
    private readonly long[] _totals;
    private readonly long[] _positions = new long[Block];
    private readonly long _viewers;
    private long _drawn;
    private int _next = Block;
    private int _filled = Block;
    private int _slot;

    public ArrivalCurve(SimulationProfile profile, long viewers, DeterministicRandom random)
    {
        _profile = profile;
        _viewers = viewers;
        _random = random;
        long length = (long)profile.Duration.TotalMilliseconds;
        _slotLength = Math.Max(1_000, length / 8_640);
        int slots = (int)((length + _slotLength - 1) / _slotLength);
        _totals = new long[slots + 1];
        _weights = [.. profile.Streams.Select(stream => Weigh(stream, slots))];
        for (int slot = 0; slot < slots; slot++)
        {
            _totals[slot + 1] = _totals[slot] + _weights.Sum(w => w[slot]);
        }
    }

    /// <summary>The next arrival in order; the time counts from the start of the recording.</summary>
    public bool TryNext(out long time, out int stream)
    {
        time = 0;
        stream = 0;
        if (_next == _filled && !Refill())
        {
            return false;
        }

        long position = _positions[_next++];
        while (_totals[_slot + 1] <= position)
        {
            _slot++;
        }

        long within = position - _totals[_slot];
        time = (_slot * _slotLength) + (within * _slotLength / (_totals[_slot + 1] - _totals[_slot]));
        stream = PickStream(_slot, _random);
        return true;
    }

    /// <summary>A stream that has viewers at the given time, by weight.</summary>
    public int PickStreamAt(long time, DeterministicRandom random) =>
        PickStream((int)Math.Clamp(time / _slotLength, 0, _totals.Length - 2), random);

    /// <summary>
    /// One block: its arrivals are uniform on its part of the total, so counts within a block scatter as independent
    /// arrivals do.
    /// </summary>
    private bool Refill()
    {
        int count = (int)Math.Min(Block, _viewers - _drawn);
        long total = _totals[^1];
        if (count <= 0 || total == 0)
        {
            return false;
        }

        long from = (long)((Int128)total * _drawn / _viewers);
        long to = (long)((Int128)total * (_drawn + count) / _viewers);
        for (int i = 0; i < count; i++)
        {
            _positions[i] = from + _random.Below(to - from);
        }

        Array.Sort(_positions, 0, count);
        _drawn += count;
        _next = 0;
        _filled = count;
        return true;
    }

    private int PickStream(int slot, DeterministicRandom random)
    {
        long position = random.Below(_totals[slot + 1] - _totals[slot]);
        for (int i = 0; i < _weights.Length; i++)
        {
            position -= _weights[i][slot];
            if (position < 0)
            {
                return i;
            }
        }

        return 0;
    }

    private long[] Weigh(StreamProfile stream, int slots)
    {
        long[] weights = new long[slots];
        if (stream.KickOff is { } kickOff)
        {
            long start = (long)kickOff.TotalMilliseconds;
            long length = (long)stream.Length.TotalMilliseconds;
            Spread(weights, start - 1_200_000, start - 90_000, 12);
            Spread(weights, start - 90_000, start + 90_000, 62);
            Spread(weights, start + 90_000, start + Math.Min(600_000, length / 2), 16);
            Spread(weights, start + Math.Min(600_000, length / 2), start + (length * 4 / 5), 10);
        }
        else
        {
            long firstSecondOfDay = _profile.Start.ToUnixTimeSeconds() % 86_400;
            for (int slot = 0; slot < slots; slot++)
            {
                long second = (firstSecondOfDay + (slot * _slotLength / 1000)) % 86_400;
                int hour = (int)(second / 3600);
                long into = second % 3600;
                weights[slot] = (HoursOfDay[hour] * (3600 - into)) + (HoursOfDay[(hour + 1) % 24] * into);
            }
        }

        long sum = weights.Sum();
        for (int slot = 0; slot < slots && sum > 0; slot++)
        {
            weights[slot] = (long)((Int128)weights[slot] * StreamTotal * stream.Weight / sum);
        }

        return weights;
    }

    /// <summary>Adds a share, in per cent, spread evenly from one time to another; what lies outside the recording is lost.</summary>
    private void Spread(long[] weights, long from, long to, long share)
    {
        long firstSlot = Math.Max(0, from / _slotLength);
        long lastSlot = Math.Min(weights.Length - 1, to / _slotLength);
        for (long slot = firstSlot; slot <= lastSlot; slot++)
        {
            long overlap = Math.Min(to, (slot + 1) * _slotLength) - Math.Max(from, slot * _slotLength);
            weights[slot] += overlap > 0 ? share * 1_000_000 * overlap / (to - from) : 0;
        }
    }
}
