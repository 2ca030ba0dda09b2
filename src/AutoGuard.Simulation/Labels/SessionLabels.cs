using System.Buffers.Binary;
using System.Globalization;
using AutoGuard.Simulation.World;

namespace AutoGuard.Simulation.Labels;

/// <summary>What a session of the simulation is: one of an incident, or an honest one.</summary>
/// <param name="Incident">Index into the truth's incidents; -1 for an honest session.</param>
/// <param name="Honest">Kind of an honest session; meaningless for misuse.</param>
public readonly record struct SessionLabel(int Incident, HonestKind Honest)
{
    /// <summary>Whether the session belongs to an incident.</summary>
    public bool IsMisuse => Incident >= 0;
}

/// <summary>
/// Writes a session's label into its id, readable only with the seed: the first eight bytes are label and counter under a
/// keyed Feistel permutation, the other eight a keyed digest of the first. So every session can be labelled without a
/// side file, and a detector sees nothing but random identifiers.
/// </summary>
public sealed class SessionLabels
{
    private const int IncidentBase = 0x100;
    private const int Rounds = 6;

    private readonly ulong[] _keys = new ulong[Rounds + 1];

    /// <param name="seed">The seed of the simulation.</param>
    public SessionLabels(ulong seed)
    {
        DeterministicRandom random = new(seed, RandomDomain.Session);
        for (int i = 0; i < _keys.Length; i++)
        {
            _keys[i] = random.Next();
        }
    }

    /// <summary>Reads the label of a session id that the simulation with this seed made; false for any other text.</summary>
    public bool TryRead(ReadOnlySpan<byte> sessionId, out SessionLabel label)
    {
        label = default;
        if (sessionId.Length != 36 || sessionId[8] != '-' || sessionId[13] != '-' || sessionId[18] != '-' || sessionId[23] != '-')
        {
            return false;
        }

        Span<byte> hex = stackalloc byte[32];
        sessionId[..8].CopyTo(hex);
        sessionId[9..13].CopyTo(hex[8..]);
        sessionId[14..18].CopyTo(hex[12..]);
        sessionId[19..23].CopyTo(hex[16..]);
        sessionId[24..].CopyTo(hex[20..]);
        if (!ulong.TryParse(hex[..16], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong sealed64)
            || !ulong.TryParse(hex[16..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong digest)
            || digest != Digest(sealed64))
        {
            return false;
        }

        int code = (int)(Open(sealed64) >> 48);
        label = code >= IncidentBase ? new(code - IncidentBase, default) : new(-1, (HonestKind)code);
        return true;
    }

    internal static int CodeOf(HonestKind kind) => (int)kind;

    internal static int CodeOf(int incident) => IncidentBase + incident;

    /// <summary>The id, 36 bytes in the shape of a UUID, of the <paramref name="counter"/>-th session.</summary>
    internal void Write(int code, long counter, Span<byte> destination)
    {
        ulong sealed64 = Seal(((ulong)code << 48) | (ulong)counter);
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, sealed64);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], Digest(sealed64));
        Span<byte> hex = stackalloc byte[32];
        Convert.TryToHexStringLower(bytes, hex, out _);
        hex[..8].CopyTo(destination);
        hex[8..12].CopyTo(destination[9..]);
        hex[12..16].CopyTo(destination[14..]);
        hex[16..20].CopyTo(destination[19..]);
        hex[20..].CopyTo(destination[24..]);
        destination[8] = destination[13] = destination[18] = destination[23] = (byte)'-';
    }

    private ulong Digest(ulong value) => DeterministicRandom.Mix(value ^ _keys[Rounds]);

    private ulong Seal(ulong value)
    {
        uint left = (uint)(value >> 32);
        uint right = (uint)value;
        for (int i = 0; i < Rounds; i++)
        {
            (left, right) = (right, left ^ (uint)DeterministicRandom.Mix(right ^ _keys[i]));
        }

        return ((ulong)left << 32) | right;
    }

    private ulong Open(ulong value)
    {
        uint left = (uint)(value >> 32);
        uint right = (uint)value;
        for (int i = Rounds - 1; i >= 0; i--)
        {
            (left, right) = (right ^ (uint)DeterministicRandom.Mix(left ^ _keys[i]), left);
        }

        return ((ulong)left << 32) | right;
    }
}
