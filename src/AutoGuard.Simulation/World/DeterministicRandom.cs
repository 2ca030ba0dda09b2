using System.Numerics;

namespace AutoGuard.Simulation.World;

/// <summary>
/// xoshiro256** (Blackman and Vigna, 2018) seeded by SplitMix64. Integer arithmetic only, so a seed gives the same
/// numbers on every machine and runtime, which <see cref="Random"/> does not promise.
/// </summary>
internal sealed class DeterministicRandom
{
    private ulong _s0;
    private ulong _s1;
    private ulong _s2;
    private ulong _s3;

    /// <summary>A generator of its own for one purpose and one index: what one actor draws never moves another's numbers.</summary>
    public DeterministicRandom(ulong seed, RandomDomain domain, long index = 0)
    {
        ulong state = Mix(seed) ^ Mix(((ulong)domain << 56) ^ (ulong)index);
        _s0 = SplitMix(ref state);
        _s1 = SplitMix(ref state);
        _s2 = SplitMix(ref state);
        _s3 = SplitMix(ref state);
    }

    /// <summary>The finaliser of SplitMix64: a bijection of 64-bit numbers.</summary>
    public static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }

    public ulong Next()
    {
        ulong result = BitOperations.RotateLeft(_s1 * 5, 7) * 9;
        ulong t = _s1 << 17;
        _s2 ^= _s0;
        _s3 ^= _s1;
        _s1 ^= _s2;
        _s0 ^= _s3;
        _s2 ^= t;
        _s3 = BitOperations.RotateLeft(_s3, 45);
        return result;
    }

    /// <summary>Uniform in [0, <paramref name="bound"/>); 0 when the bound is not positive.</summary>
    public long Below(long bound) => bound <= 1 ? 0 : (long)Math.BigMul(Next(), (ulong)bound, out _);

    /// <summary>Uniform in [<paramref name="from"/>, <paramref name="to"/>], both included.</summary>
    public long Between(long from, long to) => from + Below(to - from + 1);

    /// <summary>True with the given probability.</summary>
    public bool Chance(double probability) => (Next() >> 11) < (ulong)(probability * (1UL << 53));

    public T Pick<T>(ReadOnlySpan<T> choices) => choices[(int)Below(choices.Length)];

    private static ulong SplitMix(ref ulong state)
    {
        state += 0x9E3779B97F4A7C15;
        return Mix(state);
    }
}

/// <summary>Purposes that draw random numbers independently of one another; the numbers are part of the output's identity.</summary>
internal enum RandomDomain
{
    Arrivals = 1,
    Viewer = 2,
    Site = 3,
    Attack = 4,
    AttackClient = 5,
    Transport = 6,
    Token = 7,
    Probe = 8,
    Bystander = 9,
    Session = 10,
}
