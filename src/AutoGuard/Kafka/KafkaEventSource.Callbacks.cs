using System.Runtime.ExceptionServices;
using System.Text.Json;
using AutoGuard.Core.Events;
using Confluent.Kafka;

namespace AutoGuard.Kafka;

/// <content>What librdkafka calls: rebalances, errors, statistics. All within a poll, so on the thread of the source.</content>
public sealed partial class KafkaEventSource
{
    private readonly LogLimiter<ErrorCode> _errorLog;
    private ExceptionDispatchInfo? _callbackFailure;
    private string _lastReason = "no connection yet";
    private long _unreachableSince;
    private bool _saidUnreachable;

    private IConsumer<int, int> BuildConsumer()
    {
        IConsumer<int, int> consumer = new ConsumerBuilder<int, int>(_settings.ForConsumer(KafkaLibrary.Current.Native!))
            .SetKeyDeserializer(_key)
            .SetValueDeserializer(_value)
            .SetPartitionsAssignedHandler((_, partitions) => Noting(() => OnAssigned(partitions)) ?? FromCommitted(partitions))
            .SetPartitionsRevokedHandler((_, positions) => Noting(() => OnRevoked(positions)))
            .SetPartitionsLostHandler((_, positions) => Noting(() => OnLost(positions)))
            .SetOffsetsCommittedHandler((_, committed) => Noting(() => OnCommitted(committed)))
            .SetErrorHandler((_, error) => OnError(error))
            .SetStatisticsHandler((_, json) => OnStatistics(json))
            .SetLogHandler((_, message) => Log.Library(_logger, message.Facility, message.Message))
            .Build();
        try
        {
            Begin(consumer);
            return consumer;
        }
        catch
        {
            ReleaseFetched();
            consumer.Dispose();
            throw;
        }
    }

    private void Begin(IConsumer<int, int> consumer)
    {
        _fetched = _settings.ReadsOneByOne ? null : FetchedRecords.Of(consumer);
        if (_fetched is null)
        {
            Log.OneByOne(_logger);
        }
        _callbackFailure = null;
        _unreachableSince = _time.GetTimestamp();
        if (_settings.ReadsAlone)
        {
            consumer.Assign(OnAssigned([.. Enumerable.Range(0, _settings.Options.EmbeddedPartitions)
                .Select(partition => new TopicPartition(_settings.Options.EventsTopic, partition))]));
        }
        else
        {
            consumer.Subscribe(_settings.Options.EventsTopic);
        }
    }

    /// <summary>What was taken from a consumer has to be given back before it is closed.</summary>
    private void ReleaseFetched()
    {
        _fetched?.Dispose();
        _fetched = null;
    }

    /// <summary>
    /// Runs a callback, whose exception must not reach the client: it would give the assignment up, which librdkafka refuses in a group that
    /// rebalances cooperatively, and the exception for that ends the process. <see cref="ThrowNoted"/> throws it where it can be dealt with.
    /// </summary>
    private T? Noting<T>(Func<T> callback)
        where T : class
    {
        try
        {
            return callback();
        }
        catch (Exception e)
        {
            _callbackFailure ??= ExceptionDispatchInfo.Capture(e);
            return null;
        }
    }

    private void Noting(Action callback) => Noting(() =>
    {
        callback();
        return this;
    });

    /// <summary>To be called after everything that may call back, before any record is looked at.</summary>
    private void ThrowNoted() => _callbackFailure?.Throw();

    /// <summary>What the client is answered after a failure: it takes nothing but all partitions. None of their records is read.</summary>
    private static IEnumerable<TopicPartitionOffset> FromCommitted(List<TopicPartition> partitions) =>
        partitions.Select(static partition => new TopicPartitionOffset(partition, Offset.Unset));

    private List<TopicPartitionOffset> OnAssigned(List<TopicPartition> partitions)
    {
        var positions = new List<TopicPartitionOffset>(partitions.Count);
        foreach (TopicPartition partition in partitions)
        {
            int number = partition.Partition.Value;
            _partitions[number] = new PartitionState(number, _time.GetTimestamp());
            positions.Add(new TopicPartitionOffset(partition, StartOf(number)));
            Announce(number, PartitionChange.Assigned);
            _fetched?.Return(number);
        }
        _last = null;
        _assignmentChanged = true;
        SetConnected(true);
        Counters.CountRebalance();
        if (partitions.Count > 0)
        {
            Log.Assigned(_logger, Numbers(partitions), _settings.Options.EventsTopic);
        }
        return positions;
    }

    private Offset StartOf(int partition)
    {
        // To librdkafka a negative offset is a word: -1 is the end of the partition, and everything before it would be skipped.
        return _startAt?.Invoke(partition) switch
        {
            null => Offset.Unset,
            < 0 and long offset => throw new InvalidOperationException($"Partition {partition} of topic {_settings.Options.EventsTopic} was to be read from offset {offset}, which is none."),
            long offset => new Offset(offset),
        };
    }

    /// <summary>
    /// Positions that were committed up to now are stored, and librdkafka sends them before it gives the partitions up. Events
    /// in flight are not among them: the next owner reads those again.
    /// </summary>
    private void OnRevoked(List<TopicPartitionOffset> positions)
    {
        TakeCommits();
        StorePositions();
        Forget([.. positions.Select(position => position.Partition.Value)]);
        Counters.CountRebalance();
        Log.Revoked(_logger, Numbers(positions.Select(position => position.TopicPartition)), _settings.Options.EventsTopic);
    }

    /// <summary>Lost partitions already have another owner: nothing may be committed for them any more.</summary>
    private void OnLost(List<TopicPartitionOffset> positions)
    {
        Forget([.. positions.Select(position => position.Partition.Value)]);
        Counters.CountRebalance();
        Log.Lost(_logger, Numbers(positions.Select(position => position.TopicPartition)), _settings.Options.EventsTopic);
    }

    private void Forget(int[] partitions)
    {
        foreach (int partition in partitions)
        {
            Announce(partition, PartitionChange.Revoked);
            _partitions.Remove(partition);
            _fetched?.Forget(partition);
            _deadLetters.Forget(partition);
        }
        _last = null;
        _assignmentChanged = true;
    }

    private void OnCommitted(CommittedOffsets committed)
    {
        Error? failure = committed.Error.IsError
            ? committed.Error
            : committed.Offsets.Select(offset => offset.Error).FirstOrDefault(error => error.IsError);
        if (failure is null)
        {
            _commitRefused = false;
            Counters.CountCommit(succeeded: true);
            foreach (TopicPartitionOffsetError position in committed.Offsets)
            {
                if (_partitions.TryGetValue(position.Partition.Value, out PartitionState? state))
                {
                    state.Committed = position.Offset.Value;
                }
            }
        }
        else if (failure.Code != ErrorCode.Local_NoOffset)
        {
            _commitRefused = failure.Code == ErrorCode.RebalanceInProgress;
            Counters.CountCommit(succeeded: false);
            if (_errorLog.TryPass(failure.Code, out _))
            {
                Log.CommitFailed(_logger, failure.Reason);
            }
        }
    }

    private void OnError(Error error)
    {
        Counters.CountError();
        if (IsConnectionError(error.Code))
        {
            _lastReason = error.Reason;
            if (error.Code == ErrorCode.Local_AllBrokersDown)
            {
                SetConnected(false);
            }
            return;
        }
        if (_errorLog.TryPass(error.Code, out long heldBack))
        {
            Log.Error(_logger, error.Code, error.Reason, heldBack);
        }
    }

    private void OnDeadLetterFailed(Error error)
    {
        if (_errorLog.TryPass(ErrorCode.NoError, out _))
        {
            Log.DeadLetterFailed(_logger, _settings.Options.DeadLetterTopic, error.Reason);
        }
    }

    private static bool IsConnectionError(ErrorCode code) =>
        code is ErrorCode.Local_AllBrokersDown or ErrorCode.Local_Transport or ErrorCode.Local_Resolve or ErrorCode.Local_TimedOut
            or ErrorCode.Local_Ssl or ErrorCode.Local_Authentication or ErrorCode.SaslAuthenticationFailed;

    /// <summary>Every few seconds: does any broker answer?</summary>
    private void OnStatistics(string json)
    {
        using JsonDocument statistics = JsonDocument.Parse(json);
        bool isConnected = statistics.RootElement.TryGetProperty("brokers", out JsonElement brokers)
            && brokers.EnumerateObject().Any(broker => broker.Value.GetProperty("state").ValueEquals("UP"u8));
        SetConnected(isConnected);
    }

    private void SetConnected(bool isConnected)
    {
        bool wasConnected = Counters.IsConnected;
        Counters.Connected(isConnected);
        if (isConnected)
        {
            if (_saidUnreachable)
            {
                Log.Reachable(_logger, _settings.BootstrapServers);
            }
            _saidUnreachable = false;
            return;
        }
        if (wasConnected)
        {
            _unreachableSince = _time.GetTimestamp();
        }
        if (_errorLog.TryPass(ErrorCode.Local_AllBrokersDown, out _))
        {
            _saidUnreachable = true;
            Log.Unreachable(_logger, _settings.BootstrapServers, (long)_time.GetElapsedTime(_unreachableSince).TotalSeconds, _lastReason);
        }
    }

    private static string Numbers(IEnumerable<TopicPartition> partitions) =>
        string.Join(", ", partitions.Select(partition => partition.Partition.Value).Order());

    private static partial class Log
    {
        [LoggerMessage(2017, LogLevel.Warning, "The last positions could not be committed: {Reason}. Their events are read again.")]
        public static partial void LastCommitFailed(ILogger logger, string reason);

        [LoggerMessage(2001, LogLevel.Information, "Reading partitions {Partitions} of topic {Topic}.")]
        public static partial void Assigned(ILogger logger, string partitions, string topic);

        [LoggerMessage(2002, LogLevel.Information, "Giving up partitions {Partitions} of topic {Topic}.")]
        public static partial void Revoked(ILogger logger, string partitions, string topic);

        [LoggerMessage(2003, LogLevel.Warning, "Lost partitions {Partitions} of topic {Topic}: the group heard nothing of this worker for too long. Their events since the last commit are read again by whoever has them now.")]
        public static partial void Lost(ILogger logger, string partitions, string topic);

        [LoggerMessage(2004, LogLevel.Warning, "Detection cannot keep up: reading is paused until it has caught up.")]
        public static partial void Paused(ILogger logger);

        [LoggerMessage(2005, LogLevel.Information, "Reading goes on.")]
        public static partial void Resumed(ILogger logger);

        [LoggerMessage(2006, LogLevel.Warning, "A record of topic {Topic}, partition {Partition}, offset {Offset} is not a playback event ({Reason}) and goes to the dead-letter topic; {HeldBack} more of its kind since the last such line.")]
        public static partial void Rejected(ILogger logger, string topic, int partition, long offset, string reason, long heldBack);

        [LoggerMessage(2007, LogLevel.Error, "The parser failed on topic {Topic}, partition {Partition}, offset {Offset}; the record goes to the dead-letter topic. This is a defect of AutoGuard.")]
        public static partial void ParserFailed(ILogger logger, Exception exception, string topic, int partition, long offset);

        [LoggerMessage(2008, LogLevel.Error, "A record cannot be copied to the dead-letter topic {Topic}: {Reason}. It is tried again, and nothing beyond the record is committed until it succeeds.")]
        public static partial void DeadLetterFailed(ILogger logger, string topic, string reason);

        [LoggerMessage(2009, LogLevel.Warning, "Positions could not be committed: {Reason}. They are sent again with the next ones.")]
        public static partial void CommitFailed(ILogger logger, string reason);

        [LoggerMessage(2010, LogLevel.Warning, "No Kafka broker of {BootstrapServers} has answered for {Seconds} s ({Reason}). Trying again.")]
        public static partial void Unreachable(ILogger logger, string bootstrapServers, long seconds, string reason);

        [LoggerMessage(2011, LogLevel.Information, "Kafka at {BootstrapServers} answers again.")]
        public static partial void Reachable(ILogger logger, string bootstrapServers);

        [LoggerMessage(2012, LogLevel.Warning, "Kafka reports {Code}: {Reason}; {HeldBack} more of its kind since the last such line.")]
        public static partial void Error(ILogger logger, ErrorCode code, string reason, long heldBack);

        [LoggerMessage(2013, LogLevel.Error, "The Kafka consumer cannot go on ({Reason}) and is made anew in {Delay}; events since the last commit are read again.")]
        public static partial void Restarting(ILogger logger, string reason, TimeSpan delay);

        [LoggerMessage(2014, LogLevel.Critical, "The event source failed and reads nothing more.")]
        public static partial void Failed(ILogger logger, Exception exception);

        [LoggerMessage(2015, LogLevel.Warning, "The consumer group was not left within {Limit}: no broker answers. Positions of the last second may not be committed; their events are read again.")]
        public static partial void CloseTimedOut(ILogger logger, TimeSpan limit);

        [LoggerMessage(2016, LogLevel.Debug, "librdkafka {Facility}: {Text}")]
        public static partial void Library(ILogger logger, string facility, string text);

        [LoggerMessage(2018, LogLevel.Information, "Records are consumed one after the other: this Confluent.Kafka keeps its handle to itself, or it was asked for.")]
        public static partial void OneByOne(ILogger logger);
    }
}
