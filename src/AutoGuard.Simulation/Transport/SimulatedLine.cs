using System.Buffers;

namespace AutoGuard.Simulation.Transport;

/// <summary>What a line is.</summary>
public enum SimulatedLineKind
{
    /// <summary>An event, for the first time.</summary>
    Event,

    /// <summary>An event that has already come.</summary>
    Duplicate,

    /// <summary>Not a valid event.</summary>
    Malformed,
}

/// <summary>What is known of a line beside its bytes.</summary>
/// <param name="EventTime">Event time, Unix milliseconds; for a malformed line the time it arrives.</param>
/// <param name="ArrivalTime">When it arrives, Unix milliseconds; never falls from line to line.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Key">Token identity, else session id, in UTF-8: a Kafka record's key. Empty for a malformed line.</param>
public readonly record struct SimulatedLine(long EventTime, long ArrivalTime, SimulatedLineKind Kind, ReadOnlyMemory<byte> Key);

/// <summary>A line on its way; buffers are used again and again.</summary>
internal sealed class PendingLine
{
    private byte[] _bytes = new byte[512];
    private int _length;

    public long EventTime { get; set; }

    public SimulatedLineKind Kind { get; set; }

    public ReadOnlyMemory<byte> Key { get; set; }

    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _length);

    public void Set(ReadOnlySpan<byte> line)
    {
        if (line.Length > _bytes.Length)
        {
            _bytes = new byte[line.Length * 2];
        }

        line.CopyTo(_bytes);
        _length = line.Length;
    }

    public void CopyTo(IBufferWriter<byte> output) => output.Write(Bytes);
}
