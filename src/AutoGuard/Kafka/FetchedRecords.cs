using System.Reflection;
using System.Runtime.InteropServices;
using Confluent.Kafka;

namespace AutoGuard.Kafka;

/// <summary>
/// Takes what librdkafka has fetched already out of a consumer's queue, many records in one call and without an object for each.
/// Everything else (waiting, groups, positions) stays with the client, beside which this works. On the thread of the source only.
/// </summary>
/// <remarks>
/// Confluent.Kafka does not give its native handle away, so it is asked for by reflection; where a release hides it elsewhere there is
/// none of this, and every record is consumed through the client. Callbacks run within <see cref="TryNext"/> as they do within
/// <c>Consume</c>.
/// </remarks>
internal sealed unsafe class FetchedRecords : IDisposable
{
    private const int MostAtOnce = 256;

    private readonly nint[] _messages = new nint[MostAtOnce];
    private readonly HashSet<int> _forgotten = [];
    private nint _queue;
    private int _next;
    private int _count;
    private bool _isFetching;

    private FetchedRecords(nint queue) => _queue = queue;

    /// <summary>What went wrong instead of a record; <see cref="ErrorCode.Local_PartitionEOF"/> where a partition ends.</summary>
    public ErrorCode Error => (ErrorCode)Message->Error;

    /// <summary>Partition of the record or of the end.</summary>
    public int Partition => Message->Partition;

    /// <summary>Offset of the record, or after the last one.</summary>
    public long Offset => Message->Offset;

    /// <summary>The bytes of the record, good until <see cref="Release"/>.</summary>
    public FetchedRecord Record => new()
    {
        Partition = Message->Partition,
        Offset = Message->Offset,
        Key = new ReadOnlySpan<byte>(Message->Key, (int)Message->KeyLength),
        HasKey = Message->Key is not null,
        Value = new ReadOnlySpan<byte>(Message->Payload, (int)Message->Length),
        HasValue = Message->Payload is not null,
        Headers = ReadHeaders(),
    };

    private Librdkafka.Message* Message => (Librdkafka.Message*)_messages[_next];

    /// <summary>The records of a consumer; null when its handle cannot be had.</summary>
    public static FetchedRecords? Of(IClient consumer)
    {
        PropertyInfo? property = typeof(Handle).GetProperty("LibrdkafkaHandle", BindingFlags.Instance | BindingFlags.NonPublic);
        if (property?.PropertyType.IsAssignableTo(typeof(SafeHandle)) != true || property.GetMethod is null || property.GetIndexParameters().Length != 0)
        {
            return null;
        }
        return property.GetValue(consumer.Handle) is SafeHandle { IsInvalid: false, IsClosed: false } handle
            && Librdkafka.rd_kafka_queue_get_consumer(handle.DangerousGetHandle()) is var queue and not 0 ? new FetchedRecords(queue) : null;
    }

    /// <summary>
    /// Whether there is a record, an end or an error to look at and to <see cref="Release"/>. Never waits. The same one comes again until
    /// it is released.
    /// </summary>
    public bool TryNext()
    {
        while (_next < _count && _messages[_next] == 0)
        {
            _next++;
        }
        return _next < _count || Fetch();
    }

    /// <summary>Gives the memory of the one looked at back.</summary>
    public void Release()
    {
        Librdkafka.rd_kafka_message_destroy(_messages[_next]);
        _messages[_next++] = 0;
    }

    /// <summary>The text that came with <see cref="Error"/>.</summary>
    public Error ReadError()
    {
        string reason = Message->Payload is null ? "" : System.Text.Encoding.UTF8.GetString(Message->Payload, (int)Message->Length);
        return new Error(Error, reason, Error == ErrorCode.Local_Fatal);
    }

    /// <summary>Drops what is left of a partition that is read elsewhere from now on.</summary>
    public void Forget(int partition)
    {
        if (_isFetching)
        {
            // What is fetched of it up to here, and after, is dropped when the call returns.
            _forgotten.Add(partition);
            return;
        }
        for (int i = _next; i < _count; i++)
        {
            if (_messages[i] != 0 && ((Librdkafka.Message*)_messages[i])->Partition == partition)
            {
                Librdkafka.rd_kafka_message_destroy(_messages[i]);
                _messages[i] = 0;
            }
        }
    }

    /// <summary>
    /// A partition was assigned. If it was taken away within the same call, what came of it since was dropped with the rest, and reading
    /// has to begin anew.
    /// </summary>
    public void Return(int partition) => HasGap |= _isFetching && _forgotten.Contains(partition);

    /// <summary>Whether records of a partition that is read here were dropped.</summary>
    public bool HasGap { get; private set; }

    /// <summary>To be called before the consumer is closed: librdkafka waits for what was taken from it.</summary>
    public void Dispose()
    {
        while (_next < _count)
        {
            if (_messages[_next] == 0)
            {
                _next++;
                continue;
            }
            Release();
        }
        if (_queue != 0)
        {
            Librdkafka.rd_kafka_queue_destroy(_queue);
            _queue = 0;
        }
    }

    private bool Fetch()
    {
        _forgotten.Clear();
        _next = _count = 0;
        _isFetching = true;
        fixed (nint* messages = _messages)
        {
            _count = (int)Math.Max(0, Librdkafka.rd_kafka_consume_batch_queue(_queue, 0, messages, MostAtOnce));
        }
        _isFetching = false;
        foreach (int partition in _forgotten)
        {
            Forget(partition);
        }
        while (_next < _count && _messages[_next] == 0)
        {
            _next++;
        }
        return _next < _count;
    }

    private Headers? ReadHeaders()
    {
        if (Librdkafka.rd_kafka_message_headers(_messages[_next], out nint list) != 0)
        {
            return null;
        }
        Headers headers = [];
        for (nuint i = 0; Librdkafka.rd_kafka_header_get_all(list, i, out byte* name, out byte* value, out nuint length) == 0; i++)
        {
            headers.Add(Marshal.PtrToStringUTF8((nint)name), value is null ? null : new ReadOnlySpan<byte>(value, (int)length).ToArray());
        }
        return headers;
    }
}
