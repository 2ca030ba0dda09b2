using Confluent.Kafka;

namespace AutoGuard.Kafka;

/// <summary>
/// Takes a record's bytes out of the library's memory into one buffer that is used again for every record: the library tells
/// a deserializer neither partition nor offset, and frees its memory before it does.
/// </summary>
internal sealed class RecordBytes : IDeserializer<int>
{
    /// <summary>Length of a key or value that is not there.</summary>
    public const int Absent = -1;

    /// <summary>Largest buffer kept after a record larger than usual.</summary>
    private const int LargestKept = 1 << 20;

    private byte[] _bytes = new byte[16 * 1024];

    /// <summary>The bytes last taken.</summary>
    /// <param name="length">What the deserializer returned for them.</param>
    public ReadOnlySpan<byte> Span(int length) => length <= 0 ? [] : _bytes.AsSpan(0, length);

    public int Deserialize(ReadOnlySpan<byte> data, bool isNull, SerializationContext context)
    {
        if (isNull)
        {
            return Absent;
        }
        if (data.Length > _bytes.Length || (_bytes.Length > LargestKept && data.Length <= LargestKept))
        {
            _bytes = new byte[Math.Max(16 * 1024, data.Length)];
        }
        data.CopyTo(_bytes);
        return data.Length;
    }
}
