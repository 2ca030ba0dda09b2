using System.Globalization;
using System.Text;
using Confluent.Kafka;

namespace AutoGuard.Kafka;

/// <summary>
/// Copies records that are not events to the dead-letter topic and knows which copies the broker has not acknowledged yet: an
/// offset beyond such a record may not be committed. Used by the consumer thread; acknowledgements come on the producer's.
/// </summary>
internal sealed class DeadLetterQueue : IDisposable
{
    private const int MostPending = 10_000;
    private const long MostPendingBytes = 64L << 20;
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(2);

    private readonly IProducer<byte[]?, byte[]?> _producer;
    private readonly string _topic;
    private readonly string _sourceTopic;
    private readonly SourceCounters _counters;
    private readonly Action<Error> _failed;
    private readonly TimeProvider _time;
    private readonly Dictionary<int, Queue<Letter>> _pending = [];
    private int _pendingCount;
    private long _pendingBytes;

    public DeadLetterQueue(KafkaSettings settings, SourceCounters counters, TimeProvider time, Action<Error> failed)
    {
        _topic = settings.Options.DeadLetterTopic;
        _sourceTopic = settings.Options.EventsTopic;
        _counters = counters;
        _time = time;
        _failed = failed;
        _producer = new ProducerBuilder<byte[]?, byte[]?>(settings.ForProducer())
            .SetErrorHandler((_, _) => { })
            .SetLogHandler((_, _) => { })
            .Build();
    }

    /// <summary>Whether so many copies wait that no further record should be read until some are acknowledged.</summary>
    public bool IsFull => _pendingCount >= MostPending || _pendingBytes >= MostPendingBytes;

    /// <summary>Sends a copy; the library's queue being full only delays it.</summary>
    public void Add(int partition, long offset, string reason, ReadOnlySpan<byte> key, bool hasKey, ReadOnlySpan<byte> value, bool hasValue, Headers? headers)
    {
        var copied = new Headers();
        foreach (IHeader header in headers ?? [])
        {
            copied.Add(header.Key, header.GetValueBytes());
        }
        copied.Add("autoguard.reason", Encoding.UTF8.GetBytes(reason));
        copied.Add("autoguard.topic", Encoding.UTF8.GetBytes(_sourceTopic));
        copied.Add("autoguard.partition", Encoding.UTF8.GetBytes(partition.ToString(CultureInfo.InvariantCulture)));
        copied.Add("autoguard.offset", Encoding.UTF8.GetBytes(offset.ToString(CultureInfo.InvariantCulture)));
        var letter = new Letter(offset, new Message<byte[]?, byte[]?>
        {
            Key = hasKey ? key.ToArray() : null,
            Value = hasValue ? value.ToArray() : null,
            Headers = copied,
        });
        if (!_pending.TryGetValue(partition, out Queue<Letter>? queue))
        {
            _pending.Add(partition, queue = new Queue<Letter>());
        }
        queue.Enqueue(letter);
        _pendingCount++;
        _pendingBytes += letter.Size;
        Send(letter);
    }

    /// <summary>The highest offset up to <paramref name="offset"/> that may be committed.</summary>
    public long Settled(int partition, long offset)
    {
        if (!_pending.TryGetValue(partition, out Queue<Letter>? queue))
        {
            return offset;
        }
        while (queue.TryPeek(out Letter? letter))
        {
            if (letter.State != LetterState.Delivered)
            {
                return Math.Min(offset, letter.Offset);
            }
            queue.Dequeue();
            _pendingCount--;
            _pendingBytes -= letter.Size;
        }
        _pending.Remove(partition);
        return offset;
    }

    /// <summary>Sends again what failed, and forgets what was delivered. Called every second or so.</summary>
    public void Tend()
    {
        foreach (int partition in _pending.Keys.ToArray())
        {
            Settled(partition, long.MaxValue);
        }
        foreach (Queue<Letter> queue in _pending.Values)
        {
            foreach (Letter letter in queue)
            {
                if (letter.State == LetterState.Failed && _time.GetElapsedTime(letter.FailedAt) >= RetryDelay)
                {
                    Send(letter);
                }
            }
        }
    }

    /// <summary>Forgets the copies of a partition that is another worker's now; it reads and copies them again.</summary>
    public void Forget(int partition)
    {
        if (_pending.Remove(partition, out Queue<Letter>? queue))
        {
            _pendingCount -= queue.Count;
            _pendingBytes -= queue.Sum(letter => letter.Size);
        }
    }

    /// <summary>Waits until everything sent was acknowledged or refused, at most <paramref name="limit"/>.</summary>
    public void Flush(TimeSpan limit)
    {
        if (_pendingCount > 0)
        {
            _producer.Flush(limit);
        }
    }

    public void Dispose() => _producer.Dispose();

    private void Send(Letter letter)
    {
        letter.State = LetterState.Sent;
        try
        {
            _producer.Produce(_topic, letter.Message, report => Settle(letter, report.Error));
        }
        catch (ProduceException<byte[]?, byte[]?> e)
        {
            Settle(letter, e.Error);
        }
    }

    private void Settle(Letter letter, Error error)
    {
        if (!error.IsError)
        {
            _counters.CountDeadLettered();
            letter.State = LetterState.Delivered;
            return;
        }
        _counters.CountDeadLetterFailure();
        _failed(error);
        if (error.Code == ErrorCode.MsgSizeTooLarge && letter.Message.Value is byte[] value)
        {
            // The broker takes no copy of this size, ever. The coordinates still lead to the original.
            letter.Message.Headers.Add("autoguard.value-size", Encoding.UTF8.GetBytes(value.Length.ToString(CultureInfo.InvariantCulture)));
            letter.Message.Value = null;
        }
        letter.FailedAt = _time.GetTimestamp();
        letter.State = LetterState.Failed;
    }

    private enum LetterState
    {
        Sent,
        Delivered,
        Failed,
    }

    private sealed class Letter(long offset, Message<byte[]?, byte[]?> message)
    {
        private volatile LetterState _state;

        public long Offset { get; } = offset;

        public Message<byte[]?, byte[]?> Message { get; } = message;

        public int Size { get; } = (message.Key?.Length ?? 0) + (message.Value?.Length ?? 0);

        public long FailedAt { get; set; }

        public LetterState State
        {
            get => _state;
            set => _state = value;
        }
    }
}
