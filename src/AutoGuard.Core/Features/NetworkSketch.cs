using System.Numerics;
using AutoGuard.Core.Events;

namespace AutoGuard.Core.Features;

/// <summary>
/// Counts distinct networks approximately in one kilobyte: HyperLogLog (Flajolet et al., 2007) with linear counting for few,
/// standard error 3.3 %.
/// </summary>
/// <remarks>
/// The hash has no secret, because the count decides and must be the same in every run. Who chooses networks to collide is
/// counted as fewer, and one network moves the estimate by less than a thousandth.
/// </remarks>
internal sealed class NetworkSketch
{
    private const int Bits = 10;
    private const int Places = 1 << Bits;
    private const double Correction = 0.7213 / (1 + (1.079 / Places));
    private const int MostRank = 32;

    private readonly byte[] _ranks = new byte[Places];

    /// <summary>Adds a network by the hash of <see cref="Hash"/>.</summary>
    public void Add(ulong hash)
    {
        ref byte rank = ref _ranks[(int)(hash >> (64 - Bits))];
        rank = Math.Max(rank, (byte)Math.Min(MostRank, BitOperations.LeadingZeroCount(hash << Bits) + 1));
    }

    /// <summary>The estimate.</summary>
    public int Count()
    {
        double sum = 0;
        int empty = 0;
        foreach (byte rank in _ranks)
        {
            sum += 1.0 / (1UL << rank);
            empty += rank == 0 ? 1 : 0;
        }
        double raw = Correction * Places * Places / sum;
        return (int)Math.Round(raw <= 2.5 * Places && empty > 0 ? Places * Math.Log((double)Places / empty) : raw);
    }

    public void Clear() => Array.Clear(_ranks);

    /// <summary>Mixes the site of an address, for one subscriber has thousands of IPv6 networks; the finaliser of SplitMix64 (Steele et al., 2014) over both halves.</summary>
    public static ulong Hash(IpAddress address)
    {
        IpAddress site = FeatureWindows.SiteOf(address).Address;
        return Mix(Mix(site.High) ^ site.Low);
    }

    private static ulong Mix(ulong value)
    {
        value += 0x9E37_79B9_7F4A_7C15;
        value = (value ^ (value >> 30)) * 0xBF58_476D_1CE4_E5B9;
        value = (value ^ (value >> 27)) * 0x94D0_49BB_1331_11EB;
        return value ^ (value >> 31);
    }
}
